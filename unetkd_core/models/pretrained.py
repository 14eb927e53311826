"""ImageNet weights for the encoders: where they lie, whether they can be had, and putting them in, strictly.

Looked for in this order: UNETKD_WEIGHTS (a file, or a folder with one file a backbone), torchvision's own cache, then
torchvision's address. Local files are safetensors in torchvision's key names, or torchvision's own download under its
own name, whose sha256 starts as its name says and which is read as bare tensors (`weights_only`). Finding needs no
torch; loading imports it.
"""

import hashlib
import os
import re
import urllib.request
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from safetensors import safe_open

from unetkd_core import settings, visitors
from unetkd_core.errors import ConfigError
from unetkd_core.models.backbones import BACKBONES, ENCODERS, Backbone

if TYPE_CHECKING:
    from torch import Tensor

    from unetkd_core.models.backbone_unet import BackboneUNet

_TIMEOUT_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Weights:
    """Where an encoder's weights are: a local file, or (path is none) torchvision's address."""

    backbone: Backbone
    path: Path | None

    @property
    def where(self) -> str:
        """For people: the file, or the address."""
        return str(self.path or self.backbone.weights_url)

    def provenance(self) -> dict[str, str]:
        """Name and sha256 of the file, for a run's record; what was fetched lies in torchvision's cache by now."""
        path = self.path or _hub_cache() / file_names(self.backbone)[-1]
        return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def find(name: str) -> Weights:
    """Where the weights of the encoder `name` (VGG16, ResNet50, MobileNetV2) would be taken from. Opens no connection.

    Raises ConfigError when UNETKD_WEIGHTS names something that is not there.
    """
    backbone = ENCODERS[name]
    given = settings.weights_path()
    if given is not None and not given.exists():
        raise ConfigError(
            f"UNETKD_WEIGHTS is {given}, which does not exist; expected a weights file or a folder of them."
        )
    if given is not None and given.is_file():
        # One file for all encoders is one encoder's; the other two must not take it for theirs.
        if backbone.probe in _names(given) or given.name.startswith(backbone.factory):
            return Weights(backbone, given)
        given = None
    for folder in filter(None, (given, _hub_cache())):
        for path in (folder / file for file in file_names(backbone)):
            if path.is_file():
                return Weights(backbone, path)
    return Weights(backbone, None)


def sha256_of(name: str) -> str | None:
    """Of the file that the encoder `name` would begin from; none where it is not here yet.

    Raises ConfigError as `find` does, OSError.
    """
    path = find(name).path
    if path is None:
        return None
    status = path.stat()
    return _sha256(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=16)
def _sha256(path: Path, *_: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def file_names(backbone: Backbone) -> tuple[str, ...]:
    """Names that a weights file may have in a folder, the first that is there is taken."""
    factory = backbone.factory
    return (f"{factory}_encoder.safetensors", f"{factory}.safetensors", backbone.weights_url.rpartition("/")[2])


def here(names: Iterable[str]) -> frozenset[str]:
    """Of these encoders those whose ImageNet weights can be had on this machine."""
    found = set()
    for name in names:
        with suppress(ConfigError):
            check(name)
            found.add(name)
    return frozenset(found)


def check(name: str) -> Weights:
    """`find`; and is the file that encoder's, or can it be fetched? Raises ConfigError, one sentence, when not,
    NotAllowedError where a visitor of a public server would have it fetched.
    """
    found = find(name)
    if found.path is None:
        visitors.refuse(f"Downloading {name}'s ImageNet weights", "Train from scratch, or choose another network.")
        request = urllib.request.Request(found.backbone.weights_url, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):
                pass
        except (OSError, HTTPException) as error:
            raise _not_here(found.backbone, error) from None
    elif found.path.suffix != ".safetensors":
        _check_hash(found.path)
    elif found.backbone.probe not in _names(found.path):
        raise ConfigError(
            f"{found.path} is no {name} in torchvision's key names: it lacks {found.backbone.probe}; use another file."
        )
    return found


def load_encoder(model: "BackboneUNet") -> Weights:
    """Put ImageNet's weights into `model.encoder`; what lies behind the last tap (a classifier) is left out.

    Returns where they came from. Raises ConfigError when they are not here, cannot be fetched, are damaged, or lack a
    tensor.
    """
    backbone = BACKBONES[model.arch["backbone"]]
    found = find(backbone.name)
    tensors = _fetch(backbone) if found.path is None else _read(found.path)
    expected = model.encoder.state_dict()
    # Files from before torch counted batches lack these counters, which evaluation never reads.
    counters = {name for name in expected if name.endswith("num_batches_tracked")}
    problems = [f"lacks {name}" for name in expected.keys() - counters - tensors.keys()]
    problems += [
        f"has {name} as {tuple(tensors[name].shape)}, expected {tuple(want.shape)}"
        for name, want in expected.items()
        if name in tensors and tensors[name].shape != want.shape
    ]
    if problems:
        raise ConfigError(
            f"{found.where} is no {backbone.name} in torchvision's key names: it {min(problems)}"
            f"{f' and {len(problems) - 1} more' if len(problems) > 1 else ''}; use another file."
        )
    model.encoder.load_state_dict({name: tensors.get(name, expected[name]) for name in expected}, strict=True)
    return found


def _names(path: Path) -> set[str]:
    """Names of the tensors in a safetensors file; none where it is another kind of file. Reads its header alone."""
    if path.suffix != ".safetensors":
        return set()
    try:
        with safe_open(path, framework="np") as file:
            return set(file.keys())
    except Exception as error:  # safetensors names its own errors: all mean a file that cannot be used
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> ConfigError:
    first = (str(error).splitlines() or [type(error).__name__])[0]
    return ConfigError(f"{path} cannot be read as weights ({first[:120]}); copy it again.")


def _hub_cache() -> Path:
    """torch.hub's folder of downloads, as torch.hub.get_dir() finds it."""
    home = os.environ.get("TORCH_HOME") or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "torch")
    return Path(home).expanduser() / "hub" / "checkpoints"


def _read(path: Path) -> "dict[str, Tensor]":
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        _check_hash(path)
        import torch

        tensors: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        return tensors
    except ConfigError:
        raise
    except Exception as error:  # every library names its own: what all mean is a file that cannot be used
        raise _unreadable(path, error) from None


def _check_hash(path: Path) -> None:
    """torchvision's file names end in the first eight digits of their sha256."""
    match = re.search(r"-([0-9a-f]{8,})\.pth$", path.name)
    if match is None:
        raise ConfigError(
            f"{path} is neither safetensors nor torchvision's download under its own name; convert it to safetensors."
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if not digest.startswith(match[1]):
        raise ConfigError(f"{path} is not what its name says (its sha256 starts {digest[:8]}); download it again.")


def _fetch(backbone: Backbone) -> dict[str, Any]:
    from torch.hub import load_state_dict_from_url

    try:
        tensors: dict[str, Any] = load_state_dict_from_url(
            backbone.weights_url, map_location="cpu", progress=False, check_hash=True, weights_only=True
        )
        return tensors
    except (OSError, RuntimeError, HTTPException) as error:
        raise _not_here(backbone, error) from None


def _not_here(backbone: Backbone, error: Exception) -> ConfigError:
    reason = getattr(error, "reason", error)  # a URLError's is the system's error, whose number says nothing to anyone
    why = str(getattr(reason, "strerror", None) or reason)
    return ConfigError(
        f"{backbone.name}'s ImageNet weights are not on this machine and cannot be fetched ({why[:120]}). Point "
        f"UNETKD_WEIGHTS at a file or folder that has {file_names(backbone)[0]}, or train from scratch."
    )
