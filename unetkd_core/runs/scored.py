"""Scores that were measured once, kept for whoever asks again: a table of many networks can be stopped and continued.

    UNETKD_HOME/scores/KEY.json   KEY: a hash of the weights, what is in the split's files and this file's format

Asking needs no torch where the answer is known.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from unetkd_core import outside, settings
from unetkd_core.data.source import Source
from unetkd_core.metrics import Scores
from unetkd_core.runs.status import write_text
from unetkd_core.zoo import references
from unetkd_core.zoo.references import Reference

FORMAT_VERSION: Final = 1


def scores_of(
    ref: Reference,
    source: Source,
    *,
    limit: int | None = None,
    training_size: tuple[int, int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Scores:
    """Scores of what `ref` means over the whole of `source`, at the labels' native resolution; measured now if need be.

    limit: over at most so many scenes of it, evenly spaced. training_size: (height, width) to read pictures at as if it
    had been trained at that size; left out: its own. progress(scenes done, scenes) while it is measured. Raises
    CheckpointError, ConfigError, DataError.
    """
    limit = None if limit is None or limit >= len(source) else limit
    info = references.info_of(ref)
    size = None if training_size == (info.height, info.width) else training_size
    path = _path(info.sha256, source, limit, size)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return Scores.from_json(outside.read_json(path))
    scores, sha256 = _measured(ref, source, limit, size, progress)
    path = _path(sha256, source, limit, size)  # of what was read, should other weights lie there since we asked
    with contextlib.suppress(OSError):  # on a full disk it is measured again
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(scores.to_json(), allow_nan=False) + "\n", durable=False)
    return scores


def _path(sha256: str, source: Source, limit: int | None, size: tuple[int, int] | None) -> Path:
    made_of: list[object] = [FORMAT_VERSION, sha256, source.ref, source.content_hash()]
    made_of += [] if limit is None else [limit]
    made_of += [] if size is None else [size]
    digest = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()
    return settings.home() / "scores" / f"{digest[:32]}.json"


def _measured(
    ref: Reference,
    source: Source,
    limit: int | None,
    size: tuple[int, int] | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[Scores, str]:
    """Scores, and the sha256 of the weights that have them."""
    from unetkd_core.inference.evaluate import evaluate

    loaded = references.load_model(ref, "auto")
    size = size or (loaded.info.height, loaded.info.width)
    return evaluate(loaded.model, source, training_size=size, limit=limit, progress=progress), loaded.info.sha256
