"""`unetkd ensemble`, and several teachers for `unetkd distill`: from words to weights, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer

from tests.cli.conftest import Unetkd, save_checkpoint
from unetkd_core.cli import teachers
from unetkd_core.cli.configure import config_from
from unetkd_core.data.images import write_labels_png
from unetkd_core.errors import ConfigError
from unetkd_core.zoo import ensembles
from unetkd_core.zoo.ensembles import EnsembleSpec


@pytest.fixture
def two(tmp_path: Path, checkpoint: str, unetkd: Unetkd, streets_folder: Path) -> list[str]:
    """Two networks and a registered folder `mine`."""
    save_checkpoint(tmp_path / "checkpoints" / "other", "other", seed=1)
    assert unetkd("data", "add", "mine", streets_folder).code == 0
    return [checkpoint, "other"]


def test_a_search_prints_the_best_and_writes_an_ensemble_that_every_command_takes(
    unetkd: Unetkd, two: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "e.json"
    found = unetkd("ensemble", "search", *two, "--dataset", "mine:val", "-o", file, "--json")
    assert found.code == 0
    data = found.json()
    assert (data["scenes"], len(data["candidates"])) == (2, 13)
    spec = ensembles.read_file(file)
    assert (spec.weighting, spec.searched_on, len(spec.sha256)) == ("grid", ("mine:val",), 2)
    best = max(data["candidates"], key=lambda c: c["miou"])
    assert data["miou"] == best["miou"] == spec.metrics["mine:val"]["miou"]  # type: ignore[index, call-overload]
    coarse = unetkd("ensemble", "search", *two, "--dataset", "mine:val", "--weights", "fine", "--steps", "4", "--json")
    assert len(coarse.json()["candidates"]) == 5
    assert (
        len(unetkd("ensemble", "search", *two, "--dataset", "mine:val", "--top", "3", "--json").json()["candidates"])
        == 5
    )
    table = unetkd("ensemble", "search", *two, "--dataset", "mine:val")
    assert "Together" in table.out and "that the weights were chosen on" in table.out
    part = unetkd("ensemble", "evaluate", file, "--dataset", "mine", "--limit", "1")
    assert "alone on 1 scene of mine:val" in part.out
    outcome = unetkd("ensemble", "evaluate", file, "--dataset", "mine", "--json")
    assert "chosen on mine:val itself" in outcome.err
    scored = outcome.json()
    assert set(scored["members"]) == set(two)
    assert scored["scores"]["miou"] == pytest.approx(best["miou"], abs=1e-3)
    for ref, weights in zip(two, ([1.0, 0.0], [0.0, 1.0]), strict=True):
        alone = next(c["miou"] for c in data["candidates"] if c["weights"] == weights)
        assert alone == pytest.approx(scored["members"][ref]["miou"], abs=1e-3)
    assert unetkd("evaluate", file, "--dataset", "mine", "--json").json()["scores"] == scored["scores"]
    photo = next((tmp_path).rglob("val/images/a.png"))
    assert unetkd("predict", file, photo, "-o", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "a_labels.png").exists()


def test_weights_that_need_labels_are_refused_by_every_command_that_scores(
    unetkd: Unetkd, two: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "loss.json"
    file.write_text(ensembles.parse({"members": two, "weighting": "loss"}).dumps())
    for command in (("evaluate",), ("ensemble", "evaluate")):
        outcome = unetkd(*command, file, "--dataset", "mine")
        assert outcome.code == 1 and "need the labels" in outcome.err


def test_data_that_changed_is_searched_anew(unetkd: Unetkd, two: list[str], streets_folder: Path) -> None:
    search = ("ensemble", "search", *two, "--dataset", "mine:val", "--json")
    before = unetkd(*search).json()["candidates"]
    assert unetkd(*search).json()["candidates"] == before
    for path in (streets_folder / "val" / "labels").iterdir():
        write_labels_png(np.full((32, 48), 5, dtype=np.uint8), path)
    assert unetkd(*search).json()["candidates"] != before
    for path in (streets_folder / "val" / "labels").iterdir():
        write_labels_png(np.full((32, 48), 255, dtype=np.uint8), path)
    outcome = unetkd(*search)
    assert outcome.code == 1 and "no labelled pixel" in outcome.err


def test_a_named_ensemble_is_kept_beside_the_checkpoints_and_never_over_one(
    unetkd: Unetkd, two: list[str], tmp_path: Path
) -> None:
    search = ["ensemble", "search", *two, "--dataset", "mine:val", "--weights", "per-class", "--name"]
    assert unetkd(*search, "both").code == 0
    assert json.loads((tmp_path / "checkpoints" / "both" / "ensemble.json").read_text())["class_weights"]
    assert unetkd("ensemble", "evaluate", "both", "--dataset", "mine").code == 0
    again = unetkd(*search, "both")
    assert again.code == 1 and "exists already" in again.err
    assert unetkd(*search, "both", "--replace").code == 0
    over = unetkd(*search, "small", "--replace")
    assert over.code == 1 and "checkpoint with weights of its own" in over.err


def test_what_cannot_be_searched_or_evaluated_is_one_sentence(unetkd: Unetkd, two: list[str]) -> None:
    search = ("ensemble", "search", *two, "--dataset", "mine:val")
    assert unetkd(*search[:-2]).code == 2  # what to choose on is never guessed
    assert unetkd(*search[:-1], "mine").code == 2  # nor is a split
    for options in (("--weights", "even"), ("--space", "x"), ("--weights", "fine", "--top", "3"), ("--steps", "3")):
        assert unetkd(*search, *options).code == 2
    assert unetkd("ensemble", "evaluate", *two, "--weights", "best").code == 2
    refused = {
        ("search", *two, "none", "--dataset", "mine:val"): "no checkpoint named 'none'",
        ("evaluate", "small", "--dataset", "mine"): "is a single network",
        ("evaluate", *two, "--weights", "dynamic"): "need the labels",
        ("evaluate", *two, "--weights", "search"): "still to be searched",
        ("evaluate", *two, "--weights", "1,-1"): "none may be negative",
        ("evaluate", *two, "--weights", "0,0"): "All weights are zero",
        ("evaluate", *two, "--weights", "nan,1"): "finite",
        ("evaluate", "gone.json"): "There is no file",
        ("evaluate", "gone.json", "small"): "cannot be one of several",
        ("search", *two, "--dataset", "mine:val", "-o", "/no/such/folder/e.json"): "no folder /no/such/folder",
    }
    for arguments, what in refused.items():
        outcome = unetkd("ensemble", *arguments)
        assert outcome.code == 1 and what in outcome.err and outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "weighting", "weights"),
    [
        (None, "even", None),
        ("search", "grid", None),
        ("fine", "fine", None),
        ("per-class", "per_class", None),
        ("dynamic", "loss", None),
        ("confidence", "confidence", None),
        ("1, 2", "fixed", (1.0, 2.0)),
    ],
)
def test_words_and_numbers_become_a_weighting(words: str | None, weighting: str, weights: object) -> None:
    config = config_from({"teacher": ["a", "b"], "weights": words, "alpha": 0.3})
    assert config.teaching is not None and isinstance(config.teaching.teacher, EnsembleSpec)
    spec = config.teaching.teacher
    assert (spec.members, spec.weighting, spec.weights) == (("a", "b"), weighting, weights)
    assert config.title == "M128 from a + b"


def test_an_ensemble_on_the_command_line_replaces_the_one_in_the_file_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    before = ensembles.parse({"members": ["x", "y", "z"], "weighting": "fixed", "weights": [1, 2, 3]})
    file.write_text(json.dumps({"teaching": {"teacher": before.model_dump(mode="json")}}))
    config = config_from({"config_file": file, "teacher": ["a", "b"]})
    assert config.teaching is not None and config.teaching.teacher == EnsembleSpec(members=("a", "b"))
    kept = config_from({"config_file": file})
    assert kept.teaching is not None and kept.teaching.teacher == before


def test_weights_for_a_single_teacher_are_a_usage_error_and_a_broken_ensemble_names_its_field() -> None:
    with pytest.raises(typer.BadParameter, match="several teachers"):
        teachers.teacher(["one"], "1", None)
    with pytest.raises(ConfigError, match=r"teaching\.teacher"):
        from unetkd_core.training.config import parse_config

        parse_config({"teaching": {"teacher": {"members": []}}})
