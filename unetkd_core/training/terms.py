"""What a student can be taught beside soft labels, as data: one small settings object a method. Needs no torch.

    total = alpha * CE + (1 - alpha) * KL + sum of weight * term

The definitions are in losses/, one file a method; the defaults are those of each method's authors, but for a weight
that says whose it is.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError, model_validator

from unetkd_core.errors import ConfigError
from unetkd_core.models.levels import Level


class _Term(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    needs_labels: ClassVar[bool] = False
    """Whether it says nothing of a scene without labels; else the teacher alone is enough for it."""
    not_authors: ClassVar[tuple[str, float] | None] = None
    """(whose weight the default is, its authors' own); none: the authors'."""

    @model_validator(mode="before")
    @classmethod
    def _level_is_of_maps(cls, data: Any) -> Any:
        if isinstance(data, dict) and "level" in data and "level" not in cls.model_fields:
            raise ValueError(f"{cls.model_fields['kind'].default} reads no maps, so it has no level")
        return data


def _weight(default: float) -> Any:
    return Field(default, gt=0, le=1e4, description="What the term is multiplied by before it is added.")


def _level(default: str) -> Any:
    return Field(default, description="Which map of the U-Net: up1 is the last one before the head.")


def _temperature(default: float) -> Any:
    return Field(default, ge=1, le=1000, description="The term's own T; the soft labels' is another.")


class PairWise(_Term):
    """Which places of a scene look alike to the network (Liu et al.)."""

    kind: Literal["pair_wise"] = "pair_wise"
    weight: float = _weight(0.5)
    level: Level = _level("up1")
    nodes: int = Field(3, ge=2, le=16, description="The scene is pooled to nodes x nodes places, each with each.")


class Holistic(_Term):
    """A critic sees image and map and tells whose it is; the student learns to pass for the teacher (Liu et al.)."""

    kind: Literal["holistic"] = "holistic"
    weight: float = _weight(0.1)
    critic_rate: float = Field(4e-4, gt=0, le=1, description="The critic's own learning rate.")
    penalty: float = Field(10.0, ge=0, le=1000, description="Weight of the critic's gradient penalty.")


class IntraClass(_Term):
    """How far each pixel lies from its class's mean feature (Wang et al.)."""

    kind: Literal["intra_class"] = "intra_class"
    weight: float = _weight(20.0)
    level: Level = _level("up1")

    needs_labels: ClassVar[bool] = True
    not_authors: ClassVar[tuple[str, float] | None] = ("CIRKD’s port", 200.0)


class ChannelWise(_Term):
    """Where in the picture each channel looks (Shu et al.), on logits or on the maps of a level."""

    kind: Literal["channel_wise"] = "channel_wise"
    weight: float = _weight(3.0)
    level: Literal["logits"] | Level = _level("logits")
    temperature: float = _temperature(4.0)

    @model_validator(mode="before")
    @classmethod
    def _usual_weight(cls, data: Any) -> Any:
        if isinstance(data, dict) and "weight" not in data and data.get("level", "logits") != "logits":
            return {**data, "weight": 50.0}
        return data


class Correlation(_Term):
    """How classes rank at a pixel, and pixels within a class, instead of equal probabilities (Huang et al., DIST)."""

    kind: Literal["correlation"] = "correlation"
    weight: float = _weight(1.0)
    inter: float = Field(1.0, ge=0, le=1000, description="Share of the correlation over classes, at each pixel.")
    intra: float = Field(1.0, ge=0, le=1000, description="Share of the correlation over pixels, within each class.")
    temperature: float = _temperature(1.0)


KINDS: Final = {
    "pair_wise": PairWise,
    "holistic": Holistic,
    "intra_class": IntraClass,
    "channel_wise": ChannelWise,
    "correlation": Correlation,
}
"""What a term may be, by name."""


NO_MAPS: Final = (
    "an ensemble has no feature maps of its own for its student to follow; distil features from one network, or choose "
    "terms that look at the answers alone"
)


def _kind(value: Any) -> str | None:
    return value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)


ExtraTerm = Annotated[
    Annotated[PairWise, Tag("pair_wise")]
    | Annotated[Holistic, Tag("holistic")]
    | Annotated[IntraClass, Tag("intra_class")]
    | Annotated[ChannelWise, Tag("channel_wise")]
    | Annotated[Correlation, Tag("correlation")],
    Discriminator(
        _kind,
        custom_error_type="unknown_term",
        custom_error_message=f"a term's kind is one of {', '.join(KINDS)}",
    ),
]


def level_of(term: ExtraTerm) -> str | None:
    """Which map it reads; none: it looks at what the networks say in the end."""
    level = getattr(term, "level", None)
    return None if level == "logits" else level


def levels_of(terms: Sequence[ExtraTerm]) -> tuple[str, ...]:
    """Every level that is read, once each."""
    return tuple(dict.fromkeys(level for term in terms if (level := level_of(term)) is not None))


def names(terms: Sequence[ExtraTerm]) -> tuple[str, ...]:
    """What each is called in metrics and charts: its kind, and its level where a kind is there twice."""
    kinds = [term.kind for term in terms]
    return tuple(
        k if kinds.count(k) == 1 else f"{k}:{level_of(t) or 'logits'}" for k, t in zip(kinds, terms, strict=True)
    )


def label(name: str) -> str:
    """What `names` gives, as one says it: "pair-wise", "channel-wise up1"."""
    return name.replace("_", "-").replace(":", " ")


def in_words(terms: Sequence[ExtraTerm]) -> str:
    """ "0.5 × pair-wise up1, 0.1 × holistic": what is added, and with which weight."""
    said = (" ".join(filter(None, [label(term.kind), level_of(term)])) for term in terms)
    return ", ".join(f"{term.weight:g} × {one}" for term, one in zip(terms, said, strict=True))


def whose_weight(term: ExtraTerm) -> str:
    """Whose the default weight of such a term is, in a sentence: "Its authors’ weight is 0.5."."""
    usual = type(term).model_validate(term.model_dump(exclude={"weight"})).weight
    if term.not_authors is None:
        return f"Its authors’ weight is {usual:g}."
    whose, authors = term.not_authors
    return f"{whose} has {usual:g}, its authors {authors:g}."


def parse_term(text: str) -> ExtraTerm:
    """ "pair_wise", "pair_wise:0.5" or "channel_wise:50:up1": kind, weight, level. Raises ConfigError."""
    kind, _, rest = text.strip().partition(":")
    weight, _, level = rest.partition(":")
    try:
        given = {"weight": float(weight)} if weight else {}
        term: ExtraTerm = TypeAdapter(ExtraTerm).validate_python(
            {"kind": kind.replace("-", "_"), **given, **({"level": level} if level else {})}
        )
    except ValidationError as error:
        first = error.errors()[0]
        why = first["msg"].removeprefix("Value error, ")
        why = f"{why[:1].lower()}{why[1:]}"
    except ValueError:
        why = f"{weight!r} is no weight"
    else:
        return term
    raise ConfigError(f"{text!r} is no term: {why}; expected kind:weight:level, as channel_wise:50:up1.")


def why_live(terms: Sequence[ExtraTerm]) -> str:
    """Why kept answers do not serve these terms, in a few words; empty: they do.

    Kept are centred log-probabilities of what the networks say in the end: enough for every softmax over classes.
    """
    if levels_of(terms):
        return "its student follows the maps inside it, and only its answers could be kept"
    if any(isinstance(term, ChannelWise) for term in terms):
        return "a channel-wise term needs its own logits, and kept answers hold them only up to a constant a pixel"
    return ""


def require_distinct(terms: Sequence[ExtraTerm]) -> None:
    """Raise ValueError where a kind stands there twice on the same maps."""
    places = [(term.kind, level_of(term)) for term in terms]
    for kind, level in places:
        if places.count((kind, level)) > 1:
            raise ValueError(
                f"{kind} is there twice{'' if level is None else f' at {level}'}; raise its weight instead"
            )


def require_levels(terms: Sequence[ExtraTerm], network: str, widths: Mapping[str, int]) -> None:
    """Raise ValueError where a term reads a level that the network lacks. widths: models.levels.widths_of."""
    for level in levels_of(terms):
        if level not in widths:
            raise ValueError(f"{network} has no maps at {level}; its levels are {', '.join(widths)}")
