"""From an exception to what a person reads: a fact as a headline, then the way out. Knows no run folder."""

import errno
from pathlib import Path

from unetkd_core.errors import CheckpointError, DataError, TrainingError, UnetKDError
from unetkd_core.runs.status import Problem

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def explain(error: BaseException, *, epoch: int, epochs: int, room: int = 200_000_000) -> Problem:
    """What to say about `error` in a run that has done `epoch` whole epochs. room: bytes that going on would need."""
    where, kept = _where(epoch, epochs), _kept(epoch)
    system = _system_error(error)
    if system is not None and system.errno in _FULL:
        room = getattr(system, "need", room)
        return Problem(f"{where}: the disk is full.", f"Free {max(1, round(room / 1e6))} MB, then resume. {kept}")
    if system is not None and system.errno in _FORBIDDEN:
        name = Path(str(system.filename)).name if system.filename else "its folder"
        return Problem(f"{where}: {name} cannot be written.", f"Give it back its write permission, then resume. {kept}")
    if isinstance(error, MemoryError) or _says_no_memory(error, system):
        return Problem(
            f"{where}: there is not enough memory.", f"Take a smaller batch or picture size in a new run. {kept}"
        )
    if isinstance(error, TrainingError):
        fact, _, way_out = str(error).rstrip(".").partition("; ")  # "The loss became ...; a lower learning rate helps."
        return Problem(f"{where}: {_lower(fact)}.", f"{way_out[:1].upper()}{way_out[1:]}. {kept}" if way_out else kept)
    if isinstance(error, CheckpointError):
        return Problem(f"{where}: a checkpoint cannot be used.", f"{error} {kept}")
    if isinstance(error, DataError):
        return Problem(f"{where}: the data cannot be used.", f"{error} {kept}")
    if isinstance(error, UnetKDError):
        return Problem(f"{where}: {_lower(str(error))}", kept)
    return Problem(
        f"{where}: something unexpected went wrong.", f"The end of its log says what. {kept} Resume tries again."
    )


def unwritable(epoch: int, epochs: int) -> Problem:
    """What is said of a run that ended without a word in a folder that cannot be written."""
    return Problem(
        f"{_where(epoch, epochs)}: its folder cannot be written.",
        f"Give it back its write permission, then resume. {_kept(epoch)}",
    )


def _where(epoch: int, epochs: int) -> str:
    return f"It stopped at epoch {epoch + 1}" if epoch < epochs else "It stopped while finishing"


def _kept(epoch: int) -> str:
    return f"Nothing before epoch {epoch + 1} is lost." if epoch else "Nothing was trained yet."


def _says_no_memory(error: BaseException, system: OSError | None) -> bool:
    """An accelerator says "out of memory", PyTorch's allocator on a CPU "can't allocate memory", as a RuntimeError."""
    text = str(error).lower().replace("cannot", "can't")
    no_memory = system is not None and system.errno == errno.ENOMEM
    return no_memory or "out of memory" in text or "can't allocate memory" in text


def _system_error(error: BaseException | None) -> OSError | None:
    """The system's error that `error` is or was raised because of."""
    while error is not None:
        if isinstance(error, OSError) and error.errno is not None:
            return error
        error = error.__cause__ or error.__context__
    return None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
