"""`unetkd`: results on stdout, one sentence on stderr when it fails, exit codes 0, 1 and 2."""

import dataclasses
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Unetkd
from unetkd_core.classes import PALETTES
from unetkd_core.data.images import read_labels
from unetkd_core.runs import folder
from unetkd_core.zoo.checkpoints import read_info


def test_a_mistyped_command_is_a_usage_error(unetkd: Unetkd) -> None:
    assert unetkd("distil").code == 2
    assert unetkd("runs", "show").code == 2
    assert unetkd("train", "--size", "large").code == 2


def test_what_is_refused_is_one_sentence_without_a_traceback(unetkd: Unetkd) -> None:
    outcome = unetkd("runs", "show", "no-such-run")
    assert outcome.code == 1
    assert outcome.err.startswith("unetkd: ") and "no-such-run" in outcome.err
    assert outcome.err.count("\n") == 1 and "Traceback" not in outcome.err
    assert outcome.out == ""


def test_more_processes_than_scenes_in_a_batch_are_refused(unetkd: Unetkd) -> None:
    outcome = unetkd("train", "--processes", "9", "--batch-size", "4", "--max-train", "8", "--size", "16x32")
    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "9 processes cannot share out a batch of 4 scenes; take 1 to 4" in outcome.err
    assert unetkd("train", "--processes", "0").code == 2


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "unetkd_core", "--version"], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count(".") == 2


def test_data_is_added_described_packed_and_forgotten(unetkd: Unetkd, streets_folder: Path) -> None:
    added = unetkd("data", "add", "mine", streets_folder, "--json")
    assert added.code == 0 and added.json()["splits"] == {"train": 2, "val": 2}
    described = {d["name"]: d for d in unetkd("data", "info", "--json").json()}
    assert described["streets"]["found"] and described["mine"]["found"] and not described["cityscapes"]["found"]
    table = unetkd("data", "info")
    assert "train 2, val 2" in table.out and "cityscapes" in table.err
    packed = unetkd("data", "pack", "mine:train", "mine:val", "--size", "16x24", "--json")
    assert packed.code == 0
    assert [(p["ref"], p["scenes"]) for p in packed.json()] == [("mine:train", 2), ("mine:val", 2)]
    assert packed.json()[0]["class_shares"][:2] == [0.5, 0.5]
    assert unetkd("data", "forget", "mine").code == 0
    assert "mine" not in {d["name"] for d in unetkd("data", "info", "--json").json()}
    assert unetkd("data", "forget", "mine").code == 1


def test_data_info_says_what_is_missing_in_a_dataset_that_was_found(unetkd: Unetkd, streets_folder: Path) -> None:
    assert unetkd("data", "add", "mine", streets_folder).code == 0
    assert "mine" not in unetkd("data", "info").err
    (streets_folder / "val" / "labels" / "b.png").unlink()
    outcome = unetkd("data", "info")
    assert outcome.code == 0
    assert "mine: mine/val/images/b.png has no label map" in outcome.err
    assert {d["name"]: d["problem"] for d in unetkd("data", "info", "--json").json()}["mine"] is not None


def test_a_folder_that_is_no_dataset_is_refused(unetkd: Unetkd, tmp_path: Path) -> None:
    outcome = unetkd("data", "add", "mine", tmp_path / "nowhere")
    assert outcome.code == 1 and "nowhere" in outcome.err


def test_evaluate_scores_at_native_size_and_warns_across_mappings(
    unetkd: Unetkd, checkpoint: str, streets_folder: Path
) -> None:
    unetkd("data", "add", "mine", streets_folder)
    outcome = unetkd("evaluate", checkpoint, "--dataset", "mine", "--split", "val", "--teacher", checkpoint, "--json")
    assert outcome.code == 0
    scores = outcome.json()["scores"]
    assert scores["pixels"] == 2 * 32 * 48
    assert scores["agreement"] == 1.0
    assert "mapping" in outcome.err
    table = unetkd("evaluate", checkpoint, "--dataset", "mine", "--split", "val")
    assert table.code == 0 and "mIoU" in table.out and "mine:val" in table.out


def test_evaluate_writes_a_whole_splits_scores_into_the_card_when_asked(
    unetkd: Unetkd, checkpoint: str, streets_folder: Path, tmp_path: Path
) -> None:
    unetkd("data", "add", "mine", streets_folder)
    folder = tmp_path / "checkpoints" / checkpoint
    before = read_info(folder)
    outcome = unetkd("evaluate", checkpoint, "--dataset", "mine:val", "--record", "--json")
    assert outcome.code == 0, outcome.err
    info = read_info(folder)
    assert info.metrics == {**before.metrics, "mine:val": outcome.json()["scores"]}
    assert (info.sha256, info.data) == (before.sha256, before.data)
    assert "| mine:val | " in (folder / "README.md").read_text(encoding="utf-8")
    assert (
        unetkd("evaluate", checkpoint, "--dataset", "mine:val", "--json").json()["scores"] == info.metrics["mine:val"]
    )
    assert unetkd("evaluate", checkpoint, "--dataset", "mine:val", "--record", "--limit", "1").code == 2
    refused = unetkd("evaluate", str(folder), "--dataset", "mine:val", "--record")
    assert refused.code == 2 and "is no checkpoint in checkpoints/" in refused.err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--dataset", "mine:val", "--split", "train"), "'train' is not the split of --dataset mine:val"),
        (("--dataset", "mine", "--split", ""), "is empty; expected a split's name"),
        (("--dataset", "mine:"), "names no split; expected mine:val"),
        (("--dataset", "mine:val", "--split", " "), "is empty"),
    ],
)
def test_a_split_named_twice_or_not_at_all_is_refused_and_recorded_nowhere(
    unetkd: Unetkd, checkpoint: str, streets_folder: Path, tmp_path: Path, options: tuple[str, ...], why: str
) -> None:
    unetkd("data", "add", "mine", streets_folder)
    for command in (("evaluate", "--record"), ("ensemble", "evaluate")):
        refused = unetkd(*command, *[checkpoint] * (1 + ("ensemble" in command)), *options)
        said = " ".join(refused.err.replace("│", "").split())
        assert refused.code == 2 and why in said and refused.out == ""
    assert not read_info(tmp_path / "checkpoints" / checkpoint).metrics


def test_a_split_named_twice_alike_is_that_split_and_the_help_says_how(
    unetkd: Unetkd, checkpoint: str, streets_folder: Path
) -> None:
    unetkd("data", "add", "mine", streets_folder)
    both = unetkd("evaluate", checkpoint, "--dataset", "mine:train", "--split", "train", "--json")
    assert both.code == 0 and both.json()["dataset"] == "mine:train"
    assert unetkd("evaluate", checkpoint, "--dataset", "mine", "--json").json()["dataset"] == "mine:val"
    assert "streets:val" in unetkd("evaluate", "--help").out
    told = unetkd("evaluate", checkpoint, "--dataset", "mine:train", "--limit", "1")
    assert "on 1 scene of mine:train, " in told.out


def test_evaluate_refuses_what_is_not_there(unetkd: Unetkd, checkpoint: str) -> None:
    assert unetkd("evaluate", checkpoint, "--dataset", "nothing").code == 1
    assert unetkd("evaluate", "missing", "--dataset", "streets").code == 1


def test_predict_does_the_good_images_even_if_one_is_bad(unetkd: Unetkd, checkpoint: str, tmp_path: Path) -> None:
    good, bad = tmp_path / "street.png", tmp_path / "broken.jpg"
    Image.fromarray(np.full((40, 70, 3), 90, dtype=np.uint8)).save(good)
    bad.write_bytes(b"not a picture")
    outcome = unetkd("predict", checkpoint, bad, good, tmp_path / "none.png", "-o", tmp_path / "out", "--json")
    assert outcome.code == 1
    broken, done, missing = outcome.json()
    assert "broken.jpg" in broken["error"] and "none.png" in missing["error"]
    colours = np.asarray(Image.open(done["labels"]).convert("RGB")).reshape(-1, 3)
    assert {tuple(c) for c in colours.tolist()} <= {tuple(c) for c in PALETTES["table1"].tolist()}
    assert read_labels(Path(done["labels"]), name="labels").shape[:2] == (40, 70)
    assert Image.open(done["overlay"]).size == (70, 40)
    assert unetkd("predict", checkpoint, good, "-o", tmp_path / "out").code == 0


def test_predict_tells_images_of_one_name_apart(unetkd: Unetkd, checkpoint: str, tmp_path: Path) -> None:
    paths = [tmp_path / "left" / "a.png", tmp_path / "right" / "a.png"]
    for path in paths:
        path.parent.mkdir()
        Image.fromarray(np.zeros((20, 20, 3), dtype=np.uint8)).save(path)
    results = unetkd("predict", checkpoint, *paths, "-o", tmp_path / "out", "--json").json()
    assert len({r["labels"] for r in results}) == 2 == len(list((tmp_path / "out").glob("*_labels.png")))


def test_predict_leaves_no_empty_folder_behind(unetkd: Unetkd, checkpoint: str, tmp_path: Path) -> None:
    assert unetkd("predict", checkpoint, tmp_path / "none.png", "-o", tmp_path / "new").code == 1
    assert not (tmp_path / "new").exists()
    (tmp_path / "mine").mkdir()
    assert unetkd("predict", checkpoint, tmp_path / "none.png", "-o", tmp_path / "mine").code == 1
    assert (tmp_path / "mine").exists(), "that one was there"


def test_predict_needs_a_folder_that_can_be_made(unetkd: Unetkd, checkpoint: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outcome = unetkd("predict", checkpoint, tmp_path / "a.png", "-o", tmp_path / "file" / "out")
    assert outcome.code == 1 and "-o" in outcome.err


def test_predict_says_what_it_cannot_write_and_does_the_others(unetkd: Unetkd, checkpoint: str, tmp_path: Path) -> None:
    for name in "ab":
        Image.new("RGB", (32, 16)).save(tmp_path / f"{name}.png")
    (tmp_path / "out" / "a_overlay.png").mkdir(parents=True)
    outcome = unetkd("predict", checkpoint, tmp_path / "a.png", tmp_path / "b.png", "-o", tmp_path / "out")
    assert outcome.code == 1 and "a.png cannot be written: Is a directory." in outcome.err
    assert (tmp_path / "out" / "b_overlay.png").is_file()


def test_json_never_holds_nan(unetkd: Unetkd, checkpoint: str, streets_folder: Path) -> None:
    unetkd("data", "add", "mine", streets_folder)
    outcome = unetkd("evaluate", checkpoint, "--dataset", "mine:val", "--json")
    json.loads(outcome.out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert outcome.json()["scores"]["agreement"] is None


def test_keep_stores_the_scores_of_the_weights_it_stores(
    unetkd: Unetkd, checkpoint: str, finished_run: str, streets_folder: Path, tmp_path: Path
) -> None:
    unetkd("data", "add", "mine", streets_folder)
    note = "Behind its twin; <T 8> was tried."
    outcome = unetkd("keep", finished_run, "kept", "--title", "Kept", "--on", "mine:val", "--note", note)
    assert outcome.code == 0, outcome.err
    info = read_info(tmp_path / "checkpoints" / "kept")
    assert (info.name, info.title) == ("kept", "Kept")
    again = unetkd("evaluate", "kept", "--dataset", "mine:val", "--json").json()["scores"]
    assert info.metrics["mine:val"] == again
    assert "## Notes\n\nBehind its twin; &lt;T 8&gt; was tried.\n" in (
        tmp_path / "checkpoints" / "kept" / "README.md"
    ).read_text(encoding="utf-8")
    assert unetkd("keep", finished_run, "kept", "--on", "mine:val").code == 1
    assert unetkd("keep", finished_run, "other", "--note", "x" * 2001).code == 2
    again = unetkd("keep", f"run:{finished_run}", "kept", "--on", "mine:val", "--replace")
    assert again.code == 0, again.err
    assert unetkd("keep", finished_run, "../kept", "--on", "mine:val").code == 1


def test_keep_says_of_a_network_trained_alone_that_it_teaches(
    unetkd: Unetkd, checkpoint: str, finished_run: str, streets_folder: Path, tmp_path: Path
) -> None:
    unetkd("data", "add", "mine", streets_folder)
    unetkd("keep", finished_run, "kept", "--on", "mine:val", "--teacher")
    assert read_info(tmp_path / "checkpoints" / "kept").role == "teacher"


@pytest.mark.parametrize("state", ["stopped", "failed", "running"])
def test_keep_says_of_a_run_that_ended_early_how_far_it_came(
    unetkd: Unetkd, checkpoint: str, finished_run: str, streets_folder: Path, tmp_path: Path, state: str
) -> None:
    """`running`, with nobody who works for it: it was interrupted."""
    unetkd("data", "add", "mine", streets_folder)
    run = folder.open_run(finished_run)
    run.write_status(dataclasses.replace(run.written_status(), state=state, heartbeat=1.0, ended=None))
    best = run.run_dir / "best" / "config.json"
    packed = {"packed": {"epoch": 1, "miou": 0.2, "iou": [0.2] * 6, "pixel_accuracy": 0.5}}
    config = run.config.with_(data={"val": ["mine:val"]}).model_dump(mode="json")
    best.write_text(json.dumps({**json.loads(best.read_text()), "metrics": packed, "run": config}))
    outcome = unetkd("keep", finished_run, "kept", "--on", "mine:val", "--on", "mine:train")
    assert outcome.code == 0, outcome.err
    early = "stopped after 1 of 20 epochs, the best being number 1"
    assert f"{finished_run} {early}; the card says so.\n" in outcome.out
    assert "mine:val (chosen on): mIoU" in outcome.out and "mine:train: mIoU" in outcome.out
    assert outcome.err.count("(chosen on): the epoch") == 1
    evaluated = unetkd("evaluate", "kept", "--dataset", "mine:val")
    assert "kept on mine:val (chosen on), native" in evaluated.out and "(chosen on): the epoch" in evaluated.err
    assert unetkd("evaluate", "kept", "--dataset", "mine:val", "--json").json()["chosen_on_it"] is True
    other = unetkd("evaluate", "kept", "--dataset", "mine:train")
    assert "kept on mine:train, native" in other.out and "chosen on" not in other.err
    info = read_info(tmp_path / "checkpoints" / "kept")
    assert info.epochs_done == 1 and info.metrics["packed"] == packed["packed"]
    told = (tmp_path / "checkpoints" / "kept" / "README.md").read_text(encoding="utf-8")
    assert f"- Recipe: default, {early}; epochs 20, " in told
    assert "| validation, packed (during training, before rounding) (chosen on) | 20.0 |" in told


def test_keep_waits_until_a_run_has_ended(
    unetkd: Unetkd, checkpoint: str, finished_run: str, streets_folder: Path
) -> None:
    run = folder.open_run(finished_run)
    run.write_status(dataclasses.replace(run.written_status(), state="queued", heartbeat=time.time()))
    unetkd("data", "add", "mine", streets_folder)
    outcome = unetkd("keep", finished_run, "kept", "--on", "mine:val")
    assert outcome.code == 1 and "still training" in outcome.err


def test_training_goes_on_from_a_run_in_its_kind(
    unetkd: Unetkd, streets_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert unetkd("data", "add", "mine", streets_folder).code == 0
    data = ("--train", "mine:train", "--val", "mine:val", "--size", "16x32", "--epochs", "1", "--batch-size", "2")
    first = unetkd("train", "--model", "U4", *data, "--json").json()["runs"][0]["id"]
    went_on = unetkd("train", "--start-from", f"run:{first}", *data, "--json")
    assert went_on.code == 0, went_on.err
    config = folder.open_run(went_on.json()["runs"][0]["id"]).config
    assert (config.model.name, config.model.norm, config.model.start) == ("U4", "batch", f"run:{first}")
    refused = unetkd("train", "--start-from", f"run:{first}", "--model", "M128", *data)
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert f"run:{first} is of another kind (U4, normalisation batch)" in refused.err
    assert unetkd("train", "--start-from", "nobody", *data).code == 1
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "kept"))
    both = tmp_path / "kept" / "both" / "ensemble.json"
    both.parent.mkdir(parents=True)
    both.write_text(json.dumps({"members": [f"run:{first}", f"run:{went_on.json()['runs'][0]['id']}"]}))
    ensemble = unetkd("train", "--start-from", "both", *data)
    assert ensemble.code == 1 and "is an ensemble; training goes on from one network" in ensemble.err
