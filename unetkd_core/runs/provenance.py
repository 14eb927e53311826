"""What a run is made with: packages, commit, processor; and whether that is still so. Knows no run folder.

Needs no torch: versions come from the packages' metadata.
"""

import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from unetkd_core import __version__, settings

TRAINING: Final = "training"
TRAINING_VERSION: Final = 1
"""Raised by whoever changes what equal settings learn (a loss is mended, an augmentation drawn otherwise): runs of
before are then no longer taken for runs of today. Runs of the first releases note none; theirs is 1.
"""
_KINDS: Final[dict[str, type | tuple[type, ...]]] = {
    **dict.fromkeys(("created", "pair", "control", "commit"), str),
    **dict.fromkeys(("versions", "machine", "teacher"), dict),
    "teacher_miou": (int, float),
    "processes": int,
    "training": int,
    "encoder_weights": dict,
    "start": dict,
}
"""Entry of meta.json -> what it is where there is one, whoever writes it; readers compute with these."""
PACKAGES: Final = ("torch", "accelerate", "numpy", "torchmetrics", "safetensors")


def provenance() -> dict[str, Any]:
    """Versions, commit and machine as JSON values, for meta.json."""
    return {
        TRAINING: TRAINING_VERSION,
        "versions": _versions(),
        "commit": commit(),
        "machine": machine(),
    }


def of_writing() -> dict[str, Any]:
    """Who writes a file of measured networks now, for its notes: of each network's own training it says nothing."""
    made = provenance()
    return {"last_written_with": {**made, "machine": {k: v for k, v in made["machine"].items() if k != "host"}}}


def machine() -> dict[str, Any]:
    """This machine as JSON values, for meta.json."""
    return {
        "host": platform.node(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": settings.cores(),
    }


def unlike(meta: Mapping[str, Any]) -> str:
    """What a run of this meta.json now computes with otherwise, as "processor A, now B"; empty: nothing."""
    then, now = meta.get("machine") or {}, processor()
    versions, torch_now = meta.get("versions") or {}, _versions().get("torch")
    pairs = (("processor", then.get("processor"), now), ("torch", versions.get("torch"), torch_now))
    return "; ".join(f"{name} {before}, now {after}" for name, before, after in pairs if before != after)


def misplaced(meta: Mapping[str, Any]) -> list[str]:
    """Names of entries of a meta.json that are of another kind than theirs."""
    return [name for name, kind in _KINDS.items() if not (meta.get(name) is None or isinstance(meta[name], kind))]


def _versions() -> dict[str, str]:
    found = {"unetkd": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str | None:
    """The checkout's commit, or none where there is no checkout or no git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(settings.PROJECT_ROOT), "rev-parse", "HEAD"],
            capture_output=True, text=True, timeout=5, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def processor() -> str:
    """The processor's name, for the record and as the key of what was measured on it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # macOS
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()
