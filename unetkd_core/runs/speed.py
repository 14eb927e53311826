"""speed.json: what was measured on this machine, so that a run's time can be told before it starts. Needs no torch.

Rates are seconds per image and billion multiply-accumulates, so that one size tells about another; finished runs'
own rates are kept by exactly what was run, and are believed first.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from filelock import FileLock

from unetkd_core import outside, settings
from unetkd_core.models import complexity
from unetkd_core.models.names import arch_of
from unetkd_core.runs.provenance import processor
from unetkd_core.runs.status import write_text
from unetkd_core.training.config import RunConfig
from unetkd_core.training.terms import ExtraTerm, level_of, names
from unetkd_core.zoo.checkpoints import CheckpointInfo

FORMAT_VERSION: Final = 1
_KEEP: Final = 200
KEPT: Final = "kept"
_TERMS: Final = {"pair_wise": 0.35, "holistic": 1.2, "intra_class": 0.35, "channel_wise": 0.1, "correlation": 0.6}
"""What a term takes, as a share of M128's own training step on as many pixels, whoever the student is."""
_ON_MAPS: Final = 0.4
"""The same of a channel-wise term on maps."""


def machine_key() -> str:
    """This machine, as far as speed goes: processor, cores, device asked for."""
    text = f"{processor()}|{settings.cores()}|{settings.device()}"
    return f"{processor()} #{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def choice_key(config: RunConfig, threads: int) -> str:
    """What a choice of precision and memory format holds for."""
    model, data, hardware = config.model, config.data, config.hardware
    return "/".join(
        map(str, (model.name, model.norm, data.height, data.width, config.optim.batch_size, hardware.device, threads))
    )


def teacher_key(info: CheckpointInfo | None) -> str:
    """Who teaches, as far as time goes: an ensemble is its networks, whatever their weights. Empty: nobody."""
    if info is None:
        return ""
    members = json.dumps(info.arch, sort_keys=True)
    return hashlib.sha256(members.encode()).hexdigest() if info.role == "ensemble" else info.sha256


def run_key(config: RunConfig, threads: int, teacher: str, beside: bool) -> str:
    """What a finished run's rates hold for. teacher: `teacher_key` of one that is asked live, KEPT where its answers
    are kept (whoever it is, reading them takes the same); beside: another run went on beside it.
    """
    jitter = "jitter" if config.augment.jitter else "plain"
    said = (choice_key(config, threads), teacher[:12] or "alone", jitter, "beside" if beside else "only")
    more = names(config.teaching.terms) if config.teaching is not None else ()
    return "/".join((*said, *sorted(more)))


@dataclass(frozen=True)
class Rates:
    """Seconds per training image, per validation image (each with its share of a live teacher's work), per epoch for
    saving and drawing, and once for starting up (imports, measuring), packing left out.
    """

    train: float
    val: float
    saving: float
    startup: float


def read() -> dict[str, Any]:
    """This machine's part, by kind: choices, runs, gmac (of M-models, by threads), backbones (the same of U-Nets on
    encoders, by `backbone/threads`), packing, asking (of teachers whose answers are kept); empty ones when nothing is
    known.
    """
    empty: dict[str, Any] = {"choices": {}, "runs": {}, "gmac": {}, "backbones": {}, "packing": {}, "asking": {}}
    return {**empty, **_read_all().get(machine_key(), {})}


def image_seconds(
    arch: Mapping[str, Any], height: int, width: int, gmac: Mapping[str, float], threads: int, kind: str
) -> float:
    """Seconds that one image takes. kind: train or forward; gmac: M-models' rates, for what was not measured itself.

    A gigamac costs an encoder of wide convolutions a third of what it costs an M-model, and a depthwise one more, so
    each goes by its own rate once that is known. Of an ensemble: its members added up, those of weight 0 left out.
    """
    if arch.get("type") == "ensemble":
        return sum(image_seconds(member, height, width, gmac, threads, kind) for member in complexity.run_members(arch))
    own = read()["backbones"].get(f"{arch.get('backbone')}/{threads}", gmac)
    # A depthwise encoder was three times an M-model's rate at most; more was measured while the cores were busy.
    rate = min(float(own[kind]), 4 * float(gmac[kind]))
    return complexity.macs(arch, height, width) / 1e9 * rate


def term_seconds(terms: Sequence[ExtraTerm], height: int, width: int, gmac: Mapping[str, float], threads: int) -> float:
    """Seconds that one training image's terms take, its student's and its teacher's passes left out."""
    shares = (_ON_MAPS if t.kind == "channel_wise" and level_of(t) else _TERMS[t.kind] for t in terms)
    return sum(shares) * image_seconds(arch_of("M128"), height, width, gmac, threads, "train")


def remember(part: str, key: str, value: Any) -> None:
    """Add one measurement to this machine's part; the oldest of a part make room. Raises OSError."""
    path = settings.home() / "speed.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        everything = _read_all()
        entries = everything.setdefault(machine_key(), {}).setdefault(part, {})
        entries.pop(key, None)
        entries[key] = value
        for old in list(entries)[:-_KEEP]:
            del entries[old]
        write_text(
            path, json.dumps({"format_version": FORMAT_VERSION, "machines": everything}, indent=1), durable=False
        )


def _read_all() -> dict[str, Any]:
    try:
        data = outside.read_json(settings.home() / "speed.json")
        machines = data["machines"] if data["format_version"] == FORMAT_VERSION else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # measurements can be made again: a broken file is as good as none
    return machines if isinstance(machines, dict) else {}
