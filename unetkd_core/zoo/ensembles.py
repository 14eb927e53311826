"""An ensemble as data: its members by reference, how they are weighed, and the file ensemble.json. Needs no torch.

It is no network of its own: whoever loads it loads its members (references.py). A named one is a folder in checkpoints/
that holds ensemble.json alone; a run's config holds one inside, so that the run needs no such file.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from unetkd_core import outside, visitors
from unetkd_core.errors import CheckpointError, ConfigError
from unetkd_core.models.weighting import (
    LABELS,
    SEARCHED,
    Space,
    Weighting,
    by_class,
    check_given,
    even,
    on_simplex,
)
from unetkd_core.zoo import folders, marks
from unetkd_core.zoo.checkpoints import ENSEMBLE, CheckpointInfo
from unetkd_core.zoo.licences import licence_of

FORMAT_VERSION: Final = 1
MAX_MEMBERS: Final = 16
MAX_BYTES: Final = 1024 * 1024


_Number = Annotated[float, AllowInfNan(True)]
"""NaN and infinity come through to `on_simplex`, which says what is wrong with them."""


class EnsembleSpec(BaseModel):
    """Who belongs to it and how they are weighed. Frozen; `found` makes the one whose weights have been searched."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    format_version: Literal[1] = FORMAT_VERSION
    title: str = Field("", max_length=200, description="A person's words for it; empty: made from the members.")
    members: tuple[str, ...] = Field(
        min_length=1, max_length=MAX_MEMBERS, description="References: names in checkpoints/, run:ID or hf:owner/repo."
    )
    sha256: tuple[str, ...] = Field(
        (), description="Of each member's weights, so that others of that name are refused; empty: not fixed yet."
    )
    space: Space = Field("probs", description="What is averaged: probabilities (the paper) or centred logits.")
    weighting: Weighting = Field("even", description="Where the weights come from; models/weighting.py lists them.")
    weights: tuple[_Number, ...] | None = Field(
        None, description="One a member; with loss and confidence what is multiplied by what they find."
    )
    class_weights: tuple[tuple[_Number, ...], ...] | None = Field(
        None, description="With per_class: one row a member, one column a class."
    )
    searched_on: tuple[str, ...] = Field((), description="Data references that the weights were searched on.")
    metrics: dict[str, JsonValue] = Field(default_factory=dict, description='Scores JSON by data, as "camvid:val".')

    @model_validator(mode="after")
    def _consistent(self) -> "EnsembleSpec":
        twice = sorted({m for m in self.members if self.members.count(m) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is named twice; a network has one say, raise its weight instead")
        if self.sha256 and len(self.sha256) != len(self.members):
            raise ValueError(f"{len(self.sha256)} sha256 for {len(self.members)} members; expected one for each")
        self._check_weights()
        return self

    def _check_weights(self) -> None:
        try:
            if not self.open:
                check_given(self.weighting, self.weights, self.class_weights)
            if self.weights is not None:
                on_simplex(self.weights, len(self.members))
            if self.class_weights is not None:
                by_class(self.class_weights, len(self.members))
        except ConfigError as error:
            raise ValueError(str(error).rstrip(".")) from None

    @property
    def open(self) -> bool:
        """Whether its weights are still to be searched."""
        return self.weighting in SEARCHED and self.weights is None and self.class_weights is None

    @property
    def shares(self) -> tuple[float, ...]:
        """The members' weights with sum 1; even where nothing else is known."""
        count = len(self.members)
        return even(count) if self.weights is None else on_simplex(self.weights, count)

    @property
    def heard(self) -> list[int]:
        """Places of the members that have a say: whose weight, or weight for some class, is not 0."""
        table = self.class_weights or [(share,) for share in self.shares]
        return [place for place, row in enumerate(table) if max(row) > 0]

    def found(
        self,
        searched_on: Sequence[str],
        *,
        weights: Sequence[float] | None = None,
        class_weights: Sequence[Sequence[float]] | None = None,
        metrics: Mapping[str, Any] | None = None,
    ) -> "EnsembleSpec":
        """The same with the weights that a search found, and what they scored on its data."""
        return parse(
            {
                **self.model_dump(),
                "weights": weights,
                "class_weights": class_weights,
                "searched_on": tuple(searched_on),
                "metrics": dict(metrics or {}),
            }
        )

    def dumps(self) -> str:
        """ensemble.json's text."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def parse(data: Any, *, where: str = "The ensemble") -> EnsembleSpec:
    """Build one from JSON data. Raises ConfigError that names every problem."""
    if not isinstance(data, dict):
        raise ConfigError(f"{where} is a {type(data).__name__}; expected a JSON object with members.")
    version = data.get("format_version", FORMAT_VERSION)
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise ConfigError(f"{where} has format version {version!r}; this release reads {FORMAT_VERSION}.")
    try:
        return EnsembleSpec.model_validate(data)
    except ValidationError as error:
        raise ConfigError("; ".join(map(_problem, error.errors()[:5])) + ".") from None


def _problem(error: Any) -> str:
    """A field by name and what is wrong with it; a sentence of our own as it is."""
    message = error["msg"].removeprefix("Value error, ")
    return f"ensemble.{'.'.join(map(str, error['loc']))}: {message}" if error["loc"] else message


def read_file(path: Path) -> EnsembleSpec:
    """What an ensemble.json says. Raises CheckpointError when it cannot be read, ConfigError when it makes no sense."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CheckpointError(f"{path} is larger than 1 MB, expected a few kilobytes: it is no {ENSEMBLE}.")
        data = outside.read_json(path, MAX_BYTES)
    except FileNotFoundError:
        raise CheckpointError(f"There is no file {path}; expected an {ENSEMBLE}.") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}.") from None
    except ValueError:
        raise CheckpointError(f"{path} is not JSON; expected what `unetkd ensemble search -o` writes.") from None
    return parse(data, where=str(path))


def save(spec: EnsembleSpec, folder: Path) -> None:
    """Write the named ensemble into its folder, as a whole. Raises CheckpointError when it cannot be written,
    NotAllowedError for a visitor of a public server.
    """
    visitors.refuse("Keeping an ensemble under a name")
    try:
        folders.replace(folder, {ENSEMBLE: spec.dumps().encode()})
    except OSError as error:
        raise CheckpointError(f"The ensemble {folder.name} cannot be written: {error.strerror or error}.") from None


def describe(spec: EnsembleSpec, infos: Sequence[CheckpointInfo], *, name: str = "ensemble") -> CheckpointInfo:
    """What a checkpoint's info would say of it: members' costs and licences added up (one of weight 0 costs nothing, as
    it is never asked), the largest training size.

    Raises CheckpointError when the members do not fit together, or are not those that it was made of.
    """
    _check_members(spec, infos)
    largest = max(infos, key=lambda info: (info.height * info.width, info.height))
    members = {"members": [info.arch for info in infos], "heard": spec.heard}
    return CheckpointInfo(
        name=name,
        title=spec.title or title_of(spec, infos),
        role="ensemble",
        arch={"type": "ensemble", "name": f"{len(infos)} networks", **members},
        mapping=[m for m in infos[0].mapping if all(m in info.mapping for info in infos)],
        height=largest.height,
        width=largest.width,
        parameters=sum(infos[place].parameters for place in spec.heard),
        macs=sum(infos[place].macs for place in spec.heard),
        metrics=spec.metrics,
        chosen_on=sorted(marks.whole(spec.searched_on).union(*map(marks.chosen_on, infos))),
        data=_union(info.data for info in infos),
        licence=licence_of(info.licence for info in infos),
        sha256=_digest(spec, infos),
        created=max(info.created for info in infos),
    )


def title_of(spec: EnsembleSpec, infos: Sequence[CheckpointInfo]) -> str:
    """ "VGG16 + ResNet50 + MobileNetV2 (1:1:4)": what the members are and how they are weighed, unless evenly."""
    names = [str(info.arch.get("name") or info.title) for info in infos]
    if len(set(names)) < len(names):
        names = [info.title or info.name for info in infos]
    how = _weights_in_short(spec)
    return " + ".join(names)[: 200 - len(how)] + how


def _weights_in_short(spec: EnsembleSpec) -> str:
    """ " (1:1:4)"; nothing where they are even, or still to be searched."""
    if spec.weighting in ("loss", "confidence"):
        return f" (by {spec.weighting})"
    if spec.class_weights is not None:
        return " (by class)"
    return "" if spec.weights is None else f" ({':'.join(f'{w:g}' for w in spec.weights)})"


def weights_in_words(spec: EnsembleSpec) -> str:
    """ "0.25, 0.25, 0.50, best of the grid on camvid:train-only-0006R0"."""
    how = LABELS[spec.weighting]
    how = how[:1].lower() + how[1:]
    on = f" on {', '.join(spec.searched_on)}" if spec.searched_on else ""
    if spec.weights is None:
        return how + on
    return f"{', '.join(f'{share:.2f}' for share in spec.shares)}, {how}{on}"


def _check_members(spec: EnsembleSpec, infos: Sequence[CheckpointInfo]) -> None:
    for ref, info in zip(spec.members, infos, strict=True):
        if info.role == "ensemble":
            raise CheckpointError(f"{ref} is an ensemble itself; name its members instead.")
        channels = info.arch.get("num_classes")
        if info.classes != infos[0].classes or channels != len(info.classes):
            raise CheckpointError(
                f"{ref} has other classes ({channels}: {', '.join(info.classes)[:120]}) than {spec.members[0]} "
                f"({', '.join(infos[0].classes)[:120]}); an ensemble needs networks with one set of classes."
            )
    for ref, info, expected in zip(spec.members, infos, spec.sha256, strict=False):
        if info.sha256 != expected:
            raise CheckpointError(
                f"{ref} is not the network that this ensemble was made of (its weights have changed); put that one "
                f"back, or search the weights again."
            )


def _union(lists: Iterable[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(item for one in lists for item in one))


def _digest(spec: EnsembleSpec, infos: Sequence[CheckpointInfo]) -> str:
    """Of all that its answers depend on: members' weights, space, weighting. The order of members does not matter."""
    table = spec.class_weights or [(share,) for share in spec.shares]
    members = sorted([info.sha256, info.height, info.width, list(row)] for info, row in zip(infos, table, strict=True))
    text = json.dumps([members, spec.space, spec.weighting])
    return hashlib.sha256(text.encode()).hexdigest()
