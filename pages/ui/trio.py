"""Which networks stand side by side: a teacher, the student that it taught, and the untaught twin.

Plain data in and out; draws nothing and loads no weights.
"""

from collections.abc import Sequence

from unetkd_core.zoo.checkpoints import CheckpointInfo

Known = Sequence[tuple[str, CheckpointInfo]]
ROLES = ("teacher", "student", "twin")
NOBODY = "-"
"""Stands in a menu and an address for no network at all; no reference starts with a sign."""


def options(known: Known, role: str) -> list[str]:
    """References for a role's menu: networks of that role first, then all others, then NOBODY; a net trained alone may teach."""
    fits = {"teacher": ("teacher", "alone"), "student": ("student",), "twin": ("twin",)}[role]
    return [*sorted((ref for ref, _ in known), key=lambda ref: (_role(known, ref) not in fits, ref.startswith("run:"))), NOBODY]


def label(known: Known, ref: str) -> str:
    """What a menu says: the network's size and title; a run's id tells apart those of one title."""
    if ref == NOBODY:
        return "nobody"
    titles = [info.title for _, info in known]
    info = dict(known)[ref]
    return f"{info.title} ({ref.removeprefix('run:')})" if titles.count(info.title) > 1 else info.title


def size_name(info: CheckpointInfo) -> str:
    """M128, M256, ... or the architecture's type."""
    return str(info.arch.get("name") or info.arch.get("type", "network"))


def defaults(known: Known, dataset: str) -> dict[str, str]:
    """Role -> reference (or NOBODY) for a dataset's name: a student trained on it, shipped ones first, with its own teacher and twin."""
    student = _best(known, "student", dataset)
    teacher, twin = companions(known, student) if student else (None, None)
    chosen = {
        "teacher": teacher or _best(known, "teacher", dataset) or _best(known, "alone", dataset),
        "student": student,
        "twin": twin or _best(known, "twin", dataset),
    }
    return {role: ref or NOBODY for role, ref in chosen.items()}


def companions(known: Known, student: str) -> tuple[str | None, str | None]:
    """(teacher, twin) of a student as its own config names them; None where they are gone or were never there."""
    info = dict(known)[student]
    taught_by = ((info.run or {}).get("teaching") or {}).get("teacher")
    teacher = taught_by if any(ref == taught_by for ref, _ in known) else None
    ids = {info.run_id, student.removeprefix("run:")} - {None}
    twins = [ref for ref, other in known if (other.run or {}).get("twin_of") in ids]
    return teacher, sorted(twins, key=lambda ref: ref.startswith("run:"))[0] if twins else None


def _role(known: Known, ref: str) -> str:
    return str(dict(known)[ref].role)


def _best(known: Known, role: str, dataset: str) -> str | None:
    fitting = [(ref, info) for ref, info in known if info.role == role]
    fitting.sort(key=lambda pair: (not any(d.split(":")[0] == dataset for d in pair[1].data), pair[0].startswith("run:")))
    return fitting[0][0] if fitting else None
