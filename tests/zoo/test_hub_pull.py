"""Pulling with the real client from a Hub on this machine: what comes, what is remembered, what never comes."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from huggingface_hub import constants, hf_hub_download
from huggingface_hub.utils import close_session

from tests.zoo.conftest import checkpoint_files, make_info, make_model
from tests.zoo.hub_server import TOKEN, Hub, Repo
from unetkd_core.errors import CheckpointError, HubError
from unetkd_core.zoo import hub as the_hub
from unetkd_core.zoo import hub_transfer, references
from unetkd_core.zoo.checkpoints import save
from unetkd_core.zoo.ensembles import EnsembleSpec
from unetkd_core.zoo.hub_refs import parse


@pytest.fixture
def repo(hub: Hub, tmp_path: Path) -> Repo:
    """owner/repo with one checkpoint, and files that nobody asked for."""
    made = Repo()
    made.commit(
        {**checkpoint_files(tmp_path), "pytorch_model.bin": b"pickle", "run.py": b"evil", ".gitattributes": b"x"}
    )
    hub.repos["owner/repo"] = made
    return made


def test_what_is_pulled_can_be_used_as_a_reference_everywhere(hub: Hub, repo: Repo, checkpoints_dir: Path) -> None:
    told: list[tuple[int, int]] = []
    offer = the_hub.look(parse("owner/repo"))
    assert (
        offer.size
        == offer.missing
        == sum(len(repo.files[n]) for n in ("config.json", "model.safetensors", "README.md"))
    )
    assert hub.downloads() == []
    folder = the_hub.pull("owner/repo", progress=lambda done, total: told.append((done, total)))
    assert folder == references.resolve("hf:owner/repo")
    assert told[0] == (0, offer.size) and told[-1] == (offer.size, offer.size)
    model, info = references.load_model("hf:owner/repo")
    expected = make_model().state_dict()
    assert info.title == "Tiny from M256" and not model.training
    assert all(torch.allclose(v, expected[k], atol=1e-2) for k, v in model.state_dict().items())
    assert [ref for ref, _ in references.available()] == ["hf:owner/repo"] == [ref for ref, _ in the_hub.known()]
    assert references.weight_bytes("hf:owner/repo") == len(repo.files["model.safetensors"])
    assert the_hub.look(parse("owner/repo")).missing == 0


def test_only_config_weights_and_card_are_ever_asked_for(hub: Hub, repo: Repo) -> None:
    the_hub.pull("owner/repo")
    asked = {a.path.rpartition("/")[2] for a in hub.asked if "/resolve/" in a.path}
    assert asked == {"config.json", "model.safetensors", "README.md"}


def test_nothing_is_downloaded_twice_and_other_tools_share_the_cache(hub: Hub, repo: Repo) -> None:
    folder = the_hub.pull("owner/repo")
    before = len(hub.downloads())
    assert the_hub.pull("owner/repo") == folder and len(hub.downloads()) == before
    commit = repo.revisions["main"]
    theirs = hf_hub_download("owner/repo", "model.safetensors", revision=commit, local_files_only=True)
    assert Path(theirs) == folder / "model.safetensors"


def test_a_reference_keeps_its_commit_until_it_is_pulled_anew(
    hub: Hub, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = repo.revisions["main"]
    repo.revisions["v1"] = first
    the_hub.pull("owner/repo")
    the_hub.pull("owner/repo", revision="v1")
    old = references.info_of("hf:owner/repo").sha256
    second = repo.commit(checkpoint_files(tmp_path, seed=1))
    hub.close()  # offline from here
    close_session()
    assert references.info_of("hf:owner/repo").sha256 == old
    assert references.pinned("hf:owner/repo") == f"hf:owner/repo@{first}"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match=r"switched off here \(HF_HUB_OFFLINE\).*work as ever"):
        the_hub.pull("owner/repo")
    assert references.load_model("hf:owner/repo").info.sha256 == old
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(HubError, match="cannot be reached") as caught:
        the_hub.pull("owner/repo")
    assert caught.value.temporary
    again = Hub()
    again.repos["owner/repo"] = repo
    monkeypatch.setattr(constants, "ENDPOINT", again.endpoint)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", again.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    )
    the_hub.pull("owner/repo")
    assert references.pinned("hf:owner/repo") == f"hf:owner/repo@{second}"
    assert references.info_of("hf:owner/repo").sha256 != old == references.info_of("hf:owner/repo@v1").sha256
    again.close()


def test_an_ensemble_of_ones_own_keeps_a_members_commit(
    hub: Hub, repo: Repo, tmp_path: Path, checkpoints_dir: Path
) -> None:
    first = repo.revisions["main"]
    the_hub.pull("owner/repo")
    save(make_model(seed=3), checkpoints_dir / "here", make_info(name="here"))
    spec = references.fixed(EnsembleSpec(members=("hf:owner/repo", "here")))
    assert spec.members == (f"hf:owner/repo@{first}", "here")
    repo.commit(checkpoint_files(tmp_path, seed=1))
    the_hub.pull("owner/repo")
    assert references.info_of(spec).role == "ensemble"


def test_one_of_several_folders(hub: Hub, tmp_path: Path) -> None:
    several = hub.repos["owner/many"] = Repo()
    several.commit(checkpoint_files(tmp_path, prefix="m1/") | checkpoint_files(tmp_path, 1, prefix="m2/"))
    with pytest.raises(HubError, match=r"holds several: m1, m2\. Name one, as hf:owner/many/m1"):
        the_hub.pull("owner/many")
    folder = the_hub.pull("owner/many", folder="m2")
    assert folder.name == "m2" and not (folder.parent / "m1").exists()
    assert references.load_model("hf:owner/many/m2").info.name == "tiny"
    with pytest.raises(HubError, match="no folder 'm3'; it has m1, m2"):
        the_hub.pull("owner/many", folder="m3")


def test_a_private_repository_needs_a_token_which_the_other_host_never_sees(
    hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.private = True
    with pytest.raises(HubError, match="shows no repository owner/repo: the name is wrong, or it is private"):
        the_hub.pull("owner/repo")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    the_hub.pull("owner/repo", token=None)
    by_host = {a.host: a.authorization for a in hub.asked if a.path.startswith("/large/")}
    assert by_host == {f"localhost:{hub.port}": None}
    assert hub.asked[-1].authorization == f"Bearer {TOKEN}"


def test_pulled_becomes_named(hub: Hub, repo: Repo, checkpoints_dir: Path) -> None:
    the_hub.pull("owner/repo")
    the_hub.keep(parse("owner/repo"), "mine")
    assert references.load_model("mine").info.name == "mine"
    assert (checkpoints_dir / "mine" / "README.md").read_bytes() == repo.files["README.md"]
    assert not (checkpoints_dir / "mine" / "model.safetensors").is_symlink()
    assert [ref for ref, _ in references.available()] == ["mine"]  # the same weights are not listed twice
    with pytest.raises(CheckpointError, match="exists already"):
        the_hub.keep(parse("owner/repo"), "mine")
    with pytest.raises(CheckpointError, match="not a checkpoint's name"):
        the_hub.keep(parse("owner/repo"), "../mine")


def ensemble_files(tmp_path: Path, **changes: object) -> dict[str, bytes]:
    files = checkpoint_files(tmp_path, prefix="a/") | checkpoint_files(tmp_path, 1, prefix="b/")
    spec = EnsembleSpec.model_validate({"members": ("a", "b"), "weighting": "fixed", "weights": (1, 3), **changes})
    return {**files, "ensemble.json": spec.dumps().encode()}


def test_an_ensemble_brings_its_members_at_the_same_commit(hub: Hub, tmp_path: Path, checkpoints_dir: Path) -> None:
    repo = hub.repos["owner/ens"] = Repo()
    commit = repo.commit(ensemble_files(tmp_path))
    offer = the_hub.look(parse("owner/ens"))
    assert offer.size == sum(map(len, repo.files.values()))
    the_hub.fetch(offer)
    spec = references.spec_of("hf:owner/ens")
    assert spec and spec.members == (f"hf:owner/ens/a@{commit}", f"hf:owner/ens/b@{commit}")
    repo.commit({})
    loaded = references.load_model("hf:owner/ens")
    assert loaded.info.role == "ensemble" and loaded.model(torch.zeros(1, 3, 32, 64)).shape == (1, 6, 32, 64)
    assert {ref for ref, _ in the_hub.known()} == {"hf:owner/ens", "hf:owner/ens/a", "hf:owner/ens/b"}
    the_hub.keep(parse("owner/ens"), "team")
    assert references.info_of("team").sha256 == loaded.info.sha256


@pytest.mark.parametrize("member", ["../../x", "/etc", "run:x", "hf:other/repo", "a/b", "c:evil"])
def test_an_ensembles_members_cannot_be_elsewhere(hub: Hub, tmp_path: Path, member: str) -> None:
    hub.repos["owner/ens"] = repo = Repo()
    repo.commit(ensemble_files(tmp_path, members=("a", member)))
    with pytest.raises(CheckpointError, match="expected the name of a folder in its own repository"):
        the_hub.pull("owner/ens")


def test_an_ensemble_of_other_weights_than_it_was_made_of_is_refused(hub: Hub, tmp_path: Path) -> None:
    hub.repos["owner/ens"] = repo = Repo()
    repo.commit(ensemble_files(tmp_path, sha256=("0" * 64, "1" * 64)))
    with pytest.raises(CheckpointError, match="not the network that this ensemble was made of"):
        the_hub.pull("owner/ens")
    assert the_hub.known() == []


def test_a_card_is_not_needed(hub: Hub, tmp_path: Path, checkpoints_dir: Path) -> None:
    files = checkpoint_files(tmp_path)
    del files["README.md"]
    hub.repos["owner/repo"] = repo = Repo()
    repo.commit(files)
    the_hub.pull("owner/repo")
    assert "Tiny from M256" in (the_hub.keep(parse("owner/repo"), "mine") / "README.md").read_text()


def test_local_checkpoints_work_whatever_the_hub_does(hub: Hub, checkpoints_dir: Path) -> None:
    hub.close()
    save(make_model(), checkpoints_dir / "here", make_info(name="here"))
    assert references.load_model("here").info.name == "here"
    assert [ref for ref, _ in references.available()] == ["here"] and hub.asked == []


def test_xets_own_progress_reaches_ours_in_bytes_of_the_file() -> None:
    from huggingface_hub.utils._xet_progress_reporting import XetDownloadProgressReporter

    told: list[int] = []
    with XetDownloadProgressReporter(
        reconstruction_desc="x", total=100, log_level=0, tqdm_class=hub_transfer._bar(told.append)
    ) as reporter:
        for done, wire in ((40, 10), (100, 25)):
            reporter.update_progress(
                SimpleNamespace(
                    total_bytes=100,
                    total_bytes_completed=done,
                    total_bytes_completion_rate=1.0,
                    total_transfer_bytes_completed=wire,
                    total_transfer_bytes_completion_rate=None,
                )
            )
    assert told == [40, 100]
