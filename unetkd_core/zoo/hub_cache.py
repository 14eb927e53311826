"""What was pulled from the Hub: where it lies, and which commit a reference means. No network, and no torch.

Files lie in the cache that all Hub tools share (HF_HOME). A small file under UNETKD_HOME remembers the commit of every
reference that was pulled, so that it means the same later and offline, until it is pulled anew.
"""

import contextlib
import json
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

from filelock import FileLock

from unetkd_core import settings, visitors
from unetkd_core.errors import CheckpointError
from unetkd_core.zoo.checkpoints import CONFIG, ENSEMBLE
from unetkd_core.zoo.hub_refs import COMMIT, HubRef, parse

FORMAT_VERSION: Final = 1


def folder_of(ref: HubRef) -> Path:
    """Where the checkpoint lies. Raises CheckpointError when it was not pulled, or is gone from the cache since."""
    commit = commit_of(ref) if _offered(ref) else None
    folder = None if commit is None else snapshot(ref, commit)
    if folder is None or not _is_checkpoint(folder):
        raise CheckpointError(
            f"{ref} is not on this machine; `unetkd pull {str(ref).removeprefix('hf:')}` downloads it from the "
            "Hugging Face Hub."
        )
    return folder


def _offered(ref: HubRef) -> bool:
    """Visitors of a public server are offered what its operator pulled, not all that other tools left in the cache."""
    if not settings.public() or visitors.asking() == visitors.OPERATOR:
        return True
    return any(parse(text).repo_id == ref.repo_id for text in _remembered())


def commit_of(ref: HubRef) -> str | None:
    """The commit that the reference means here: itself, as remembered, or as another Hub tool left it in the cache."""
    if ref.revision and COMMIT.fullmatch(ref.revision):
        return ref.revision
    remembered = _remembered().get(str(ref))
    return remembered if remembered is not None else _in_cache(ref)


def pulled() -> list[HubRef]:
    """Every reference that was pulled and is still in the cache, sorted."""
    found = []
    for text, commit in sorted(_remembered().items()):
        with contextlib.suppress(CheckpointError):  # a record that somebody edited
            if _is_checkpoint(snapshot(ref := parse(text), commit)):
                found.append(ref)
    return found


def snapshot(ref: HubRef, commit: str) -> Path:
    """Where this commit's files lie, or would."""
    folder = _repository(ref) / "snapshots" / commit
    return folder / ref.folder if ref.folder else folder


def remember(refs: dict[HubRef, str]) -> None:
    """From now on these references mean these commits. Raises CheckpointError when that cannot be written down."""
    _rewrite(lambda commits: commits | {str(ref): commit for ref, commit in refs.items()})


def remembered(ref: HubRef) -> str | None:
    """The commit that a pull wrote down for exactly this reference."""
    return _remembered().get(str(ref))


def forget(refs: Collection[HubRef]) -> dict[str, str]:
    """From now on these references mean nothing here; returns what is remembered still. Raises CheckpointError."""
    texts = {str(ref) for ref in refs}
    return _rewrite(lambda commits: {text: commit for text, commit in commits.items() if text not in texts})


def _rewrite(change: Callable[[dict[str, str]], dict[str, str]]) -> dict[str, str]:
    path = settings.hub_record()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            commits = change(_remembered())
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps({"format_version": FORMAT_VERSION, "commits": commits}, indent=2))
            os.replace(fresh, path)
        return commits
    except OSError as error:
        raise CheckpointError(
            f"What was pulled cannot be remembered: {path} cannot be written ({error.strerror or error}). Free space "
            "or choose another UNETKD_HOME."
        ) from None


def discard(file: Path) -> None:
    """Take a file that is not what it should be out of the cache, so that it is downloaded anew."""
    if file.is_symlink():
        (file.parent / file.readlink()).unlink(missing_ok=True)  # its content, or this repository's name for it
    file.unlink(missing_ok=True)


def _is_checkpoint(folder: Path) -> bool:
    return (folder / CONFIG).is_file() or (folder / ENSEMBLE).is_file()


def _repository(ref: HubRef) -> Path:
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE) / f"models--{ref.repo_id.replace('/', '--')}"


def _remembered() -> dict[str, str]:
    """Reference -> commit; empty where nothing was pulled, or the record is damaged: then pulling again mends it."""
    try:
        commits = json.loads(settings.hub_record().read_text(encoding="utf-8"))["commits"]
        return {ref: commit for ref, commit in commits.items() if COMMIT.fullmatch(commit)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _in_cache(ref: HubRef) -> str | None:
    try:
        commit = (_repository(ref) / "refs" / (ref.revision or "main")).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    return commit if COMMIT.fullmatch(commit) else None
