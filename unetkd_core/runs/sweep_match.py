"""When two runs are the same: fingerprints of settings, and which runs on disk have which. Starts nothing.

Names, the recipe's label and the hardware make no difference; another teacher or other data under the old name do, and
so do another file of ImageNet weights, a release that trains otherwise, and several processes that each normalise by
their own part of a batch.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from unetkd_core.data.refs import full_ref
from unetkd_core.errors import RunError, UnetKDError
from unetkd_core.models import pretrained
from unetkd_core.models.backbones import ENCODERS
from unetkd_core.runs import jobs
from unetkd_core.runs.folder import Run, list_runs
from unetkd_core.runs.provenance import TRAINING, TRAINING_VERSION
from unetkd_core.runs.rank_processes import PROCESSES
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import references
from unetkd_core.zoo.ensembles import EnsembleSpec
from unetkd_core.zoo.references import Reference
from unetkd_core.zoo.relatives import NOT_LEARNED_FROM

_RANK: Final = {"done": 0, "running": 1, "queued": 2}
"""Of several equal runs the finished one counts, then one that is going on, then one that can be resumed."""


def fingerprint(
    config: RunConfig, teacher: str, data: Mapping[str, str] | None = None, beside: Mapping[str, Any] | None = None
) -> str:
    """A digest of everything that decides what is learned.

    teacher: `teacher_key` of who teaches, or "" for nobody. data: `jobs.data_hashes`; none: data go by their
    names alone, as in runs of older releases. beside: what else decides and stands in no config, `beside`.
    """
    said = config.model_dump(mode="json", exclude=set(NOT_LEARNED_FROM))
    for part in ("train", "val"):
        said["data"][part] = list(map(full_ref, said["data"][part]))
    if config.model.start is not None:
        said["model"]["start"] = "its weights, beside"
    if config.teaching is not None:
        said["teaching"]["teacher"] = teacher
        said["teaching"].pop("cache", None)  # whether its answers are kept is chosen like the hardware
    if data is not None:
        said["made_of"] = dict(data)
    if beside:
        said["beside"] = dict(beside)
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def beside(config: RunConfig, meta: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What decides beside the config: of the run that `meta` is of, or (none) of one that would begin now.

    The release's way of training, the weights that it or its encoder began from (of a run that has not begun: those
    that are here), and how many processes each had batch statistics of its own.
    """
    meta = {TRAINING: TRAINING_VERSION} if meta is None else meta
    found = {TRAINING: meta.get(TRAINING) or 1}
    if config.model.weights is not None:
        noted = meta.get("encoder_weights") or {}
        found["encoder"] = noted.get("sha256") or pretrained.sha256_of(config.model.name)
    if config.model.start is not None:
        noted = meta.get(jobs.START) or {}
        found[jobs.START] = noted.get("sha256") or references.info_of(config.model.start).sha256
    if (config.model.norm == "batch" or config.model.name in ENCODERS) and (meta.get(PROCESSES) or 1) > 1:
        found[PROCESSES] = meta[PROCESSES]
    return {name: value for name, value in found.items() if (name, value) != (TRAINING, 1)}


def teacher_key(ref: Reference) -> str:
    """Whose answers `ref` means now: its weights' sha256.

    An ensemble whose weights each run searches goes by its members: the weights follow from them and the data. Raises
    CheckpointError, ConfigError.
    """
    spec = references.spec_of(ref)
    if spec is None or not spec.open:
        return references.info_of(ref).sha256
    return _members_key(spec if spec.sha256 else references.fixed(spec))


def _members_key(spec: EnsembleSpec) -> str:
    return json.dumps(["searched", sorted(spec.sha256), spec.space, spec.weighting])


@dataclass(frozen=True)
class Print:
    """What the settings of a run that is to be are known by on disk. now: with the data as they are; by_name: what an
    older release's run has, which did not note what its data were.
    """

    now: str
    by_name: str


class Prints:
    """Prints of settings that are about to run. Keeps what each teacher and the data are, so that a grid asks once."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._data: dict[tuple[str, ...], dict[str, str]] = {}

    def of(self, config: RunConfig) -> Print:
        """Raises CheckpointError, ConfigError when the teacher is not there, DataError when the data are not."""
        if config.teaching is None:
            return self._print(config, "")
        ref = config.teaching.teacher
        name = ref if isinstance(ref, str) else ref.dumps()
        if name not in self._keys:
            self._keys[name] = teacher_key(ref)
        return self._print(config, self._keys[name])

    def of_twin(self, config: RunConfig) -> Print:
        """That of a student's control."""
        return self._print(config.twin("-"), "")

    def _print(self, config: RunConfig, teacher: str) -> Print:
        refs = (*config.data.train, *config.data.val)
        if refs not in self._data:
            self._data[refs] = jobs.data_hashes(config)
        now = fingerprint(config, teacher, self._data[refs], beside(config))
        return Print(now, fingerprint(config, teacher))


class There:
    """The runs on disk by what they are; what cannot be read is left out."""

    def __init__(self) -> None:
        self._found: dict[str, list[tuple[int, int, Run]]] = {}
        for age, (run, digest) in enumerate(_digests()):
            with contextlib.suppress(RunError):
                rank = _RANK.get(run.status().state, 3)
                self._found.setdefault(digest, []).append((rank, age, run))

    def of(self, wanted: Print) -> list[Run]:
        """Those that are what is wanted, the one that counts first, within a rank the newest."""
        found = [entry for digest in (wanted.now, wanted.by_name) for entry in self._found.get(digest, [])]
        return [run for _, _, run in sorted(found, key=lambda entry: entry[:2])]


class Finished:
    """The finished runs of settings; what is on disk is looked at once."""

    def __init__(self) -> None:
        self._there, self._prints = There(), Prints()

    def alone(self, config: RunConfig) -> Run | None:
        """A network without a teacher, or an untaught twin. Raises as `Prints.of` does."""
        return self._done(self._prints.of_twin(config))

    def taught(self, config: RunConfig) -> Run | None:
        """A student. Raises as `Prints.of` does."""
        return self._done(self._prints.of(config))

    def pair(self, config: RunConfig) -> tuple[Run, Run] | None:
        """A student and its untaught twin: the control that was trained for it, else one that computed alike, else any.
        None until both are done. Raises as `Prints.of` does.
        """
        student = self.taught(config)
        if student is None:
            return None
        twins = nearest(self._all_done(self._prints.of_twin(config)), student)
        return (student, twins[0]) if twins else None

    def _done(self, wanted: Print) -> Run | None:
        return next(iter(self._all_done(wanted)), None)

    def _all_done(self, wanted: Print) -> list[Run]:
        return [run for run in self._there.of(wanted) if run.status().state == "done"]


def nearest(controls: Sequence[Run], student: Run) -> list[Run]:
    """Untaught runs in the order in which they are a student's twin: those that are done, the one that was trained for
    it, such as computed alike; else as they were. Raises RunError, ConfigError.
    """
    own = student.partner()

    def rank(control: Run) -> tuple[bool, bool, bool]:
        theirs = own is not None and control.id == own.id
        return control.status().state != "done", not theirs, not computed_alike(student, control)

    return sorted(controls, key=rank)


def computed_alike(one: Run, other: Run) -> bool:
    """Whether they computed in one precision on one kind of device: what tells them apart is then the teaching alone.

    Raises RunError, ConfigError.
    """
    ours, theirs = one.config.hardware, other.config.hardware
    same_kind = ours.device.partition(":")[0] == theirs.device.partition(":")[0]
    return same_kind and (ours.precision, ours.memory_format) == (theirs.precision, theirs.memory_format)


_known: dict[Path, tuple[tuple[int, int], str]] = {}
"""Run folder -> (when its two files were written, fingerprint). Reading hundreds of configs costs a second."""


def _digests() -> Iterator[tuple[Run, str]]:
    for run in list_runs():
        try:
            written = tuple((run.run_dir / name).stat().st_mtime_ns for name in ("config.json", "meta.json"))
            if _known.get(run.run_dir, ((0, 0), ""))[0] != written:
                _known[run.run_dir] = ((written[0], written[1]), _digest_of(run))
            yield run, _known[run.run_dir][1]
        except (OSError, UnetKDError):
            continue


def _digest_of(run: Run) -> str:
    config, meta = run.config, run.meta
    data = noted if isinstance(noted := meta.get("data"), dict) else None
    teacher = _teacher_of(run, config, meta)
    return fingerprint(config, teacher) if data is None else fingerprint(config, teacher, data, beside(config, meta))


def _teacher_of(run: Run, config: RunConfig, meta: Mapping[str, Any]) -> str:
    """Whose answers it was taught with, "" for nobody."""
    if config.teaching is None:
        return ""
    teacher = config.teaching.teacher
    if not isinstance(teacher, str) and teacher.sha256 and (teacher.open or meta.get(jobs.WEIGHTS_SEARCHED)):
        return _members_key(teacher)
    told: dict[str, Any] = meta.get("teacher") or {}
    return str(told.get("sha256") or f"unknown-{run.id}")
