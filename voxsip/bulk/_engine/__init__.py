"""Rows in flight: the window, its workers, and the queue of outcomes."""
