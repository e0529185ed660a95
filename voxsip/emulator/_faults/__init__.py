"""Faults on purpose: which, when, and how they are carried out."""
