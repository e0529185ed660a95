"""Secrets kept out of what others read."""
