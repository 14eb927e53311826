"""Depth as a picture: near is bright, far is dark, in steps that look alike for each doubling; and its key in metres.

Knows numbers and colours; no scene and no viewer.
"""

import math
from typing import Final

import numpy as np

NEAREST, FARTHEST = 4.0, 256.0
"""Metres at the two ends of the scale: six doublings."""
TICKS: Final = (4, 8, 16, 32, 64, 128, 256)
SKY: Final = (128, 132, 138)
"""The sky has no depth, so its tone is off the scale: a grey between its ends."""
# OKLab (lightness, a, b) along the scale: from cream through rust to ink, lightness falling evenly.
_ALONG: Final = (
    (0.96, -0.01, 0.06),
    (0.81, 0.05, 0.11),
    (0.64, 0.12, 0.08),
    (0.46, 0.10, -0.02),
    (0.29, 0.03, -0.08),
    (0.14, 0.0, -0.04),
)
_TO_CONES: Final = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
)
_TO_LINEAR: Final = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def _ramp(steps: int = 256) -> np.ndarray:
    """(steps, 3) uint8 sRGB from near to far. Matrices: Björn Ottosson, "A perceptual color space", 2020."""
    where = np.linspace(0, len(_ALONG) - 1, steps)
    lab = np.stack([np.interp(where, range(len(_ALONG)), axis) for axis in zip(*_ALONG, strict=True)], axis=1)
    linear = np.clip((lab @ _TO_CONES.T) ** 3 @ _TO_LINEAR.T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(255 * encoded), dtype=np.uint8)


RAMP: Final = _ramp()


def place(metres: float) -> float:
    """Where a depth stands on the scale, in [0, 1]."""
    return min(1.0, max(0.0, math.log(metres / NEAREST) / math.log(FARTHEST / NEAREST)))


def picture(depth: np.ndarray) -> np.ndarray:
    """(H, W) float metres, infinite in the sky -> (H, W, 3) uint8."""
    sky = np.isinf(depth)
    held = np.clip(np.where(sky, FARTHEST, depth), NEAREST, FARTHEST)
    steps = np.log(held / NEAREST) * (255 / math.log(FARTHEST / NEAREST))
    shown = RAMP[np.round(steps).astype(np.intp)]
    shown[sky] = SKY
    return shown


def key_html() -> str:
    """The scale with its metres, and the sky's tone, as HTML (assets/tables.css)."""
    stops = ",".join(f"rgb({r} {g} {b})" for r, g, b in RAMP[::15].tolist())
    ticks = "".join(f'<i style="left:{100 * place(t):.1f}%">{t}</i>' for t in TICKS)
    sky = f'<span class="ukd-swatch" style="background:rgb{SKY}"></span>'
    told = f"Depth on a scale from {NEAREST:g} metres, bright, to {FARTHEST:g}, dark; the sky is grey."
    return (
        f'<div class="ukm" role="img" aria-label="{told}"><span>Depth, metres</span>'
        f'<span class="ukm-scale"><b style="background:linear-gradient(90deg,{stops})"></b>{ticks}</span>'
        f"<span>{sky} sky</span></div>"
    )
