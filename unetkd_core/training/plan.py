"""What keeping a teacher's answers takes: how many turns, how many networks, how many bytes; or why it cannot be.

Arithmetic on a config. Knows no clock (runs/estimate.py does) and needs no torch.
"""

from unetkd_core.data.views import View, make_views
from unetkd_core.models.weighting import MOVING
from unetkd_core.training import answers, terms
from unetkd_core.training.config import AugmentConfig, RunConfig
from unetkd_core.zoo.ensembles import EnsembleSpec


def views_of(config: AugmentConfig) -> tuple[View, ...]:
    """Every view that a scene may show."""
    return make_views(config.flip, config.scales, config.crop_grid)


def turns_of(config: AugmentConfig) -> int | None:
    """How many views each scene shows in turn; none where they are drawn by chance."""
    if config.draw == "chance":
        return None
    return min(config.turns or len(views_of(config)), len(views_of(config)))


def turns_asked(config: RunConfig) -> int:
    """How many turns a run goes through: no more than its epochs. 0 where views are drawn by chance."""
    return min(turns_of(config.augment) or 0, config.optim.epochs)


def apart(teacher: str | EnsembleSpec) -> bool:
    """Whether an ensemble's members are kept apart: its weights move from batch to batch or pixel to pixel."""
    return isinstance(teacher, EnsembleSpec) and teacher.weighting in MOVING


def networks(teacher: str | EnsembleSpec) -> int:
    """How many networks' answers are kept."""
    if isinstance(teacher, str) or not apart(teacher):
        return 1
    return sum(share > 0 for share in teacher.shares)


def network_bytes(config: RunConfig, scenes: int) -> int:
    """What the answers of each network that teaches a run take on disk, over `scenes` scenes and all their turns."""
    return answers.turn_bytes(scenes, config.data.height, config.data.width) * turns_asked(config)


def why_live(config: RunConfig) -> str:
    """Why the teacher has to be asked at every step whatever room there is, in a few words; empty: only room counts."""
    if config.augment.draw == "chance":
        return "the views are drawn by chance, so no answer would serve twice"
    if config.teaching is not None and config.teaching.cache is False:
        return "its settings say so"
    return terms.why_live(config.teaching.terms) if config.teaching is not None else ""
