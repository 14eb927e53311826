"""Using a network: one image (predict), a whole split (evaluate), a picture of labels (overlay). Works on modules,
never on names.
"""
