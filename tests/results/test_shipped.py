"""The shipped checkpoints: the README says what the cards say, and evaluating gives the cards' scores again."""

import re

import pytest

from pages.ui import trio
from unetkd_core import settings
from unetkd_core.data import catalog
from unetkd_core.data.source import Remembered
from unetkd_core.inference.evaluate import evaluate
from unetkd_core.metrics import Scores
from unetkd_core.settings import PROJECT_ROOT
from unetkd_core.zoo import cards, checkpoints, references

SHIPPED = sorted(p.name for p in (PROJECT_ROOT / "checkpoints").iterdir() if (p / "model.safetensors").is_file())
ENSEMBLES = sorted(p.parent.name for p in (PROJECT_ROOT / "checkpoints").glob("*/ensemble.json"))
LIMIT = 190e6
"""Bytes of them all; no file has more than half of it."""
SPLITS = ("streets:val", "camvid:val")
SMALL = 1_000_000
"""Parameters: what a test can score on a whole split."""


@pytest.fixture(autouse=True)
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(PROJECT_ROOT / "checkpoints"))


def card(name: str, on: str) -> Scores:
    return Scores.from_json(references.info_of(name).metrics[on])  # type: ignore[arg-type]


def shown(name: str) -> list[str]:
    return [f"{100 * card(name, on).miou:.1f}" for on in SPLITS]


@pytest.mark.parametrize("name", [*SHIPPED, *ENSEMBLES])
def test_the_readme_says_what_the_config_says(name: str) -> None:
    readme = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    streets, camvid = shown(name)
    assert re.search(rf"^\| `{name}` \| [^|]+ \| {streets} \| {camvid} \|", readme, re.MULTILINE), shown(name)


def test_all_of_them_are_small_enough_to_come_with_the_app() -> None:
    sizes = [path.stat().st_size for path in (PROJECT_ROOT / "checkpoints").rglob("*") if path.is_file()]
    assert sum(sizes) <= LIMIT and max(sizes) <= LIMIT / 2


@pytest.mark.parametrize("name", SHIPPED)
def test_the_card_says_what_the_config_says(name: str) -> None:
    text = (PROJECT_ROOT / "checkpoints" / name / "README.md").read_text(encoding="utf-8")
    for on, miou in zip(SPLITS, shown(name), strict=True):
        assert f"| {on} | {miou} | " in text


@pytest.mark.parametrize("name", SHIPPED)
def test_the_card_is_the_one_that_is_written_today(name: str) -> None:
    folder = PROJECT_ROOT / "checkpoints" / name
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert text == cards.card(checkpoints.read_info(folder)), "write cards.card(read_info(folder)) into its README.md"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("on", SPLITS)
def test_evaluating_gives_the_small_cards_numbers_again(on: str) -> None:
    if on.startswith("camvid") and settings.dataset_root("camvid") is None:
        pytest.skip("UNETKD_CAMVID is not set, so that there is no CamVid to score on")
    source = Remembered(catalog.open_source(on))
    small = [n for n in SHIPPED if checkpoints.read_info(PROJECT_ROOT / "checkpoints" / n).parameters < SMALL]
    first = trio.defaults(references.available(), "streets")  # 500 streets at 256x512 take a network 45 s
    names = [first["student"]] if on.startswith("streets") else small
    assert names and set(names) <= set(SHIPPED)
    for name in names:
        model, info = references.load_model(name)
        found = evaluate(model, source, training_size=(info.height, info.width))
        said = card(name, on)
        assert found.miou == pytest.approx(said.miou, abs=5e-4), name  # half of the last digit that a card shows
        assert found.iou == pytest.approx(said.iou, abs=2e-3) and found.pixels == said.pixels
