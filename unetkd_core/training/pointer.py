"""`state.json`: which tensor file is a saved state, and the JSON that belongs to it. Needs no torch.

It tells a state that is not there from one that cannot be read just now (too many open files, storage that hesitates)
or that a newer release wrote: only where there is none may anything be written as if there were none.
"""

from pathlib import Path
from typing import Any, Final

from unetkd_core import outside
from unetkd_core.errors import TrainingError

FORMAT_VERSION: Final = 1
NAME: Final = "state.json"


def exists(folder: Path) -> bool:
    """Whether a state was saved in `folder`. One that cannot be read any more counts: reading it says so, and nothing
    begins anew over it. Raises OSError where the disk does not tell.
    """
    try:
        (folder / NAME).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def read(folder: Path) -> dict[str, Any]:
    """What `folder`'s state.json says; "tensors" is the name of a file in `folder` itself.

    Raises TrainingError when it is missing, damaged, of another format, or cannot be read just now.
    """
    try:
        pointer: dict[str, Any] = outside.read_json(folder / NAME)
        version = pointer["format_version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise refused(folder, "holds no whole saved state", error) from error
    if version != FORMAT_VERSION:
        raise TrainingError(
            f"The saved state in {folder} has format version {version!r}, this release reads {FORMAT_VERSION}; "
            "use the release that wrote it."
        )
    try:
        _check_name(pointer["tensors"])
    except (ValueError, KeyError) as error:
        raise refused(folder, "holds no whole saved state", error) from error
    return pointer


def tensors_in_use(folder: Path) -> str:
    """The name of the tensor file that is the state; empty where there is none. Raises TrainingError, OSError where
    that cannot be told.
    """
    return str(read(folder)["tensors"]) if exists(folder) else ""


def refused(folder: Path, what: str, error: Exception) -> TrainingError:
    """The sentence for `error`: a state that is lost is trained anew, one that cannot be read just now is not lost."""
    if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
        return TrainingError(
            f"The saved state in {folder} cannot be read ({first_line(error)}); it is left as it is, so see that the "
            "folder can be read, then resume."
        )
    return TrainingError(f"{folder} {what} ({first_line(error)}); start the run anew.")


def first_line(error: BaseException) -> str:
    """What an error says, for the middle of a sentence."""
    if isinstance(error, KeyError):
        return f"{error} is missing in it"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".:")


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or Path(name).name != name:
        raise ValueError(f"its tensors are named {str(name)[:40]!r}, which is no file of it")
