"""A run as a plain training script: torch and numpy alone, its own numbers filled in, and the same result: on labels
alone to the bit, with a teacher but for rounding.

Only what can be written plainly: U-Nets, labels, and soft labels from one U-Net. The rest is refused in a sentence.
What a script reads are four arrays (`write_data`), since streets are rendered by this package. Needs no torch.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from unetkd_core.classes import NUM_CLASSES, UNLABELLED, VOID
from unetkd_core.data import packed
from unetkd_core.data.packed import PackedSet
from unetkd_core.errors import ExportError
from unetkd_core.models.backbones import ENCODERS
from unetkd_core.models.names import arch_of
from unetkd_core.runs import script_data, script_training
from unetkd_core.runs.folder import Run
from unetkd_core.runs.rank_processes import PROCESSES
from unetkd_core.runs.teaching import KEPT
from unetkd_core.training.config import RunConfig, TeachingConfig
from unetkd_core.training.plan import turns_of
from unetkd_core.zoo import references
from unetkd_core.zoo.checkpoints import CheckpointInfo

DATA_FILES: Final = tuple(f"{split}_{part}.npy" for split in ("train", "val") for part in ("images", "labels"))
_BLOCK: Final = 64
"""Scenes that are copied at once."""


def script(run: Run) -> str:
    """The run's training script. Raises ExportError for what is not written plainly and for a run that never began,
    CheckpointError where its teacher is gone.
    """
    config = run.config
    _require_plain(config)
    if config.hardware.threads is None or "auto" in (config.hardware.precision, config.hardware.memory_format):
        raise ExportError(
            f"Run {run.id} has not begun, so that its precision is still open; export it after its start."
        )
    teacher = _teacher(run, config.teaching) if config.teaching is not None else None
    return "\n".join(_pieces(run, config, teacher)).replace("\n\n\n\n", "\n\n\n")


def _pieces(run: Run, config: RunConfig, teacher: CheckpointInfo | None) -> Iterator[str]:
    yield _head(run, config, teacher)
    yield script_data.IMPORTS.replace("import json", "import hashlib\nimport json") if teacher else script_data.IMPORTS
    yield _settings(run, config, teacher)
    yield script_data.NETWORK
    yield script_data.DATA
    yield script_training.LABELS_LOSS + (script_training.TAUGHT_LOSS if teacher else "")
    yield script_training.SCORES
    yield _training(config)


def _require_plain(config: RunConfig) -> None:
    """Raise ExportError for what a script would have to bring half of this package for."""
    why = ""
    if config.model.name in ENCODERS:
        why = f"{config.model.name} is a U-Net on an encoder of torchvision"
    elif config.model.start is not None:
        why = f"it goes on from {config.model.start}"
    elif config.teaching is not None and not isinstance(config.teaching.teacher, str):
        why = "its teacher is an ensemble"
    elif config.teaching is not None and config.teaching.terms:
        why = (
            f"it distils {', '.join(term.kind.replace('_', '-') for term in config.teaching.terms)} beside soft labels"
        )
    if why:
        raise ExportError(
            f"This run cannot be written as a plain script: {why}. Its config.json with `unetkd distill --config` or "
            f"`unetkd train --config` trains it again."
        )


def _teacher(run: Run, teaching: TeachingConfig) -> CheckpointInfo:
    info = references.info_of(teaching.teacher)
    if info.arch.get("type") != "unet":
        raise ExportError(
            f"This run cannot be written as a plain script: its teacher {info.title} is no plain U-Net but "
            f"{info.arch.get('name') or info.arch.get('type')}."
        )
    expected = (run.meta.get("teacher") or {}).get("sha256")
    if expected and expected != info.sha256:
        raise ExportError(
            f"{references.label(teaching.teacher)} is not the network that taught run {run.id} any more; put that one "
            f"back to export the run."
        )
    return info


def _head(run: Run, config: RunConfig, teacher: CheckpointInfo | None) -> str:
    data = config.data
    how = f" --teacher FOLDER_OF_{config.teaching.teacher}" if config.teaching and teacher else ""
    lines = [
        f'"""{_plain(config.title)}: run {run.id} of UNetKD as a plain script. Needs torch and numpy.',
        "",
        f"    python THIS.py DATA{how} --out trained",
        "",
        "DATA is a folder with train_images.npy (N, H, W, 3) uint8 RGB, train_labels.npy (N, H, W) uint8, and val_ of",
        f"both: {_plain(', '.join(data.train))} and {_plain(', '.join(data.val))} at {data.height}x{data.width}, which",
        "`unetkd export run:ID --script --with-data` writes. Labels are 0 background, 1 road, 2 road markings,",
        "3 vehicle, 4 posts/pylons, 5 person, 254 not labelled, 255 out of every loss.",
    ]
    if teacher is not None:
        lines += ["", "The teacher is a checkpoint's folder: config.json and model.safetensors."]
    lines += [
        "",
        f"The run computed on {config.hardware.device} in {config.hardware.precision}, with "
        f"{config.hardware.threads} thread{'s' * (config.hardware.threads != 1)}. {_again(run, config)[0]}",
        _again(run, config)[1],
        '"""',
    ]
    return "\n".join(lines)


def _again(run: Run, config: RunConfig) -> tuple[str, str]:
    """How far the script's numbers are the run's, in two lines. A taught run's loss stands there as its formula, and
    several processes add up in another order.
    """
    exact = config.teaching is None and config.hardware.device == "cpu" and (run.meta.get(PROCESSES) or 1) == 1
    if exact:
        return (
            "With the same PyTorch on the same type of",
            "CPU its weights come out again, bit for bit; elsewhere they are close.",
        )
    return (
        "There its numbers come out again but for",
        "rounding, which grows with the epochs; elsewhere they are close.",
    )


def _plain(text: str) -> str:
    """A name as it may stand in a docstring."""
    return "".join(c if c.isprintable() and c not in '"\\' else "?" for c in text)


def _settings(run: Run, config: RunConfig, teacher: CheckpointInfo | None) -> str:
    optim, augment, hardware, teaching = config.optim, config.augment, config.hardware, config.teaching
    values: dict[str, Any] = {
        "CLASSES": NUM_CLASSES,
        "UNLABELLED": UNLABELLED,
        "VOID": VOID,
        "HEIGHT": config.data.height,
        "WIDTH": config.data.width,
        "NETWORK": _network(arch_of(config.model.name, config.model.norm)),
        "SEED": config.seed,
        "EPOCHS": optim.epochs,
        "BATCH_SIZE": optim.batch_size,
        "LEARNING_RATE": optim.learning_rate,
        "WEIGHT_DECAY": optim.weight_decay,
        **({} if optim.clip_norm is None else {"CLIP_NORM": optim.clip_norm}),
        "WEIGHT_BY_CLASS": optim.class_weights == "sqrt",
        "FLIP": augment.flip,
        "SCALES": augment.scales,
        "CROP_GRID": augment.crop_grid,
        "TURNS": turns_of(augment),
        "JITTER": augment.jitter,
        "DEVICE": hardware.device,
        "THREADS": hardware.threads,
        "BFLOAT16": hardware.precision == "bf16",
    }
    if teaching is not None and teacher is not None:
        values |= {
            "TEACHER": _network(teacher.arch),
            "TEACHER_SHA256": teacher.sha256,
            "TEACHER_IN_HALF": bool(run.meta.get(KEPT)),
            "ALPHA": teaching.alpha,
            "TEMPERATURE": teaching.temperature,
            "TIMES_T_SQUARED": teaching.scale_by_t2,
            "REVERSE": teaching.direction == "reverse",
            "WEIGHT_SOFT_BY_CLASS": teaching.weight_soft_by_class,
        }
    lines = [f"{name} = {_literal(value)}" for name, value in values.items()]
    layout = "channels_last" if hardware.memory_format == "channels_last" else "contiguous_format"
    return "\n".join([*lines, f"MEMORY_FORMAT = torch.{layout}", ""])


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value).replace("'", '"')


def _network(arch: dict[str, Any]) -> dict[str, Any]:
    return {"width": arch["base_width"], "levels": arch["levels"], "norm": arch["norm"]}


def _training(config: RunConfig) -> str:
    optim, taught = config.optim, config.teaching is not None
    option = '    parser.add_argument("--teacher", type=Path, required=True, help="a checkpoint\'s folder")\n'
    needs_labels = config.teaching is None or config.teaching.needs_labels
    filled = {
        "SCHEDULE": script_training.CONSTANT if optim.schedule == "constant" else script_training.ONE_CYCLE,
        "TEACHER_OPTION": option if taught else "",
        "LOAD_TEACHER": "    teacher = load_teacher(options.teacher)\n" if taught else "",
        "OPTIMIZER": {"adamw": "AdamW", "adam": "Adam"}[optim.optimizer],
        "SKIP": script_training.SKIP if needs_labels else "",
        "LOSS": script_training.TAUGHT if taught else script_training.ALONE,
        "CLIP": "" if optim.clip_norm is None else script_training.CLIP,
    }
    text = script_training.TRAINING
    for name, value in filled.items():
        text = text.replace(f"@@{name}@@", value)
    return text


def write_data(config: RunConfig, folder: Path, *, replace: bool = False) -> None:
    """The run's packed scenes as the four arrays that its script reads; packed anew where they are not there any more.

    Raises ExportError when the folder exists and is not to be replaced, or cannot be written; DataError for data that
    is gone.
    """
    if folder.exists() and not replace:
        raise ExportError(f"{folder} is there already; choose another --out, or overwrite it with --replace.")
    if folder.exists() and not _is_ours(folder):
        raise ExportError(f"{folder} holds other things than a script's data and is left alone; choose another --out.")
    data = config.data
    sets = {
        "train": packed.load(data.train, data.height, data.width, limit=data.max_train),
        "val": packed.load(data.val, data.height, data.width, limit=data.max_val),
    }
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
        try:
            for split, scenes in sets.items():
                _write_set(new, split, scenes, (data.height, data.width))
            new.chmod(0o755)
            before = new.with_name(f"{new.name}.before")
            if folder.exists():
                os.rename(folder, before)
            os.rename(new, folder)
            shutil.rmtree(before, ignore_errors=True)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    except OSError as error:
        raise ExportError(
            f"{folder} cannot be written: {error.strerror or error}. Free space, or choose another --out."
        ) from None


def _is_ours(folder: Path) -> bool:
    """Whether it holds the four arrays or a part of them, and nothing else."""
    return folder.is_dir() and not folder.is_symlink() and {path.name for path in folder.iterdir()} <= {*DATA_FILES}


def _write_set(folder: Path, split: str, scenes: PackedSet, size: tuple[int, int]) -> None:
    """Plain writes, not a writable map: on a full disk a map kills the process, a write raises."""
    for place, (part, shape) in enumerate((("images", (*size, 3)), ("labels", size))):
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(scenes), *shape)}
        with (folder / f"{split}_{part}.npy").open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, len(scenes), _BLOCK):
                block = scenes.gather(np.arange(start, min(start + _BLOCK, len(scenes))))[place]
                file.write(np.ascontiguousarray(block).data)
