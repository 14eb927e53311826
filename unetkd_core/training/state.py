"""The state that resuming needs, on disk: weights, optimiser, random state and a little JSON. Never pickled.

A folder holds `state.json` and the one tensor file that it names. A new state is written beside the old one and
becomes *the* state when `state.json` is replaced, so a kill at any moment leaves a whole one. It knows no loop and no
run folder.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from unetkd_core import outside
from unetkd_core.errors import TrainingError
from unetkd_core.zoo.folders import sync

FORMAT_VERSION: Final = 1
_POINTER: Final = "state.json"


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
    Raises OSError when the disk is full or read-only; the state before stays whole.
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
    name = _free_name(folder)
    pointer = {
        "format_version": FORMAT_VERSION,
        "tensors": name,
        "param_groups": groups,
        **({"beside": others} if others else {}),
        "extra": extra,
    }
    try:
        _write(folder / name, lambda path: save_file(tensors, path))
        _write(folder / _POINTER, lambda path: path.write_text(json.dumps(pointer, allow_nan=False), encoding="utf-8"))
    except SafetensorError as error:
        raise _as_os_error(error, folder / name) from error
    finally:
        _clean(folder)


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

    Returns `extra`. Raises TrainingError when the folder holds no whole state, or one of another format or model.
    """
    pointer = _read_pointer(folder)
    try:
        others = pointer.get("beside", {})
        if missing := [name for name in beside or {} if name not in others]:
            raise ValueError(
                f"it is of a run without {' and '.join(missing)} beside the student, and this one has them"
            )
        tensors = load_file(_beside_pointer(folder, pointer["tensors"]))
        _put_back(tensors, "", Part(model, optimizer), pointer["param_groups"])
        for name, part in (beside or {}).items():
            _put_back(tensors, f"{name}.", part, others[name])
        torch.set_rng_state(tensors["rng.torch"])
        extra: dict[str, Any] = dict(pointer["extra"])
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise TrainingError(
            f"The saved state in {folder} cannot be used ({_first_line(error)}); start the run anew."
        ) from error
    return extra


def _beside_pointer(folder: Path, name: Any) -> Path:
    """The tensors' file, which lies in the folder itself. Raises ValueError for a name that leads elsewhere."""
    if not isinstance(name, str) or Path(name).name != name:
        raise ValueError(f"its tensors are named {str(name)[:40]!r}, which is no file of it")
    return folder / name


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
    anew over it.
    """
    return (folder / _POINTER).is_file()


def _read_pointer(folder: Path) -> dict[str, Any]:
    try:
        pointer: dict[str, Any] = outside.read_json(folder / _POINTER)
        version = pointer["format_version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"{folder} holds no whole saved state ({_first_line(error)}); start the run anew."
        ) from error
    if version != FORMAT_VERSION:
        raise TrainingError(
            f"The saved state in {folder} has format version {version!r}, this release reads {FORMAT_VERSION}; "
            "use the release that wrote it."
        )
    return pointer


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


def _free_name(folder: Path) -> str:
    """The other of two names than the one in use."""
    try:
        used = _read_pointer(folder)["tensors"]
    except TrainingError:
        used = ""
    return "b.safetensors" if used == "a.safetensors" else "a.safetensors"


def _clean(folder: Path) -> None:
    """Remove what is not the state: the one before, or a half-written one (a full disk is full of it)."""
    try:
        keep = {_POINTER, _read_pointer(folder)["tensors"]}
    except TrainingError:
        keep = set()
    for path in folder.iterdir():
        if path.name not in keep:
            path.unlink(missing_ok=True)


def _under(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _as_os_error(error: SafetensorError, path: Path) -> OSError:
    """safetensors words the system's error as its own, with the number in the text: give back what the system said."""
    number = re.search(r"(?:os error|code:) (\d+)", str(error))
    if number is None:
        return OSError(str(error))
    return OSError(int(number[1]), os.strerror(int(number[1])), str(path))


def _first_line(error: BaseException) -> str:
    if isinstance(error, KeyError):
        return f"{error} is missing in it"
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".:")
