"""A network's weights as the bytes of a safetensors file, and strictly back. Never unpickles. Knows no folder layout.

The format (safetensors' README): 8 bytes little-endian header size, a JSON header, then the tensors.
"""

import hashlib
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_safetensors
from safetensors.torch import save as safetensors_bytes
from torch import Tensor, nn

from unetkd_core import outside
from unetkd_core.errors import CheckpointError
from unetkd_core.models.registry import build
from unetkd_core.zoo.limits import MAX_HEADER_BYTES, can_hold

_FLOATS: Final = {torch.float16, torch.bfloat16, torch.float32}


def to_bytes(model: nn.Module, *, half: bool) -> bytes:
    """The state of `model` as a safetensors file. half: parameters as float16; buffers keep their type.

    Raises CheckpointError when a weight is not finite, or not any more in float16.
    """
    parameters = {name for name, _ in model.named_parameters()}
    tensors = {}
    for name, tensor in model.state_dict().items():
        # A variance below 6e-8 would become 0 in float16, and its channel infinite.
        stored = tensor.detach().to("cpu", torch.float16 if half and name in parameters else None)
        if stored.is_floating_point() and not bool(stored.isfinite().all()):
            hint = (
                "too large for float16; save with half=False"
                if bool(tensor.isfinite().all())
                else "not finite; lower the learning rate"
            )
            raise CheckpointError(f"The weights {name!r} are {hint}.")
        tensors[name] = stored.contiguous()
    return safetensors_bytes(tensors)


def sha256(data: bytes) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def read(path: Path, *, parameters: int) -> bytes:
    """The file's bytes, if it can be the weights of a network of so many parameters, or CheckpointError."""
    where = f"{path.parent.name}/{path.name}"
    try:
        size = path.stat().st_size
        if not can_hold(size, parameters):
            raise CheckpointError(
                f"{where} has {size:,} bytes, which cannot be a network of {parameters:,} parameters: it is truncated "
                f"or another file; copy it again."
            )
        return outside.read_bytes(path, size)
    except ValueError:
        raise CheckpointError(f"{where} grew while it was read; try again.") from None
    except OSError as error:
        raise CheckpointError(f"{where} cannot be read: {error.strerror or error}.") from None


def to_model(data: bytes, arch: dict[str, Any], *, where: str) -> nn.Module:
    """Build the network of `arch` and put these weights in, in eval mode and float32.

    Raises CheckpointError naming the first missing, unexpected or misshapen tensor, or saying that the file is damaged.
    """
    _check_header(data, where=where)
    try:
        tensors = parse_safetensors(data)
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{where} is damaged: {error}; copy or train the checkpoint again.") from None
    with torch.device("meta"):  # names and shapes cost nothing, and no random number is drawn
        expected = build(arch).state_dict()
    _check_fit(tensors, expected, where=where)
    model = _build_quietly(arch)
    model.load_state_dict(tensors, strict=True)
    return model.float().eval()


def _build_quietly(arch: dict[str, Any]) -> nn.Module:
    """Build without moving torch's random generator: loading a teacher must not change a student's start."""
    with torch.random.fork_rng(devices=[]):
        return build(arch)


def _check_header(data: bytes, *, where: str) -> None:
    """safetensors' own limit is 100 MB; ours refuses before parsing."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > min(len(data) - 8, MAX_HEADER_BYTES):
        raise CheckpointError(
            f"{where} is damaged: its header claims {size:,} bytes of {len(data):,}; copy or train the checkpoint "
            f"again."
        )
    try:
        header = outside.parse_json(data[8 : 8 + size])
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise CheckpointError(f"{where} is damaged: its header is not JSON; copy or train the checkpoint again.")


def _check_fit(tensors: dict[str, Tensor], expected: dict[str, Tensor], *, where: str) -> None:
    missing, unexpected = sorted(expected.keys() - tensors.keys()), sorted(tensors.keys() - expected.keys())
    problems = [
        f"{what} {_some(names)}" for what, names in (("lacks", missing), ("has unexpected", unexpected)) if names
    ]
    for name in sorted(expected.keys() & tensors.keys()):
        got, want = tensors[name], expected[name]
        if got.shape != want.shape:
            problems.append(f"{name} is {tuple(got.shape)}, expected {tuple(want.shape)}")
        elif got.dtype != want.dtype and not (got.dtype in _FLOATS and want.dtype in _FLOATS):
            problems.append(f"{name} has type {got.dtype}, expected {want.dtype}")
        elif got.is_floating_point() and not bool(got.isfinite().all()):
            problems.append(f"{name} has values that are not finite")
    if problems:
        more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
        raise CheckpointError(f"{where} does not fit its architecture: {'; '.join(problems[:3])}{more}.")


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
