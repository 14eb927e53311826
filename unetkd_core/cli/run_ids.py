"""A run as one types it: its bare id, as `unetkd runs list` shows it, or run:ID, as the other commands and Models."""

from typing import Annotated

import typer

from unetkd_core import settings
from unetkd_core.errors import RunError
from unetkd_core.runs import folder
from unetkd_core.zoo import folders
from unetkd_core.zoo.references import RUN_PREFIX

_HELP = "As `unetkd runs list` shows it; run:ID is the same."


def run_id(text: str) -> str:
    """The bare id. Whether there is such a run, `folder.open_run` says."""
    return text.removeprefix(RUN_PREFIX)


Id = Annotated[str, typer.Argument(metavar="RUN_ID", help=_HELP, parser=run_id)]
Ids = Annotated[list[str], typer.Argument(metavar="RUN_ID...", help=_HELP, parser=run_id)]


def as_reference(text: str) -> str:
    """What was typed, as a reference: the bare id of a run becomes run:ID, unless something in checkpoints/ has that
    name.
    """
    try:
        run = folder.open_run(text)
    except RunError:
        return text
    return text if folders.exists(settings.checkpoints_dir() / run.id) else f"{RUN_PREFIX}{run.id}"
