"""Which networks stand side by side: a teacher, the student that it taught, and the untaught twin.

Plain data in and out; draws nothing and loads no weights.
"""

import re
from calendar import month_abbr
from collections.abc import Callable, Mapping
from statistics import fmean
from typing import Any, Final

from unetkd_core.data.refs import parts
from unetkd_core.zoo import references, relatives
from unetkd_core.zoo.checkpoints import CheckpointInfo
from unetkd_core.zoo.relatives import Known

ROLES = ("teacher", "student", "twin")
NOBODY = "-"
"""Stands in a menu and an address for no network at all; no reference starts with a sign."""
SOON: Final = 5e9
"""Multiply-accumulates of one answer: behind a heavier teacher whoever tries something on a CPU waits."""


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

    A student that was trained on it, with its own teacher and twin and no stranger's: a shipped one first, of these one
    with a twin, one network's before an ensemble's (whose answers cost those of all its members), and then the one that
    shows most, by what it gained. Without any student a teacher and a twin, whoever they are.
    """
    student = _best_student(known, dataset)
    if student is None:
        teacher, twin = best_teacher(known, dataset), _first(known, "twin", dataset)
    else:
        teacher, twin = companions(known, student)
    return {"teacher": teacher or NOBODY, "student": student or NOBODY, "twin": twin or NOBODY}


def companions(known: Known, student: str) -> tuple[str | None, str | None]:
    """(teacher, twin) of a student; None where they are gone or were never there."""
    return relatives.teacher_of(known, student), relatives.twin_of(known, student)


def company(known: Known, ref: str) -> list[str]:
    """A network beside those it is compared with, in the order teacher, student, twin, where they are here: a student's
    own; a twin's own student and its teacher; of a teacher's students the one that `defaults` would take.
    """
    role = dict(known)[ref].role
    if role == "student":
        students = [ref]
    else:
        named = relatives.students_of(known, ref)
        students = [*named, *sorted((one for one, info in known if info.role == "student"), key=_order(known, None))]
    for student in students:
        teacher, twin = companions(known, student)
        if ref in (teacher, student, twin):
            return [one for one in (teacher, student, twin) if one]
    return [ref]


def best_teacher(known: Known, dataset: str) -> str | None:
    """Who should teach on a dataset, by its name: a network that was trained on it, a kept one, one that answers soon,
    and of these the best by its mIoU on what it has not seen of that dataset.
    """

    def rank(pair: tuple[str, CheckpointInfo]) -> tuple[bool, bool, bool, bool, float]:
        ref, info = pair
        found = relatives.unseen(info, dataset)
        return (
            info.role != "teacher",
            _elsewhere(info, dataset),
            ref.startswith(references.RUN_PREFIX),
            info.macs > SOON,
            -fmean(found.values()) if found else 0.0,
        )

    fitting = [pair for pair in known if pair[1].role in ("teacher", "alone")]
    return min(fitting, key=rank)[0] if fitting else None


def _best_student(known: Known, dataset: str) -> str | None:
    students = [ref for ref, info in known if info.role == "student"]
    return min(students, key=_order(known, dataset), default=None)


def _order(known: Known, dataset: str | None) -> Callable[[str], tuple[Any, ...]]:
    """Sorts students by what they show. Runs are many, and the newest comes first: they are not looked into."""
    infos = dict(known)

    def rank(ref: str) -> tuple[Any, ...]:
        info, is_run = infos[ref], ref.startswith(references.RUN_PREFIX)
        elsewhere = dataset is not None and _elsewhere(info, dataset)
        if is_run:
            return elsewhere, is_run
        twin = relatives.twin_of(known, ref)
        gained = None if twin is None else relatives.gain(info, infos[twin], dataset)
        teaching = (info.run or {}).get("teaching")
        of_several = isinstance(teaching, Mapping) and isinstance(teaching.get("teacher"), Mapping)
        return elsewhere, is_run, twin is None, of_several, gained is None, -(gained or 0.0)

    return rank


def _first(known: Known, role: str, dataset: str) -> str | None:
    fitting = [(ref, info) for ref, info in known if info.role == role]
    return min(fitting, key=lambda pair: (_elsewhere(pair[1], dataset), pair[0].startswith("run:")), default=(None,))[0]


def _elsewhere(info: CheckpointInfo, dataset: str) -> bool:
    """Whether it was trained on other data alone."""
    return all(parts(ref)[0] != dataset for ref in info.data)


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
        fallback |= {"teacher": teacher or NOBODY, "twin": twin or NOBODY}
    chosen, told = {}, []
    for role in ROLES:
        ref = wanted.get(role)
        if ref and ref.startswith(references.TEACHER_PREFIX) and ref not in refs:
            ref = relatives.same(known, ref) or ref
        keep = ref in refs and (came is None or role in taken)
        if ref and ref not in refs:
            told.append(f"The {role} {ref} is not here any more; this is another one.")
        chosen[role] = str(ref) if keep else fallback[role]
    return chosen, told
