"""What is saved comes back exactly, and a failure at any point leaves the state before whole."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from unetkd_core import outside
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

    def full(*_: object, **__: object) -> None:
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


# -- reads that fail ---------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here."""


def fails_from(number: int, error: BaseException, patch: pytest.MonkeyPatch) -> None:
    """The reading of JSON fails from the `number`-th time on, from 1."""
    really, reads = outside.read_json, 0

    def read_json(path: Path, *args: Any) -> Any:
        nonlocal reads
        reads += 1
        if reads >= number:
            raise error
        return really(path, *args)

    patch.setattr(outside, "read_json", read_json)


def holds(folder: Path, epoch: int, model: nn.Module) -> bool:
    """Whether the state there is that of `epoch`, weights and JSON."""
    other = trained(9)
    return state.load_state(folder, *other) == {"epoch": epoch} and equal(model, other[0])


def two_epochs(folder: Path) -> tuple[nn.Module, torch.optim.Optimizer]:
    """Two epochs saved, so that the state is in the second of the two names; the second one's."""
    state.save_state(folder, *trained(1), {"epoch": 1})
    second = trained(2)
    state.save_state(folder, *second, {"epoch": 2})
    return second


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EIO, errno.ESTALE])
@pytest.mark.parametrize("begins", [1, 2])
def test_a_state_that_cannot_be_read_while_the_next_is_saved_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, begins: int
) -> None:
    before, after = two_epochs(tmp_path)[0], trained(3)
    with monkeypatch.context() as patch:
        fails_from(begins, OSError(number, os.strerror(number)), patch)
        saved = True
        try:
            state.save_state(tmp_path, *after, {"epoch": 3})
        except TrainingError as error:
            saved = False
            assert os.strerror(number) in str(error) and "resume" in str(error) and "anew" not in str(error)
    assert state.has_state(tmp_path)
    assert holds(tmp_path, 3, after[0]) if saved else holds(tmp_path, 2, before)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("where", ["tensors", "pointer"])
def test_a_kill_after_a_failed_read_leaves_weights_and_their_own_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    state.save_state(tmp_path, *(first := trained(1)), {"epoch": 1})

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        fails_from(1, OSError(errno.EIO, "Input/output error"), patch)
        patch.setattr(*((state, "save_file") if where == "tensors" else (Path, "write_text")), killed)
        patch.setattr(Path, "unlink", killed)
        with pytest.raises((Killed, TrainingError)):
            state.save_state(tmp_path, *trained(2), {"epoch": 2})
    assert holds(tmp_path, 1, first[0])


def test_the_state_of_a_newer_release_is_not_written_over(tmp_path: Path) -> None:
    two_epochs(tmp_path)
    pointer = tmp_path / "state.json"
    pointer.write_text(pointer.read_text().replace('"format_version": 1', '"format_version": 2'))
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(TrainingError, match="format version 2"):
        state.save_state(tmp_path, *trained(3), {"epoch": 3})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_where_a_write_fails_and_then_a_read_both_states_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = two_epochs(tmp_path)[0], trained(3)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        fails_from(2, OSError(errno.EIO, "Input/output error"), patch)
        with pytest.raises(OSError, match="No space left"):
            state.save_state(tmp_path, *after, {"epoch": 3})
    assert holds(tmp_path, 2, before)
    assert {path.name for path in tmp_path.iterdir()} == {"a.safetensors", "b.safetensors", "state.json"}
    state.save_state(tmp_path, *after, {"epoch": 3})
    assert holds(tmp_path, 3, after[0]) and len(list(tmp_path.iterdir())) == 2


def test_a_disk_that_fails_after_the_new_state_is_in_place_leaves_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_epochs(tmp_path)
    really: Callable[[Path], None] = state.sync
    after, syncs = trained(3), iter((really, full))
    with monkeypatch.context() as patch:
        patch.setattr(state, "sync", lambda folder: next(syncs)(folder))
        fails_from(2, OSError(errno.EIO, "Input/output error"), patch)
        with pytest.raises(OSError, match="No space left"):
            state.save_state(tmp_path, *after, {"epoch": 3})
    assert holds(tmp_path, 3, after[0])


def test_what_cannot_be_removed_does_not_fail_a_state_that_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_epochs(tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    for name in ("unlink", "iterdir"):
        after = trained(3)
        with monkeypatch.context() as patch:
            patch.setattr(Path, name, refuse)
            state.save_state(tmp_path, *after, {"epoch": 3})
        assert holds(tmp_path, 3, after[0])


def test_whether_there_is_a_state_is_not_answered_by_a_disk_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_epochs(tmp_path)
    really = os.stat

    def stat(path: Any, **how: Any) -> os.stat_result:
        if str(path).endswith("state.json"):
            raise OSError(errno.EIO, "Input/output error", str(path))
        return really(path, **how)

    monkeypatch.setattr(os, "stat", stat)
    with pytest.raises(OSError, match="Input/output"):
        state.has_state(tmp_path)


def test_weights_of_another_save_than_the_json_beside_them_are_refused(tmp_path: Path) -> None:
    two_epochs(tmp_path)
    pointer = tmp_path / "state.json"
    pointer.write_text(pointer.read_text().replace('"epoch": 2', '"epoch": 1'))
    with pytest.raises(TrainingError, match=r"were not saved together\); start the run anew"):
        state.load_state(tmp_path, *trained(0))


def test_a_state_of_before_names_were_tied_is_read_and_saved_over(tmp_path: Path) -> None:
    second = two_epochs(tmp_path)[0]
    name = json.loads((tmp_path / "state.json").read_text())["tensors"]
    save_file(load_file(tmp_path / name), tmp_path / name)  # as it was: no word of its epoch
    assert holds(tmp_path, 2, second)
    third = trained(3)
    state.save_state(tmp_path, *third, {"epoch": 3})
    assert holds(tmp_path, 3, third[0])


@pytest.mark.parametrize("what", ["pointer", "tensors"])
def test_a_state_that_cannot_be_read_just_now_is_not_called_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    second = two_epochs(tmp_path)[0]

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ESTALE, "Stale file handle")

    with monkeypatch.context() as patch:
        patch.setattr(*((outside, "read_json") if what == "pointer" else (state, "load_file")), refuse)
        with pytest.raises(TrainingError, match="Stale file handle") as caught:
            state.load_state(tmp_path, *trained(0))
    assert "resume" in str(caught.value) and "anew" not in str(caught.value)
    assert holds(tmp_path, 2, second)


def test_tensors_that_may_not_be_opened_are_not_called_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = two_epochs(tmp_path)[0]
    opening = Path.open

    def refuse(path: Path, *args: Any, **options: Any) -> Any:
        if path.suffix == ".safetensors":
            raise PermissionError(errno.EACCES, "Permission denied")
        return opening(path, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(TrainingError, match=r"Permission denied.*then resume"):
            state.load_state(tmp_path, *trained(0))
    assert holds(tmp_path, 2, second)
