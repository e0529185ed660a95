"""The journal: a SQLite file that remembers what a job has done."""
