"""What a person may type for a network, and what it must never reach."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.zoo.conftest import make_info, make_model
from unetkd_core import settings
from unetkd_core.errors import CheckpointError, ConfigError
from unetkd_core.zoo.checkpoints import save
from unetkd_core.zoo.ensembles import EnsembleSpec
from unetkd_core.zoo.references import (
    available,
    check_name,
    info_of,
    load_model,
    mapping_warning,
    resolve,
    weight_bytes,
)


def make_run(run_id: str, state: str | None, *, best: bool = True) -> Path:
    run_dir = settings.runs_dir() / run_id
    run_dir.mkdir(parents=True)
    if state is not None:
        (run_dir / "status.json").write_text(json.dumps({"state": state}))
    if best:
        save(make_model(), run_dir / "best", make_info(name=run_id))
    return run_dir


def test_a_name_means_a_folder_in_checkpoints(checkpoints_dir: Path) -> None:
    save(make_model(), checkpoints_dir / "m128.v1_a-b", make_info())
    assert resolve("m128.v1_a-b") == checkpoints_dir / "m128.v1_a-b"
    model, info = load_model("m128.v1_a-b")
    assert not model.training and info.role == "student"


def test_the_size_of_the_weights_is_the_files_and_an_ensembles_is_its_members(checkpoints_dir: Path) -> None:
    save(make_model(), checkpoints_dir / "small", make_info())
    size = (checkpoints_dir / "small" / "model.safetensors").stat().st_size
    assert weight_bytes("small") == size > 0
    save(make_model(), checkpoints_dir / "other", make_info(name="other"))
    assert weight_bytes(EnsembleSpec(members=("small", "other"))) == 2 * size
    with pytest.raises(CheckpointError, match="gone"):
        weight_bytes("gone")


def test_a_device_that_is_not_there_is_refused(checkpoints_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(make_model(), checkpoints_dir / "small", make_info())
    monkeypatch.setenv("UNETKD_DEVICE", "cuda:97")
    assert next(load_model("small").model.parameters()).device.type == "cpu"
    with pytest.raises(ConfigError, match="no device 'cuda:97'"):
        load_model("small", "auto")


def test_run_means_the_best_of_a_run(checkpoints_dir: Path) -> None:
    make_run("20261123-184501-m128-a1b2", "running")
    assert resolve("run:20261123-184501-m128-a1b2") == settings.runs_dir() / "20261123-184501-m128-a1b2" / "best"


PATHS = [
    "../x",
    "a/b",
    "/etc",
    "run:../x",
    "run:a/b",
    "run:/tmp",
    "a\\b",
    "~",
    "~root",
    "..",
    ".",
    "run:..",
    ".hidden",
    "./a",
]


@pytest.mark.parametrize("ref", PATHS)
def test_a_path_is_refused(checkpoints_dir: Path, ref: str) -> None:
    checkpoints_dir.mkdir()
    with pytest.raises(CheckpointError, match="looks like a path"):
        resolve(ref)


@pytest.mark.parametrize("ref", ["", "run:", "a b", "a\n", "ä", "-x", "a\0", "x" * 200, "ftp:x", "run:run:x"])
def test_a_malformed_reference_is_refused(checkpoints_dir: Path, ref: str) -> None:
    with pytest.raises(CheckpointError, match="not a checkpoint's name"):
        resolve(ref)


def test_a_name_that_is_not_there_says_what_is(checkpoints_dir: Path) -> None:
    with pytest.raises(CheckpointError, match="there is none yet"):
        resolve("m128")
    save(make_model(), checkpoints_dir / "m256", make_info())
    with pytest.raises(CheckpointError, match=r"no checkpoint named 'm128'; there are m256\."):
        resolve("m128")
    for number in range(13):
        (checkpoints_dir / f"n{number:02}").mkdir()
    with pytest.raises(CheckpointError, match=r"n10 and 2 more\."):
        resolve("m128")


def test_a_run_that_is_not_there_or_has_no_best_yet_says_so() -> None:
    with pytest.raises(CheckpointError, match="There is no run abc"):
        resolve("run:abc")
    make_run("abc", "running", best=False)
    with pytest.raises(CheckpointError, match="no checkpoint yet"):
        resolve("run:abc")


def test_available_lists_names_then_finished_runs_newest_first(checkpoints_dir: Path) -> None:
    save(make_model(), checkpoints_dir / "teacher", make_info(name="teacher"))
    for run_id, state in [("1-done", "done"), ("2-running", "running"), ("3-stopped", "stopped"), ("4-odd", None)]:
        make_run(run_id, state)
    make_run("5-failed-early", "stopped", best=False)
    (make_run("6-damaged", "done") / "status.json").write_text("[")
    assert [ref for ref, _ in available()] == ["teacher", "run:3-stopped", "run:1-done"]


def test_check_name_gives_back_what_can_be_a_folder() -> None:
    assert check_name("m128-from-vgg16") == "m128-from-vgg16"
    with pytest.raises(CheckpointError):
        check_name("m128 taught")


def source(mapping: str) -> Any:
    return SimpleNamespace(mapping=mapping, ref=f"{mapping}:val")


def test_the_same_mapping_gives_no_warning() -> None:
    assert mapping_warning(make_info(mapping=["camvid"]), source("camvid")) is None
    assert mapping_warning(make_info(mapping=["camvid", "cityscapes"]), source("cityscapes")) is None


@pytest.mark.parametrize("other", ["cityscapes", "classes", "another"])
def test_another_mapping_warns_in_words(other: str) -> None:
    warning = mapping_warning(make_info(mapping=["camvid"]), source(other))
    assert warning and f"learned the camvid label mapping, {other}:val has the {other} mapping" in warning


def test_a_runs_best_says_how_many_epochs_the_run_did(checkpoints_dir: Path) -> None:
    run_dir = make_run("1-killed", "stopped")
    assert info_of("run:1-killed").epochs_done is None  # nothing to read it from
    line = '{"epoch": %d, "val": {}}\n'
    for text, done in (
        (line % 1 + line % 2, 2),
        (line % 1 + line % 2 + '{"epoch": 3, "val', 2),
        (line % 1 + '{"epoch": "x"}\n[]\nnull\n{"epoch": true}\n', 1),
        (line % 0 + "\xff\n", None),
    ):
        (run_dir / "metrics.jsonl").write_text(text, encoding="latin-1")
        assert info_of("run:1-killed").epochs_done == done == dict(available())["run:1-killed"].epochs_done
        assert load_model("run:1-killed").info.epochs_done == done


def test_a_checkpoint_of_before_is_read_and_says_nothing_of_epochs(checkpoints_dir: Path) -> None:
    folder = checkpoints_dir / "old"
    save(make_model(), folder, make_info(name="old"))
    told = json.loads((folder / "config.json").read_text())
    del told["epochs_done"], told["chosen_on"]
    (folder / "config.json").write_text(json.dumps(told))
    info = info_of("old")
    assert (info.epochs_done, info.chosen_on) == (None, []) and load_model("old").info == info


def test_a_run_whose_state_is_no_text_is_not_listed(checkpoints_dir: Path) -> None:
    make_run("1-odd", "done")
    (settings.runs_dir() / "1-odd" / "status.json").write_text('{"state": ["done"]}')
    assert available() == []
