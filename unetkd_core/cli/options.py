"""The options that `train` and `distill` share, and which setting of RunConfig each one sets. Data, not logic.

None means "not given": the setting then comes from --config, the recipe, the budget, or RunConfig's default.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from unetkd_core.training.config import ModelName
from unetkd_core.training.presets import METHODS
from unetkd_core.training.terms import KINDS

_HOW, _DATA, _TEACHING = "How to train", "Data", "Teaching"

Name = Annotated[str | None, typer.Option("--name", help="A name for the run.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE.json", help="Start from a run's config.json, or part of one.")
]
Recipe = Annotated[
    Literal["default", "paper"] | None, typer.Option("--recipe", help="How to train.", rich_help_panel=_HOW)
]
Budget = Annotated[
    Literal["taste", "short", "paper"] | None,
    typer.Option(
        "--budget",
        help="How much: sizes, scenes and epochs. paper: with its recipe and preset, unless you name others.",
        rich_help_panel=_HOW,
    ),
]
Norm = Annotated[
    Literal["none", "batch"] | None, typer.Option("--norm", help="Batch normalisation, or none.", rich_help_panel=_HOW)
]
EncoderWeights = Annotated[
    Literal["imagenet"] | None,
    typer.Option(
        "--encoder-weights", help="What an encoder starts from; left out: from scratch.", rich_help_panel=_HOW
    ),
]
StartFrom = Annotated[
    str | None,
    typer.Option(
        "--start-from",
        metavar="REF",
        help="A trained network to go on from: a checkpoint's name, run:ID or hf:owner/repo. What is trained is then "
        "of its kind.",
        rich_help_panel=_HOW,
    ),
]
EncoderRate = Annotated[
    float | None,
    typer.Option("--encoder-rate", help="An encoder's learning rate, as a share of --lr.", rich_help_panel=_HOW),
]
FreezeEncoder = Annotated[
    int | None,
    typer.Option(
        "--freeze-encoder", min=0, help="Leave the encoder as it is for so many epochs.", rich_help_panel=_HOW
    ),
]
Epochs = Annotated[int | None, typer.Option("--epochs", min=1, rich_help_panel=_HOW)]
BatchSize = Annotated[int | None, typer.Option("--batch-size", min=1, rich_help_panel=_HOW)]
LearningRate = Annotated[float | None, typer.Option("--lr", help="The schedule's peak.", rich_help_panel=_HOW)]
Seed = Annotated[int | None, typer.Option("--seed", min=0, rich_help_panel=_HOW)]
Train = Annotated[
    list[str] | None,
    typer.Option(
        "--train",
        metavar="REF",
        help="Train on this, as camvid or camvid:train-without-0006R0; repeat to mix.",
        rich_help_panel=_DATA,
    ),
]
Val = Annotated[
    list[str] | None,
    typer.Option(
        "--val",
        metavar="REF",
        help="Measure curves and choose the best epoch on this, as camvid:train-only-0006R0; repeat to mix.",
        rich_help_panel=_DATA,
    ),
]
Size = Annotated[
    str | None,
    typer.Option("--size", metavar="HxW", help="Packed height and width, as 128x256.", rich_help_panel=_DATA),
]
MaxTrain = Annotated[
    int | None,
    typer.Option("--max-train", min=1, help="At most so many training scenes of each dataset.", rich_help_panel=_DATA),
]
MaxVal = Annotated[
    int | None,
    typer.Option("--max-val", min=1, help="At most so many validation scenes of each dataset.", rich_help_panel=_DATA),
]

Model = Annotated[ModelName | None, typer.Option("--model", help="The network.")]
Student = Annotated[ModelName | None, typer.Option("--student", help="The network that is taught.")]
Teacher = Annotated[
    list[str] | None,
    typer.Option(
        "--teacher",
        metavar="REF",
        help="A checkpoint's name, run:ID, hf:owner/repo, an ensemble.json; several: their ensemble.",
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="HOW",
        help="How several teachers are weighed: even, search, fine, per-class, dynamic (by each batch's loss), "
        "confidence (by each pixel's), or numbers as 1,2,1.",
        rich_help_panel=_TEACHING,
    ),
]
Space = Annotated[
    Literal["probs", "logits"] | None,
    typer.Option("--space", help="What several teachers' mean is taken of.", rich_help_panel=_TEACHING),
]
Preset = Annotated[
    Literal["paper", "hinton"] | None,
    typer.Option("--preset", help="paper: α 0.1, T 10, no T²; hinton: α 0.5, T 4, T².", rich_help_panel=_TEACHING),
]
Method = Annotated[
    str | None,
    typer.Option(
        "--method",
        metavar="NAME",
        help=f"What is distilled, over the preset: {', '.join(METHODS)}.",
        rich_help_panel=_TEACHING,
    ),
]
Terms = Annotated[
    list[str] | None,
    typer.Option(
        "--term",
        metavar="KIND[:WEIGHT[:LEVEL]]",
        help=f"One more thing to distil, as channel_wise:50:up1; kinds: {', '.join(KINDS)}. Repeat for more.",
        rich_help_panel=_TEACHING,
    ),
]
Alpha = Annotated[
    float | None, typer.Option("--alpha", help="Weight of the hard labels, 0 to 1.", rich_help_panel=_TEACHING)
]
Temperature = Annotated[float | None, typer.Option("--temperature", help="T, at least 1.", rich_help_panel=_TEACHING)]
T2 = Annotated[
    bool | None, typer.Option("--t2/--no-t2", help="Multiply the soft term by T².", rich_help_panel=_TEACHING)
]
Turns = Annotated[
    int | None,
    typer.Option(
        "--turns",
        min=1,
        metavar="N",
        help="So many views of each scene: fewer, less to ask.",
        rich_help_panel=_TEACHING,
    ),
]
NoTwin = Annotated[bool, typer.Option("--no-twin", help="Leave out the untaught twin, the control.")]

Processes = Annotated[
    int,
    typer.Option(
        "--processes",
        min=1,
        help="So many processes share each batch, on a GPU each or on the CPU's cores (docs/scaling.md).",
        rich_help_panel=_HOW,
    ),
]
Detach = Annotated[bool, typer.Option("--detach", help="Return at once; the run goes on by itself.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]

SETTINGS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("name",),
    "seed": ("seed",),
    "model": ("model", "name"),
    "student": ("model", "name"),
    "norm": ("model", "norm"),
    "turns": ("augment", "turns"),
    "encoder_weights": ("model", "weights"),
    "start_from": ("model", "start"),
    "encoder_rate": ("optim", "encoder_rate"),
    "freeze_encoder": ("optim", "encoder_frozen_epochs"),
    "train": ("data", "train"),
    "val": ("data", "val"),
    "height": ("data", "height"),
    "width": ("data", "width"),
    "max_train": ("data", "max_train"),
    "max_val": ("data", "max_val"),
    "epochs": ("optim", "epochs"),
    "batch_size": ("optim", "batch_size"),
    "lr": ("optim", "learning_rate"),
    "teacher": ("teaching", "teacher"),
    "alpha": ("teaching", "alpha"),
    "temperature": ("teaching", "temperature"),
    "t2": ("teaching", "scale_by_t2"),
}
"""Option -> where its value goes in RunConfig's JSON."""
