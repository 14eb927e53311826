"""Taking what was pulled off this machine: the reference, its files where nobody else needs them, and nothing more."""

from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.zoo.conftest import checkpoint_files, make_info, make_model
from tests.zoo.hub_server import Hub, Repo
from tests.zoo.test_hub_pull import ensemble_files
from unetkd_core.errors import CheckpointError
from unetkd_core.zoo import hub as the_hub
from unetkd_core.zoo import references
from unetkd_core.zoo.checkpoints import save as save_checkpoint
from unetkd_core.zoo.ensembles import EnsembleSpec, save
from unetkd_core.zoo.hub_refs import parse


def kept_bytes() -> int:
    """Contents in the cache, links and the mark that it is a cache left out."""
    return sum(path.stat().st_size for path in Path(constants.HF_HUB_CACHE).glob("models--*/blobs/*"))


@pytest.fixture
def two(hub: Hub, tmp_path: Path) -> Repo:
    """owner/repo pulled, then, with other weights, as @later."""
    repo = hub.repos["owner/repo"] = Repo()
    repo.commit(checkpoint_files(tmp_path / "a"))
    the_hub.pull("owner/repo")
    repo.revisions["later"] = repo.commit(checkpoint_files(tmp_path / "b", seed=1))
    the_hub.pull("owner/repo", "later")
    return repo


def test_a_reference_goes_with_its_files_and_another_commit_stays(two: Repo) -> None:
    before = kept_bytes()
    done = the_hub.forget(parse("owner/repo"))
    assert done.refs == ("hf:owner/repo",) and done.kept_for == ()
    assert 0 < done.freed < before and kept_bytes() <= before - done.freed
    assert [ref for ref, _ in the_hub.known()] == ["hf:owner/repo@later"]
    with pytest.raises(CheckpointError, match="is not on this machine"):
        references.resolve("hf:owner/repo")
    references.load_model("hf:owner/repo@later")


def test_files_that_another_reference_or_an_ensemble_means_stay(two: Repo, checkpoints_dir: Path) -> None:
    the_hub.pull("owner/repo")  # the same commit as @later now
    assert the_hub.forget(parse("owner/repo")) == (("hf:owner/repo",), 0, ("hf:owner/repo@later",))
    references.load_model("hf:owner/repo@later")
    assert str(the_hub.Forgotten(("hf:a/b",), 0, ("x",))) == "Forgotten: hf:a/b; its files stay: x needs them."
    assert str(the_hub.Forgotten(("hf:a/b",), 0, ("x", "y"))) == "Forgotten: hf:a/b; its files stay: x, y need them."
    save_checkpoint(make_model(seed=3), checkpoints_dir / "here", make_info(name="here"))
    pinned = references.fixed(EnsembleSpec(members=("hf:owner/repo@later", "here")))
    save(pinned, checkpoints_dir / "team")
    assert the_hub.forget(parse("owner/repo@later")) == (("hf:owner/repo@later",), 0, ("team",))
    assert references.info_of("team").role == "ensemble" and the_hub.known() == []


def test_an_ensembles_members_go_with_it(hub: Hub, tmp_path: Path) -> None:
    hub.repos["owner/ens"] = repo = Repo()
    repo.commit(ensemble_files(tmp_path))
    the_hub.pull("owner/ens")
    done = the_hub.forget(parse("owner/ens"))
    assert set(done.refs) == {"hf:owner/ens", "hf:owner/ens/a", "hf:owner/ens/b"} and done.freed > 0
    assert the_hub.known() == [] and kept_bytes() == 0


def test_what_was_never_pulled_cannot_be_forgotten(hub: Hub) -> None:
    with pytest.raises(CheckpointError, match="hf:owner/none was not pulled"):
        the_hub.forget(parse("owner/none"))
