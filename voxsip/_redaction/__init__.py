"""Keeps secrets out of logs, errors and tracebacks."""
