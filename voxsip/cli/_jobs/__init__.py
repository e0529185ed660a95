"""Bulk jobs from the command line: options, interrupts, reports."""
