"""Datasets: where scenes come from, how they are packed once, how batches are varied. Hands nothing on eagerly."""
