"""The paper's networks as data. Needs no torch, so that forms and folders can talk about networks.

A network is described by its *arch*: a small JSON object that `models.registry.build` turns into a module and
`models.complexity` into costs. The M-models are named after the filters of the bridge: 16 filters at the first level,
doubled at each of 3, 4, 5 or 6 encoder levels. The encoder teachers are named after their encoder (backbones.py).
"""

from typing import Any, Final

from unetkd_core.classes import NUM_CLASSES
from unetkd_core.models.backbones import ENCODERS, encoder_arch

BASE_WIDTH: Final = 16
M_LEVELS: Final = {"M128": 3, "M256": 4, "M512": 5, "M1024": 6}
"""Name -> encoder levels; BASE_WIDTH * 2**levels is the number in the name."""


def usual_norm(name: str) -> str:
    """The normalisation of the paper's network of this name: none in an M-model, batch beside an encoder."""
    return "batch" if name in ENCODERS else "none"


def arch_of(name: str, norm: str | None = None) -> dict[str, Any]:
    """The arch of any of the paper's networks; KeyError for another name. norm: none or batch; left out: its usual."""
    norm = norm or usual_norm(name)
    return encoder_arch(name, norm) if name in ENCODERS else m_arch(name, norm)


def m_arch(name: str, norm: str = "none") -> dict[str, Any]:
    """The arch of one of the M-models; KeyError for another name. norm: none (the paper's students) or batch."""
    return {
        "type": "unet",
        "name": name,
        "base_width": BASE_WIDTH,
        "levels": M_LEVELS[name],
        "norm": norm,
        "num_classes": NUM_CLASSES,
    }
