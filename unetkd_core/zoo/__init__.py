"""Checkpoints on disk: their format, their licences, their cards, and how they are referred to. Reading what they say
needs no torch.
"""
