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
    """UNETKD_TEACHERS_GB: how much disk teachers' answers may take. Default 20, on a public server 5; 0 keeps none."""
    return _gigabytes("UNETKD_TEACHERS_GB", "5" if public() else "20")


def _gigabytes(name: str, usual: str) -> int:
    """Bytes."""
    value = os.environ.get(name, "").strip() or usual
    try:
        gigabytes = float(value)
    except ValueError:
        gigabytes = -1.0
    if not 0 <= gigabytes < 1e6:
        raise ConfigError(f"{name} is {value!r}; expected a number of gigabytes, as 20, or 0 for none.")
    return int(gigabytes * 1e9)


def checkpoints_dir() -> Path:
    """UNETKD_CHECKPOINTS: named checkpoints. Default `checkpoints/` in the checkout."""
    return Path(os.environ.get("UNETKD_CHECKPOINTS") or PROJECT_ROOT / "checkpoints").expanduser().resolve()


def hub_record() -> Path:
    """The file that remembers which commit each pulled reference to the Hub means (zoo/hub_cache.py)."""
    return home() / "hub.json"


def hub_home() -> Path:
    """Where huggingface_hub keeps what it downloads: HF_HOME, else its usual place."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("HF_HOME") or Path(cache, "huggingface")).expanduser().resolve()


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
    """UNETKD_CORES: processor cores that this process may use. Default: all that the system lets it."""
    if (few := _whole("UNETKD_CORES")) is not None:
        return few
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


def public() -> bool:
    """UNETKD_PUBLIC: 1 where strangers use this server, which then offers less and caps everything (docs/server.md).

    Default 0. Raises ConfigError for anything else, because a typing mistake must not open a server.
    """
    value = os.environ.get("UNETKD_PUBLIC", "").strip() or "0"
    if value not in ("0", "1"):
        raise ConfigError(f"UNETKD_PUBLIC is {value!r}; expected 1 for a server that strangers use, or 0.")
    return value == "1"


def ray_address() -> str | None:
    """UNETKD_RAY_ADDRESS: the Ray cluster that runs and sweeps go to, as its dashboard is reached: http://head:8265.

    None: they stay on this machine.
    """
    value = os.environ.get("UNETKD_RAY_ADDRESS", "").strip().rstrip("/")
    if value and not re.fullmatch(r"https?://[^/\s:]+:\d{1,5}", value):
        raise ConfigError(
            f"UNETKD_RAY_ADDRESS is {value!r}; expected the address of Ray's dashboard, as http://head:8265."
        )
    return value or None


def ray_cpus() -> int:
    """UNETKD_RAY_CPUS: processor cores that Ray sets aside for one run, on each host that it takes. Default 2."""
    return _whole("UNETKD_RAY_CPUS") or 2


def ray_gpus() -> int:
    """UNETKD_RAY_GPUS: GPUs that Ray sets aside for one run, on each host that it takes. Default 0: it trains on the
    CPU.
    """
    value = os.environ.get("UNETKD_RAY_GPUS", "").strip()
    return 0 if value == "0" else _whole("UNETKD_RAY_GPUS") or 0


def ray_hosts() -> int:
    """UNETKD_RAY_HOSTS: hosts that one run is spread over, by Ray Train. Default 1."""
    return _whole("UNETKD_RAY_HOSTS") or 1


def ray_retries() -> int:
    """UNETKD_RAY_RETRIES: how often a run goes on elsewhere after its node died. Default 3."""
    value = os.environ.get("UNETKD_RAY_RETRIES", "").strip()
    return 0 if value == "0" else _whole("UNETKD_RAY_RETRIES") or 3


_OF_THIS_MACHINE = {"UNETKD_SLOTS", "UNETKD_DEVICE", "UNETKD_CORES", "UNETKD_RAY_ADDRESS"}
_NO_PATHS = ("UNETKD_MAX_", "UNETKD_RAY_", "UNETKD_TEACHERS_GB", "UNETKD_PUBLIC")
"""Every other UNETKD_* variable names a file or a folder, most of them a dataset's."""


def for_the_cluster() -> dict[str, str]:
    """The variables that a process on a cluster's node needs to mean the same files and limits as this one.

    Paths go resolved, since a node has another working directory and another user: storage is mounted at one place
    everywhere. So do the caches of the Hub and of torch where they are named; never a token. What only speaks of this
    machine stays here.
    """
    ours = {name: value for name, value in os.environ.items() if name.startswith("UNETKD_") and value.strip()}
    paths = {name: value for name, value in ours.items() if not name.startswith(_NO_PATHS)}
    paths |= {name: os.environ[name] for name in ("HF_HUB_CACHE", "TORCH_HOME") if os.environ.get(name)}
    if os.environ.get("HF_HOME"):  # it holds the token too
        paths.setdefault("HF_HUB_CACHE", os.path.join(os.environ["HF_HOME"], "hub"))
    found = ours | {name: str(Path(value).expanduser().resolve()) for name, value in paths.items()}
    found |= {"UNETKD_HOME": str(home()), "UNETKD_CHECKPOINTS": str(checkpoints_dir())}
    found = {name: value for name, value in found.items() if name not in _OF_THIS_MACHINE}
    if (PROJECT_ROOT / "pyproject.toml").is_file():  # a checkout on the shared storage is used as it is
        found["PYTHONPATH"] = f"{PROJECT_ROOT}:${{PYTHONPATH}}"
    return found


def max_queued() -> int:
    """UNETKD_MAX_QUEUED: runs that may wait and train at once, a student and its twin being two. Default 100, on a
    public server 40.
    """
    return _limit("UNETKD_MAX_QUEUED", 40) or 100


def max_queued_each() -> int | None:
    """UNETKD_MAX_QUEUED_EACH: of these, one visitor's. Default on a public server 4. None: nobody is told apart."""
    return _of_visitors("UNETKD_MAX_QUEUED_EACH", 4)


def max_training_each() -> int | None:
    """UNETKD_MAX_TRAINING_EACH: one visitor's runs that train at once, where others could. Default on a public server
    2, which is a student and its twin.
    """
    return _of_visitors("UNETKD_MAX_TRAINING_EACH", 2)


def max_kept_each() -> int | None:
    """UNETKD_MAX_KEPT_EACH: one visitor's runs on the disk, whatever became of them. Default on a public server 60:
    a whole sweep fits, each student with a twin of its own.
    """
    return _of_visitors("UNETKD_MAX_KEPT_EACH", 60)


def max_epochs() -> int | None:
    """UNETKD_MAX_EPOCHS: epochs of one run at most. None: no limit; on a public server 20."""
    return _limit("UNETKD_MAX_EPOCHS", 20)


def max_pixels() -> int | None:
    """UNETKD_MAX_PIXELS: height times width of a run's images at most. None: no limit; on a public server 128 x 256."""
    return _limit("UNETKD_MAX_PIXELS", 128 * 256)


def max_scenes() -> int | None:
    """UNETKD_MAX_SCENES: scenes that a run learns from, and that it is checked on, at most. None: no limit; on a public
    server 3000.
    """
    return _limit("UNETKD_MAX_SCENES", 3000)


def max_batch() -> int | None:
    """UNETKD_MAX_BATCH: scenes in one batch at most. None: no limit; on a public server 32."""
    return _limit("UNETKD_MAX_BATCH", 32)


def max_cells() -> int | None:
    """UNETKD_MAX_CELLS: runs of one sweep at most, its untaught twins not counted. None: no limit but the sweep's own;
    on a public server 27.
    """
    return _limit("UNETKD_MAX_CELLS", 27)


def max_sweeps() -> int | None:
    """UNETKD_MAX_SWEEPS: sweeps that go on at once, each with a process of its own. None: no limit; on a public server
    6, and one of each visitor.
    """
    return _limit("UNETKD_MAX_SWEEPS", 6)


def max_sweeps_each() -> int | None:
    """UNETKD_MAX_SWEEPS_EACH: one visitor's sweeps that are kept, over or not. Default on a public server 12."""
    return _of_visitors("UNETKD_MAX_SWEEPS_EACH", 12)


def max_hours() -> float | None:
    """UNETKD_MAX_HOURS: hours that one run may train, resumes added up. None: no limit; on a public server one."""
    value = os.environ.get("UNETKD_MAX_HOURS", "").strip()
    if not value:
        return 1.0 if public() else None
    try:
        hours = float(value)
    except ValueError:
        hours = math.nan
    if not 0 < hours < math.inf:
        raise ConfigError(f"UNETKD_MAX_HOURS is {value!r}; expected hours above 0, as 12 or 0.5.")
    return hours


def max_disk_bytes() -> int | None:
    """UNETKD_MAX_DISK_GB: bytes under UNETKD_HOME with which no further run begins. None: no limit; on a public server
    20 GB.
    """
    given = os.environ.get("UNETKD_MAX_DISK_GB", "").strip()
    return _gigabytes("UNETKD_MAX_DISK_GB", "20") if given or public() else None


def _limit(name: str, on_a_public_server: int) -> int | None:
    """A limit on whoever asks; without the variable it holds on a public server alone."""
    given = _whole(name)
    return on_a_public_server if given is None and public() else given


def _of_visitors(name: str, usual: int) -> int | None:
    """A limit on each visitor. None where visitors are not told apart."""
    return _limit(name, usual) if public() else None


def _whole(name: str) -> int | None:
    value = os.environ.get(name, "").strip()
    if not value:
        return None
    if not value.isdecimal() or int(value) < 1:
        raise ConfigError(f"{name} is {value!r}; expected a whole number from 1 on.")
    return int(value)
