"""The report of a bulk job: files for machines and for people."""
