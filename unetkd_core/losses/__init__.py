"""Losses: pure functions, one file an idea. They weigh pixels, never terms; the trainer weighs and adds the terms."""
