"""Forgetting what was pulled from the Hub, where runs may still need it: one that waits, trains or can be resumed has
written its teacher down with the commit. Needs no torch.
"""

from collections.abc import Iterator

from unetkd_core.errors import UnetKDError
from unetkd_core.runs.folder import list_runs
from unetkd_core.zoo import hub, hub_cache, hub_forget
from unetkd_core.zoo.hub import Forgotten
from unetkd_core.zoo.hub_refs import HubRef


def forget(ref: HubRef) -> Forgotten:
    """As hub.forget; the files stay while a run that is not done was to be taught by them."""
    commit = hub_cache.remembered(ref)
    return hub.forget(ref, [] if commit is None else list(_runs_that_need(ref, commit)))


def _runs_that_need(ref: HubRef, commit: str) -> Iterator[str]:
    for run in list_runs():
        try:
            teaching = run.config.teaching
            if teaching is None or run.status().state == "done":
                continue
        except UnetKDError:
            continue
        members = (teaching.teacher,) if isinstance(teaching.teacher, str) else teaching.teacher.members
        if any(hub_forget.is_from(member, ref, commit) for member in members):
            yield f"run:{run.id}"
