"""Keeping a run: its best weights become a named checkpoint, in fp16, with their scores on the splits that are named.

What is scored there has gone through the disk and back, so that rounding is part of the score. The run's own validation
scores stay beside them: they are of the weights before rounding, and the epoch was chosen by them (zoo/marks.py says so
on the card). A run that ended early is kept too, with the epochs that it did.
"""

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from unetkd_core import settings, visitors
from unetkd_core.data.source import Source
from unetkd_core.errors import CheckpointError, RunError
from unetkd_core.runs import folder
from unetkd_core.zoo import checkpoints, folders, references, shelf
from unetkd_core.zoo.checkpoints import NAME, CheckpointInfo

Progress = Callable[[str, int, int], None]
"""(reference of what is scored on, scenes done, scenes in all)."""


def check(run_id: str, name: str, sources: Sequence[Source], *, teacher: bool = False, replace: bool = False) -> None:
    """Whether it can be kept so, before anything costs time. Raises CheckpointError, RunError, DataError,
    and NotAllowedError for a visitor of a public server.
    """
    visitors.refuse("Keeping a network under a name", "Your runs stay as they are, and can teach and be compared.")
    shelf.free(name, replace=replace)
    run = folder.open_run(run_id)
    if run.status().active:
        raise RunError(f"{run_id} is still training and its best may yet be beaten; keep it when it has ended.")
    for source in sources:
        source.check()
    role = references.info_of(f"{references.RUN_PREFIX}{run.id}").role
    if teacher and role != "alone":
        raise CheckpointError(f"{run.id} is a {role}; only a network that was trained alone is kept as a teacher.")


def keep(
    run_id: str,
    name: str,
    sources: Sequence[Source],
    *,
    title: str | None = None,
    notes: str = "",
    teacher: bool = False,
    replace: bool = False,
    progress: Progress = lambda *_: None,
) -> CheckpointInfo:
    """Save the best weights of a run that has ended, after all its epochs or not, as checkpoints/NAME, scored on
    `sources` at native label resolution.

    title: a person's words for it; none: made from the run. notes: what its card adds. teacher: it was trained alone
    in order to teach. replace: overwrite a checkpoint of that name. Raises CheckpointError, RunError, DataError;
    nothing is left behind then.
    """
    from unetkd_core.inference.device import pick_device
    from unetkd_core.inference.evaluate import evaluate

    check(run_id, name, sources, teacher=teacher, replace=replace)
    loaded = references.load_model(f"{references.RUN_PREFIX}{run_id}")
    told = {
        "name": name,
        "title": title or loaded.info.title,
        "notes": notes,
        **({"role": "teacher"} if teacher else {}),
    }
    settings.home().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="keep-", dir=settings.home()) as scratch:
        checkpoints.save(loaded.model, Path(scratch) / name, loaded.info.model_copy(update=told), half=True)
        model, info = checkpoints.load(Path(scratch) / name)
    model.to(pick_device("auto"))
    scores = {}
    for source in sources:
        size, told_of = (info.height, info.width), partial(progress, source.ref)
        scores[source.ref] = evaluate(model, source, training_size=size, progress=told_of).to_json()
    update = {"metrics": {**info.metrics, **scores}}
    return checkpoints.save(model, shelf.free(name, replace=replace), info.model_copy(update=update), half=True)


def is_taken(name: str) -> bool:
    """Whether a checkpoint or an ensemble of that name is here; what cannot be a name is none."""
    return bool(NAME.fullmatch(name)) and folders.exists(settings.checkpoints_dir() / name)
