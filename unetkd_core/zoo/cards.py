"""A checkpoint's model card: README.md with the YAML front matter that the Hugging Face Hub reads. Text from data;
needs no torch.

Everything on it comes from CheckpointInfo: nothing is claimed that was not recorded.
"""

import html
import json
from typing import TYPE_CHECKING, Any

from unetkd_core.classes import CLASSES, MAPPINGS
from unetkd_core.errors import in_one_line
from unetkd_core.metrics import Scores
from unetkd_core.zoo import marks
from unetkd_core.zoo.licences import is_free

if TYPE_CHECKING:
    from unetkd_core.zoo.checkpoints import CheckpointInfo

_ROLES = {
    "teacher": "A teacher: trained on labels, meant for smaller networks to learn from.",
    "student": "A student: taught by the soft predictions of another network, or of several, beside the labels.",
    "twin": "An untaught twin, the control: its student's network, seed, order of data and budget, on labels alone.",
    "alone": "Trained on labels alone.",
    "ensemble": "Several networks whose answers are averaged.",
}

_USE = """For teaching and research on distillation: to compare a student with its teacher, and with its untaught twin
where there is one.

Put this folder into `checkpoints/` as `NAME`BESIDE, then

```bash
unetkd predict NAME street.jpg -o predictions
```

or

```python
from unetkd_core.inference.predict import predict
from unetkd_core.zoo.references import load_model

model, info = load_model("NAME")
prediction = predict(model, image, training_size=(info.height, info.width))  # image: (H, W, 3) uint8 RGB
prediction.labels  # (H, W) uint8, 0-5
```"""

_DEFINITION = (
    "Percent. mIoU is the mean of the classes' IoU from one confusion matrix over the whole split, at the labels' "
    "native resolution with logits upsampled bilinearly (rows named *packed*: at the training size); a class that "
    "occurs in neither prediction nor label is left out (–)."
)


def card(info: "CheckpointInfo") -> str:
    """The whole README.md, Markdown with front matter."""
    parts = [
        _front_matter(info),
        f"# {in_one_line(info.title or info.name)}",
        _summary(info),
        "## Scores",
        _scores(info),
        *(("## Notes", html.escape(info.notes, quote=False)) if info.notes else ()),
        "## Training",
        _training(info),
        "## Use",
        _use(info),
        "## Limits",
        _limits(info),
        "## Licence",
        _licence(info),
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(info: "CheckpointInfo") -> str:
    # A JSON string is a YAML string: quotes keep "no", colons and the like from meaning something.
    names = sorted({ref.split(":")[0].lower() for ref in info.data})
    lines = ["---", "license: mit" if is_free(info.licence) else "license: other"]
    if not is_free(info.licence):
        lines += ["license_name: follows-the-training-data", f"license_link: {_quoted('#licence')}"]
    lines += ["library_name: unetkd", "pipeline_tag: image-segmentation", "tags:"]
    lines += [
        f"- {_quoted(tag)}"
        for tag in ("semantic-segmentation", "knowledge-distillation", "unet", "street-scenes", info.role)
    ]
    lines += ["datasets:", *(f"- {_quoted(name)}" for name in names)] if names else []
    lines += ["metrics:", "- mean_iou", "- accuracy", "---"]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return json.dumps(in_one_line(text), ensure_ascii=False)  # YAML takes no control signs


def _summary(info: "CheckpointInfo") -> str:
    return (
        f"{_ROLES[info.role]} It segments street scenes into six classes: {', '.join(info.classes)}.\n\n"
        "| | |\n|---|---|\n"
        f"| network | {_network(info)} |\n"
        f"{_ended_early(info)}"
        f"| parameters | {info.parameters:,} |\n"
        f"| trained at | {info.height} × {info.width} pixels (height × width) |\n"
        f"| multiply-accumulates | {info.macs / 1e9:.2f} G for one image of that size |\n"
        f"| sha256 of {'the members and their weights' if _members(info) else 'model.safetensors'} | `{info.sha256}` |"
    )


def _ended_early(info: "CheckpointInfo") -> str:
    early = marks.stopped(info)
    return f"| training | {early} |\n" if early else ""


def _network(info: "CheckpointInfo") -> str:
    named = [f"{one.get('name')}, normalisation: {one.get('norm')}" for one in _members(info) or (info.arch,)]
    return "; ".join(named)


def _members(info: "CheckpointInfo") -> list[dict[str, Any]]:
    """The architectures of an ensemble's members; none of a network."""
    found = info.arch.get("members")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _scores(info: "CheckpointInfo") -> str:
    found = {key: _as_scores(value) for key, value in info.metrics.items()}
    measured = {key: scores for key, scores in found.items() if scores and len(scores.iou) == len(info.classes)}
    if not measured:
        return "Not measured yet."
    head = "| measured on | mIoU | " + " | ".join(info.classes) + " | pixel accuracy |"
    rows = [
        f"| {_measured_on(info, key)} | {_percent(s.miou)} | "
        + " | ".join(_percent(v) for v in s.iou)
        + f" | {_percent(s.pixel_accuracy)} |"
        for key, s in measured.items()
    ]
    table = "\n".join([head, "|---" * (len(info.classes) + 3) + "|", *rows])
    meaning = marks.meaning(marks.mark(info, key) for key in measured)
    seed = "" if _members(info) else f" One seed: {info.seed}."
    return "\n\n".join(filter(None, [table, meaning, _DEFINITION + seed]))


def _as_scores(value: Any) -> Scores | None:
    """Free-form metrics that are no scores are not shown in the table."""
    try:
        return Scores.from_json(value)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _measured_on(info: "CheckpointInfo", key: str) -> str:
    return (f"validation, packed {marks.TRAINING}" if key == marks.PACKED else key) + marks.mark(info, key)


def _percent(fraction: float) -> str:
    return "–" if fraction != fraction else f"{100 * fraction:.1f}"


def _training(info: "CheckpointInfo") -> str:
    lines = [f"- Data: {in_one_line(', '.join(info.data)) or 'not recorded'}"]
    members = _members(info)
    lines += _heard(info, members) if members else [f"- Seed: {info.seed}"]
    run: dict[str, Any] = info.run or {}
    early = marks.stopped(info)
    if isinstance(run.get("optim"), dict):
        lines.append(f"- Recipe: {run.get('recipe')}{', ' * bool(early)}{early}; {_said(run['optim'])}")
    model = run.get("model")
    if isinstance(model, dict) and isinstance(model.get("start"), str):
        lines.append(f"- Went on from: `{in_one_line(model['start'])}`, and so learned from that one's data too")
    elif "backbone" in info.arch:
        start = "ImageNet's weights" if _from_imagenet(info) else "scratch, without ImageNet"
        lines.append(f"- Encoder: torchvision's {info.arch['backbone']}, from {start}")
    if isinstance(run.get("teaching"), dict):
        lines.append(f"- Taught, α weighing the hard labels: {_said(_with_teacher_in_words(run['teaching']))}")
    lines += [f"- Run: `{info.run_id}`"] if info.run_id else []
    lines += [f"- Code: commit `{info.commit}`"] if info.commit else []
    lines.append(f"- Created: {info.created}")
    lines += _again(info, early) if info.run else []
    return "\n".join(lines)


def _heard(info: "CheckpointInfo", members: list[dict[str, Any]]) -> list[str]:
    """Whose answers are averaged, and who is never asked."""
    places = [place for place in _listed(info.arch.get("heard")) if isinstance(place, int)]
    named = [in_one_line(str(one.get("name"))) for one in members]
    silent = [name for place, name in enumerate(named) if place not in places]
    told = f"; never asked, as the weight is 0: {', '.join(silent)}" if silent and places else ""
    return [f"- Answers averaged: {', '.join(name for name in named if name not in silent or not places)}{told}"]


def _again(info: "CheckpointInfo", early: str) -> list[str]:
    command = "distill" if info.role == "student" else "train"
    whole = ", which trains all of its epochs" if early else ""
    model = (info.run or {}).get("model")
    if isinstance(model, dict) and model.get("start"):
        whole += "; it begins from the network that it went on from, which has to be there first"
    return [
        f"- Again: save the settings below as `run.json`, then `unetkd {command} --config run.json`{whole}",
        "\n<details><summary>All settings (RunConfig)</summary>\n\n```json\n"
        + json.dumps(info.run, indent=2, ensure_ascii=False)
        + "\n```\n</details>",
    ]


def _with_teacher_in_words(teaching: dict[str, Any]) -> dict[str, Any]:
    """A teacher that is an ensemble as "A + B (grid, weights 1, 3)" instead of all its settings."""
    teacher = teaching.get("teacher")
    if not isinstance(teacher, dict):
        return teaching
    weights = ", ".join(f"{w:g}" for w in _listed(teacher.get("weights")) if isinstance(w, int | float))
    how = f"{teacher.get('weighting')}{', weights ' + weights if weights else ''}"
    return {**teaching, "teacher": f"{' + '.join(map(str, _listed(teacher.get('members'))))} ({how})"}


def _listed(value: Any) -> list[Any]:
    """A run's settings come along as they are, from any release or hand: what is no list is none."""
    return value if isinstance(value, list) else []


def _said(section: dict[str, Any]) -> str:
    """A section of a RunConfig in words: "epochs 20, batch size 8"."""
    return ", ".join(f"{key.replace('_', ' ')} {'none' if value is None else value}" for key, value in section.items())


def _use(info: "CheckpointInfo") -> str:
    beside = ", the folders of its members (`ensemble.json` names them) beside it" if _members(info) else ""
    return _USE.replace("BESIDE", beside).replace("NAME", info.name)


def _limits(info: "CheckpointInfo") -> str:
    mappings = "\n".join(
        f"- Label mapping {name}: {MAPPINGS[name].description}" for name in info.mapping if name in MAPPINGS
    )
    return (
        "- Not for driving, surveillance or decisions about people: it errs, most on small things (people, posts).\n"
        "- It knows streets like those that it was trained on, seen from a car, at the scale of its training size.\n"
        f"- {CLASSES[2].name}: {CLASSES[2].note}\n- {CLASSES[4].name}: {CLASSES[4].note}"
        + (f"\n{mappings}" if mappings else "")
    )


def _licence(info: "CheckpointInfo") -> str:
    start = " Its encoder began as torchvision's ImageNet weights (BSD-3-Clause)." if _from_imagenet(info) else ""
    follows = "The licence of the weights follows the data that they learned from; the code is MIT."
    return f"{in_one_line(info.licence)}. {follows}{start}"


def _from_imagenet(info: "CheckpointInfo") -> bool:
    model = (info.run or {}).get("model")
    return isinstance(model, dict) and model.get("weights") == "imagenet"
