"""Whose a run or a sweep is: on a public server nobody stops, resumes or deletes another's. Needs no torch.

meta.json holds the sha256 of the owner's key, written when the folder is made; a folder without one is the operator's.
"""

from unetkd_core import settings, visitors
from unetkd_core.errors import NotAllowedError
from unetkd_core.runs.folder import Run

OWNER = "owner"


def notes(by: str | None = None) -> dict[str, str]:
    """What a new folder's meta.json says of whoever asks; nothing of the operator, and nothing where all is private.

    Raises NotAllowedError on a public server where nobody says who asks.
    """
    who = visitors.asking(by)
    if not settings.public() or who == visitors.OPERATOR:
        return {}
    if who is None:
        raise NotAllowedError("This server does not know yet whose run it would be. Reload the page, then try again.")
    return {OWNER: who}


def may(run: Run, by: str | None = None) -> bool:
    """Whether whoever asks may stop, resume or delete it: its owner, the operator, and anyone where all is private."""
    who = visitors.asking(by)
    return not settings.public() or who == visitors.OPERATOR or (who is not None and who == run.owner)


def check(run: Run, by: str | None = None, *, what: str = "run") -> None:
    """Raises NotAllowedError where `may` says no."""
    if not may(run, by):
        raise NotAllowedError(
            f"This {what} is somebody else's. You can watch it and use what it learned; only its owner stops, resumes "
            "or deletes it."
        )
