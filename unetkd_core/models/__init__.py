"""Networks: the paper's M-models as U-Nets, what they cost, and how to build one from its description."""
