"""results/streets/README.md says what the measured tables beside it say, to the digit.

`python -m tests.results.test_streets` prints the tables that it should hold.
"""

from pathlib import Path

import pytest

from unetkd_core.classes import CLASS_NAMES
from unetkd_core.runs import standalone
from unetkd_core.runs.standalone import Line, Step
from unetkd_core.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "results" / "streets"
TABLES = sorted(FOLDER.glob("*.json"))


def table(path: Path, on: str) -> str:
    """One split's Markdown: mean and spread, the step from the network before, classes; IoU in percent."""
    rows = standalone.read(path)[1]
    lines = [line for line in standalone.lines(rows) if line.on == on]
    steps = {step.larger: step for step in standalone.steps(lines)}
    head = f"| alone, on `{on}` | seeds | mIoU | above the one before | {' | '.join(CLASS_NAMES)} |"
    return "\n".join(
        [head, "|---" * (4 + len(CLASS_NAMES)) + "|", *(_row(line, steps.get(line.model)) for line in lines)]
    )


def _row(line: Line, step: Step | None) -> str:
    spread = "" if line.spread is None else f" ± {100 * line.spread:.1f}"
    above = "" if step is None else f"{100 * step.difference:+.1f}".replace("-", "−")
    if step is not None and step.effect_size is not None:
        above += f", {step.effect_size:.1f} × the spread".replace("-", "−")
    classes = " | ".join(f"{100 * iou:.1f}" for iou in line.iou)
    seeds = ", ".join(map(str, line.seeds))
    return f"| {line.model} | {seeds} | **{100 * line.mean:.1f}**{spread} | {above} | {classes} |"


def splits(path: Path) -> list[str]:
    return list(dict.fromkeys(row.on for row in standalone.read(path)[1]))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_the_readme_holds_every_tables_numbers(path: Path) -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for on in splits(path):
        assert table(path, on) in text, f"{path.stem} on {on} differs: python -m tests.results.test_streets"


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_the_readme_gives_the_commands_that_made_them(path: Path) -> None:
    text = " ".join((FOLDER / "README.md").read_text(encoding="utf-8").replace("\\\n", " ").split())
    for command in standalone.read(path)[0]["command"].split("\n"):
        assert " ".join(command.split()) in text


def test_a_step_of_two_seeds_is_called_a_hint_in_the_words_that_the_command_prints() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = standalone.read(FOLDER / "trained-on-streets.json")[1]
    lines = [line for line in standalone.lines(rows) if line.on == "streets:test"]
    first = next(step for step in standalone.steps(lines) if step.larger == "M256")
    assert first.seeds == 2 and first.told.endswith(": a hint")
    assert f"M256 is above M128 by {first.told}" in text
    assert "holds" not in text and "deviations" not in text


if __name__ == "__main__":
    for found in TABLES:
        for split in splits(found):
            print(table(found, split), end="\n\n")
