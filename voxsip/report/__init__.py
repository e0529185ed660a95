"""The report of a bulk job: a folder of files, for machines and for people."""

from voxsip.report._files import ReportWriter

__all__ = ["ReportWriter"]
