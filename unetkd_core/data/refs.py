"""What a reference to data, as "camvid:val", means by its text alone: which split, and which splits share scenes.

Opens nothing, so that a table of data that are not on this machine can be judged too.
"""

from collections.abc import Iterable
from typing import Final

DEFAULT_SPLIT: Final = "train"
_ONLY: Final = "train-only-"
_WITHOUT: Final = "train-without-"
"""Splits of `train` by video sequence, as CamVid's: one alone, or all but one, of three or more."""


def parts(ref: str) -> tuple[str, str]:
    """`NAME` or `NAME:SPLIT` -> (name, split)."""
    name, _, split = ref.strip().partition(":")
    return name, split or DEFAULT_SPLIT


def full_ref(ref: str) -> str:
    """`NAME:SPLIT`, as its source calls itself: "streets" is "streets:train"."""
    return ":".join(parts(ref))


def sharing_scenes(refs: Iterable[str], others: Iterable[str]) -> list[str]:
    """Those of `refs`, in full, that have scenes in common with any of `others`: the same split of the same dataset,
    or splits of `train` that overlap ("camvid:train" and "camvid:train-only-0006R0").
    """
    known = [parts(other) for other in others]
    return [full_ref(ref) for ref in refs if any(_overlap(parts(ref), other) for other in known)]


def _overlap(one: tuple[str, str], other: tuple[str, str]) -> bool:
    if one[0] != other[0]:
        return False
    first, second = sorted((one[1], other[1]))
    if first == second:
        return True
    if first == DEFAULT_SPLIT:
        return second.startswith((_ONLY, _WITHOUT))
    if first.startswith(_ONLY):
        return second.startswith(_WITHOUT) and first.removeprefix(_ONLY) != second.removeprefix(_WITHOUT)
    return first.startswith(_WITHOUT) and second.startswith(_WITHOUT)
