"""The paper's network sizes as data. Needs no torch, so that forms and folders can talk about networks.

A network is described by its *arch*: a small JSON object that `models.registry.build` turns into a module and
`models.complexity` into costs. The sizes are the paper's: named after the filters of the bridge, 16 filters at the
first level, doubled at each of 3, 4, 5 or 6 encoder levels.
"""

from typing import Any, Final

from unetkd_core.classes import NUM_CLASSES

BASE_WIDTH: Final = 16
M_LEVELS: Final = {"M128": 3, "M256": 4, "M512": 5, "M1024": 6}
"""Name -> encoder levels; BASE_WIDTH * 2**levels is the number in the name."""


def m_arch(name: str, norm: str = "none") -> dict[str, Any]:
    """The arch of one of the paper's sizes; KeyError for another name. norm: none (the paper's students) or batch."""
    return {
        "type": "unet",
        "name": name,
        "base_width": BASE_WIDTH,
        "levels": M_LEVELS[name],
        "norm": norm,
        "num_classes": NUM_CLASSES,
    }
