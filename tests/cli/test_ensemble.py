"""`unetkd ensemble`, and several teachers for `unetkd distill`: from words to weights, and what is refused."""

import json
from pathlib import Path

import pytest
import typer

from tests.cli.conftest import Unetkd, save_checkpoint
from unetkd_core.cli import teachers
from unetkd_core.cli.configure import config_from
from unetkd_core.errors import ConfigError
from unetkd_core.zoo import ensembles
from unetkd_core.zoo.ensembles import EnsembleSpec


@pytest.fixture
def two(tmp_path: Path, checkpoint: str, unetkd: Unetkd, streets_folder: Path) -> list[str]:
    """Two networks and a registered folder `mine`."""
    save_checkpoint(tmp_path / "checkpoints" / "other", "other")
    assert unetkd("data", "add", "mine", streets_folder).code == 0
    return [checkpoint, "other"]


def test_a_search_prints_the_best_and_writes_an_ensemble_that_every_command_takes(
    unetkd: Unetkd, two: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "e.json"
    found = unetkd("ensemble", "search", *two, "--dataset", "mine", "-o", file, "--json")
    assert found.code == 0
    data = found.json()
    assert (data["scenes"], len(data["candidates"])) == (2, 13)
    spec = ensembles.read_file(file)
    assert (spec.weighting, spec.searched_on, len(spec.sha256)) == ("grid", ("mine:val",), 2)
    assert spec.weights == (1.0, 1.0)  # the two are the same network: a tie goes to the most even
    coarse = unetkd("ensemble", "search", *two, "--dataset", "mine", "--weights", "fine", "--steps", "4", "--json")
    assert len(coarse.json()["candidates"]) == 5
    assert (
        len(unetkd("ensemble", "search", *two, "--dataset", "mine", "--top", "3", "--json").json()["candidates"]) == 5
    )
    table = unetkd("ensemble", "search", *two, "--dataset", "mine")
    assert "1,1  (0.50, 0.50)" in table.out and "points from" in table.out
    scored = unetkd("ensemble", "evaluate", file, "--dataset", "mine", "--json").json()
    assert set(scored["members"]) == set(two)
    assert scored["scores"]["miou"] == pytest.approx(scored["members"]["small"]["miou"])
    assert unetkd("evaluate", file, "--dataset", "mine", "--json").json()["scores"] == scored["scores"]
    photo = next((tmp_path).rglob("val/images/a.png"))
    assert unetkd("predict", file, photo, "-o", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "a_labels.png").exists()


def test_a_named_ensemble_is_kept_beside_the_checkpoints_and_never_over_one(
    unetkd: Unetkd, two: list[str], tmp_path: Path
) -> None:
    search = ["ensemble", "search", *two, "--dataset", "mine", "--weights", "per-class", "--name"]
    assert unetkd(*search, "both").code == 0
    assert json.loads((tmp_path / "checkpoints" / "both" / "ensemble.json").read_text())["class_weights"]
    assert unetkd("ensemble", "evaluate", "both", "--dataset", "mine").code == 0
    again = unetkd(*search, "both")
    assert again.code == 1 and "exists already" in again.err
    assert unetkd(*search, "both", "--replace").code == 0
    over = unetkd(*search, "small", "--replace")
    assert over.code == 1 and "checkpoint with weights of its own" in over.err


def test_what_cannot_be_searched_or_evaluated_is_one_sentence(unetkd: Unetkd, two: list[str]) -> None:
    assert unetkd("ensemble", "search", *two, "--weights", "even").code == 2
    assert unetkd("ensemble", "evaluate", *two, "--weights", "best").code == 2
    refused = {
        ("search", *two, "none", "--dataset", "mine"): "no checkpoint named 'none'",
        ("evaluate", "small", "--dataset", "mine"): "is a single network",
        ("evaluate", *two, "--weights", "dynamic"): "need the labels",
        ("evaluate", *two, "--weights", "search"): "still to be searched",
        ("evaluate", *two, "--weights", "1,-1"): "none may be negative",
        ("evaluate", *two, "--weights", "0,0"): "All weights are zero",
        ("evaluate", *two, "--weights", "nan,1"): "finite",
        ("evaluate", "gone.json"): "There is no file",
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
