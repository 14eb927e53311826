"""The learning rate as a function of the step alone, so that resuming needs no state of it. Needs no torch."""

import math


def learning_rate(step: int, total: int, *, peak: float, schedule: str) -> float:
    """The rate of global step `step` of `total`, a function of the step alone.

    one_cycle: cosine from peak/25 up to the peak in the first 30 %, then cosine down to peak/250000 (Smith, 2018,
    arXiv:1708.07120, with torch OneCycleLR's default fractions).
    """
    if schedule == "constant":
        return peak
    low, end = peak / 25, peak / 25 / 1e4
    rise = max(1.0, 0.3 * total - 1)
    if step <= rise:
        return _cosine(low, peak, step / rise)
    return _cosine(peak, end, min(1.0, (step - rise) / max(1.0, total - 1 - rise)))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
