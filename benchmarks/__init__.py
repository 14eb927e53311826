"""Every speed claim, measured again by `python -m benchmarks.NAME`: both sides of a ratio alternate in one process."""
