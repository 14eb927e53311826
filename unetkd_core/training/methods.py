"""What a run distils, by its name: which of presets.METHODS a teaching section is. Needs no torch."""

from unetkd_core.training.config import TeachingConfig
from unetkd_core.training.presets import METHODS


def method_of(teaching: TeachingConfig) -> str | None:
    """The method's name; None where terms, weights or switches are as no method has them."""
    said = teaching.model_dump(mode="json")
    return next((n for n, preset in METHODS.items() if TeachingConfig(**{**said, **preset.changes}) == teaching), None)


def beyond_soft_labels(teaching: TeachingConfig) -> str:
    """The method's label where it is more than soft labels: "Structured", "DIST"; "own terms"; else empty."""
    if not teaching.terms:
        return ""
    name = method_of(teaching)
    return METHODS[name].label if name else "own terms"
