"""What must be said beside an ensemble's number so that it fools nobody: where it was chosen, on what it is measured.

Sentences only; draws nothing.
"""

from collections.abc import Mapping, Sequence

from pages.ui import caches, places, visitor
from pages.ui.ensemble_cast import Member
from pages.ui.ensemble_choice import Found
from pages.ui.run_choices import HELD_OUT
from unetkd_core.inference.searched import Weights
from unetkd_core.models.weighting import LABELS
from unetkd_core.zoo import references

MOST_SCENES = 500
"""A larger split is measured on so many scenes, evenly spaced: more would take longer than anybody waits."""

NO_LABEL = (
    "There is no label for this photo: Disagreement shows where the networks differ; judge by eye who is right there."
)


def limit(place: places.Place) -> int | None:
    """Scenes that measuring a split reads at most; None for all of it."""
    return MOST_SCENES if place.count > MOST_SCENES else None


def split_in_words(place: places.Place) -> str:
    """ "all 101 of camvid:val", "500 of the 3,475 of streets:train"."""
    most = limit(place)
    return f"all {place.count:,} of {place.ref}" if most is None else f"{most:,} of the {place.count:,} of {place.ref}"


def seconds(place: places.Place, members: Sequence[Member]) -> float:
    """Roughly what measuring a split takes here, from what this picture took."""
    return min(place.count, limit(place) or place.count) * (0.05 + sum(member.seconds for member in members))


def on_split(
    place: places.Place, members: Sequence[Member], found: Found | None, known: Mapping[str, places.Place]
) -> list[str]:
    """Beside numbers over a whole split."""
    told = [line for line in (_chosen(place, found), _learned(place, members)) if line]
    held_out = f"{place.name}:train-only-{HELD_OUT}"
    reporting = place.split in ("val", "test") and held_out in known
    if reporting and found is None:
        told.append(f"{place.ref} is for reporting: choose weights on {held_out}, then look here.")
    return [*told, *_mappings(place, members)]


def on_picture(place: places.Place | None, members: Sequence[Member], found: Found | None) -> list[str]:
    """Beside numbers from one picture; None for one's own photo."""
    chosen = "" if found is None else f"The weights are the {_how(found)} on {found.on}."
    if place is None:
        return [line for line in (chosen, *_kind(members)) if line]
    one = "One street proves little, and weights that suit it may suit no other: measure the whole split."
    if visitor.is_public():
        one = "One street proves little, and weights that suit it may suit no other."
    return [line for line in (chosen, one, *_mappings(place, members)) if line]


def not_measured(near: Weights | None) -> str:
    """Where the present weights lie between points that were measured."""
    if near is None:
        return ""
    return (
        f"These weights were not measured; the numbers are those of {', '.join(f'{w:.2f}' for w in near)}, the nearest."
    )


def _chosen(place: places.Place, found: Found | None) -> str:
    if found is None:
        return "One seed of each network."
    if found.on.split(",")[0] == place.ref:
        return f"The weights are the {_how(found)} on this very split, which flatters them: look at another one too."
    return f"The weights are the {_how(found)} on {found.on} and are scored on {place.ref}. One seed of each network."


def _how(found: Found) -> str:
    return LABELS[found.how][:1].lower() + LABELS[found.how][1:]


def _learned(place: places.Place, members: Sequence[Member]) -> str:
    whole = f"{place.name}:train"
    if not place.split.startswith("train"):
        return ""
    from_it = [m.name for m in members if any(ref in (place.ref, whole) or place.ref == whole for ref in _on(m, place))]
    if not from_it:
        return ""
    return f"{' and '.join(from_it)} learned from this split: new streets are read less well."


def _on(member: Member, place: places.Place) -> list[str]:
    return [ref for ref in member.info.data if ref.split(":")[0] == place.name]


def _mappings(place: places.Place, members: Sequence[Member]) -> list[str]:
    source = caches.source(place.ref, place.root)
    warnings = [references.mapping_warning(member.info, source) for member in members]
    return [line for line in dict.fromkeys(warnings) if line]


def _kind(members: Sequence[Member]) -> list[str]:
    learned = sorted({ref.split(":")[0] for member in members for ref in member.info.data})
    return [f"These networks learned from {' and '.join(learned)}; your photo is of another kind."] if learned else []
