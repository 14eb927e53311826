"""What a person types for a network, and where it lies: `name` (a named checkpoint) or `run:ID` (the best of a run).

Importing, resolving and listing need no torch; loading does. A reference is never a path: it cannot leave its folder.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from unetkd_core import settings
from unetkd_core.classes import MAPPINGS
from unetkd_core.errors import CheckpointError
from unetkd_core.zoo import folders
from unetkd_core.zoo.checkpoints import NAME, CheckpointInfo, list_named, load, read_info

if TYPE_CHECKING:
    from torch import nn

    from unetkd_core.data.source import Source

RUN_PREFIX = "run:"
_HUB_PREFIX = "hf:"
_FINISHED = {"done", "stopped"}


class Loaded(NamedTuple):
    """A network in eval mode, float32, on the CPU, and what its checkpoint says."""

    model: "nn.Module"
    info: CheckpointInfo


def check_name(name: str) -> str:
    """`name` itself, if it can name a checkpoint's folder: letters, digits, `.`, `_`, `-`, not starting with a sign.

    Raises CheckpointError otherwise.
    """
    if not NAME.fullmatch(name):
        raise CheckpointError(
            f"{name[:80]!r} is not a checkpoint's name; expected letters, digits, '.', '_' and '-', starting with a "
            f"letter or digit."
        )
    return name


def resolve(ref: str) -> Path:
    """The folder that `ref` means. Raises CheckpointError when it is malformed or there is none."""
    if ref.startswith(_HUB_PREFIX):
        raise CheckpointError(
            f"{ref[:80]!r} is on the Hugging Face Hub; that comes later. Use a name from checkpoints/ or run:ID."
        )
    is_run = ref.startswith(RUN_PREFIX)
    key = ref.removeprefix(RUN_PREFIX)
    if any(sign in key for sign in "/\\~") or key.startswith("."):
        raise CheckpointError(
            f"{ref[:80]!r} looks like a path; a reference is a name in checkpoints/ or run:ID. Put the folder into "
            f"checkpoints/."
        )
    check_name(key)
    folder = settings.runs_dir() / key / "best" if is_run else settings.checkpoints_dir() / key
    if not folders.current(folder).is_dir():
        raise CheckpointError(_missing_run(key) if is_run else _missing_name(key))
    return folder


def _missing_run(run_id: str) -> str:
    if (settings.runs_dir() / run_id).is_dir():
        return f"Run {run_id} has no checkpoint yet: it comes with its first epoch."
    return f"There is no run {run_id}; see `unetkd runs list`."


def _missing_name(name: str) -> str:
    there = folders.names(settings.checkpoints_dir(), NAME)
    choice = f"there are {', '.join(there[:12])}" if there else "there is none yet"
    return f"There is no checkpoint named {name!r}; {choice}. A run's best is run:ID."


def available() -> list[tuple[str, CheckpointInfo]]:
    """(reference, info) of every usable network: the named ones by name, then finished runs, newest first."""
    found = list_named()
    for run_id in reversed(folders.names(settings.runs_dir(), NAME)):
        if _is_finished(settings.runs_dir() / run_id):
            try:
                found.append((RUN_PREFIX + run_id, read_info(settings.runs_dir() / run_id / "best")))
            except CheckpointError:
                continue  # a run that ended before its first epoch has none, and its own page says so
    return found


def _is_finished(run_dir: Path) -> bool:
    try:
        state = json.loads((run_dir / "status.json").read_text(encoding="utf-8"))["state"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return state in _FINISHED


def load_model(ref: str, device: str = "cpu") -> Loaded:
    """The network that `ref` means, on `device` (auto: UNETKD_DEVICE, else the accelerator there is).

    Raises CheckpointError for what `resolve` and `checkpoints.load` refuse, ConfigError for a device that is not there.
    """
    from unetkd_core.inference.device import pick_device

    model, info = load(resolve(ref))
    return Loaded(model.to(pick_device(device)), info)


def mapping_warning(info: CheckpointInfo, source: "Source") -> str | None:
    """A sentence to show beside scores when `source` reads its labels otherwise than the checkpoint learned them, or
    None.
    """
    if source.mapping in info.mapping:
        return None
    learned = " and ".join(info.mapping) or "an unknown"
    means = (
        MAPPINGS[source.mapping].description if source.mapping in MAPPINGS else "Its classes may mean something else."
    )
    return (
        f"{info.name} learned the {learned} label mapping, {source.ref} has the {source.mapping} mapping, "
        f"so scores compare unlike classes. {means}"
    )
