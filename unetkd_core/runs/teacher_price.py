"""What keeping a teacher's answers costs before it is done: disk, seconds, and after how many epochs that has paid.

Looks at what lies there already; asks nobody, builds nothing, needs no torch.
"""

import json
import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from unetkd_core import outside, settings
from unetkd_core.data import catalog, packed
from unetkd_core.runs import speed
from unetkd_core.training import answers, plan, room
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
    pays_after: epochs of teaching from which on keeping is the cheaper way; 0 when all is there. epochs: of this run,
    which may end before.
    """

    live: str
    bytes: int
    missing_bytes: int
    turns: int
    to_ask: int
    seconds: float
    pays_after: int
    epochs: int


def price(config: RunConfig, info: CheckpointInfo, scenes: int, forward_seconds: float) -> Price:
    """What `info` costs the run that `config` describes, on `scenes` training scenes.

    forward_seconds: for the whole teacher's forward pass on one scene, where nothing was measured. Raises
    CheckpointError when a member of an ensemble is gone.
    """
    assert config.teaching is not None
    turns = plan.turns_asked(config)
    one = answers.turn_bytes(scenes, config.data.height, config.data.width)
    there = [_there(config, sha, scenes) for sha in _networks(config.teaching.teacher, info)]
    each = plan.network_bytes(config, scenes)
    total = each * len(there)
    live = plan.why_live(config) or room.too_large({folder: each for folder, _ in there})
    if live:
        return Price(live, total, total, turns, 0, 0.0, 0, config.optim.epochs)
    missing = sum(len(set(range(turns)) - kept) for _, kept in there)
    ask = ask_seconds(config, info, forward_seconds)
    read = one / scenes * len(there) / READ_BYTES_A_SECOND
    pays = math.ceil(missing / len(there) * ask / max(ask - read, 0.1 * ask)) if missing else 0
    seconds = missing / len(there) * scenes * ask
    return Price("", total, missing * one, turns, missing * scenes, seconds, pays, config.optim.epochs)


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
    pays = f"it pays after {epochs}" if price.pays_after <= price.epochs else "they ask nothing"
    return f"The teacher is asked once: about {time}, {size} kept for later students; {pays}."


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


def _there(config: RunConfig, sha256: str, scenes: int) -> tuple[Path, set[int]]:
    """The folder where this network's answers about this data lie, and the turns that it was asked about already.

    Where the precision is still to be measured, any counts: a run that then computes in another asks again, and we were
    wrong by that time. A folder of no real name where there is none.
    """
    views = json.loads(json.dumps(plan.views_of(config.augment)))
    wanted = {"teacher": sha256, "views": views, "size": [config.data.height, config.data.width]}
    refs, packs = [catalog.open_source(ref).ref for ref in config.data.train], _packs(config)
    best: tuple[Path, set[int]] = (settings.teachers_dir() / f"none-{sha256[:20]}", set())
    for path in settings.teachers_dir().glob("[!.]*/about.json"):
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            about = outside.read_json(path, packed.ABOUT_BYTES)
            shown = [packs[sha256] for sha256 in about["data"]]
            same = len(shown) == len(refs) and all(ref in known for ref, (known, _) in zip(refs, shown, strict=True))
            same = same and sum(count for _, count in shown) == scenes
            if same and _computed_alike(config, about["how"]) and all(about[k] == v for k, v in wanted.items()):
                there = {int(p.stem.removeprefix("turn_")) for p in path.parent.glob("turn_*.npy")}
                best = max(best, (path.parent, there), key=lambda found: len(found[1]))
    return best


def _computed_alike(config: RunConfig, how: str) -> bool:
    """Whether answers that were computed so are this run's, as far as is known."""
    _, precision, layout = how.split()
    hardware = config.hardware
    return hardware.precision in ("auto", precision) and hardware.memory_format in ("auto", layout)


def _packs(config: RunConfig) -> dict[str, tuple[set[str], int]]:
    """Pack's SHA-256 -> (data references that hold just this, scenes), of those that have the config's size."""
    found: dict[str, tuple[set[str], int]] = {}
    for path in settings.packed_dir().glob("*/packed.json"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            about = outside.read_json(path, packed.ABOUT_BYTES)
            if (about["height"], about["width"]) == (config.data.height, config.data.width):
                known, _ = found.setdefault(str(about["sha256"]), (set(), len(about["stems"])))
                known.add(str(about["ref"]))
    return found
