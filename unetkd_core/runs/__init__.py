"""Runs: a folder each, trained by detached workers that queue without a daemon. Importing any of it loads no torch."""
