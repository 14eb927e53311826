"""Whatever ends a run is said as a fact and a way out."""

import errno

import pytest

from unetkd_core.errors import CheckpointError, TrainingError
from unetkd_core.runs.problems import explain


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried ..."),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_too_little_memory_has_one_sentence_however_it_is_raised(error: Exception) -> None:
    said = explain(error, epoch=2, epochs=5)
    assert said.headline == "It stopped at epoch 3: there is not enough memory."
    assert said.hint == "Take a smaller batch or picture size in a new run. Nothing before epoch 3 is lost."


def test_a_full_disk_is_named_even_where_a_checkpoint_could_not_be_written_for_it() -> None:
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError:
            raise CheckpointError("The checkpoint best cannot be written.") from None
    except CheckpointError as error:
        said = explain(error, epoch=0, epochs=5)
    assert said.headline == "It stopped at epoch 1: the disk is full."
    assert said.hint == "Free 200 MB, then resume. Nothing was trained yet."


def test_a_read_only_folder_and_an_infinite_loss_are_named() -> None:
    said = explain(OSError(errno.EROFS, "Read-only file system", "/x/status.json"), epoch=5, epochs=5)
    assert said.headline == "It stopped while finishing: status.json cannot be written."
    said = explain(TrainingError("The distillation loss became inf; a lower learning rate helps."), epoch=1, epochs=5)
    assert said.headline == "It stopped at epoch 2: the distillation loss became inf."
