"""Pushing with the real client to a Hub on this machine: private, as one commit, with nothing but what was packed."""

from pathlib import Path

import pytest

from tests.zoo.conftest import make_info, make_model
from tests.zoo.hub_server import TOKEN, Hub, Repo
from unetkd_core import settings
from unetkd_core.errors import CheckpointError, HubError
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import ensembles, references
from unetkd_core.zoo import hub as the_hub
from unetkd_core.zoo.checkpoints import save
from unetkd_core.zoo.ensembles import EnsembleSpec


@pytest.fixture(autouse=True)
def mine(checkpoints_dir: Path) -> Path:
    """Two small checkpoints by name, and a private note beside one of them."""
    save(make_model(), checkpoints_dir / "one", make_info(name="one"))
    save(make_model(seed=1), checkpoints_dir / "two", make_info(name="two"))
    (checkpoints_dir / "one" / "notes.txt").write_text("not for others")
    return checkpoints_dir


def test_what_is_pushed_is_private_and_comes_back_the_same(hub: Hub, mine: Path) -> None:
    parcel = the_hub.pack("one")
    assert set(parcel.files) == {"config.json", "model.safetensors", "README.md"}
    pushed = the_hub.push("one", "me/one", token=TOKEN)
    repo = hub.repos["me/one"]
    assert repo.private and pushed.private and len(repo.commits) == 1 and pushed.commit == repo.revisions["main"]
    assert repo.files == parcel.files == {n: (mine / "one" / n).read_bytes() for n in parcel.files}
    assert parcel.size == sum(map(len, repo.files.values()))
    the_hub.pull("me/one", token=TOKEN)
    assert references.info_of(str(pushed.ref)).sha256 == references.info_of("one").sha256


def test_several_lie_in_folders_and_what_is_pushed_again_is_replaced(hub: Hub) -> None:
    the_hub.push("one", "me/both", folder="small", token=TOKEN)
    the_hub.push("two", "me/both", folder="other", token=TOKEN)
    the_hub.push("two", "me/both", folder="small", token=TOKEN)
    files = hub.repos["me/both"].files
    assert {path.partition("/")[0] for path in files} == {"small", "other"} and len(files) == 6
    assert files["small/model.safetensors"] == files["other/model.safetensors"]


def test_a_run_is_pushed_by_its_best(hub: Hub) -> None:
    save(make_model(), settings.runs_dir() / "r1" / "best", make_info(name="r1"))
    assert the_hub.push("run:r1", "me/run", token=TOKEN).url.startswith(hub.endpoint)
    assert "model.safetensors" in hub.repos["me/run"].files


def test_a_run_that_ended_early_is_pushed_with_the_epochs_that_it_did(hub: Hub) -> None:
    config = RunConfig().with_(optim={"epochs": 20}).model_dump(mode="json")
    save(make_model(), settings.runs_dir() / "r1" / "best", make_info(name="r1", run=config))
    (settings.runs_dir() / "r1" / "metrics.jsonl").write_text('{"epoch": 1}\n{"epoch": 2}\n')
    the_hub.push("run:r1", "me/run", token=TOKEN)
    assert b"stopped after 2 of 20 epochs" in hub.repos["me/run"].files["README.md"]
    the_hub.pull("me/run", token=TOKEN)
    assert references.info_of("hf:me/run").epochs_done == 2 and references.load_model("hf:me/run").info.run == config


def test_an_ensemble_brings_its_members_and_comes_back(hub: Hub, mine: Path) -> None:
    save(make_model(seed=2), settings.runs_dir() / "r1" / "best", make_info(name="r1"))
    ensembles.save(EnsembleSpec(members=("one", "run:r1"), weighting="fixed", weights=(1, 3)), mine / "team")
    the_hub.push("team", "me/team", token=TOKEN)
    files = hub.repos["me/team"].files
    assert set(files) >= {"ensemble.json", "README.md", "one/config.json", "r1/model.safetensors"}
    assert b"run:" not in files["ensemble.json"]
    the_hub.pull("me/team", token=TOKEN)
    there = references.load_model("hf:me/team").info
    assert there.sha256 == references.info_of("team").sha256
    the_hub.push("one", "me/team", token=TOKEN)  # a network takes the ensemble's place
    assert "ensemble.json" not in hub.repos["me/team"].files
    with pytest.raises(CheckpointError, match="named alike: one, r1, one"):
        the_hub.pack("team", folder="one")


def test_what_was_pulled_can_be_pushed_on(hub: Hub) -> None:
    the_hub.push("one", "me/one", token=TOKEN)
    the_hub.pull("me/one", token=TOKEN)
    the_hub.push("hf:me/one", "me/copy", token=TOKEN)
    assert hub.repos["me/copy"].files == hub.repos["me/one"].files


def test_private_weights_never_go_into_a_public_repository(hub: Hub) -> None:
    public = hub.repos["me/open"] = Repo()
    public.commit({"README.md": b"x"})
    with pytest.raises(HubError, match=r"me/open is public already, and you asked for private.*Nothing was uploaded"):
        the_hub.push("one", "me/open", token=TOKEN)
    assert len(public.commits) == 1
    assert not the_hub.push("one", "me/open", private=False, token=TOKEN).private
    assert len(public.commits) == 2 and public.files["README.md"] != b"x"


@pytest.mark.parametrize(
    ("repo_id", "token", "sentence"),
    [
        ("me/one", None, r"did not accept the access token \(401\)"),
        ("others/one", TOKEN, r"forbids it \(403\): the token may not write to others/one"),
        ("../one", TOKEN, "is no reference to the Hub"),
        ("one", TOKEN, "is no reference to the Hub"),
    ],
)
def test_a_push_that_may_not_be_is_a_sentence(hub: Hub, repo_id: str, token: str | None, sentence: str) -> None:
    with pytest.raises(CheckpointError, match=sentence) as caught:
        the_hub.push("one", repo_id, token=token)
    assert TOKEN not in str(caught.value) and hub.large == {}


@pytest.mark.parametrize("where", ["preupload", "batch", "/large/", "/commit/"])
def test_a_push_that_breaks_off_leaves_no_half_commit(hub: Hub, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
    hub.fault = lambda method, path: (503, {}) if where in path else None
    with pytest.raises(HubError, match="503") as caught:
        the_hub.push("one", "me/one", token=TOKEN)
    assert caught.value.temporary and hub.repos["me/one"].files == {}
    hub.fault = lambda method, path: None
    the_hub.push("one", "me/one", token=TOKEN)
    assert len(hub.repos["me/one"].files) == 3


def test_damaged_weights_are_not_pushed(hub: Hub, mine: Path) -> None:
    file = mine / "one" / "model.safetensors"
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(CheckpointError, match=r"damaged .* not pushed"):
        the_hub.push("one", "me/one", token=TOKEN)
    assert hub.asked == []
