"""`unetkd pull` and `unetkd push` against a Hub on this machine, and what was pulled in the other commands."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Unetkd, save_checkpoint
from tests.zoo.hub_server import TOKEN, Hub, Repo
from unetkd_core.errors import CheckpointError
from unetkd_core.runs import folder, jobs
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import references
from unetkd_core.zoo.ensembles import EnsembleSpec
from unetkd_core.zoo.ensembles import save as save_ensemble


@pytest.fixture
def pushed(hub: Hub, unetkd: Unetkd, checkpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """me/small on the Hub, pushed by the command."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    done = unetkd("push", checkpoint, "me/small", "--yes", "--json")
    assert done.code == 0 and done.json()["ref"] == "hf:me/small" and done.json()["private"] is True
    assert "M128 alone: 3 files, 1.0 MB, to me/small (private)" in done.err and "Licence: MIT" in done.err
    return "hf:me/small"


def test_what_was_pulled_is_a_reference_in_the_other_commands(
    unetkd: Unetkd, pushed: str, hub: Hub, streets_folder: Path, tmp_path: Path
) -> None:
    assert unetkd("evaluate", pushed).err.endswith("`unetkd pull me/small` downloads it from the Hugging Face Hub.\n")
    done = unetkd("pull", "me/small", "--json")
    assert done.code == 0 and done.json()["commit"] == hub.repos["me/small"].revisions["main"]
    assert f"hf:me/small at commit {done.json()['commit'][:12]}: 3 files, 1.0 MB\n" in done.err
    again = unetkd("pull", "hf:me/small").err
    assert "3 files, 1.0 MB, all of it here already\n" in again and "to download" not in again
    unetkd("data", "add", "mine", streets_folder)
    scores = unetkd("evaluate", pushed, "--dataset", "mine", "--teacher", pushed, "--json").json()
    assert scores["ref"] == pushed and scores["scores"]["agreement"] == 1.0
    image = streets_folder / "val" / "images" / "a.png"
    assert unetkd("predict", pushed, image, "-o", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "a_overlay.png").is_file()


def test_a_run_writes_down_the_commit_of_its_teacher(
    unetkd: Unetkd, pushed: str, hub: Hub, streets_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = unetkd("pull", "me/small", "--json").json()["commit"]
    unetkd("data", "add", "mine", streets_folder)
    monkeypatch.setattr(jobs, "_launch", lambda run: None)
    data = {"train": ["mine:train"], "val": ["mine:val"], "height": 32, "width": 48}
    run, _twin = jobs.start(RunConfig().with_(data=data, teaching={"teacher": pushed}))
    assert run.config.teaching and run.config.teaching.teacher == f"{pushed}@{commit}"


def test_as_makes_a_named_checkpoint_and_takes_no_name_twice(unetkd: Unetkd, pushed: str, hub: Hub) -> None:
    before = len(hub.asked)
    taken = unetkd("pull", "me/small", "--as", "small")
    assert taken.code == 1 and "exists already" in taken.err and len(hub.asked) == before
    done = unetkd("pull", "me/small", "--as", "theirs")
    assert done.code == 0 and "theirs is M128 alone; licence: MIT" in done.out
    assert references.info_of("theirs").name == "theirs"
    assert unetkd("pull", "me/small", "--as", "theirs", "--replace").code == 0


def test_an_ensemble_in_a_folder_goes_and_comes(
    unetkd: Unetkd, hub: Hub, checkpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    save_checkpoint(tmp_path / "checkpoints" / "second", "second", seed=1)
    save_ensemble(EnsembleSpec(members=(checkpoint, "second")), tmp_path / "checkpoints" / "team")
    assert unetkd("push", "team", "me/zoo", "--folder", "team", "--yes").code == 0
    done = unetkd("pull", "me/zoo/team", "--as", "again")
    assert done.code == 0 and "8 files" in done.err
    assert references.info_of("again").sha256 == references.info_of("team").sha256


def test_push_asks_first(unetkd: Unetkd, hub: Hub, checkpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("typer.confirm", lambda *args, **kwargs: False)
    done = unetkd("push", checkpoint, "me/small")
    assert done.code == 1 and done.err.endswith("unetkd: Nothing was pushed.\n") and hub.asked == []


@pytest.mark.parametrize("repo", ["me", "me/zoo/team", "me/zoo@v1", "../zoo", ""])
def test_what_is_no_repository_is_refused_before_anything_is_told_or_asked(
    unetkd: Unetkd, hub: Hub, checkpoint: str, repo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.confirm", lambda *args, **kwargs: pytest.fail("asked"))
    done = unetkd("push", checkpoint, repo)
    assert done.code == 1 and done.err.startswith(f"unetkd: {repo!r} is no repository to push to; expected owner/repo")
    assert done.err.count("\n") == 1 and hub.asked == []


@pytest.mark.parametrize(
    ("files", "asked", "why"),
    [
        ({}, "me/bare", "me/bare is empty: it has no files yet."),
        ({}, "me/bare/net", "me/bare is empty: it has no files yet."),
        ({"README.md": b"x"}, "me/bare/net", "me/bare has no folder 'net'; none of its folders holds a checkpoint."),
        ({"README.md": b"x"}, "me/bare", "hf:me/bare is no checkpoint of UNetKD"),
    ],
)
def test_a_repository_without_a_checkpoint_says_what_it_lacks(
    unetkd: Unetkd, hub: Hub, checkpoint: str, files: dict[str, bytes], asked: str, why: str
) -> None:
    repo = hub.repos["me/bare"] = Repo()
    repo.commit(files)
    done = unetkd("pull", asked)
    assert done.code == 1 and why in done.err and "None" not in done.err


def test_public_says_what_that_means(
    unetkd: Unetkd, hub: Hub, tmp_path: Path, checkpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    config = tmp_path / "checkpoints" / "small" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "licence": "research only"}))
    done = unetkd("push", checkpoint, "me/small", "--public", "--yes")
    assert "Licence: research only. Public means that everyone may take it." in done.err
    assert "Pushed as hf:me/small, public" in done.out and not hub.repos["me/small"].private


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("pull", "../x"), "is no reference to the Hub"),
        (("pull", "me/missing"), "shows no repository me/missing"),
        (("push", "small", "me/small", "--yes"), "did not accept the access token"),
        (("push", "nobody", "me/small", "--yes"), "There is no checkpoint named 'nobody'"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    unetkd: Unetkd, hub: Hub, checkpoint: str, arguments: tuple[str, ...], sentence: str
) -> None:
    done = unetkd(*arguments)
    last = done.err.strip().splitlines()[-1]
    assert done.code == 1 and last.startswith("unetkd: ") and sentence in last and "Traceback" not in done.err


def test_the_way_back_is_said_when_the_cache_was_emptied(unetkd: Unetkd, pushed: str, tmp_path: Path) -> None:
    unetkd("pull", "me/small")
    for file in (tmp_path / "hf-cache").rglob("snapshots/*/*"):
        file.unlink()
    with pytest.raises(CheckpointError, match="`unetkd pull me/small`"):
        references.load_model(pushed)


def test_what_was_pulled_is_forgotten_and_its_room_is_free_again(unetkd: Unetkd, pushed: str) -> None:
    assert unetkd("forget", "me/small").code == 1  # pushed, not pulled
    unetkd("pull", "me/small")
    said = unetkd("forget", pushed)
    assert said.code == 0 and said.out == "Forgotten: hf:me/small; 1.0 MB are free again.\n"
    assert unetkd("evaluate", pushed).code == 1
    unetkd("pull", "me/small")
    assert unetkd("forget", pushed, "--json").json()["refs"] == ["hf:me/small"]


def test_what_was_pulled_is_listed(unetkd: Unetkd, pushed: str, hub: Hub) -> None:
    none = unetkd("forget")
    assert none.code == 0 and none.out == "" and "Nothing was pulled." in none.err
    unetkd("pull", "me/small", "--as", "copy")
    commit = hub.repos["me/small"].revisions["main"]
    assert unetkd("forget").out == f"hf:me/small at commit {commit[:12]}\n"
    assert unetkd("forget", "--json").json() == [{"ref": "hf:me/small", "commit": commit}]
    assert "what was pulled is hf:me/small." in " ".join(unetkd("forget", "me/smal").err.split())


def test_what_an_unfinished_run_is_taught_by_stays_on_the_disk(unetkd: Unetkd, pushed: str, hub: Hub) -> None:
    unetkd("pull", "me/small")
    commit = hub.repos["me/small"].revisions["main"]
    run = folder.create(RunConfig.model_validate({"teaching": {"teacher": f"{pushed}@{commit}"}}))
    said = unetkd("forget", pushed)
    assert said.code == 0 and f"its files stay: run:{run.id} needs them." in said.out
    assert references.info_of(f"{pushed}@{commit}").title == "M128 alone"
