"""Training: the config (no torch), the engine (no files), the trainer (both)."""
