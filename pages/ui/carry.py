"""How far the made-up streets carry: networks trained on streets and on CamVid, each read on both, as one table.

Reads results/streets/ and formats; measures nothing.
"""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from pages.ui import kit
from unetkd_core.errors import RunError
from unetkd_core.runs import standalone
from unetkd_core.runs.standalone import Line
from unetkd_core.settings import PROJECT_ROOT

FOLDER: Final = PROJECT_ROOT / "results" / "streets"


class Trained(NamedTuple):
    """Networks that were trained on one dataset: its name, the size, and their lines on both."""

    on: str
    size: tuple[int, int]
    lines: list[Line]

    def line(self, model: str, dataset: str) -> Line | None:
        """What `model` reached on a split of `dataset`."""
        return next((x for x in self.lines if x.model == model and x.on.split(":")[0] == dataset), None)


def tables(folder: Path = FOLDER) -> list[Trained]:
    """What is in results/streets: trained on streets first. Empty where nothing is, or nothing that can be read."""
    try:
        return [_trained(folder / f"trained-on-{name}.json", name) for name in ("streets", "camvid")]
    except (RunError, KeyError, TypeError):
        return []


def _trained(path: Path, name: str) -> Trained:
    notes, rows = standalone.read(path)
    data = notes["config"]["data"]
    return Trained(name, (data["height"], data["width"]), standalone.lines(rows))


def table(found: Sequence[Trained]) -> str:
    """HTML: a row for each network, a column for each pair of trained on and read on."""
    pairs = [(trained, on) for on in ("streets", "camvid") for trained in found]
    head = "".join(f'<th scope="col">{_named(on)}<br>from {_named(trained.on)}</th>' for trained, on in pairs)
    models = list(dict.fromkeys(line.model for trained in found for line in trained.lines))
    rows = "".join(
        f'<tr><th scope="row">{html.escape(model)}</th>'
        + "".join(f"<td>{_cell(trained.line(model, on), own=trained.on == on)}</td>" for trained, on in pairs)
        + "</tr>"
        for model in models
    )
    corner = '<th scope="col"><span class="ukd-sr">network</span></th>'
    return (
        f'<div class="ukt-wide"><table class="ukt ukt-carry"><thead><tr>{corner}{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _named(dataset: str) -> str:
    return {"camvid": "CamVid"}.get(dataset, dataset)


def _cell(line: Line | None, *, own: bool) -> str:
    if line is None:
        return kit.MISSING
    spread = "" if line.spread is None else f' <span class="ukt-spread">± {100 * line.spread:.1f}</span>'
    shown = f"{100 * line.mean:.1f}"
    return f"<b>{shown}</b>{spread}" if own else f"{shown}{spread}"


def sentence(found: Sequence[Trained]) -> str:
    """The answer in words, by the largest network that all four were measured for; empty where there is none."""
    if len(found) < 2:
        return ""
    made_up, real = found
    for line in reversed(made_up.lines):
        carried, own = made_up.line(line.model, "camvid"), real.line(line.model, "camvid")
        if carried and own:
            return (
                f"{html.escape(line.model)} that saw only made-up streets reads CamVid at {100 * carried.mean:.1f} %; "
                f"trained on CamVid itself, at {100 * own.mean:.1f} %."
            )
    return ""


def note(found: Sequence[Trained]) -> str:
    """What the numbers are."""
    seeds = sorted({len(line.seeds) for trained in found for line in trained.lines})
    sizes = dict.fromkeys(f"{trained.size[0]} × {trained.size[1]}" for trained in found)
    told = {1: "one seed", 2: "two seeds", 3: "three seeds"}
    counted = " or ".join(told.get(n, f"{n} seeds") for n in seeds)
    return (
        f"mIoU in percent at native label resolution, mean ± one standard deviation over {counted}; trained alone at "
        f"{' and '.join(sizes)}. Settings and every class: results/streets."
    )
