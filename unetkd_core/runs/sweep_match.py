"""When two runs are the same: fingerprints of settings, and which runs on disk have which. Starts nothing.

Names, the recipe's label and the hardware make no difference; another teacher under the old name does.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from unetkd_core.errors import RunError, UnetKDError
from unetkd_core.models.weighting import SEARCHED
from unetkd_core.runs.folder import Run, list_runs
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import references
from unetkd_core.zoo.ensembles import EnsembleSpec
from unetkd_core.zoo.references import Reference

_IRRELEVANT: Final = {"name", "recipe", "hardware", "twin_of", "format_version"}
_RANK: Final = {"done": 0, "running": 1, "queued": 2}
"""Of several equal runs the finished one counts, then one that is going on, then one that can be resumed."""


def fingerprint(config: RunConfig, teacher: str) -> str:
    """A digest of everything that decides what is learned. teacher: `teacher_key` of who teaches, or "" for nobody."""
    data = config.model_dump(mode="json", exclude=_IRRELEVANT)
    if config.teaching is not None:
        data["teaching"]["teacher"] = teacher
        data["teaching"].pop("cache", None)  # whether its answers are kept is chosen like the hardware
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def teacher_key(ref: Reference, config: RunConfig) -> str:
    """Whose answers `ref` means now: its weights' sha256.

    An ensemble whose weights each run searches goes by its members: the weights follow from them and the data. Raises
    CheckpointError, ConfigError.
    """
    spec = references.spec_of(ref)
    searched = None if spec is None else _searched(spec, config)
    if searched is None or spec is None:
        return references.info_of(ref).sha256
    return searched if spec.sha256 else str(_searched(references.fixed(spec), config))


def _searched(spec: EnsembleSpec, config: RunConfig) -> str | None:
    if not (spec.open or (spec.weighting in SEARCHED and spec.searched_on == config.data.val)):
        return None
    members = sorted(spec.sha256) if spec.sha256 else list(spec.members)
    return json.dumps(["searched", members, spec.space, spec.weighting])


class Prints:
    """Fingerprints of settings that are about to run. Keeps what each teacher is, so that a grid asks once."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}

    def of(self, config: RunConfig) -> str:
        """Raises CheckpointError, ConfigError when the teacher is not there."""
        if config.teaching is None:
            return fingerprint(config, "")
        ref = config.teaching.teacher
        name = ref if isinstance(ref, str) else ref.dumps()
        if name not in self._keys:
            self._keys[name] = teacher_key(ref, config)
        return fingerprint(config, self._keys[name])

    def of_twin(self, config: RunConfig) -> str:
        """The fingerprint of a student's control."""
        return fingerprint(config.twin("-"), "")


_known: dict[Path, tuple[tuple[int, int], str]] = {}
"""Run folder -> (when its two files were written, fingerprint). Reading hundreds of configs costs a second."""


def on_disk() -> dict[str, list[Run]]:
    """Fingerprint -> the runs that have it, the one that counts first. What cannot be read is left out."""
    found: dict[str, list[tuple[int, Run]]] = {}
    for run, digest in _digests():
        try:
            state = run.status().state
        except RunError:
            continue
        found.setdefault(digest, []).append((_RANK.get(state, 3), run))
    # Newest first within a rank: that is how runs are listed, and sorting keeps it.
    return {digest: [run for _, run in sorted(runs, key=lambda r: r[0])] for digest, runs in found.items()}


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
    config = run.config
    if config.teaching is None:
        return fingerprint(config, "")
    teacher = config.teaching.teacher
    searched = None if isinstance(teacher, str) else _searched(teacher, config)
    noted: dict[str, Any] = run.meta.get("teacher") or {}
    return fingerprint(config, searched or str(noted.get("sha256") or f"unknown-{run.id}"))
