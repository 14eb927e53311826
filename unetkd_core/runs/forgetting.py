"""Forgetting what was pulled from the Hub, where runs may still need it: one that waits, trains or can be resumed has
written its teacher, and what it goes on from, down with the commit. Needs no torch.
"""

from collections.abc import Iterator

from unetkd_core.errors import UnetKDError
from unetkd_core.runs.folder import list_runs
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import hub, hub_cache, hub_forget
from unetkd_core.zoo.hub import Forgotten
from unetkd_core.zoo.hub_refs import HubRef


def forget(ref: HubRef) -> Forgotten:
    """As hub.forget; the files stay while a run that is not done was to be taught by them, or to go on from them."""
    commit = hub_cache.remembered(ref)
    return hub.forget(ref, [] if commit is None else list(_runs_that_need(ref, commit)))


def _named(config: RunConfig) -> Iterator[str]:
    """References of who teaches, and of the network that training goes on from."""
    if config.teaching is not None:
        teacher = config.teaching.teacher
        yield from (teacher,) if isinstance(teacher, str) else teacher.members
    if config.model.start is not None:
        yield config.model.start


def _runs_that_need(ref: HubRef, commit: str) -> Iterator[str]:
    for run in list_runs():
        try:
            config = run.config
            if run.status().state == "done":
                continue
        except UnetKDError:
            continue
        if any(hub_forget.is_from(one, ref, commit) for one in _named(config)):
            yield f"run:{run.id}"
