"""What a running job shows: a live bar, plain lines, or JSON."""
