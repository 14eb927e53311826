"""Datasets: where scenes come from, how they are packed once, and how batches are varied. Nothing is imported eagerly."""
