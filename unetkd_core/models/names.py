"""The paper's networks as data. Needs no torch, so that forms and folders can talk about networks.

A network is described by its *arch*: a small JSON object that `models.registry.build` turns into a module and
`models.complexity` into costs. The M-models are named after the filters of the bridge: 16 filters at the first level,
doubled at each of 3, 4, 5 or 6 encoder levels. The encoder teachers are named after their encoder (backbones.py). The
U-models are the chain of Mangalam and Salzmann (2018): always 4 levels, named after the filters at the first.
"""

from typing import Any, Final

from unetkd_core.classes import NUM_CLASSES
from unetkd_core.models.backbones import ENCODERS, encoder_arch

BASE_WIDTH: Final = 16
M_LEVELS: Final = {"M128": 3, "M256": 4, "M512": 5, "M1024": 6}
"""Name -> encoder levels; BASE_WIDTH * 2**levels is the number in the name."""
U_LEVELS: Final = 4
U_WIDTHS: Final = {"U64": 64, "U16": 16, "U4": 4, "U2": 2}
"""Name -> filters at the first level. U16 is M256 by another name."""


def usual_norm(name: str) -> str:
    """The normalisation of the network of this name: none in an M-model, batch beside an encoder and in the chain,
    whose authors found that the smallest need it.
    """
    return "batch" if name in ENCODERS or name in U_WIDTHS else "none"


def arch_of(name: str, norm: str | None = None) -> dict[str, Any]:
    """The arch of any network that has a name; KeyError for another one. norm: none or batch; left out: its usual."""
    norm = norm or usual_norm(name)
    if name in ENCODERS:
        return encoder_arch(name, norm)
    return u_arch(name, norm) if name in U_WIDTHS else m_arch(name, norm)


def m_arch(name: str, norm: str = "none") -> dict[str, Any]:
    """The arch of one of the M-models; KeyError for another name. norm: none (the paper's students) or batch."""
    return _unet(name, BASE_WIDTH, M_LEVELS[name], norm)


def u_arch(name: str, norm: str = "batch") -> dict[str, Any]:
    """The arch of one network of the chain; KeyError for another name. norm: batch or none."""
    return _unet(name, U_WIDTHS[name], U_LEVELS, norm)


def _unet(name: str, base_width: int, levels: int, norm: str) -> dict[str, Any]:
    return {
        "type": "unet",
        "name": name,
        "base_width": base_width,
        "levels": levels,
        "norm": norm,
        "num_classes": NUM_CLASSES,
    }
