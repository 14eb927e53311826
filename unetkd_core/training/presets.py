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

METHODS: Final = {
    "kd": Preset(
        "kd",
        "Soft labels",
        "The paper's: KL(teacher ‖ student) with no T², so its pull fades as T grows.",
        {"scale_by_t2": False, "direction": "forward"},
    ),
    "kd-t2": Preset(
        "kd-t2",
        "Soft labels × T²",
        "Hinton's: T² gives the soft term the same pull at any temperature.",
        {"scale_by_t2": True, "direction": "forward"},
    ),
    "reverse": Preset(
        "reverse",
        "Reversed × T²",
        "KL(student ‖ teacher) with T²: the student may leave out what it cannot follow.",
        {"scale_by_t2": True, "direction": "reverse"},
    ),
}
"""What a sweep can compare: `changes` goes to the teaching section. α, T and the teacher are axes of their own."""

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
