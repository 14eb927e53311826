"""Searching an ensemble's weights over data that is named, and keeping what was found. Torch is imported inside.

Results are kept under UNETKD_HOME/searches by what they depend on: members' weights, data, space and candidates. A
second search of the same is a file read.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from unetkd_core import outside, settings, visitors
from unetkd_core.data import catalog
from unetkd_core.data.packed import spaced
from unetkd_core.errors import ConfigError
from unetkd_core.inference.searched import FINE_STEPS, GRID_TOP, Searched, Weights, integer_grid, simplex_grid
from unetkd_core.zoo import folders, references
from unetkd_core.zoo.ensembles import EnsembleSpec

Progress = Callable[[int, int], None]
FORMAT_VERSION: Final = 1
_MOST: Final = 64 * 1024 * 1024
"""Bytes of search.json at most: 36 numbers for each of thousands of weightings."""


def find_weights(
    spec: EnsembleSpec,
    refs: Sequence[str],
    *,
    candidates: Sequence[Weights] | None = None,
    limit: int | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> EnsembleSpec:
    """The ensemble with the weights that its `weighting` (grid, fine or per_class) finds best on `refs`.

    candidates: other ones than `candidates_of` gives. limit: at most so many scenes of each. Raises ConfigError for a
    weighting that is not searched, and what opening the members and the data raises.
    """
    candidates = candidates_of(spec) if candidates is None else candidates
    result = search(spec, refs, candidates, limit=limit, device=device, progress=progress)
    on = [f"{ref}, {limit} scenes" if limit else ref for ref in refs]
    if spec.weighting == "per_class":
        return spec.found(on, class_weights=result.best_per_class())
    best = result.best()
    # The best of all candidates on the very scenes that it was chosen on: cards say so, by `searched_on` (marks.py).
    whole = {refs[0]: result.scores(best).to_json()} if len(refs) == 1 and not limit else {}
    return spec.found(on, weights=candidates[best], metrics=whole)


def candidates_of(spec: EnsembleSpec, *, top: int = GRID_TOP, steps: int = FINE_STEPS) -> list[Weights]:
    """What its weighting tries: integer weights of 0 to top - 1, or the simplex in steps of 1/steps."""
    if spec.weighting == "grid":
        return integer_grid(len(spec.members), top)
    if spec.weighting in ("fine", "per_class"):
        return simplex_grid(len(spec.members), steps)
    raise ConfigError(f"The weighting {spec.weighting} is not searched; choose grid, fine or per_class.")


def search(
    spec: EnsembleSpec,
    refs: Sequence[str],
    candidates: Sequence[Weights],
    *,
    limit: int | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> Searched:
    """Every candidate's score over `refs` together, from the disk where this was searched before.

    Raises what `references.info_of` and opening the data raise, before any network is loaded, NotAllowedError for a
    visitor of a public server where it was not searched before.
    """
    path = _path(spec, refs, candidates, limit)
    if (found := _read(path, candidates)) is not None:
        return found
    visitors.refuse("Measuring a whole split")
    return _search_now(spec, refs, candidates, limit, device, progress, path)


def known(
    spec: EnsembleSpec, refs: Sequence[str], candidates: Sequence[Weights], *, limit: int | None = None
) -> Searched | None:
    """What such a search found before, or None. Imports no torch of its own, runs no network."""
    return _read(_path(spec, refs, candidates, limit), candidates)


def _search_now(
    spec: EnsembleSpec,
    refs: Sequence[str],
    candidates: Sequence[Weights],
    limit: int | None,
    device: str,
    progress: Progress | None,
    path: Path,
) -> Searched:
    from unetkd_core.inference import weight_search

    sources = [catalog.open_source(ref) for ref in refs]
    for source in sources:
        source.check()
    loaded = [references.load_model(member, device) for member in spec.members]
    total = sum(len(spaced(len(source), limit)) for source in sources)
    result: Searched | None = None
    for source in sources:
        before = result.scenes if result is not None else 0
        one = weight_search.search(
            [x.model for x in loaded],
            source,
            candidates,
            sizes=[(x.info.height, x.info.width) for x in loaded],
            space=spec.space,
            limit=limit,
            progress=None if progress is None else lambda done, _, before=before: progress(before + done, total),  # type: ignore[misc]
        )
        result = one if result is None else result.plus(one)
    if result is None:
        raise ConfigError("There is no data to search weights on; name at least one split.")
    _write(path, result)
    return result


def _path(spec: EnsembleSpec, refs: Sequence[str], candidates: Sequence[Weights], limit: int | None) -> Path:
    references.info_of(spec)  # the members are there, fit together, and are those that they were
    members = [[i.sha256, i.height, i.width] for i in map(references.info_of, spec.members)]
    splits = [[s.ref, s.fingerprint(), s.mapping] for s in map(catalog.open_source, refs)]
    about = [FORMAT_VERSION, members, splits, list(map(list, candidates)), spec.space, limit]
    key = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:24]
    return settings.home() / "searches" / key / "search.json"


def _read(path: Path, candidates: Sequence[Weights]) -> Searched | None:
    try:
        data: dict[str, Any] = outside.read_json(folders.current(path.parent) / path.name, _MOST)
        confusion = np.asarray(data["confusion"], dtype=np.int64)
        if confusion.ndim != 3 or len(confusion) != len(candidates):
            return None
        return Searched(tuple(map(tuple, candidates)), confusion, int(data["scenes"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # it can be searched again: a broken file is as good as none


def _write(path: Path, result: Searched) -> None:
    text = json.dumps({"scenes": result.scenes, "confusion": result.confusion.tolist()})
    with contextlib.suppress(OSError):  # what was found is worth having without a place to keep it
        folders.replace(path.parent, {path.name: text.encode()})
