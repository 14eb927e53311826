"""Who belongs to whom among networks: a student's teacher, its untaught twin, and what teaching brought it.

From what their checkpoints say of themselves, which may come from anywhere; loads no weights, needs no torch. `known`
is (reference, info) of all that there are, as `references.available` lists them.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, Final

from unetkd_core.data.refs import parts
from unetkd_core.errors import UnetKDError
from unetkd_core.zoo import ensembles, hub_refs, marks, references
from unetkd_core.zoo.checkpoints import CheckpointInfo
from unetkd_core.zoo.references import Reference

Known = Sequence[tuple[str, CheckpointInfo]]
NOT_LEARNED_FROM: Final = frozenset({"name", "recipe", "hardware", "twin_of", "format_version"})
"""Settings of a run (RunConfig) that make no difference to what is learned."""


def teacher_of(known: Known, student: str) -> str | None:
    """The reference under which a student's teacher is listed, by the name that its settings have; an ensemble lies
    in them as a whole, and is found by its members and weights. None where it is gone, or never was.
    """
    info = dict(known)[student]
    teaching = (info.run or {}).get("teaching")
    taught_by = teaching.get("teacher") if isinstance(teaching, Mapping) else None
    if isinstance(taught_by, Mapping):
        run_id = info.run_id or student.removeprefix(references.RUN_PREFIX)
        # A run knows the weights that it searched; without its folder its settings have to do.
        return same(known, references.TEACHER_PREFIX + run_id) or _same_ensemble(known, taught_by)
    if isinstance(taught_by, str) and taught_by.startswith(hub_refs.PREFIX):  # with its commit, listed without
        return same(known, taught_by)
    return next((ref for ref, _ in known if ref == taught_by), None)


def same(known: Known, ref: Reference) -> str | None:
    """The reference under which an ensemble or what came from the Hub is listed: its own, or that of the same one by
    another name.
    """
    try:
        sha256 = references.info_of(ref).sha256
    except UnetKDError:
        return None  # a member is gone
    return next((other for other, info in known if other == ref or info.sha256 == sha256), None)


def _same_ensemble(known: Known, said: Mapping[str, Any]) -> str | None:
    try:
        return same(known, ensembles.parse(dict(said)))
    except UnetKDError:
        return None


def twin_of(known: Known, student: str) -> str | None:
    """The untaught twin of a student: the one that names it as its student, else one of the same settings but for the
    teaching, which students of several teachers share. A kept one before a run; None where there is none.
    """
    info = dict(known)[student]
    ids = {info.run_id, student.removeprefix(references.RUN_PREFIX)} - {None}
    twins = [ref for ref, other in known if _names_as_student(other) in ids]
    if not twins and info.run:
        ours = _untaught(info.run)
        controls = [(ref, other.run) for ref, other in known if other.role in ("twin", "alone") and other.run]
        twins = [ref for ref, run in controls if _untaught(run) == ours]
    return min(twins, key=lambda ref: ref.startswith(references.RUN_PREFIX), default=None)


def students_of(known: Known, twin: str) -> list[str]:
    """References of the student that an untaught twin names as its own; more than one where it was kept as well."""
    run_id = _names_as_student(dict(known)[twin])
    if run_id is None:
        return []
    return [ref for ref, info in known if run_id in (info.run_id, ref.removeprefix(references.RUN_PREFIX))]


def _names_as_student(info: CheckpointInfo) -> str | None:
    """The id of the run that it is the untaught twin of; none where it says none, or something else than text."""
    named = (info.run or {}).get("twin_of")
    return named if isinstance(named, str) else None


def _untaught(run: Mapping[str, Any]) -> dict[str, Any]:
    """A run's settings without what tells a student from its twin."""
    return {key: value for key, value in run.items() if key not in NOT_LEARNED_FROM and key != "teaching"}


def miou(info: CheckpointInfo, dataset: str | None) -> float | None:
    """The mIoU that the checkpoint says for a dataset, as a fraction in [0, 1]; None where it was not measured."""
    scores = info.metrics.get(dataset) if dataset else None
    value = scores.get("miou") if isinstance(scores, Mapping) else None
    return value if isinstance(value, float) else None


def unseen(info: CheckpointInfo, dataset: str | None = None) -> dict[str, float]:
    """Split -> mIoU on scenes that it did not learn from: those of a dataset, by its name, if it was measured there;
    of these the ones on which nothing was chosen, if there are any.
    """
    scores = {on: miou(info, on) for on in info.metrics if not marks.learned_from(info, on)}
    found = {on: value for on, value in scores.items() if value is not None}
    found = {on: value for on, value in found.items() if parts(on)[0] == dataset} or found
    return {on: value for on, value in found.items() if not marks.mark(info, on)} or found


def gain(student: CheckpointInfo, twin: CheckpointInfo, dataset: str | None = None) -> float | None:
    """What teaching brought: the mean difference in mIoU, student minus twin, over the splits that are
    `unseen` by both; None where there is no such split.
    """
    theirs = unseen(twin, dataset)
    found = [value - theirs[on] for on, value in unseen(student, dataset).items() if on in theirs]
    return fmean(found) if found else None
