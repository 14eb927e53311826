"""RunConfig: every setting of one run, validated at once, JSON both ways. Needs no torch and touches no file.

A config is data: the same JSON is what the form fills in, what config.json holds, and what the worker reads. Fields
that are `auto` are chosen when the run first starts and written back, so that a resumed run and a twin compute in the
same way.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    Tag,
    ValidationError,
    model_serializer,
    model_validator,
)

from unetkd_core.errors import ConfigError
from unetkd_core.models.backbones import ENCODERS
from unetkd_core.models.complexity import normalises_one_value
from unetkd_core.models.levels import widths_of
from unetkd_core.models.names import arch_of, usual_norm
from unetkd_core.training import terms
from unetkd_core.training.terms import ExtraTerm
from unetkd_core.zoo import references
from unetkd_core.zoo.ensembles import EnsembleSpec

FORMAT_VERSION: Final = 2
ModelName = Literal["M128", "M256", "M512", "M1024", "VGG16", "ResNet50", "MobileNetV2", "U64", "U16", "U4", "U2"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataConfig(_Section):
    """What is learned from. A data reference is `NAME` or `NAME:SPLIT`, as `streets:train` or
    `camvid:train-without-0006R0`.
    """

    train: tuple[str, ...] = Field(
        ("streets:train",), min_length=1, description="Data references to train on; several are mixed."
    )
    val: tuple[str, ...] = Field(
        ("streets:val",), min_length=1, description="Data references that curves and `best/` are measured on."
    )
    height: int = Field(128, ge=16, le=4096, description="Packed height in pixels.")
    width: int = Field(256, ge=16, le=8192, description="Packed width in pixels.")
    max_train: int | None = Field(None, ge=1, description="At most so many training scenes of each dataset; none: all.")
    max_val: int | None = Field(None, ge=1, description="At most so many validation scenes of each dataset; none: all.")


class ModelConfig(_Section):
    """The network that is trained."""

    name: ModelName = Field(
        "M128",
        description="The paper's M-model (16 filters at the first level, doubled until the name), an encoder, or a "
        "U-model of the chain (4 levels, as many filters at the first as the name says).",
    )
    norm: Literal["none", "batch"] = Field(
        "none",
        description="Batch normalisation after each 3x3 convolution, or none (the paper's students). With an encoder "
        "it is the decoder's, and batch where nothing is said.",
    )
    weights: Literal["imagenet"] | None = Field(
        None, description="What an encoder starts from: imagenet, or none for scratch."
    )
    start: str | None = Field(
        None,
        min_length=1,
        max_length=300,
        description="A trained network of the same kind to go on from: a checkpoint's name, run:ID or hf:owner/repo; "
        "none: not.",
    )

    @model_serializer(mode="wrap")
    def _without_what_is_not_said(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As releases wrote it that knew no start, so that they and tables of before read it."""
        data: dict[str, Any] = serialize(self)
        if self.start is None:
            data.pop("start", None)
        return data

    @model_validator(mode="before")
    @classmethod
    def _usual_norm(cls, data: Any) -> Any:
        if isinstance(data, dict) and "norm" not in data and isinstance(data.get("name"), str):
            return {**data, "norm": usual_norm(data["name"])}
        return data

    @model_validator(mode="after")
    def _weights_fit(self) -> "ModelConfig":
        if self.weights is not None and self.name not in ENCODERS:
            raise ValueError(f"{self.name} has no ImageNet weights; only {', '.join(ENCODERS)} have")
        if self.weights is not None and self.start is not None:
            raise ValueError(f"starts from {self.start} and from ImageNet's weights; leave one out")
        return self


class TeachingConfig(_Section):
    """Standard pixel-wise distillation, alpha * CE + (1 - alpha) * KL(teacher || student) at a temperature, and what
    else is distilled: each of `terms` times its weight. An alpha of 1 with such terms leaves the KL out.
    """

    teacher: Annotated[
        Annotated[Annotated[str, Field(min_length=1)], Tag("name")] | Annotated[EnsembleSpec, Tag("ensemble")],
        Discriminator(lambda value: "name" if isinstance(value, str) else "ensemble"),
    ] = Field(description="Who teaches: a checkpoint's name, run:ID, or an ensemble of such.")
    alpha: float = Field(0.1, ge=0, le=1, description="Weight of the hard labels; 1 - alpha is the soft term's.")
    temperature: float = Field(10.0, ge=1, le=1000, description="T: divides both networks' logits before the softmax.")
    scale_by_t2: bool = Field(False, description="Multiply the soft term by T squared (Hinton); off in the paper.")
    direction: Literal["forward", "reverse"] = Field(
        "forward", description="forward: KL(teacher || student); reverse: KL(student || teacher)."
    )
    cache: bool | None = Field(
        None,
        description="Keep the teacher's answers on disk for this run and all after it: true, or the run is refused; "
        "false: ask at every step; none: keep them where they fit.",
    )
    weight_soft_by_class: bool = Field(
        True, description="The hard term's class weights on the soft term too; the paper has none."
    )
    terms: tuple[ExtraTerm, ...] = Field(
        (), max_length=16, description="What is distilled beside soft labels; each is added times its weight."
    )

    @model_validator(mode="after")
    def _terms_fit(self) -> "TeachingConfig":
        terms.require_distinct(self.terms)
        if terms.levels_of(self.terms) and not isinstance(self.teacher, str):
            raise ValueError(terms.NO_MAPS)
        if self.cache and (why := terms.why_live(self.terms)):
            raise ValueError(f"the teacher's answers cannot be kept: {why}; leave cache open")
        return self

    @property
    def pixel_wise(self) -> bool:
        """Whether the soft labels' KL is worked out: not where it weighs nothing and other terms teach."""
        return self.alpha < 1 or not self.terms

    @property
    def needs_labels(self) -> bool:
        """Whether a scene without labels teaches nothing: an alpha of 1, and no terms but such as read labels."""
        return self.alpha == 1 and all(term.needs_labels for term in self.terms)


class OptimConfig(_Section):
    """How the weights move."""

    epochs: int = Field(20, ge=1, le=10_000)
    batch_size: int = Field(8, ge=1, le=1024)
    optimizer: Literal["adamw", "adam"] = "adamw"
    learning_rate: float = Field(3e-3, gt=0, le=1, description="The peak of the schedule.")
    weight_decay: float = Field(1e-4, ge=0, le=1)
    schedule: Literal["one_cycle", "constant"] = "one_cycle"
    clip_norm: float | None = Field(
        1.0,
        gt=0,
        description="Clip the norm of the network's gradient to this; none: no clipping. Adapters beside a student are "
        "not in it, so that it is clipped as its twin is.",
    )
    encoder_rate: float = Field(
        1.0, gt=0, le=1, description="An encoder's learning rate, as a share of the rest's; 1 for M-models."
    )
    encoder_frozen_epochs: int = Field(
        0,
        ge=0,
        le=10_000,
        description="Epochs at the beginning in which an encoder stays as it is, statistics included.",
    )
    class_weights: Literal["sqrt", "none"] = Field(
        "sqrt", description="sqrt: weights of 1/sqrt(share), mean 1 over pixels; none: 1."
    )


class AugmentConfig(_Section):
    """A finite list of views (flips x scales x crop grid) and colour jitter that only the student sees."""

    flip: bool = True
    scales: tuple[float, ...] = Field(
        (1.0, 1.25, 1.5), min_length=1, description="Zooms >= 1; the crop is 1/scale of each side."
    )
    crop_grid: int = Field(3, ge=1, le=9, description="Crop positions along each axis, evenly spaced.")
    draw: Literal["turns", "chance"] = Field(
        "turns",
        description="turns: each scene shows its views one after the other, an epoch each, whatever the seed, so that "
        "a teacher's answers can be kept; chance: a view by seed, epoch and scene.",
    )
    turns: int | None = Field(
        None, ge=1, description="So many views of each scene, its own; none: all. Fewer make a smaller teacher's cache."
    )
    jitter: float = Field(0.2, ge=0, le=0.9, description="Brightness, contrast and saturation by up to this fraction.")

    @model_validator(mode="after")
    def _zooms(self) -> "AugmentConfig":
        if any(not 1.0 <= s <= 4.0 for s in self.scales):
            raise ValueError(f"scales are {list(self.scales)}; each must lie between 1 and 4")
        if self.draw == "chance" and self.turns is not None:
            raise ValueError("turns is a number of views in turn; with draw chance there are none")
        return self


class HardwareConfig(_Section):
    """How it is computed. `auto` and none are chosen by measurement when the run first starts, then written down."""

    device: str = Field("auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    memory_format: Literal["auto", "contiguous", "channels_last"] = "auto"
    threads: int | None = Field(None, ge=1, le=1024)


class RunConfig(_Section):
    """One run: a network trained on labels alone (`teaching` is none) or taught."""

    format_version: Literal[2] = FORMAT_VERSION
    name: str = Field("", max_length=80, description="A person's name for the run; empty: made from the settings.")
    recipe: str = Field("default", max_length=40, description="Which preset it came from, for the record.")
    seed: int = Field(0, ge=0, lt=2**31)
    twin_of: str | None = Field(None, description="Id of the taught run that this one is the untaught twin of.")
    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    teaching: TeachingConfig | None = None
    optim: OptimConfig = OptimConfig()
    augment: AugmentConfig = AugmentConfig()
    hardware: HardwareConfig = HardwareConfig()

    @model_validator(mode="after")
    def _consistent(self) -> "RunConfig":
        if self.optim.encoder_frozen_epochs >= self.optim.epochs and self.model.name in ENCODERS:
            raise ValueError(
                f"the encoder would stay frozen for {self.optim.encoder_frozen_epochs} of {self.optim.epochs} epochs; "
                "leave it some to learn in"
            )
        special = self.optim.encoder_rate != 1 or self.optim.encoder_frozen_epochs
        if special and self.model.name not in ENCODERS:
            raise ValueError(f"encoder_rate and encoder_frozen_epochs are for {', '.join(ENCODERS)}, not for M-models")
        if self.teaching is not None and self.teaching.cache and self.augment.draw == "chance":
            raise ValueError("a teacher's answers can be kept only for views in turn; set augment.draw to turns")
        if self.twin_of is not None and self.teaching is not None:
            raise ValueError("a twin has no teacher: twin_of and teaching exclude each other")
        return self

    @model_validator(mode="after")
    def _large_enough_to_normalise(self) -> "RunConfig":
        height, width = self.data.height, self.data.width
        if normalises_one_value(arch_of(self.model.name, self.model.norm), height, width):
            raise ValueError(
                f"batch normalisation needs more than the one pixel that {self.model.name} makes of a "
                f"{height}×{width} picture; choose a larger size"
            )
        return self

    @model_validator(mode="after")
    def _student_has_levels(self) -> "RunConfig":
        if self.teaching is not None:
            terms.require_levels(self.teaching.terms, self.model.name, widths_of(arch_of(self.model.name)))
        return self

    @property
    def role(self) -> Literal["student", "twin", "alone"]:
        """student: taught; twin: the same net untaught, beside a student; alone: trained on labels for its own sake (a
        teacher, say).
        """
        if self.teaching is not None:
            return "student"
        return "twin" if self.twin_of else "alone"

    @property
    def title(self) -> str:
        """`name`, or one made from the settings: "M128 from M1024", "M256 alone"."""
        if self.name:
            return self.name
        if self.teaching is not None:
            return f"{self.model.name} from {references.label(self.teaching.teacher)}"
        return f"{self.model.name} {'untaught' if self.twin_of else 'alone'}"

    def twin(self, student_run_id: str) -> "RunConfig":
        """The control run: same student, seed, data order and budget, hard labels only."""
        return self.model_copy(update={"teaching": None, "twin_of": student_run_id, "name": ""})

    def with_(self, **changes: Any) -> "RunConfig":
        """A validated copy; nested sections are given as dicts: `config.with_(optim={"epochs": 3})`."""
        data = self.model_dump()
        for key, value in changes.items():
            if isinstance(value, dict) and isinstance(data.get(key), dict):
                data[key] = {**data[key], **value}
            else:
                data[key] = value
        return parse_config(data)


def parse_config(data: Any, *, where: str = "The settings") -> RunConfig:
    """Build a RunConfig from JSON data.

    Raises ConfigError that lists every problem at once, or names the format version when it is from another release.
    """
    if not isinstance(data, dict):
        raise ConfigError(f"{where}: got {type(data).__name__}, expected a JSON object.")
    data = _migrated(data)
    version = data.get("format_version", FORMAT_VERSION)
    if version != FORMAT_VERSION:
        raise ConfigError(
            f"{where}: format version {version!r}, and this release reads up to {FORMAT_VERSION}; use the release "
            f"that wrote it."
        )
    try:
        return RunConfig.model_validate(data)
    except ValidationError as error:
        problems = "; ".join(_describe(e) for e in error.errors())
        raise ConfigError(f"{where}: {problems}.") from None


def _migrated(data: dict[str, Any]) -> dict[str, Any]:
    """A config of an older release as this one says it. Format 1 drew views by chance, and named no other way."""
    if data.get("format_version") is True or data.get("format_version") != 1:
        return data
    augment = data.get("augment", {})
    if not isinstance(augment, dict):
        return {**data, "format_version": FORMAT_VERSION}
    return {**data, "format_version": FORMAT_VERSION, "augment": {"draw": "chance", **augment}}


_TAGS: Final = {(tag, ("teaching", "teacher")) for tag in ("name", "ensemble")}
"""Which kind of teacher it is, is no field of its own."""


def _describe(error: Any) -> str:
    loc = [p for p in error["loc"] if (p, error["loc"][:2]) not in _TAGS]
    message = error["msg"].removeprefix("Value error, ")
    if message[1:2].islower():
        message = message[:1].lower() + message[1:]
    got = error.get("input")
    shown = "" if isinstance(got, (dict, BaseModel)) or got is None else f" (got {str(got)[:60]!r})"
    return f"{'.'.join(map(str, loc))}: {message}{shown}" if loc else f"{message}{shown}"
