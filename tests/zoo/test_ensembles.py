"""Ensembles by name, inside a config and by the run they taught: what they are made of, and what is refused."""

import json
from pathlib import Path

import pytest
import torch

from tests.zoo.conftest import SMALL, make_info, make_model
from unetkd_core import settings
from unetkd_core.errors import CheckpointError, ConfigError
from unetkd_core.models.complexity import macs
from unetkd_core.models.ensemble import EnsembleTeacher
from unetkd_core.zoo import checkpoints, ensembles, references
from unetkd_core.zoo.ensembles import EnsembleSpec

GRID = {"members": ["one", "two"], "weighting": "grid"}


@pytest.fixture
def members(checkpoints_dir: Path) -> list[str]:
    """Two networks: `one`, and `two`, larger and of another data set's licence."""
    checkpoints.save(make_model(seed=1), checkpoints_dir / "one", make_info(name="one", data=["streets:train"]))
    wide = {**SMALL, "base_width": 4, "name": "wide"}
    info = make_info(
        name="two", arch=wide, height=64, width=96, data=["camvid:train"], licence="research use only", mapping=["x"]
    )
    checkpoints.save(make_model(wide, seed=2), checkpoints_dir / "two", info)
    return ["one", "two"]


def named(checkpoints_dir: Path, name: str, **fields: object) -> None:
    ensembles.save(ensembles.parse(fields), checkpoints_dir / name)


def test_a_named_ensemble_is_listed_described_and_loaded_like_a_network(
    checkpoints_dir: Path, members: list[str]
) -> None:
    named(checkpoints_dir, "both", members=members, weighting="fixed", weights=[1, 3])
    known = dict(references.available())
    assert list(known) == ["both", "one", "two"]
    info, (one, two) = known["both"], (known["one"], known["two"])
    assert (info.role, info.title) == ("ensemble", "tiny + wide (1:3)")
    assert (info.parameters, info.macs) == (one.parameters + two.parameters, one.macs + two.macs)
    assert (info.height, info.width) == (64, 96)
    assert info.licence == "research use only" and info.data == ["streets:train", "camvid:train"]
    loaded = references.load_model("both")
    assert isinstance(loaded.model, EnsembleTeacher) and not loaded.model.training
    assert loaded.model.weights.tolist() == [0.25, 0.75]
    assert loaded.model.sizes == ((32, 64), (64, 96))
    assert loaded.info == info


def test_weights_that_are_still_to_be_searched_are_never_taken_for_even(members: list[str]) -> None:
    with pytest.raises(ConfigError, match="still to be searched"):
        references.load_model(ensembles.parse({"members": members, "weighting": "grid"}))


def test_a_checkpoint_that_claims_to_be_an_ensemble_or_is_damaged_does_not_take_the_list_down(
    checkpoints_dir: Path, members: list[str]
) -> None:
    named(checkpoints_dir, "both", members=members)
    path = checkpoints_dir / "two" / "config.json"
    whole = json.loads(path.read_text())
    for arch in ({"type": "ensemble", "members": "abc"}, {"type": "ensemble", "members": [whole["arch"]]}):
        path.write_text(json.dumps({**whole, "arch": arch}))
        assert list(dict(references.available())) == ["one"]
    assert [name for name, _ in checkpoints.list_damaged()] == ["two"]
    path.write_text(json.dumps({**whole, "run": {"teaching": "soft"}}))
    assert list(dict(references.available())) == ["both", "one", "two"]
    assert checkpoints.list_damaged() == []


def test_a_mapping_is_the_ensembles_when_every_member_learned_it(checkpoints_dir: Path, members: list[str]) -> None:
    spec = ensembles.parse({"members": members})
    assert references.info_of(spec).mapping == []  # "two" learned another
    checkpoints.save(make_model(seed=5), checkpoints_dir / "two", make_info(name="two", mapping=["x", "camvid"]))
    assert references.info_of(spec).mapping == ["camvid"]


def test_its_identity_follows_weights_and_members_and_not_their_order(
    checkpoints_dir: Path, members: list[str]
) -> None:
    def identity(**fields: object) -> str:
        return references.info_of(ensembles.parse({"weighting": "fixed", **fields})).sha256

    first = identity(members=["one", "two"], weights=[1, 3])
    assert first == identity(members=["two", "one"], weights=[6, 2])
    assert first != identity(members=["one", "two"], weights=[3, 1])
    assert first != identity(members=["one", "two"], weights=[1, 3], space="logits")
    checkpoints.save(make_model(seed=5), checkpoints_dir / "one", make_info(name="one"))
    assert first != identity(members=["one", "two"], weights=[1, 3])


def test_other_weights_under_a_members_name_are_refused_once_it_is_fixed(
    checkpoints_dir: Path, members: list[str]
) -> None:
    spec = references.fixed(ensembles.parse({"members": members}))
    references.load_model(spec)
    checkpoints.save(make_model(seed=5), checkpoints_dir / "one", make_info(name="one"))
    with pytest.raises(CheckpointError, match="one is not the network that this ensemble was made of"):
        references.load_model(spec)


def test_a_missing_member_and_an_ensemble_within_an_ensemble_are_refused(
    checkpoints_dir: Path, members: list[str]
) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint named 'three'"):
        references.info_of(ensembles.parse({"members": ["one", "three"]}))
    named(checkpoints_dir, "both", members=members)
    with pytest.raises(CheckpointError, match="is an ensemble itself"):
        references.info_of(ensembles.parse({"members": ["one", "both"]}))
    named(checkpoints_dir, "broken", members=["one", "three"])
    assert "broken" not in dict(references.available())


def test_a_member_of_weight_0_costs_nothing(checkpoints_dir: Path, members: list[str]) -> None:
    infos = [references.info_of(name) for name in members]
    parts = {(1, 1): 2, (1, 0): 1, (0, 3): 1}
    for weights, heard in parts.items():
        spec = ensembles.parse({"members": members, "weighting": "fixed", "weights": weights})
        info = ensembles.describe(spec, infos)
        assert info.parameters == sum(infos[place].parameters for place in spec.heard) and len(spec.heard) == heard
        assert info.macs == sum(infos[place].macs for place in spec.heard)
        assert macs(info.arch, 64, 96) == sum(macs(infos[place].arch, 64, 96) for place in spec.heard)
    by_class = [[1.0] * 5 + [0.0], [0.0] * 5 + [1.0]]
    assert ensembles.parse({"members": members, "weighting": "per_class", "class_weights": by_class}).heard == [0, 1]


def test_networks_of_other_classes_are_refused(checkpoints_dir: Path, members: list[str]) -> None:
    infos = [references.info_of(name) for name in members]
    other = infos[1].model_copy(update={"classes": ["cat", "dog"], "arch": {**infos[1].arch, "num_classes": 2}})
    with pytest.raises(CheckpointError, match=r"two has other classes \(2: cat, dog\)"):
        ensembles.describe(ensembles.parse({"members": members}), [infos[0], other])
    path = checkpoints_dir / "two" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "classes": ["cat", "dog"]}))
    with pytest.raises(CheckpointError, match="has the classes cat, dog"):
        references.load_model(ensembles.parse({"members": members}))


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"members": []}, "members"),
        ({"members": ["one", "one"]}, "named twice"),
        ({"members": ["one", "two"], "weighting": "fixed"}, "there are no weights"),
        ({"members": ["one", "two"], "weighting": "fixed", "weights": [1, -1]}, "none may be negative"),
        ({"members": ["one", "two"], "weighting": "fixed", "weights": [0, 0]}, "All weights are zero"),
        ({"members": ["one", "two"], "weighting": "fixed", "weights": [1, float("nan")]}, "finite"),
        ({"members": ["one", "two"], "weighting": "fixed", "weights": [1, 2, 3]}, "Got 3 weights"),
        ({"members": ["one", "two"], "weights": [1, 2]}, "Even takes no weights"),
        ({"members": ["one", "two"], "weighting": "oracle"}, "weighting"),
        ({"members": ["one", "two"], "weighting": "per_class", "weights": [1, 2]}, "one row a network"),
        ({"members": ["one", "two"], "weighting": "per_class", "class_weights": [[1, 2, 3]] * 2}, "rows of 6"),
        ({"members": ["one", "two"], "weighting": "per_class", "class_weights": []}, "got rows of none"),
        ({"members": ["one"], "format_version": 9}, "format version 9"),
        ({"members": ["one"], "colour": "red"}, "colour"),
        (["one"], "expected a JSON object"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(fields: object, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        ensembles.parse(fields)


def test_a_file_comes_back_as_it_was_written_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    spec = ensembles.parse(GRID).found(["camvid:val"], weights=[1, 2])
    (tmp_path / "e.json").write_text(spec.dumps())
    assert ensembles.read_file(tmp_path / "e.json") == spec
    assert not spec.open and ensembles.parse(GRID).open
    assert ensembles.weights_in_words(spec) == "0.33, 0.67, best of the grid on camvid:val"
    (tmp_path / "e.json").write_text("{")
    for name, what in (("e.json", "is not JSON"), ("none.json", "There is no file")):
        with pytest.raises(CheckpointError, match=what):
            ensembles.read_file(tmp_path / name)


def test_the_ensemble_that_taught_a_run_goes_by_that_run(checkpoints_dir: Path, members: list[str]) -> None:
    spec = ensembles.parse({"members": members, "weighting": "fixed", "weights": [1, 1]})
    config = {"teaching": {"teacher": spec.model_dump(mode="json")}}
    for run_id in ("a", "b"):
        folder = settings.runs_dir() / run_id
        checkpoints.save(make_model(), folder / "best", make_info(name=run_id, run=config, run_id=run_id))
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "status.json").write_text(json.dumps({"state": "done"}))
    refs = [ref for ref, _ in references.available()]
    assert refs == ["one", "two", "run:b", "run:a", "teacher-of:b"]  # the same ensemble once
    assert references.spec_of("teacher-of:a") == spec
    assert torch.allclose(references.load_model("teacher-of:a").model.weights, torch.tensor([0.5, 0.5]))
    (settings.runs_dir() / "a" / "config.json").write_text(json.dumps({"teaching": {"teacher": "one"}}))
    with pytest.raises(CheckpointError, match="was taught by one, not by an ensemble"):
        references.info_of("teacher-of:a")
    with pytest.raises(CheckpointError, match="no taught run"):
        references.info_of("teacher-of:c")
    with pytest.raises(CheckpointError):
        references.info_of("teacher-of:../x")


def test_names_are_words_and_an_ensemble_goes_by_its_title() -> None:
    assert references.label("one") == "one"
    assert references.label(ensembles.parse(GRID)) == "one + two"
    assert references.label(EnsembleSpec(members=("one",), title="Three")) == "Three"
