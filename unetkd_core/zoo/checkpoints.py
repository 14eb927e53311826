"""A checkpoint is a folder: config.json (what it is), model.safetensors (its weights), README.md (its card).

Loading rebuilds the network from the folder alone, strictly: every key, shape and the file's sha256 must fit. Nothing
is ever unpickled. Saving is atomic: a reader finds the old folder or the new one. Reading what a checkpoint says needs
no torch; the functions that touch weights import it. Knows nothing of names and references (references.py) or of runs.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

from unetkd_core import outside, settings
from unetkd_core.classes import CLASS_NAMES
from unetkd_core.errors import CheckpointError
from unetkd_core.models import complexity
from unetkd_core.zoo import folders
from unetkd_core.zoo.limits import MAX_CONFIG_BYTES

if TYPE_CHECKING:
    from torch import nn

FORMAT_VERSION: Final = 1
CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"
ENSEMBLE: Final = "ensemble.json"
"""In place of the three: a named ensemble, which has no weights of its own (ensembles.py)."""
NOTES: Final = 2000
"""Characters of a checkpoint's notes at most."""
MAX_PARAMETERS: Final = 1_000_000_000
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

Role = Literal["teacher", "student", "twin", "alone", "ensemble"]


class CheckpointInfo(BaseModel):
    """What config.json says. Frozen; `model_copy(update=...)` makes another.

    `parameters`, `macs` (of one image at `height` x `width`) and `sha256` (of model.safetensors) are filled in by
    `save`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    format_version: Literal[1] = FORMAT_VERSION
    name: str = Field(pattern=rf"^{NAME.pattern}$", description="Short name, as the folder's.")
    title: str = Field(max_length=200, description='For people: "M128 from M256".')
    role: Role = Field(description="teacher, student (taught), twin (the same, untaught), alone or ensemble.")
    arch: dict[str, JsonValue] = Field(description="What models.registry.build makes the network from.")
    classes: list[str] = Field(
        default_factory=lambda: list(CLASS_NAMES), description="Names of the channels, in order."
    )
    mapping: list[str] = Field(description="Label mappings that it learned from, keys of classes.MAPPINGS.")
    height: int = Field(
        ge=16, le=8192, description="Training height in pixels: sets the scale at which it sees an image."
    )
    width: int = Field(ge=16, le=8192, description="Training width in pixels.")
    parameters: int = Field(0, ge=0, description="Trainable numbers.")
    macs: int = Field(0, ge=0, description="Multiply-accumulates for one image at the training size.")
    metrics: dict[str, JsonValue] = Field(
        default_factory=dict,
        description='Scores JSON by what they were measured on: "camvid:val"; "packed" is the run\'s own validation, '
        "in training, with the number of the epoch that these weights are of.",
    )
    chosen_on: list[str] = Field(
        default_factory=list,
        description="Of an ensemble: data references that its weights and its members' epochs were chosen on. A "
        "network's are its run's validation data.",
    )
    epochs_done: int | None = Field(
        None, ge=1, le=10**9, description="Epochs that the run did, of those in `run`; none: not known."
    )
    notes: str = Field("", max_length=NOTES, description="What its maker adds to the card: plain text.")
    data: list[str] = Field(description="Data references that it was trained on.")
    seed: int = Field(0, ge=0)
    commit: str | None = Field(None, description="The code's commit, where known.")
    licence: str = Field(description="What the weights may be used for; follows the data.")
    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$", description="Of model.safetensors.")
    run: dict[str, JsonValue] | None = Field(None, description="RunConfig JSON of the run that made it.")
    run_id: str | None = None
    created: str = Field(
        default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"), description="ISO 8601, UTC."
    )

    @field_validator("arch")
    @classmethod
    def _small_numbers(cls, arch: dict[str, JsonValue]) -> dict[str, JsonValue]:
        # A damaged or hostile file must not make us count or build a network of 2**1000000 channels.
        if any(isinstance(v, int | float) and not 0 <= v <= 4096 for v in _leaves(arch)):
            raise ValueError("arch has a number outside 0 to 4096")
        return arch

    def to_json(self) -> dict[str, Any]:
        """A dict of JSON values, the content of config.json."""
        return self.model_dump(mode="json")

    def dumps(self) -> str:
        """config.json's text. Raises ValueError for NaN: absent numbers are null."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _leaves(value: JsonValue) -> Iterator[JsonValue]:
    """Every value in nested lists and objects that is neither."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    else:
        yield value


def read_info(folder: Path | str) -> CheckpointInfo:
    """What the checkpoint in `folder` says it is. Needs no torch and reads no weights.

    Raises CheckpointError, one sentence, when it is missing, damaged or of another format version.
    """
    return folders.read_whole(Path(folder), _read_info)


def _read_info(folder: Path) -> CheckpointInfo:
    if not folder.is_dir():
        raise CheckpointError(
            f"There is no checkpoint {folder.name!r}: {folder} does not exist; expected a folder with {CONFIG}."
        )
    info = read_config(folder)
    if not (folder / WEIGHTS).is_file():
        raise CheckpointError(f"{folder.name} has no {WEIGHTS}: the checkpoint is incomplete; copy or train it again.")
    return info


def read_config(folder: Path, where: str = "") -> CheckpointInfo:
    """What config.json alone says, whether or not there are weights beside it; `where` names it in errors.

    Raises CheckpointError as `read_info` does.
    """
    where = where or f"{folder.name}/{CONFIG}"
    return _parse(_config_json(folder, where), where=where)


def _config_json(folder: Path, where: str) -> Any:
    path = folder / CONFIG
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise CheckpointError(
                f"{where} is larger than {MAX_CONFIG_BYTES // 1024**2} MB, expected a few kilobytes: it is not a "
                f"checkpoint's config."
            )
        return outside.read_json(path, MAX_CONFIG_BYTES)
    except FileNotFoundError:
        raise CheckpointError(
            f"{folder.name} has no {CONFIG}: it is not a checkpoint, or was only half copied; copy or train it again."
        ) from None
    except OSError as error:
        raise CheckpointError(f"{where} cannot be read: {error.strerror or error}.") from None
    except ValueError:
        raise CheckpointError(f"{where} is damaged: it is not JSON; copy or train the checkpoint again.") from None


def _parse(data: Any, *, where: str) -> CheckpointInfo:
    if not isinstance(data, dict):
        raise CheckpointError(
            f"{where} holds a {type(data).__name__}, expected a JSON object; copy or train the checkpoint again."
        )
    version = data.get("format_version")
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise CheckpointError(
            f"{where} has format version {version!r}, this release reads {FORMAT_VERSION}: use the release of UNetKD "
            f"that wrote it."
        )
    try:
        info = CheckpointInfo.model_validate(data)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'config'}: {e['msg']}" for e in error.errors()[:5])
        raise CheckpointError(f"{where} is damaged: {problems}.") from None
    if tuple(info.classes) != CLASS_NAMES:
        raise CheckpointError(
            f"{where} has the classes {', '.join(info.classes)[:200]}; expected Table I's: {', '.join(CLASS_NAMES)}."
        )
    _count_parameters(info.arch, where=where)
    return info


def _count_parameters(arch: dict[str, Any], *, where: str) -> int:
    """Also finds out whether this release knows the architecture, without building it."""
    try:
        if arch.get("type") == "ensemble":
            raise CheckpointError("An ensemble has no weights of its own; it is an ensemble.json.")
        count = complexity.parameters(arch)
    except CheckpointError as error:
        raise CheckpointError(f"{where}: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"{where} describes a network that cannot be built (arch: {error}); copy or train the checkpoint again."
        ) from None
    if count > MAX_PARAMETERS:
        raise CheckpointError(
            f"{where} describes a network of over {MAX_PARAMETERS:,} parameters; the largest here has 31 M."
        )
    return count


def list_named() -> list[tuple[str, CheckpointInfo]]:
    """(name, info) of every readable checkpoint in settings.checkpoints_dir(), by name. See `list_damaged` for the
    others.
    """
    return [(name, found) for name, found in _scan() if isinstance(found, CheckpointInfo)]


def list_damaged() -> list[tuple[str, CheckpointError]]:
    """(name, what is wrong) of every folder in settings.checkpoints_dir() that cannot be used, by name."""
    return [(name, found) for name, found in _scan() if isinstance(found, CheckpointError)]


def _scan() -> list[tuple[str, CheckpointInfo | CheckpointError]]:
    found: list[tuple[str, CheckpointInfo | CheckpointError]] = []
    for name in folders.names(settings.checkpoints_dir(), NAME):
        if (folders.current(settings.checkpoints_dir() / name) / ENSEMBLE).is_file():
            continue  # references.py lists these
        try:
            found.append((name, read_info(settings.checkpoints_dir() / name)))
        except CheckpointError as error:
            found.append((name, error))
    return found


def save(model: "nn.Module", folder: Path | str, info: CheckpointInfo, *, half: bool = True) -> CheckpointInfo:
    """Write the checkpoint, replacing one that is there, and return its info with sha256, parameters and macs filled
    in.

    half: weights as float16 (statistics of normalisation stay float32); they are rounded, so measure after loading what
    a card shall say. Raises CheckpointError when weights are not finite or do not fit into float16.
    """
    from unetkd_core.zoo import cards, weights

    data = weights.to_bytes(model, half=half)
    filled = info.model_copy(
        update={
            "sha256": weights.sha256(data),
            "parameters": complexity.parameters(info.arch),
            "macs": complexity.macs(info.arch, info.height, info.width),
        }
    )
    _write(Path(folder), {CONFIG: filled.dumps().encode(), WEIGHTS: data, CARD: cards.card(filled).encode()})
    return filled


def add_scores(folder: Path | str, scores: Mapping[str, JsonValue], sha256: str) -> CheckpointInfo:
    """Write scores of whole splits, by their reference, into a checkpoint's config and a fresh card; its weights stay.

    sha256: of the weights that were scored. Raises CheckpointError as `read_info`, when others lie there by now, and
    when it cannot be written.
    """
    place, locks = Path(folder), settings.home() / "locks"
    try:
        locks.mkdir(parents=True, exist_ok=True)
        with FileLock(locks / f"card-{place.name}.lock"):
            return _add_scores(place, scores, sha256)
    except OSError as error:
        raise CheckpointError(f"{place.name} cannot be read: {error.strerror or error}.") from None


def _add_scores(folder: Path, scores: Mapping[str, JsonValue], sha256: str) -> CheckpointInfo:
    from unetkd_core.zoo import cards

    def read(whole: Path) -> tuple[CheckpointInfo, bytes]:
        return _read_info(whole), (whole / WEIGHTS).read_bytes()

    info, data = folders.read_whole(folder, read)
    if info.sha256 != sha256:
        raise CheckpointError(f"{folder.name} was replaced while it was scored; its card stays. Score it once more.")
    told = info.model_copy(update={"metrics": {**info.metrics, **scores}})
    _write(folder, {CONFIG: told.dumps().encode(), WEIGHTS: data, CARD: cards.card(told).encode()})
    return told


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        folders.replace(folder, files)
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint {folder.name} cannot be written: {error.strerror or error}. Free space or choose another "
            f"folder."
        ) from None


def load(folder: Path | str) -> tuple["nn.Module", CheckpointInfo]:
    """The network (in eval mode, float32, on the CPU) and its info.

    Raises CheckpointError, one sentence, for all that `read_info` refuses, and for weights that are truncated, changed
    since they were saved, or do not fit the architecture in every name and shape.
    """
    return folders.read_whole(Path(folder), _load)


def _load(folder: Path) -> tuple["nn.Module", CheckpointInfo]:
    from unetkd_core.zoo import weights

    info = _read_info(folder)
    where = f"{folder.name}/{WEIGHTS}"
    data = weights.read(folder / WEIGHTS, parameters=_count_parameters(info.arch, where=folder.name))
    if weights.sha256(data) != info.sha256:
        raise CheckpointError(
            f"{where} is not the file that was saved (its sha256 differs from {CONFIG}): it is damaged or truncated; "
            "copy or train it again."
        )
    return weights.to_model(data, info.arch, where=where), info
