"""The state that resuming needs, on disk: weights, optimiser, random state and a little JSON. Never pickled.

A folder holds `state.json` (pointer.py) and the one tensor file that it names. A new state is written beside the old
one and becomes *the* state when `state.json` is replaced, so a kill at any moment leaves a whole one. Both files carry
the JSON of their save, so that weights are never taken for another epoch's. It knows no loop and no run folder.
"""

import contextlib
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from unetkd_core import outside
from unetkd_core.errors import TrainingError
from unetkd_core.training import pointer
from unetkd_core.zoo.folders import sync


class Part(NamedTuple):
    """A network and who moves its weights; none: the optimiser of another."""

    model: nn.Module
    optimizer: torch.optim.Optimizer | None = None


def save_state(
    folder: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    extra: dict[str, Any],
    beside: Mapping[str, Part] | None = None,
) -> None:
    """Write everything that resuming needs, atomically.

    folder: made if missing. extra: JSON data (epoch, best mIoU, ...), given back by `load_state`. beside: what learns
    beside `model`, by name.
    Raises OSError when the disk is full or read-only, TrainingError when the state before cannot be read or is a newer
    release's; that state stays whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors, groups = _tensors("", Part(model, optimizer))
    tensors["rng.torch"] = torch.get_rng_state()
    others = {}
    for part, what in (beside or {}).items():
        more, others[part] = _tensors(f"{part}.", what)
        tensors |= more
    # contiguous(): safetensors refuses other strides; the memory format is the trainer's and set again after loading.
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    used = pointer.tensors_in_use(folder)
    name = "b.safetensors" if used == "a.safetensors" else "a.safetensors"
    content = {
        "format_version": pointer.FORMAT_VERSION,
        "tensors": name,
        "param_groups": groups,
        **({"beside": others} if others else {}),
        "extra": extra,
    }
    text, also = json.dumps(content, allow_nan=False), {"extra": json.dumps(extra, allow_nan=False)}
    saved = False
    try:
        _write(folder / name, lambda path: save_file(tensors, path, metadata=also))
        _write(folder / pointer.NAME, lambda path: path.write_text(text, encoding="utf-8"))
        saved = True
    except SafetensorError as error:
        raise _as_os_error(error, folder / name) from error
    finally:
        _clean(folder, {name} if saved else _after_failure(folder, used, name))


def _tensors(prefix: str, part: Part) -> tuple[dict[str, torch.Tensor], Any]:
    """All that a part remembers, and what JSON says of its optimiser."""
    tensors = {f"{prefix}model.{name}": tensor for name, tensor in part.model.state_dict().items()}
    if part.optimizer is None:
        return tensors, None
    state = part.optimizer.state_dict()
    for index, entries in state["state"].items():
        tensors |= {f"{prefix}optimizer.{index}.{key}": torch.as_tensor(value) for key, value in entries.items()}
    return tensors, state["param_groups"]


def load_state(
    folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer, beside: Mapping[str, Part] | None = None
) -> dict[str, Any]:
    """Put a saved state back into `model`, `optimizer`, `beside` (built from the same config) and torch's random state.

    Returns `extra`. Raises TrainingError when the folder holds no whole state, one of another format or model, or one
    that cannot be read just now.
    """
    said = pointer.read(folder)
    try:
        others = said.get("beside", {})
        if missing := [name for name in beside or {} if name not in others]:
            raise ValueError(
                f"it is of a run without {' and '.join(missing)} beside the student, and this one has them"
            )
        extra: dict[str, Any] = dict(said["extra"])
        _check_together(folder / said["tensors"], extra)
        tensors = load_file(folder / said["tensors"])
        _put_back(tensors, "", Part(model, optimizer), said["param_groups"])
        for name, part in (beside or {}).items():
            _put_back(tensors, f"{name}.", part, others[name])
        torch.set_rng_state(tensors["rng.torch"])
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise pointer.refused(folder, "holds a saved state that cannot be used", error) from error
    return extra


def _check_together(path: Path, extra: dict[str, Any]) -> None:
    """Raises ValueError where the tensors were saved with other JSON; earlier releases' do not say with what."""
    with path.open("rb"):  # safetensors says of every file that it cannot open that there is none
        pass
    with safe_open(path, framework="pt") as file:
        also = (file.metadata() or {}).get("extra")
    if also is not None and outside.parse_json(also) != extra:
        raise ValueError(f"{path.name} and {pointer.NAME} were not saved together")


def _put_back(tensors: dict[str, torch.Tensor], prefix: str, part: Part, groups: Any) -> None:
    part.model.load_state_dict(_under(tensors, f"{prefix}model."), strict=True)
    if part.optimizer is None:
        return
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, tensor in _under(tensors, f"{prefix}optimizer.").items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = tensor
    part.optimizer.load_state_dict({"state": state, "param_groups": groups})


def has_state(folder: Path) -> bool:
    """Whether a state was saved. One that cannot be read any more counts: `load_state` says so, and nothing begins
    anew over it. Raises OSError where the disk does not tell.
    """
    return pointer.exists(folder)


def _write(path: Path, write: Callable[[Path], Any]) -> None:
    """Write to a temporary name, flush to the disk, then rename: the name never stands for half a file, and outlives a
    power cut.
    """
    temporary = path.with_name(path.name + ".tmp")
    write(temporary)
    with open(temporary, "rb") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync(path.parent)


def _after_failure(folder: Path, used: str, new: str) -> set[str]:
    """Which tensors to keep: those that are the state now. The disk may have failed after the pointer was replaced.
    Where that cannot be told, both.
    """
    try:
        return {pointer.tensors_in_use(folder) or used}
    except (OSError, TrainingError):
        return {used, new}


def _clean(folder: Path, keep: set[str]) -> None:
    """Remove what is not the state: the one before, or a half-written one (a full disk is full of it)."""
    # What cannot be removed now is written over or removed by the next save: no reason to fail one that worked, or to
    # hide why one did not.
    with contextlib.suppress(OSError):
        for path in list(folder.iterdir()):
            if path.name not in {pointer.NAME, *keep}:
                path.unlink(missing_ok=True)


def _under(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _as_os_error(error: SafetensorError, path: Path) -> OSError:
    """safetensors words the system's error as its own, with the number in the text: give back what the system said."""
    number = re.search(r"(?:os error|code:) (\d+)", str(error))
    if number is None:
        return OSError(str(error))
    return OSError(int(number[1]), os.strerror(int(number[1])), str(path))
