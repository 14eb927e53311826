"""What was pulled from the Hub, taken off this machine: the reference first, then its files where nobody else needs
them.

The cache belongs to every Hub tool of this machine, so that files go by the client's own means, a commit as a whole,
and only one that no other reference and no ensemble in checkpoints/ means. Needs no torch.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from unetkd_core import visitors
from unetkd_core.errors import CheckpointError, UnetKDError
from unetkd_core.zoo import hub_cache, hub_refs, references, shelf
from unetkd_core.zoo.hub_offer import check_members
from unetkd_core.zoo.hub_refs import HubRef
from unetkd_core.zoo.hub_transfer import megabytes

SHOWN: Final = 12
"""References that an error names at most."""


class Forgotten(NamedTuple):
    """refs: what means nothing here any more; freed: bytes given back; kept_for: who needs the files still."""

    refs: tuple[str, ...]
    freed: int
    kept_for: tuple[str, ...]

    def __str__(self) -> str:
        """For people: "Forgotten: hf:a/b; 1.0 MB are free again."."""
        freed = f"{megabytes(self.freed)} are free again" if self.freed else "its files stay"
        verb = "needs" if len(self.kept_for) == 1 else "need"
        needed = f": {', '.join(self.kept_for)} {verb} them" if self.kept_for else ""
        return f"Forgotten: {', '.join(self.refs)}; {freed}{needed}."


def forget(ref: HubRef, needed_by: Sequence[str] = ()) -> Forgotten:
    """Take `ref` off this machine, an ensemble's members with it.

    needed_by: who else needs its commit, whom this layer does not know; its files stay then. Raises CheckpointError
    when it was not pulled, and when the record or the cache cannot be changed, NotAllowedError for a visitor of a
    public server.
    """
    visitors.refuse("Forgetting what was pulled")
    commit = hub_cache.remembered(ref)
    if commit is None:
        pulled = ", ".join(map(str, hub_cache.pulled()[:SHOWN])) or "nothing"
        raise CheckpointError(
            f"{ref} was not pulled, so that there is nothing to forget; what was pulled is {pulled}. `unetkd forget` "
            "without an argument lists all of it."
        )
    gone = (ref, *_members(ref))
    left = hub_cache.forget(gone)
    needed = [text for text, other in left.items() if other == commit and hub_refs.parse(text).repo_id == ref.repo_id]
    needed += [*shelf.ensembles_of(lambda member: is_from(member, ref, commit)), *needed_by]
    return Forgotten(tuple(map(str, gone)), 0 if needed else _free(commit), tuple(sorted(needed)))


def _members(ref: HubRef) -> list[HubRef]:
    try:
        spec = references.spec_of(str(ref))
        return [] if spec is None else check_members(tuple(map(_folder, spec.members)), ref)
    except UnetKDError:
        return []  # damaged: what it was made of is unknown


def _folder(member: str) -> str:
    """A member's folder in the repository, as its ensemble.json names it."""
    return hub_refs.parse(member).folder or "" if member.startswith(hub_refs.PREFIX) else member


def is_from(member: str, ref: HubRef, commit: str) -> bool:
    """Whether a reference means this very commit of the repository of `ref`."""
    if not member.startswith(hub_refs.PREFIX):
        return False
    parsed = hub_refs.parse(member)
    return parsed.repo_id == ref.repo_id and parsed.revision == commit


def _free(commit: str) -> int:
    """Delete a commit's files from the cache; returns the bytes that were freed."""
    from huggingface_hub import CacheNotFound, constants, scan_cache_dir

    try:
        strategy = scan_cache_dir(constants.HF_HUB_CACHE).delete_revisions(commit)
        strategy.execute()
    except CacheNotFound:
        return 0
    except OSError as error:
        raise CheckpointError(
            f"The reference is forgotten, but its files cannot be deleted ({error.strerror or error}); "
            f"`hf cache prune` does it later."
        ) from None
    return int(strategy.expected_freed_size)
