"""A run as one HTML page that opens anywhere without a network: its result beside its twin's, curves, classes, the same
scenes under a line to drag, epoch by epoch, and every setting. Reads the run's folder; needs no torch.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from unetkd_core.classes import CLASSES
from unetkd_core.errors import ExportError, UnetKDError
from unetkd_core.runs import report_parts as parts
from unetkd_core.runs import teaching
from unetkd_core.runs.folder import Panel, Run
from unetkd_core.runs.owners import OWNER
from unetkd_core.runs.report_parts import chart, picture, table, text

MISSING: Final = "–"
FRAMES: Final = 24
"""Epochs of a scene in the page at most."""


class _Side(NamedTuple):
    """A run, its role and its epochs."""

    run: Run
    role: str
    metrics: list[dict[str, Any]]

    @property
    def label(self) -> str:
        return {"student": "taught", "twin": "untaught"}.get(self.role, "alone")

    def best(self, epochs: int) -> dict[str, Any]:
        """The line of the best epoch among the first so many; of equal ones the last."""
        return max(self.metrics[:epochs], key=lambda line: (line["val"]["miou"] or 0.0, line["epoch"]))


def report(run: Run) -> str:
    """The page. Raises ExportError for a run that has no whole epoch yet, RunError for a folder that cannot be read."""
    sides = _sides(run)
    if not sides[0].metrics:
        raise ExportError(f"Run {run.id} has no whole epoch yet, so that there is nothing to report; wait for one.")
    return parts.page(f"{run.config.title}, run {run.id}", list(_body(run, sides)))


def _sides(run: Run) -> list[_Side]:
    """The run, and its twin or student where that has an epoch; the taught one first."""
    found = [_Side(run, run.config.role, run.metrics())]
    other = run.partner()
    if other is not None:
        with suppress(UnetKDError):  # what cannot be read says so on its own page
            found.append(_Side(other, other.config.role, other.metrics()))
    found = [found[0], *(side for side in found[1:] if side.metrics)]
    return sorted(found, key=lambda side: side.role == "twin") if found[0].metrics else found


def _body(run: Run, sides: list[_Side]) -> Iterator[str]:
    epochs = min(len(side.metrics) for side in sides)
    yield f"<header><h1>{text(run.config.title)}</h1>"
    yield f'<p class="answer">{text(_answer(sides, epochs))}</p>'
    yield f'<p class="mute">{text(_what(run))}</p></header>'
    yield f'<section><h2>Curves</h2><div class="charts">{"".join(_charts(sides))}</div></section>'
    yield f"<section><h2>Classes</h2>{_classes(sides, epochs)}</section>"
    yield _scenes(sides)
    yield f"<section><h2>Settings</h2>{_settings(run.config.model_dump(mode='json'))}</section>"
    yield f"<section><h2>Where it comes from</h2>{_settings(_public(run.meta))}</section>"
    yield from (_epochs(side) for side in sides)


def _public(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Without the machine's name and without whose it was: a page is made to be sent."""
    told, machine = {k: v for k, v in meta.items() if k != OWNER}, meta.get("machine")
    return {**told, "machine": {k: v for k, v in machine.items() if k != "host"}} if isinstance(machine, dict) else told


def _answer(sides: list[_Side], epochs: int) -> str:
    """The result in a sentence; differences are those of the numbers as they are shown."""
    mious = [side.best(epochs)["val"]["miou"] for side in sides]
    said = " and ".join(f"{side.label} {_percent(m)}" for side, m in zip(sides, mious, strict=True))
    planned = sides[0].run.config.optim.epochs
    when = "" if epochs == planned else f", after {epochs} of {planned} epochs"
    if len(sides) == 1 or None in mious:
        return f"Best mIoU at the packed size, {said}{when}."
    return f"Best mIoU at the packed size, {said}: {_points(mious[0], mious[1])}{when}, one seed."


def _what(run: Run) -> str:
    data, status = run.config.data, run.status()
    where = f"{', '.join(data.train)} at {data.height}x{data.width}, measured on {', '.join(data.val)}"
    return f"Run {run.id}, {status.state}. Trained on {where}."


def _charts(sides: list[_Side]) -> Iterator[str]:
    teacher = next((side.run.meta.get(teaching.MIOU) for side in sides if side.role == "student"), None)
    mious = {side.label: (side.role, _curve(side, lambda line: _times(100, line["val"]["miou"]))) for side in sides}
    yield chart("mIoU in percent", mious, digits=1, constant=None if teacher is None else 100 * teacher)
    hard = {side.label: (side.role, _curve(side, lambda line: line.get("loss_ce"))) for side in sides}
    yield chart("Loss on labels while training (cross-entropy)", hard, digits=2)
    soft = {s.label: (s.role, _curve(s, lambda line: line.get("loss_kd"))) for s in sides if s.role == "student"}
    yield chart("Distance from the teacher (KL)", soft, digits=3)
    names = list(dict.fromkeys(name for line in sides[0].metrics for name in line.get("loss_terms") or {}))
    for name in names:
        of = {
            sides[0].label: (
                sides[0].role,
                _curve(sides[0], lambda line, n=name: (line.get("loss_terms") or {}).get(n)),
            )
        }
        yield chart(f"Term {name}", of, digits=3)


def _curve(side: _Side, value: Any) -> list[tuple[int, float]]:
    found = ((line["epoch"], value(line)) for line in side.metrics)
    return [(epoch, float("nan") if number is None else float(number)) for epoch, number in found]


def _classes(sides: list[_Side], epochs: int) -> str:
    """IoU by class at each side's best epoch."""
    best = [side.best(epochs) for side in sides]
    columns = ["Class", *(f"#{side.label}, epoch {line['epoch']}" for side, line in zip(sides, best, strict=True))]
    rows = []
    for index, one in enumerate(CLASSES):
        swatch = f'<span class="swatch" style="background: rgb{one.color}"></span>'
        rows.append([f"{swatch}{text(one.name)}", *_row([line["val"]["iou"][index] for line in best])])
    rows.append(["<b>mIoU</b>", *_row([line["val"]["miou"] for line in best])])
    rows.append(["pixel accuracy", *_row([line["val"]["pixel_accuracy"] for line in best])])
    return table([*columns, "#difference in points"] if len(sides) == 2 else columns, rows)


def _row(values: list[float | None]) -> list[str]:
    cells = [_percent(value) for value in values]
    if len(values) < 2:
        return cells
    return [*cells, MISSING if None in values else _points(values[0], values[1]).removesuffix(" points")]


def _scenes(sides: list[_Side]) -> str:
    """The same scenes by everyone; report.js lays two of them left and right of a line, at any epoch of these."""
    panels = [(side, panel) for side in reversed(sides) if (panel := side.run.panel()) is not None and panel.epochs]
    if not panels:
        return ""
    blocks = [_scene(panels, number) for number in range(len(panels[0][1].scenes))]
    classes = text(json.dumps([(one.name, one.color) for one in CLASSES]))
    return f'<section data-classes="{classes}"><h2>The same scenes</h2>{"".join(filter(None, blocks))}</section>'


def _scene(panels: list[tuple[_Side, Panel]], number: int) -> str:
    scene = panels[0][1].scenes[number]
    shown = [picture(scene.photo, f"{scene.stem}, photo", "data-photo")]
    shown.append(picture(scene.truth, "truth", parts.frame("truth", -1)))
    earlier = []
    for side, panel in panels:
        if number >= len(panel.scenes):
            return ""
        *before, last = _kept(panel.epochs)
        shown.append(picture(panel.path(last, number), f"{side.label}, epoch {last}", parts.frame(side.label, last)))
        earlier += [parts.image(panel.path(e, number), "", parts.frame(side.label, e)) for e in before]
    if not all(shown):  # a picture that went missing
        return ""
    names = "|".join(side.label for side, _ in panels) if len(panels) > 1 else f"truth|{panels[0][0].label}"
    hidden = f'<div class="frames" hidden>{"".join(earlier)}</div>'
    return f'<div class="scene" data-sides="{text(names)}">{"".join(shown)}{hidden}</div>'


def _kept(epochs: Sequence[int]) -> list[int]:
    """At most 24 epochs, the first and the last among them, so that a page of a long run stays a file to be sent."""
    if len(epochs) <= FRAMES:
        return list(epochs)
    return [epochs[round(i * (len(epochs) - 1) / (FRAMES - 1))] for i in range(FRAMES)]


def _settings(data: Mapping[str, Any]) -> str:
    rows = [(f"<code>{text(name)}</code>", text(value)) for name, value in _leaves(data, "")]
    return table(("Name", "Value"), rows)


def _leaves(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Nested settings, one a line: "optim.epochs", "20"."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        yield name, ", ".join(map(str, value)) or MISSING
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{name}.{number}")
    else:
        yield name, MISSING if value is None or value == "" else str(value)


def _epochs(side: _Side) -> str:
    columns = ("#Epoch", "#Loss", "#Cross-entropy", "#KL", "#mIoU", "#Pixel accuracy", "#Images/s")
    rows = [
        [
            str(line["epoch"]),
            *(_number(line.get(name)) for name in ("loss", "loss_ce", "loss_kd")),
            _percent(line["val"]["miou"]),
            _percent(line["val"]["pixel_accuracy"]),
            _number(line.get("images_per_second"), 1),
        ]
        for line in side.metrics
    ]
    which = f"Every epoch, {text(side.label)} ({text(side.run.id)})"
    return f"<details><summary>{which}</summary>{table(columns, rows)}</details>"


def _percent(value: float | None) -> str:
    return MISSING if value is None else f"{100 * value:.1f} %"


def _points(over: float | None, under: float | None) -> str:
    if over is None or under is None:
        return MISSING
    difference = round(over, 3) - round(under, 3)
    return f"{'−' if round(difference, 3) < 0 else '+'}{abs(100 * difference):.1f} points"


def _number(value: float | None, digits: int = 3) -> str:
    return MISSING if value is None else f"{value:.{digits}f}"


def _times(factor: float, value: float | None) -> float | None:
    return None if value is None else factor * value
