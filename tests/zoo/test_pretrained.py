"""UNet and BackboneUNet as users of the Hub know them, through the real mixin and client."""

from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelHubMixin, PyTorchModelHubMixin, constants
from huggingface_hub.utils import close_session

from tests.zoo.conftest import SMALL, checkpoint_files, make_info
from tests.zoo.hub_server import TOKEN, Hub, Repo
from unetkd_core.errors import CheckpointError, HubError
from unetkd_core.models import unet
from unetkd_core.zoo import folders
from unetkd_core.zoo.checkpoints import load
from unetkd_core.zoo.pretrained import BackboneUNet, UNet

IMAGE = torch.rand(1, 3, 32, 48)


def small() -> UNet:
    torch.manual_seed(0)
    model = UNet(**{key: value for key, value in SMALL.items() if key != "type"})
    model.info = make_info(name="tiny")
    return model.eval()


def test_they_are_the_networks_with_the_hubs_own_mixin() -> None:
    assert issubclass(UNet, unet.UNet) and issubclass(UNet, ModelHubMixin)
    assert not issubclass(UNet, PyTorchModelHubMixin) and not issubclass(BackboneUNet, PyTorchModelHubMixin)


def test_saved_pushed_and_loaded_it_answers_the_same(hub: Hub, tmp_path: Path) -> None:
    model = small()
    model.save_pretrained(tmp_path / "saved")
    assert {p.name for p in (tmp_path / "saved").iterdir()} == {"config.json", "model.safetensors", "README.md"}
    assert load(tmp_path / "saved")[1].title == "Tiny from M256"
    url = model.push_to_hub("me/tiny", token=TOKEN)
    assert hub.repos["me/tiny"].private and hub.repos["me/tiny"].revisions["main"] in url
    before = torch.get_rng_state()
    for again in (UNet.from_pretrained(tmp_path / "saved"), UNet.from_pretrained("me/tiny", token=TOKEN)):
        assert isinstance(again, UNet) and not again.training and again.info and again.info.name == "tiny"
        assert torch.allclose(again(IMAGE), model(IMAGE), atol=1e-2)
    assert torch.equal(before, torch.get_rng_state())


def test_what_was_pulled_is_there_offline(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.repos["me/tiny"] = repo = Repo()
    repo.commit(checkpoint_files(tmp_path))
    with pytest.raises(CheckpointError, match="not on this machine"):
        UNet.from_pretrained("me/tiny", local_files_only=True)
    UNet.from_pretrained("me/tiny")
    hub.close()
    close_session()
    assert UNet.from_pretrained("me/tiny").info
    assert UNet.from_pretrained("me/tiny", local_files_only=True).info
    with pytest.raises(HubError, match="cannot be reached"):
        UNet.from_pretrained("me/other")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert UNet.from_pretrained("me/tiny").info


def test_a_pickle_is_never_opened_and_nothing_loads_loosely(hub: Hub, tmp_path: Path) -> None:
    hub.repos["me/bad"] = repo = Repo()
    files = checkpoint_files(tmp_path)
    repo.commit({"config.json": files["config.json"], "pytorch_model.bin": b"cos\nsystem\n"})
    with pytest.raises(HubError, match="a pickle only"):
        UNet.from_pretrained("me/bad")
    wider = checkpoint_files(tmp_path, arch={**SMALL, "base_width": 3})
    repo.commit({**files, "model.safetensors": wider["model.safetensors"]})
    with pytest.raises(CheckpointError, match=r"is not the file that its config.json names"):
        UNet.from_pretrained("me/bad")


def test_the_other_class_and_loose_settings_are_refused(tmp_path: Path) -> None:
    small().save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match=r"is a UNet: use UNet.from_pretrained"):
        BackboneUNet.from_pretrained(tmp_path)
    for settings in ({"base_width": 4}, {"cache_dir": "x"}, {"force_download": True}):
        with pytest.raises(CheckpointError, match=f"{next(iter(settings))} cannot be set"):
            UNet.from_pretrained(tmp_path, **settings)


def test_saving_changes_nothing_when_it_cannot_and_keeps_what_else_is_there(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("mine")
    (tmp_path / "thesis.txt").write_text("mine")
    model = small()
    model.info = None
    with pytest.raises(CheckpointError, match="no description to be saved with"):
        model.save_pretrained(tmp_path)
    model.info = make_info()
    with torch.no_grad():
        model.head.weight[:] = torch.nan
    with pytest.raises(CheckpointError, match="not finite"):
        model.save_pretrained(tmp_path)
    assert (tmp_path / "config.json").read_text() == "mine"
    small().save_pretrained(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine" and load(tmp_path)[1].name == "tiny"


def test_saved_over_an_ensemble_no_ensemble_stays_and_other_files_do(tmp_path: Path) -> None:
    (tmp_path / "ensemble.json").write_text('{"members": ["a", "b"]}')
    (tmp_path / "notes.txt").write_text("mine")
    small().save_pretrained(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"config.json", "model.safetensors", "README.md", "notes.txt"}
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "ensemble.json").write_text('{"members": ["a", "b"]}')
    small().save_pretrained(tmp_path / "net")
    assert not (tmp_path / "net" / "ensemble.json").exists() and UNet.from_pretrained(tmp_path / "net").info


def test_what_cannot_be_written_leaves_the_checkpoint_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small().save_pretrained(tmp_path / "net")
    before = {p.name: p.read_bytes() for p in (tmp_path / "net").iterdir()}

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders, "_write", full)
    with pytest.raises(CheckpointError, match="cannot be written"):
        small().save_pretrained(tmp_path / "net")
    assert {p.name: p.read_bytes() for p in (tmp_path / "net").iterdir()} == before


def test_pushed_over_an_ensemble_no_ensemble_stays(hub: Hub) -> None:
    small().push_to_hub("me/tiny", token=TOKEN)
    repo = hub.repos["me/tiny"]
    repo.commit({**repo.files, "ensemble.json": b"{}"})
    small().push_to_hub("me/tiny", token=TOKEN)
    assert "ensemble.json" not in hub.repos["me/tiny"].files
    assert UNet.from_pretrained("me/tiny", token=TOKEN).info
