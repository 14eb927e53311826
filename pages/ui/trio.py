"""Which networks stand side by side: a teacher, the student that it taught, and the untaught twin.

Plain data in and out; draws nothing and loads no weights.
"""

import re
from calendar import month_abbr
from collections.abc import Mapping, Sequence
from typing import Any

from unetkd_core.errors import UnetKDError
from unetkd_core.zoo import hub_refs, references
from unetkd_core.zoo.checkpoints import CheckpointInfo

Known = Sequence[tuple[str, CheckpointInfo]]
ROLES = ("teacher", "student", "twin")
NOBODY = "-"
"""Stands in a menu and an address for no network at all; no reference starts with a sign."""


def options(known: Known, role: str) -> list[str]:
    """References for a role's menu: networks of that role first (one trained alone, and an ensemble, may teach), the
    others, NOBODY.
    """
    fits = {"teacher": ("teacher", "alone", "ensemble"), "student": ("student",), "twin": ("twin",)}[role]
    roles = {ref: info.role for ref, info in known}
    return [*sorted(roles, key=lambda ref: (roles[ref] not in fits, ref.startswith("run:"))), NOBODY]


def label(known: Known, ref: str) -> str:
    """What a menu says: the network's title; where two have one title, also when it was started, or its reference."""
    return "nobody" if ref == NOBODY else dict(known)[ref].title + _apart(known, ref)


def short_label(known: Known, ref: str, room: int) -> str:
    """`label` in about `room` characters, for a column: the title gives way, then the start of the reference, so that
    namesakes stay apart.
    """
    title, mark = dict(known)[ref].title, _apart(known, ref)
    left = max(8, room - len(mark))
    title = title if len(title) <= left else f"{title[: left - 1].rstrip()}…"
    over = len(title) + len(mark) - room
    return title + (f" (…{mark[2 + over + 1 :]}" if over > 0 and mark.startswith(" (") else mark)


def _apart(known: Known, ref: str) -> str:
    """What tells it from those of its title: ", 23 Nov 19:40", else " (its reference)"; nothing where it has none."""
    title = dict(known)[ref].title
    namesakes = [other for other, info in known if info.title == title]
    if len(namesakes) == 1:
        return ""
    when = _started(ref)
    alone = when and [_started(other) for other in namesakes].count(when) == 1
    return f", {when}" if alone else f" ({ref.removeprefix('run:')})"


def _started(ref: str) -> str:
    """ "run:20261123-194036-m128-876b" -> "23 Nov 19:40"; nothing for any other reference."""
    found = re.match(r"run:\d{4}(0[1-9]|1[0-2])(\d\d)-(\d\d)(\d\d)\d\d-", ref)
    return f"{int(found[2])} {month_abbr[int(found[1])]} {found[3]}:{found[4]}" if found else ""


def size_name(info: CheckpointInfo) -> str:
    """M128, M256, ... or the architecture's type."""
    return str(info.arch.get("name") or info.arch.get("type", "network"))


def defaults(known: Known, dataset: str) -> dict[str, str]:
    """Role -> reference (or NOBODY) for a dataset's name.

    A student that was trained on it, with its own teacher and twin: a shipped one first, one network's before an
    ensemble's (whose answers cost those of all its members), and of these the one that shows most, by what it gained.
    """
    student = _best(known, "student", dataset)
    teacher, twin = companions(known, student) if student else (None, None)
    chosen = {
        "teacher": teacher or _best(known, "teacher", dataset) or _best(known, "alone", dataset),
        "student": student,
        "twin": twin or _best(known, "twin", dataset),
    }
    return {role: ref or NOBODY for role, ref in chosen.items()}


def companions(known: Known, student: str) -> tuple[str | None, str | None]:
    """(teacher, twin) of a student; None where they are gone or were never there.

    The teacher as its config names it. The twin is the run that names it as its student, else one of the same settings:
    students of several teachers share one.
    """
    info = dict(known)[student]
    teaching = (info.run or {}).get("teaching")
    taught_by = teaching.get("teacher") if isinstance(teaching, Mapping) else None
    if isinstance(taught_by, Mapping):  # an ensemble lies inside the run's config
        taught_by = same_ensemble(known, references.TEACHER_PREFIX + (info.run_id or student.removeprefix("run:")))
    elif isinstance(taught_by, str) and taught_by.startswith(hub_refs.PREFIX):  # with its commit, listed without
        taught_by = same_ensemble(known, taught_by)
    teacher = next((ref for ref, _ in known if ref == taught_by), None)
    ids = {info.run_id, student.removeprefix("run:")} - {None}
    twins = [ref for ref, other in known if (other.run or {}).get("twin_of") in ids]
    if not twins:
        ours = _but_for_teaching(info)
        untaught = [(ref, other) for ref, other in known if other.role in ("twin", "alone")]
        twins = [ref for ref, other in untaught if _but_for_teaching(other) == ours]
    return teacher, min(twins, key=lambda ref: ref.startswith("run:"), default=None)


def _but_for_teaching(info: CheckpointInfo) -> dict[str, Any] | str:
    """A run's settings without what tells a student from its twin; its weights' sha256 where they are not known."""
    beside = {"name", "teaching", "twin_of", "hardware"}
    made = {key: value for key, value in (info.run or {}).items() if key not in beside}
    return made or info.sha256


def company(known: Known, ref: str) -> list[str]:
    """A network beside those it is compared with, in the order teacher, student, twin, where they are here: a student's
    own, a twin's student and its teacher, the first student that a teacher taught.
    """
    students = [ref] if dict(known)[ref].role == "student" else [o for o, info in known if info.role == "student"]
    for student in students:
        teacher, twin = companions(known, student)
        if ref in (teacher, student, twin):
            return [one for one in (teacher, student, twin) if one]
    return [ref]


def same_ensemble(known: Known, ref: str) -> str | None:
    """The reference under which an ensemble or what came from the Hub is listed: its own, or that of the same one by
    another name.
    """
    try:
        sha256 = references.info_of(ref).sha256
    except UnetKDError:
        return None  # a member is gone
    return next((other for other, info in known if other == ref or info.sha256 == sha256), None)


def settle(
    known: Known, dataset: str, wanted: Mapping[str, str | None], taken: set[str], before: str | None
) -> tuple[dict[str, str], list[str]]:
    """Role -> reference that exists, and in words what had to be changed.

    wanted: role -> what is chosen now. taken: roles that the address has just brought; a student that came alone brings
    its own teacher and twin. before: the dataset's name until now; whoever never chose a network follows the dataset to
    the networks that were trained on it.
    """
    fallback, refs = defaults(known, dataset), {NOBODY, *(ref for ref, _ in known)}
    if before not in (None, dataset) and dict(wanted) == defaults(known, str(before)):
        return fallback, []
    came = wanted.get("student") if "student" in taken else None
    if came in refs - {NOBODY}:
        teacher, twin = companions(known, str(came))
        fallback |= {role: ref for role, ref in (("teacher", teacher), ("twin", twin)) if ref}
    chosen, told = {}, []
    for role in ROLES:
        ref = wanted.get(role)
        if ref and ref.startswith(references.TEACHER_PREFIX) and ref not in refs:
            ref = same_ensemble(known, ref) or ref
        keep = ref in refs and (came is None or role in taken)
        if ref and ref not in refs:
            told.append(f"The {role} {ref} is not here any more; this is another one.")
        chosen[role] = str(ref) if keep else fallback[role]
    return chosen, told


def _best(known: Known, role: str, dataset: str) -> str | None:
    def rank(pair: tuple[str, CheckpointInfo]) -> tuple[bool, bool, bool, float]:
        ref, info = pair
        teaching = (info.run or {}).get("teaching")
        of_several = isinstance(teaching, Mapping) and isinstance(teaching.get("teacher"), Mapping)
        elsewhere = not any(d.split(":")[0] == dataset for d in info.data)
        gain = 0.0 if ref.startswith("run:") else _gain(known, ref, dataset)  # runs are many; the newest comes first
        return elsewhere, ref.startswith("run:"), of_several, -gain

    fitting = [pair for pair in known if pair[1].role == role]
    return min(fitting, key=rank)[0] if fitting else None


def _gain(known: Known, ref: str, dataset: str) -> float:
    """What teaching brought, in mIoU on a split of the dataset that both were measured on; 0 where not known."""
    infos = dict(known)
    twin = companions(known, ref)[1] if infos[ref].role == "student" else None
    if twin is None:
        return 0.0
    ours, theirs = (
        {split: scores["miou"] for split, scores in infos[one].metrics.items() if isinstance(scores, Mapping)}
        for one in (ref, twin)
    )
    shared = sorted(split for split in ours.keys() & theirs.keys() if split.split(":")[0] == dataset)
    gains = [a - b for split in shared if isinstance(a := ours[split], float) and isinstance(b := theirs[split], float)]
    return gains[0] if gains else 0.0
