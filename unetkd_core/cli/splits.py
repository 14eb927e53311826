"""Which splits of a dataset a table is made of, where nothing is said: to learn from, to choose by, to report."""

from typing import Final, NamedTuple

from unetkd_core.data import catalog
from unetkd_core.data.source import Remembered, Source
from unetkd_core.errors import ConfigError
from unetkd_core.runs.paper_making import Splits


class Usual(NamedTuple):
    """A dataset's splits: to learn from, to choose the best epoch by, to report."""

    train: str
    val: str
    on: str


USUAL: Final = {
    "streets": Usual("streets:train", "streets:val", "streets:test"),
    "camvid": Usual("camvid:train-without-0006R0", "camvid:train-only-0006R0", "camvid:val"),
}
"""Where nothing is chosen on what is reported. Others have train and val, as the paper's Cityscapes has."""


def usual(dataset: str) -> Usual:
    """Those of a dataset by its name."""
    return USUAL.get(dataset, Usual(f"{dataset}:train", f"{dataset}:val", f"{dataset}:val"))


def opened(on: str, train: str, limit: int | None) -> Splits:
    """What is scored: the whole of `on`, and at most `limit` scenes of `train`. Raises DataError, ConfigError."""
    val, learned = catalog.open_source(on), catalog.open_source(train)
    return Splits(_kept(val, len(val)), _kept(learned, min(len(learned), limit or len(learned))), limit)


def _kept(source: Source, scenes: int) -> Source:
    """The source, its pictures in memory once they are read."""
    source.check()
    if scenes == 0:
        raise ConfigError(f"{source.ref} has no scenes; choose another split.")
    return Remembered(source)
