"""What is saved comes back exactly, and a failure at any point leaves the state before whole."""

import errno
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from torch import nn

from unetkd_core.errors import TrainingError
from unetkd_core.training import state


def trained(seed: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    model(torch.rand(2, 3, 8, 8)).square().sum().backward()
    optimizer.step()
    return model, optimizer


def equal(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(x, b.state_dict()[name]) for name, x in a.state_dict().items())


def test_model_optimizer_random_state_and_extra_come_back(tmp_path: Path) -> None:
    model, optimizer = trained(0)
    state.save_state(tmp_path, model, optimizer, {"epoch": 3})
    expected = torch.rand(3)
    other, other_optimizer = trained(1)
    assert state.load_state(tmp_path, other, other_optimizer) == {"epoch": 3}
    assert torch.equal(torch.rand(3), expected)
    assert equal(model, other)
    for mine, theirs in zip(optimizer.state.values(), other_optimizer.state.values(), strict=True):
        assert all(torch.equal(mine[key], theirs[key]) for key in mine)


def test_a_second_state_replaces_the_first_and_leaves_one_tensor_file(tmp_path: Path) -> None:
    for epoch in (1, 2, 3):
        model, optimizer = trained(epoch)
        state.save_state(tmp_path, model, optimizer, {"epoch": epoch})
        assert len(list(tmp_path.iterdir())) == 2
    assert state.load_state(tmp_path, *trained(0)) == {"epoch": 3}


@pytest.mark.parametrize("fails", ["tensors", "pointer"])
def test_a_full_disk_keeps_the_state_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    model, optimizer = trained(0)
    state.save_state(tmp_path, model, optimizer, {"epoch": 1})

    def full(*_: object) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    def full_pointer(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        if fails == "tensors":
            patch.setattr(state, "save_file", full)
        else:
            patch.setattr(Path, "write_text", full_pointer)
        with pytest.raises(OSError) as caught:
            state.save_state(tmp_path, *trained(1), {"epoch": 2})
    assert caught.value.errno == errno.ENOSPC
    other = trained(2)
    assert state.load_state(tmp_path, *other) == {"epoch": 1}
    assert equal(model, other[0])
    assert len(list(tmp_path.iterdir())) == 2


def test_no_state_and_a_damaged_one_are_said(tmp_path: Path) -> None:
    assert not state.has_state(tmp_path / "none")
    with pytest.raises(TrainingError, match="no whole saved state"):
        state.load_state(tmp_path / "none", *trained(0))
    state.save_state(tmp_path, *trained(0), {})
    assert state.has_state(tmp_path)
    (tensors,) = tmp_path.glob("*.safetensors")
    tensors.write_bytes(tensors.read_bytes()[:-8])
    with pytest.raises(TrainingError, match="cannot be used"):
        state.load_state(tmp_path, *trained(0))
    pointer = tmp_path / "state.json"
    text = pointer.read_text()
    pointer.write_text(text.replace('"tensors"', '"tensor"'))
    with pytest.raises(TrainingError, match="'tensors' is missing in it"):
        state.load_state(tmp_path, *trained(0))
    pointer.write_text(text)
    pointer.write_text(pointer.read_text().replace('"format_version": 1', '"format_version": 2'))
    assert state.has_state(tmp_path), "training must not begin anew over it"
    with pytest.raises(TrainingError, match="format version 2"):
        state.load_state(tmp_path, *trained(0))


@pytest.mark.parametrize("number", [errno.EPERM, errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT])
def test_the_systems_own_error_comes_through_however_safetensors_words_it(tmp_path: Path, number: int) -> None:
    for text in (f"I/O error: no (os error {number})", f"I/O error: Os {{ code: {number}, kind: Other }}"):
        assert state._as_os_error(SafetensorError(text), tmp_path).errno == number
    assert state._as_os_error(SafetensorError("no"), tmp_path).errno is None


def test_a_new_state_is_on_the_disk_before_the_old_one_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state.save_state(tmp_path, *trained(0), {"epoch": 1})
    seen: list[set[str]] = []
    monkeypatch.setattr(state, "sync", lambda folder: seen.append({path.name for path in folder.iterdir()}))
    state.save_state(tmp_path, *trained(1), {"epoch": 2})
    both = {"a.safetensors", "b.safetensors", "state.json"}
    assert seen == [both, both], "once for the tensors, once for the pointer to them"
    assert len(list(tmp_path.iterdir())) == 2
