"""Recipes (how well) and budgets (how long) as data: what the forms and the CLI start from. Needs no torch.

A recipe says how to train; a budget says how much. The paper's settings stay available unchanged.
"""

from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True)
class Preset:
    """A named change to RunConfig: `changes` goes to `RunConfig.with_`.

    recipe, teaching: the recipe and the KD preset that a budget brings along where no other is chosen.
    """

    name: str
    label: str
    explanation: str
    changes: dict[str, Any] = field(default_factory=dict)
    recipe: str | None = None
    teaching: str | None = None


RECIPES: Final = {
    "default": Preset(
        "default",
        "Sound",
        "Class weights on hard and soft terms, AdamW, one cycle to 3e-3: rare classes are learned too.",
        {"recipe": "default"},
    ),
    "paper": Preset(
        "paper",
        "The paper's",
        "Adam at a constant 1e-4, plain cross-entropy, no class weights, 20 epochs.",
        {
            "recipe": "paper",
            "optim": {
                "optimizer": "adam",
                "learning_rate": 1e-4,
                "weight_decay": 0.0,
                "schedule": "constant",
                "clip_norm": None,
                "class_weights": "none",
                "epochs": 20,
            },
        },
    ),
}

KD_PRESETS: Final = {
    "paper": Preset(
        "paper",
        "Paper",
        "α 0.1, T 10, no T²: nearly label training, because the soft gradient shrinks as 1/T².",
        {"alpha": 0.1, "temperature": 10.0, "scale_by_t2": False},
    ),
    "hinton": Preset(
        "hinton",
        "Hinton",
        "α 0.5, T 4, with T²: the soft term keeps its weight at any temperature.",
        {"alpha": 0.5, "temperature": 4.0, "scale_by_t2": True},
    ),
}

_SOFT: Final = {"scale_by_t2": True, "direction": "forward"}
_INSTEAD: Final = {"alpha": 1.0, "temperature": 1.0, **_SOFT}
"""The whole weight on labels: what the method brings comes in the soft labels' place, as its authors have it."""

METHODS: Final = {
    "kd": Preset(
        "kd",
        "Soft labels",
        "The paper's: KL(teacher ‖ student) with no T², so its pull fades as T grows.",
        {"scale_by_t2": False, "direction": "forward", "terms": ()},
    ),
    "kd-t2": Preset(
        "kd-t2",
        "Soft labels × T²",
        "Hinton's: T² gives the soft term the same pull at any temperature.",
        {**_SOFT, "terms": ()},
    ),
    "reverse": Preset(
        "reverse",
        "Reversed × T²",
        "KL(student ‖ teacher) with T²: the student may leave out what it cannot follow.",
        {"scale_by_t2": True, "direction": "reverse", "terms": ()},
    ),
    "pair-wise": Preset(
        "pair-wise",
        "Pair-wise",
        "Soft labels × T², and which places of a scene look alike inside the network (Liu et al.).",
        {**_SOFT, "terms": ({"kind": "pair_wise"},)},
    ),
    "structured": Preset(
        "structured",
        "Structured",
        "Pair-wise, and a critic that compares whole maps: the student learns to pass for the teacher (Liu et al.).",
        {**_SOFT, "terms": ({"kind": "pair_wise"}, {"kind": "holistic"})},
    ),
    "intra-class": Preset(
        "intra-class",
        "Intra-class",
        "Soft labels × T², and how far each pixel lies from its class's mean feature (Wang et al.).",
        {**_SOFT, "terms": ({"kind": "intra_class"},)},
    ),
    "channel-wise": Preset(
        "channel-wise",
        "Channel-wise",
        "Instead of soft labels: where in the picture each class is most likely (Shu et al.). α is 1.",
        {**_INSTEAD, "terms": ({"kind": "channel_wise"},)},
    ),
    "channel-wise-features": Preset(
        "channel-wise-features",
        "Channel-wise, features",
        "Instead of soft labels: where each channel of the last map looks (Shu et al.). α is 1.",
        {**_INSTEAD, "terms": ({"kind": "channel_wise", "level": "up1"},)},
    ),
    "dist": Preset(
        "dist",
        "DIST",
        "Instead of soft labels: rankings of classes and of pixels, not equal numbers (DIST, Huang et al.). α is 1.",
        {**_INSTEAD, "terms": ({"kind": "correlation"},)},
    ),
}
"""What can be distilled, and what a sweep can compare: `changes` goes to the teaching section. Where a method names α
and T itself, they are part of it; else they are axes of their own, as the teacher is.
"""

BUDGETS: Final = {
    "taste": Preset(
        "taste",
        "Taste",
        "A first look, about a minute on two cores.",
        {
            "data": {"height": 64, "width": 128, "max_train": 320, "max_val": 48},
            "optim": {"epochs": 8, "batch_size": 4},
        },
    ),
    "short": Preset(
        "short",
        "Short",
        "More streets, larger pictures, more epochs; not yet the paper's size.",
        {"data": {"height": 96, "width": 192, "max_train": 800, "max_val": 120}, "optim": {"epochs": 15}},
    ),
    "paper": Preset(
        "paper",
        "Paper",
        "The paper's: 20 epochs, learning rate 1e-4, α 0.1, T 10.",
        {"data": {"height": 128, "width": 256, "max_train": None, "max_val": None}, "optim": {"epochs": 20}},
        recipe="paper",
        teaching="paper",
    ),
}
