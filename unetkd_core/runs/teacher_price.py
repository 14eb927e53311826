"""What keeping a teacher's answers costs before it is done: disk, seconds, and after how many epochs that has paid.

Looks at what lies there already; asks nobody, builds nothing, needs no torch.
"""

import json
import math
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from unetkd_core import settings
from unetkd_core.runs import speed
from unetkd_core.training import answers, plan
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import references
from unetkd_core.zoo.checkpoints import CheckpointInfo
from unetkd_core.zoo.ensembles import EnsembleSpec

READ_BYTES_A_SECOND: Final = 1e9
"""How fast answers come back from the disk's cache; measured where it was slowest."""


@dataclass(frozen=True)
class Price:
    """What a run's teacher costs it.

    live: why it is asked at every step, in a few words; empty: its answers are kept, and the rest says at what price.
    bytes, missing_bytes: all that this run reads, and what of it is still to be written. turns: how many views of each
    scene it is asked about. to_ask: scenes, times networks, still to be asked about; seconds: how long that takes.
    pays_after: epochs of teaching from which on keeping is the cheaper way; 0 when all is there.
    """

    live: str
    bytes: int
    missing_bytes: int
    turns: int
    to_ask: int
    seconds: float
    pays_after: int


def price(config: RunConfig, info: CheckpointInfo, scenes: int, forward_seconds: float) -> Price:
    """What `info` costs the run that `config` describes, on `scenes` training scenes.

    forward_seconds: for the whole teacher's forward pass on one scene, where nothing was measured. Raises
    CheckpointError when a member of an ensemble is gone.
    """
    assert config.teaching is not None
    teaching = config.teaching
    live = "as its config asks" if teaching.cache is False else plan.why_live(config, scenes)
    turns, networks = plan.turns_asked(config), plan.networks(teaching.teacher)
    total = plan.size_bytes(config, scenes)
    if live:
        return Price(live, total, total, turns, 0, 0.0, 0)
    wanted = set(range(turns))
    missing = sum(len(wanted - _turns_there(config, sha, scenes)) for sha in _networks(teaching.teacher, info))
    one = answers.turn_bytes(scenes, config.data.height, config.data.width)
    ask = ask_seconds(config, info, forward_seconds)
    read = one / scenes * networks / READ_BYTES_A_SECOND
    pays = math.ceil(missing / networks * ask / max(ask - read, 0.1 * ask)) if missing else 0
    return Price("", total, missing * one, turns, missing * scenes, missing / networks * scenes * ask, pays)


def sentence(price: Price) -> str:
    """What a person wants to know of it before starting."""
    size = f"{price.bytes / 1e9:.1f} GB" if price.bytes >= 1e9 else f"{max(1, round(price.bytes / 1e6))} MB"
    if price.live:
        return f"The teacher is asked at every step: {price.live}."
    if not price.to_ask:
        return f"The teacher was asked about all of this before ({size} kept): it costs no time."
    seconds = max(1, round(price.seconds))
    time = f"{seconds} s" if seconds < 90 else f"{round(seconds / 60)} min"
    epochs = f"{price.pays_after} epoch{'s' * (price.pays_after != 1)}"
    return f"The teacher is asked once: about {time}, {size} kept for later students; it pays after {epochs}."


def ask_key(config: RunConfig, info: CheckpointInfo) -> str:
    """What a measured time for asking one scene of this teacher holds for."""
    data, hardware = config.data, config.hardware
    threads = hardware.threads or settings.threads_per_slot()
    return f"{speed.teacher_key(info)[:12]}/{data.height}/{data.width}/{threads}"


def ask_seconds(config: RunConfig, info: CheckpointInfo, forward_seconds: float) -> float:
    """Seconds for asking the whole teacher about one scene: as measured in a run, else as given."""
    return float(speed.read()["asking"].get(ask_key(config, info), forward_seconds))


def _networks(teacher: str | EnsembleSpec, info: CheckpointInfo) -> list[str]:
    """sha256 of each network whose answers are kept."""
    if isinstance(teacher, str) or not plan.apart(teacher):
        return [info.sha256]
    pairs = zip(teacher.members, teacher.shares, strict=True)
    return [references.info_of(member).sha256 for member, share in pairs if share > 0]


def _turns_there(config: RunConfig, sha256: str, scenes: int) -> set[int]:
    """The turns that this network was asked about already, on this data. In whichever precision: a run that computes in
    another asks again, and then we are wrong by that time.
    """
    views = json.loads(json.dumps(plan.views_of(config.augment)))
    wanted = {"teacher": sha256, "views": views, "size": [config.data.height, config.data.width]}
    packs = _packs(config)
    best: set[int] = set()
    for path in settings.teachers_dir().glob("*/about.json"):
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            about = json.loads(path.read_text(encoding="utf-8"))
            shown = [packs[key] for key in about["data"]]
            same = [ref for ref, _ in shown] == list(config.data.train) and sum(n for _, n in shown) == scenes
            if same and all(about[key] == value for key, value in wanted.items()):
                there = {int(p.stem.removeprefix("turn_")) for p in path.parent.glob("turn_*.npy")}
                best = max(best, there, key=len)
    return best


def _packs(config: RunConfig) -> dict[str, tuple[str, int]]:
    """Pack's key -> (data reference, scenes), of those that have the config's size."""
    found = {}
    for path in settings.packed_dir().glob("*/packed.json"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            about = json.loads(path.read_text(encoding="utf-8"))
            if (about["height"], about["width"]) == (config.data.height, config.data.width):
                found[path.parent.name] = (str(about["ref"]), len(about["stems"]))
    return found
