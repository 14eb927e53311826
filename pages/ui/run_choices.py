"""What the Distill form's values mean: presets fill them in, and together they make a RunConfig.

Plain data: knows no widget, starts nothing. A value's name here is its widget's name on the page.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pages.ui import trio
from unetkd_core.data.catalog import STREETS, DatasetInfo
from unetkd_core.errors import ConfigError
from unetkd_core.models import complexity
from unetkd_core.models.backbones import ENCODERS
from unetkd_core.models.names import arch_of
from unetkd_core.training.config import OptimConfig, RunConfig, TeachingConfig, parse_config
from unetkd_core.training.presets import BUDGETS, KD_PRESETS, METHODS, RECIPES
from unetkd_core.training.terms import ExtraTerm

NO_TEACHER: Final = trio.NOBODY
CUSTOM: Final = "custom"
STUDENTS: Final = ("M128", "M256", "M512", "M1024")
ALONE: Final = (*STUDENTS, *ENCODERS)
"""What may be trained on labels alone: the encoders are the paper's teachers, never its students."""
ENCODER_RATE, FROZEN_EPOCHS = 0.3, 2
"""How an encoder is treated that comes with ImageNet's weights (docs/runs.md); frozen for less of a shorter run."""
FIRST_TEACHER: Final = "M256"
"""Where there is nobody to learn from: twice the smallest, so that it can teach the smallest."""
Size = tuple[int, int]
"""(height, width) in pixels."""
WIDE: Final[tuple[Size, ...]] = ((64, 128), (96, 192), (128, 256), (192, 384), (256, 512))
CAMERA: Final[tuple[Size, ...]] = ((72, 96), (120, 160), (144, 192), (240, 320), (360, 480))
"""CamVid's 4:3, at about as many pixels as the wide sizes."""
HELD_OUT: Final = "0006R0"
"""CamVid's sequence that choices are made on; its `val` is for reporting (docs/data.md)."""
FIELDS: Final = {
    "optim.learning_rate": "Learning rate",
    "optim.epochs": "Epochs",
    "optim.batch_size": "Batch size",
    "data.max_train": "Scenes to learn from",
    "data.max_val": "Scenes to check on",
    "teaching.alpha": "α",
    "teaching.temperature": "T",
    "data.height": "Size",
    "data.width": "Size",
}
SOFT: Final = "kd"
DISTILLED: Final = (SOFT, *(name for name in METHODS if name not in ("kd", "kd-t2")))
"""What the form offers to distil: presets.METHODS, the soft labels once, as T² has a switch of its own."""
AT_RANDOM: Final = ""
"""In the menu of what a network begins as: nobody."""
UNLABELLED: Final = "unlabelled"
"""The split of streets without labels, which only a teacher can teach on."""
MOST_TERMS: Final = max(len(method.changes["terms"]) for method in METHODS.values())
NO_VIEWS: Final = {"flip": False, "scales": [1.0], "crop_grid": 1, "jitter": 0.0}


def defaults() -> dict[str, Any]:
    """The form as it first opens: M128, a taste, soft labels with T² so that a short run has something to hear."""
    config = RunConfig()
    return {
        "student": config.model.name,
        "norm": "batch",
        "imagenet": True,
        "begins": AT_RANDOM,
        "seed": config.seed,
        "twin": True,
        "unlabelled": False,
        "augment": True,
        "batch_size": config.optim.batch_size,
        **kd_values("hinton"),
        **method_values(SOFT),
        **recipe_values("default"),
        **budget_values("taste", "streets"),
    }


def first(known: trio.Known, datasets: Sequence[DatasetInfo]) -> dict[str, Any]:
    """The values for someone who has chosen nothing yet: a taste on the first dataset, with the teacher that suits."""
    train, val = splits(datasets[0])
    teacher = trio.best_teacher(known, datasets[0].name) or NO_TEACHER
    student = {"student": FIRST_TEACHER} if teacher == NO_TEACHER else {}
    return {**defaults(), "dataset": datasets[0].name, "train": train, "val": val, "teacher": teacher, **student}


def kd_values(name: str) -> dict[str, Any]:
    """What choosing a distillation preset fills in; Custom leaves everything as it is."""
    return {"kd": name, **(KD_PRESETS[name].changes if name in KD_PRESETS else {})}


def method_values(name: str) -> dict[str, Any]:
    """What choosing what is distilled fills in: each of its terms' own weight."""
    found = [term.weight for term in terms_of(name)]
    return {"method": name, **{weight_name(i): w for i, w in enumerate(found + [1.0] * (MOST_TERMS - len(found)))}}


def weight_name(place: int) -> str:
    """The form's name for the weight of a method's term at a place."""
    return f"weight_{place}"


def terms_of(name: str) -> tuple[ExtraTerm, ...]:
    """What a method distils beside the soft labels, or instead of them, with its own weights."""
    return TeachingConfig.model_validate({"teacher": "any", **METHODS[name].changes}).terms


def replaces_soft_labels(name: str) -> bool:
    """Whether a method brings α and T of its own, so that the form's have no say."""
    return "alpha" in METHODS[name].changes


def _taught(values: Mapping[str, Any]) -> dict[str, Any]:
    """The teaching section that the form describes."""
    method = METHODS[values["method"]].changes
    soft = {name: values[name] for name in ("alpha", "temperature", "scale_by_t2")}
    weighed = [
        {**term.model_dump(), "weight": values[weight_name(place)]}
        for place, term in enumerate(terms_of(values["method"]))
    ]
    own = method if replaces_soft_labels(values["method"]) else {"direction": method["direction"]}
    return {"teacher": values["teacher"], **soft, **own, "terms": weighed}


def kd_name(alpha: float, temperature: float, scale_by_t2: bool) -> str:
    """The preset that these values are, or Custom."""
    for name, preset in KD_PRESETS.items():
        if preset.changes == {"alpha": alpha, "temperature": temperature, "scale_by_t2": scale_by_t2}:
            return name
    return CUSTOM


def recipe_values(name: str) -> dict[str, Any]:
    """What choosing a recipe fills in."""
    optim = RunConfig().with_(**RECIPES[name].changes).optim
    return {"recipe": name, "learning_rate": optim.learning_rate, "class_weights": optim.class_weights}


def budget_values(name: str, kind: str) -> dict[str, Any]:
    """What choosing a budget fills in, for a kind of dataset. The paper's brings its recipe and its α and T along."""
    changes = BUDGETS[name].changes
    data = changes["data"]
    wide = (data["height"], data["width"])
    values = {
        "budget": name,
        "size": like_size(wide, kind),
        "epochs": changes["optim"]["epochs"],
        "batch_size": changes["optim"].get("batch_size", OptimConfig().batch_size),
        "max_train": data["max_train"],
        "max_val": data["max_val"],
    }
    if name == "paper":
        return {**values, **recipe_values("paper"), **kd_values("paper")}
    return {**values, **recipe_values("default")}


def budget_name(values: Mapping[str, Any], kind: str) -> str | None:
    """The budget that these values are, or none: the person's own. Learning rate and teaching may differ from it."""
    for name in BUDGETS:
        filled = budget_values(name, kind)
        if all(values[field] == filled[field] for field in ("size", "epochs", "max_train", "max_val", "recipe")):
            return name
    return None


def sizes(kind: str) -> list[Size]:
    """Sizes that suit a kind of dataset, smallest first."""
    if kind == "folder":
        return sorted({*WIDE, *CAMERA}, key=lambda s: s[0] * s[1])
    return list(CAMERA if kind == "camvid" else WIDE)


def like_size(size: Size, kind: str) -> Size:
    """The size for this kind of dataset with the number of pixels nearest to `size`."""
    return min(sizes(kind), key=lambda s: (s != size, abs(s[0] * s[1] - size[0] * size[1])))


def splits(info: DatasetInfo) -> tuple[str, str]:
    """(to learn from, to check on), chosen sensibly.

    CamVid holds one sequence of its training split out, as its `val` is for reporting.
    """
    names = list(info.splits)
    held_out = (f"train-without-{HELD_OUT}", f"train-only-{HELD_OUT}")
    if all(name in names for name in held_out):
        return held_out
    train = "train" if "train" in names else names[0]
    return train, next((name for name in ("val", "test") if name in names), train)


def config(values: Mapping[str, Any]) -> RunConfig:
    """The run that the form describes.

    Raises ConfigError that names every setting that does not make sense.
    """
    alone = values["teacher"] == NO_TEACHER
    height, width = values["size"]
    more = [UNLABELLED] if values["unlabelled"] and values["dataset"] == STREETS and not alone else []
    base = RunConfig().with_(**RECIPES[values["recipe"]].changes).model_dump()
    start = values.get("begins") or None
    pretrained = alone and values["student"] in ENCODERS and values["imagenet"] and start is None
    changes: dict[str, Any] = {
        "seed": values["seed"],
        "model": {
            "name": values["student"],
            "norm": norm(values),
            "weights": "imagenet" if pretrained else None,
            "start": start,
        },
        "data": {
            "train": [f"{values['dataset']}:{split}" for split in (values["train"], *more)],
            "val": [f"{values['dataset']}:{values['val']}"],
            "height": height,
            "width": width,
            "max_train": values["max_train"],
            "max_val": values["max_val"],
        },
        "optim": {
            **{name: values[name] for name in ("epochs", "batch_size", "learning_rate", "class_weights")},
            **(_gently(values["epochs"]) if pretrained else {}),
        },
        "augment": {} if values["augment"] else NO_VIEWS,
    }
    merged = {
        **base,
        "teaching": None if alone else _taught(values),
        **{k: {**base[k], **v} if isinstance(v, dict) else v for k, v in changes.items()},
    }
    try:
        return parse_config(merged, where="These settings do not work")
    except ConfigError as error:
        raise ConfigError(_with_labels(str(error))) from None


def _gently(epochs: int) -> dict[str, float]:
    return {"encoder_rate": ENCODER_RATE, "encoder_frozen_epochs": min(FROZEN_EPOCHS, epochs - 1)}


def norm(values: Mapping[str, Any]) -> str:
    """The network's normalisation: only who is trained alone has the choice, the paper's students have none."""
    return str(values["norm"]) if values["teacher"] == NO_TEACHER else "none"


def starts(known: trio.Known, values: Mapping[str, Any]) -> list[str]:
    """Trained networks of the very kind that is trained, which it could go on from."""
    wanted = arch_of(values["student"], norm(values))
    return [ref for ref, info in known if info.arch == wanted]


def size_of(values: Mapping[str, Any]) -> tuple[int, int]:
    """(parameters, multiply-accumulates of one picture) of the network that is trained, at the chosen size."""
    arch = arch_of(values["student"], norm(values))
    return complexity.parameters(arch), complexity.macs(arch, *values["size"])


def _with_labels(message: str) -> str:
    """Fields by the names that the form gives them."""
    for field, label in FIELDS.items():
        message = message.replace(field, label)
    return message


def wants_twin(values: Mapping[str, Any]) -> bool:
    """Only a taught student has a twin."""
    return bool(values["twin"]) and values["teacher"] != NO_TEACHER
