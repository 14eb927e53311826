"""Which students Home needs, as an ordinary sweep over T and α: planned, checked before it costs anything, trained.

The runs are ordinary ones, so whatever is on disk counts, and stopping loses nothing. Needs no torch.
"""

from collections.abc import Sequence
from typing import Final

from unetkd_core.classes import NUM_CLASSES
from unetkd_core.data.refs import sharing_scenes
from unetkd_core.data.source import Source
from unetkd_core.errors import ConfigError
from unetkd_core.inference.sizes import working_size
from unetkd_core.runs.home_scene import LIMIT_BYTES
from unetkd_core.runs.sweep_grid import SweepSpec, parse_spec
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import references
from unetkd_core.zoo.references import Reference

TEACHER: Final = "vgg16-teacher"
ALPHAS: Final = (0.1, 0.3, 0.5, 0.9)
TEMPERATURES: Final = (1.0, 2.0, 4.0, 10.0)
SEEDS: Final = (0, 1)
METHOD: Final = "kd-t2"
"""With T²: without it the soft term fades with T, and the two sliders would be nearly one."""
ON: Final = "streets:test"
"""What everybody is scored on: it trains nobody and chooses no epoch."""
SIZE: Final = (512, 1024)
"""Height and width of the picture: it fills the page, so twice the size that scores are measured at."""
USUAL: Final = {
    "model": {"name": "M128", "norm": "none"},
    "data": {"height": 96, "width": 192, "max_train": 400, "max_val": 60},
    "optim": {"epochs": 10, "batch_size": 8},
}
"""The settings of what is shipped, where neither a config file nor an option says otherwise: no normalisation, as the
paper's students have none, and teaching shows most."""
_PICTURES_BYTES: Final = 1_500_000
"""What photo, label and numbers take at most."""


def plan(
    base: RunConfig,
    teacher: Reference,
    on: Source,
    *,
    alphas: Sequence[float] = ALPHAS,
    temperatures: Sequence[float] = TEMPERATURES,
    seeds: Sequence[int] = SEEDS,
) -> SweepSpec:
    """The grid as a sweep, to be scored on `on`.

    Raises ConfigError for a grid that cannot be, a split that a choice was made on, or logits that would not fit.
    """
    if sharing_scenes([on.ref], (*base.data.train, *base.data.val)):
        raise ConfigError(f"{on.ref} trains or chooses the students; score them on a split that does neither.")
    spec = parse_spec(
        {
            "name": f"Home: {base.model.name} from {references.info_of(teacher).title}"[:80],
            "base": base,
            "teacher": [teacher if isinstance(teacher, str) else teacher.model_dump(mode="json")],
            "student": [base.model.name],
            "method": [METHOD],
            "alpha": sorted(alphas),
            "temperature": sorted(temperatures),
            "seed": sorted(seeds),
        },
        where="Home's grid",
    )
    _check_size(spec)
    return spec


def logits_bytes(spec: SweepSpec, size: tuple[int, int] = SIZE) -> int:
    """What the logits of a grid take before they are deflated: every cell's and a twin's."""
    height, width = working_size(*size, spec.base.data.height, spec.base.data.width)
    return 2 * NUM_CLASSES * (len(spec.cells()) + 1) * height * width


def _check_size(spec: SweepSpec) -> None:
    """Now, and not after an hour of training."""
    needed, room = logits_bytes(spec), LIMIT_BYTES - _PICTURES_BYTES
    if needed > room:
        raise ConfigError(
            f"Home's logits would take up to {needed / 1e6:.1f} MB, and there is room for {room / 1e6:.1f}. Take a "
            "smaller --size or fewer cells."
        )
