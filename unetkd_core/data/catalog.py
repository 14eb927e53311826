"""Which datasets there are, where they lie, and how a reference such as "camvid:val" becomes a Source.

Built in: streets, camvid and cityscapes (their folders from UNETKD_CAMVID and UNETKD_CITYSCAPES, or registered under
those names). Other folders are registered in `home()/datasets.json`. Knows no packing and imports no torch.
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from filelock import FileLock

from unetkd_core import settings, versioned, visitors
from unetkd_core.data import camvid, cityscapes, folder, refs, source_streets, streets
from unetkd_core.data.paired import PairedSource
from unetkd_core.data.source import Source
from unetkd_core.errors import DataError

FORMAT_VERSION: Final = 1
STREETS: Final = "streets"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class _Kind(NamedTuple):
    open: Callable[..., PairedSource]
    splits: Callable[[Path], dict[str, int]]
    mapping: str
    licence: str
    how_to_get: str


KINDS: Final = {
    "camvid": _Kind(camvid.open_camvid, camvid.splits, "camvid", camvid.LICENCE, camvid.HOW_TO_GET),
    "cityscapes": _Kind(
        cityscapes.open_cityscapes, cityscapes.splits, "cityscapes", cityscapes.LICENCE, cityscapes.HOW_TO_GET
    ),
    "folder": _Kind(folder.open_folder, folder.splits, "classes", folder.LICENCE, folder.HOW_TO_GET),
}
BUILT_IN: Final = (STREETS, "camvid", "cityscapes")


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a dataset without reading a picture."""

    name: str
    kind: str
    root: Path | None
    found: bool
    problem: str | None
    """Why it cannot be used as it is, in a sentence or two (`how_to_get` is the way out); None: it can."""
    splits: dict[str, int] = field(default_factory=dict)
    """Labelled split -> number of scenes."""
    unlabelled: dict[str, int] = field(default_factory=dict)
    """Split without labels, for a teacher to teach on -> number of scenes."""
    mapping: str = "classes"
    licence: str = ""
    how_to_get: str = ""

    @property
    def trainable(self) -> bool:
        """Whether it was found, can be opened, and has labels to learn from."""
        return self.found and not self.problem and bool(self.splits)


def open_source(ref: str) -> Source:
    """`NAME` or `NAME:SPLIT` (default split: train) -> its Source.

    Raises DataError for an unknown name or split and for missing folders; `source.check()` then looks for missing and
    unpaired files.
    """
    name, split = refs.parts(ref)
    if name == STREETS:
        return source_streets.StreetsSource(split)
    entry = _entry(name)
    if entry is None:
        if name in KINDS:
            raise DataError(f"{name} is not on this machine yet. {KINDS[name].how_to_get}")
        known = ", ".join(dict.fromkeys([*BUILT_IN, *_registered()]))
        raise DataError(
            f"There is no dataset {name!r}; known are {known}. Register a folder with `unetkd data add NAME PATH`."
        )
    kind, root = entry
    if not root.is_dir():
        raise DataError(f"The folder of {name}, {root}, is not there. {KINDS[kind].how_to_get}")
    return KINDS[kind].open(root, split, name=name)


def register(name: str, path: str | Path, kind: str | None = None) -> DatasetInfo:
    """Remember a folder under a name, in place of what had that name.

    `kind` (camvid, cityscapes, folder) is guessed from the layout when not given.

    Raises DataError for a bad name, a missing folder, or one with no dataset in it, NotAllowedError for a visitor of a
    public server; nothing is remembered then.
    """
    visitors.refuse("Adding a folder")
    root = Path(path).expanduser().resolve()
    if not _NAME.fullmatch(name):
        raise DataError(
            f"{name!r} cannot be a dataset's name; use letters, digits, '.', '_' and '-', starting with a letter "
            f"or digit."
        )
    if name == STREETS:
        raise DataError("streets is built in and has no folder; choose another name.")
    if not root.is_dir():
        raise DataError(f"{root} is not a folder. Give the folder that holds the dataset.")
    if kind is None:
        kind = name if name in KINDS else _guess(root)
    if kind not in KINDS:
        raise DataError(f"{kind!r} is not a kind of dataset; expected {', '.join(KINDS)}.")
    info = _info(name, kind, root)
    if not info.found:
        raise DataError(f"{info.problem} {info.how_to_get}")
    _change_register(lambda entries: entries.update({name: (kind, root)}))
    return info


def forget(name: str) -> None:
    """Take a name out of the register; its files stay. Raises DataError when it is not there, NotAllowedError."""
    visitors.refuse("Forgetting a folder")
    if name not in _registered():
        raise DataError(f"No dataset is registered as {name!r}; registered are {', '.join(_registered()) or 'none'}.")
    _change_register(lambda entries: entries.pop(name, None))


def describe() -> list[DatasetInfo]:
    """Every dataset, built in first. Raises only for a damaged register; what is missing is said in `problem`."""
    infos = [_streets()]
    for name in dict.fromkeys([*BUILT_IN[1:], *_registered()]):
        entry = _entry(name)
        infos.append(_info(name, *entry) if entry else _missing(name))
    return infos


def roots() -> list[Path]:
    """The folder of every dataset that has one, without looking into it. Raises DataError for a damaged register."""
    entries = map(_entry, dict.fromkeys([*BUILT_IN[1:], *_registered()]))
    return [entry[1] for entry in entries if entry is not None]


def _info(name: str, kind: str, root: Path) -> DatasetInfo:
    """Finds out what is under `root`, checking every split for missing and unpaired files."""
    rules = KINDS[kind]
    splits: dict[str, int] = {}
    problem = None
    try:
        splits = rules.splits(root) if root.is_dir() else {}
        if not splits:
            lacking = f"No {kind} dataset in" if root.is_dir() else "There is no folder"
            problem = f"{lacking} {root}."
        else:
            parts = {split for split in splits if kind == "camvid" and split.startswith("train-")}  # of train itself
            for split in (s for s in splits if s not in parts):
                rules.open(root, split, name=name).check()
    except DataError as error:
        problem = str(error)
    return DatasetInfo(
        name, kind, root, bool(splits), problem, splits, {}, rules.mapping, rules.licence, rules.how_to_get
    )


def _streets() -> DatasetInfo:
    labelled = {s: n for s, n in streets.SPLIT_SIZES.items() if s not in streets.WITHOUT_LABELS}
    return DatasetInfo(
        STREETS,
        STREETS,
        None,
        True,
        None,
        labelled,
        {split: streets.SPLIT_SIZES[split] for split in sorted(streets.WITHOUT_LABELS)},
        source_streets.MAPPING,
        source_streets.LICENCE,
        "Always there: rendered on this machine.",
    )


def _missing(name: str) -> DatasetInfo:
    rules = KINDS[name]
    problem = f"{name} is not on this machine yet."
    return DatasetInfo(name, name, None, False, problem, {}, {}, rules.mapping, rules.licence, rules.how_to_get)


def _guess(root: Path) -> str:
    if cityscapes.looks_like(root):
        return "cityscapes"
    try:
        return "camvid" if camvid.looks_like(root) else "folder"
    except DataError:
        return "folder"


def _entry(name: str) -> tuple[str, Path] | None:
    """(kind, root) of a name: the environment variable first, then the register."""
    if name in KINDS and name != "folder":
        root = settings.dataset_root(name)
        if root is not None:
            return name, root
    return _registered().get(name)


def _register_file() -> Path:
    return settings.home() / "datasets.json"


def _registered() -> dict[str, tuple[str, Path]]:
    """(kind, root) by name. Raises DataError."""
    what = "The list of registered datasets"
    return versioned.read(_register_file(), what, FORMAT_VERSION, _entries, DataError, absent={})


def _entries(data: dict[str, Any]) -> dict[str, tuple[str, Path]]:
    entries = data["datasets"].items()
    return {name: (entry["kind"], Path(entry["path"])) for name, entry in entries if entry["kind"] in KINDS}


def _change_register(change: Callable[[dict[str, tuple[str, Path]]], object]) -> None:
    path = _register_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            entries = _registered()
            change(entries)
            data = {
                "format_version": FORMAT_VERSION,
                "datasets": {n: {"kind": kind, "path": str(root)} for n, (kind, root) in sorted(entries.items())},
            }
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps(data, indent=2), encoding="utf-8")
            os.replace(fresh, path)
    except OSError as error:
        raise DataError(
            f"The list of registered datasets, {path}, cannot be written ({error.strerror}). Check the folder's "
            f"permissions."
        ) from error
