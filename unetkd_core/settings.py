"""The only reader of UNETKD_* environment variables; everything else asks here.

Values are read at each call, not at import, so that a test or a notebook can change them. It knows no file format: it
hands out paths and numbers.
"""

import math
import os
import re
from pathlib import Path

from unetkd_core.errors import ConfigError

PROJECT_ROOT = Path(__file__).resolve().parent.parent

UPLOAD_MAX_BYTES = 20 * 1024 * 1024
UPLOAD_MAX_PIXELS = 40_000_000

_DEVICE = re.compile(r"cpu|mps|cuda:\d+")


def python_path() -> str:
    """PYTHONPATH of a process that is to run a module of this very package, installed or not."""
    return os.pathsep.join(filter(None, [str(PROJECT_ROOT), os.environ.get("PYTHONPATH", "")]))


def home() -> Path:
    """UNETKD_HOME: everything that is kept (runs, packed data, caches, registered datasets). Default `.unetkd/` in the
    checkout.
    """
    return Path(os.environ.get("UNETKD_HOME") or PROJECT_ROOT / ".unetkd").expanduser().resolve()


def runs_dir() -> Path:
    """Where run folders lie."""
    return home() / "runs"


def packed_dir() -> Path:
    """Where packed (memory-mapped) datasets lie."""
    return home() / "packed"


def teachers_dir() -> Path:
    """Where teachers' answers lie, kept for every student after the first (training/answers.py)."""
    return home() / "teachers"


def teachers_limit_bytes() -> int:
    """UNETKD_TEACHERS_GB: how much disk teachers' answers may take. Default 20; 0 keeps none."""
    value = os.environ.get("UNETKD_TEACHERS_GB", "").strip() or "20"
    try:
        gigabytes = float(value)
    except ValueError:
        gigabytes = -1.0
    if not 0 <= gigabytes < 1e6:
        raise ConfigError(f"UNETKD_TEACHERS_GB is {value!r}; expected a number of gigabytes, as 20, or 0 for none.")
    return int(gigabytes * 1e9)


def checkpoints_dir() -> Path:
    """UNETKD_CHECKPOINTS: named checkpoints. Default `checkpoints/` in the checkout."""
    return Path(os.environ.get("UNETKD_CHECKPOINTS") or PROJECT_ROOT / "checkpoints").expanduser().resolve()


def hub_record() -> Path:
    """The file that remembers which commit each pulled reference to the Hub means (zoo/hub_cache.py)."""
    return home() / "hub.json"


def dataset_root(name: str) -> Path | None:
    """UNETKD_CAMVID, UNETKD_CITYSCAPES, ...: a dataset's folder by its name, or None when the variable is not set."""
    value = os.environ.get("UNETKD_" + name.upper().replace("-", "_"))
    return Path(value).expanduser().resolve() if value else None


def weights_path() -> Path | None:
    """UNETKD_WEIGHTS: a file of ImageNet weights for an encoder, or a folder of such files. None when it is not set."""
    value = os.environ.get("UNETKD_WEIGHTS")
    return Path(value).expanduser().resolve() if value else None


def device() -> str:
    """UNETKD_DEVICE: auto (default), cpu, cuda, cuda:N or mps."""
    value = os.environ.get("UNETKD_DEVICE", "auto").strip().lower() or "auto"
    if value not in {"auto", "cpu", "cuda", "mps"} and not (value.startswith("cuda:") and value[5:].isdigit()):
        raise ConfigError(f"UNETKD_DEVICE is {value!r}; expected auto, cpu, cuda, cuda:0 or mps.")
    return value


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def one_device(name: str) -> str:
    """The device's one name: `cuda` is `cuda:0`."""
    return "cuda:0" if name == "cuda" else name


def slots(device: str = "cpu") -> int:
    """UNETKD_SLOTS: runs that may train at once on `device` (cpu, mps, cuda, cuda:N).

    A number is the CPU's, and each accelerator then takes one run; `cpu=2,cuda:0=1` names them one by one. Default:
    two on a CPU where there are two cores (a student and its twin), else one.
    """
    value = os.environ.get("UNETKD_SLOTS", "").strip()
    named = _slots_by_device(value)
    usual = (2 if cores() >= 2 else 1) if one_device(device) == "cpu" else 1
    return named.get(one_device(device), usual)


def _slots_by_device(value: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in filter(None, value.split(",")):
        name, _, number = part.rpartition("=") if "=" in part else ("cpu", "", part)
        device, count = one_device(name.strip().lower()), number.strip()
        if not _DEVICE.fullmatch(device) or device in found or not count.isdecimal() or not 1 <= int(count) <= 256:
            raise ConfigError(
                f"UNETKD_SLOTS is {value!r}; expected a whole number from 1 to 256, or one for each device as "
                "cpu=2,cuda:0=1."
            )
        found[device] = int(count)
    return found


def threads_per_slot() -> int:
    """Threads that one of the CPU's slots computes with: the cores shared out evenly."""
    return max(1, cores() // slots())


def max_queued() -> int:
    """UNETKD_MAX_QUEUED: runs that may wait and train at once, a student and its twin being two. Default 100."""
    return _whole("UNETKD_MAX_QUEUED") or 100


def max_epochs() -> int | None:
    """UNETKD_MAX_EPOCHS: epochs of one run at most. None: no limit."""
    return _whole("UNETKD_MAX_EPOCHS")


def max_pixels() -> int | None:
    """UNETKD_MAX_PIXELS: height times width of a run's images at most. None: no limit."""
    return _whole("UNETKD_MAX_PIXELS")


def max_hours() -> float | None:
    """UNETKD_MAX_HOURS: hours that one run may train, resumes added up. None: no limit."""
    value = os.environ.get("UNETKD_MAX_HOURS", "").strip()
    if not value:
        return None
    try:
        hours = float(value)
    except ValueError:
        hours = math.nan
    if not 0 < hours < math.inf:
        raise ConfigError(f"UNETKD_MAX_HOURS is {value!r}; expected hours above 0, as 12 or 0.5.")
    return hours


def _whole(name: str) -> int | None:
    value = os.environ.get(name, "").strip()
    if not value:
        return None
    if not value.isdecimal() or int(value) < 1:
        raise ConfigError(f"{name} is {value!r}; expected a whole number from 1 on.")
    return int(value)
