"""Uploading a checkpoint, or an ensemble with its members, to the Hugging Face Hub: one commit, private unless said.

Only what `pack` shows is uploaded. An ensemble's members become folders of the same repository. Needs no torch.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from unetkd_core import outside, visitors
from unetkd_core.errors import CheckpointError, HubError
from unetkd_core.zoo import cards, folders, hub_refs, references
from unetkd_core.zoo.checkpoints import CARD, CONFIG, ENSEMBLE, WEIGHTS, CheckpointInfo, read_info
from unetkd_core.zoo.hub_errors import checked_token, speaking
from unetkd_core.zoo.hub_offer import LARGEST, TIMEOUT_SECONDS
from unetkd_core.zoo.hub_refs import HubRef
from unetkd_core.zoo.references import Reference

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo


@dataclass(frozen=True)
class Parcel:
    """What a push would upload: files by their path in the repository, and what they are."""

    info: CheckpointInfo
    files: dict[str, bytes]
    folders: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(map(len, self.files.values()))


class Pushed(NamedTuple):
    """Where it is now: its reference, the commit, the commit's address, and whether only some may see it."""

    ref: HubRef
    commit: str
    url: str
    private: bool


def pack(ref: Reference, *, folder: str | None = None) -> Parcel:
    """Gather what a push of `ref` would upload into `folder` of a repository (none: the repository itself).

    Raises CheckpointError for what cannot be read or is damaged, and for members that cannot be told apart,
    NotAllowedError for a visitor of a public server.
    """
    visitors.refuse("Pushing to the Hub")
    place = hub_refs.make("owner/repo", folder)
    info, spec = references.info_of(ref), references.spec_of(ref)
    if spec is None:
        assert isinstance(ref, str)
        return Parcel(info, _files(ref, place), (place.folder or "",))
    members = {member: _folder_name(member) for member in spec.members}
    taken = [*members.values(), *([place.folder] if place.folder else [])]
    if len(set(taken)) < len(taken):
        raise CheckpointError(f"Folders of the repository would be named alike: {', '.join(taken)}. Choose --folder.")
    fixed = references.fixed(spec).model_copy(update={"members": tuple(members.values())})
    files = {place.path(ENSEMBLE): fixed.dumps().encode(), place.path(CARD): cards.card(info).encode()}
    for member, name in members.items():
        files |= _files(member, hub_refs.make(place.repo_id, name))
    return Parcel(info, files, (place.folder or "", *members.values()))


def push(
    ref: Reference,
    repo_id: str,
    *,
    folder: str | None = None,
    private: bool = True,
    token: str | bool | None = None,
    message: str | None = None,
) -> Pushed:
    """Upload what `pack` gathers to owner/repo, made if it is not there, as one commit on its main branch.

    private: only you and whom you choose see a new repository; one that is public already is then refused, before
    anything is uploaded. Raises HubError, and CheckpointError as `pack`.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    target, token = hub_refs.make(repo_id, folder), checked_token(token)
    parcel = pack(ref, folder=folder)
    there = prepare(repo_id, private=private, token=token)
    present = {one.rfilename for one in there.siblings or ()}
    add = [CommitOperationAdd(path, content) for path, content in parcel.files.items()]
    stale = [CommitOperationDelete(path) for path in sorted(_ours(parcel) & present - parcel.files.keys())]
    with speaking(repo_id, writing=True):
        commit = HfApi(library_name="unetkd", token=token).create_commit(
            repo_id, [*add, *stale], commit_message=message or f"Checkpoint {parcel.info.title or parcel.info.name}"
        )
    return Pushed(target, commit.oid, str(commit.commit_url), bool(there.private))


def prepare(repo_id: str, *, private: bool, token: str | bool | None) -> "ModelInfo":
    """Make the repository if it is not there, and say what it is. Raises HubError when it is public and must not be."""
    from huggingface_hub import HfApi

    api = HfApi(library_name="unetkd", token=token)
    with speaking(repo_id, writing=True):
        api.create_repo(repo_id, private=private, exist_ok=True)
        there = api.model_info(repo_id, timeout=TIMEOUT_SECONDS)
    if private and not there.private:
        raise HubError(
            f"{repo_id} is public already, and you asked for private; push with --public, or into another repository. "
            "Nothing was uploaded."
        )
    return there


def _ours(parcel: Parcel) -> set[str]:
    """Every path that the pushed folders may have: an ensemble.json that stayed would outlive its replacement."""
    return {
        f"{folder}/{name}" if folder else name
        for folder in parcel.folders
        for name in (CONFIG, WEIGHTS, CARD, ENSEMBLE)
    }


def _files(ref: str, place: HubRef) -> dict[str, bytes]:
    """The three files of one network, as they lie on the disk, if they belong together."""
    return folders.read_whole(references.resolve(ref), lambda folder: _read(folder, ref, place))


def _read(folder: Path, ref: str, place: HubRef) -> dict[str, bytes]:
    info = read_info(folder)
    told = references.of_run(ref, info)
    try:
        weights = outside.read_bytes(folder / WEIGHTS, LARGEST[WEIGHTS])
        there = (folder / CARD).is_file() and told == info
        card = outside.read_bytes(folder / CARD, LARGEST[CARD]) if there else cards.card(told).encode()
        config = outside.read_bytes(folder / CONFIG, LARGEST[CONFIG]) if told == info else told.dumps().encode()
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{ref} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if hashlib.sha256(weights).hexdigest() != info.sha256:
        raise CheckpointError(f"The weights of {ref} are damaged (their sha256 differs from {CONFIG}); not pushed.")
    return {place.path(CONFIG): config, place.path(WEIGHTS): weights, place.path(CARD): card}


def _folder_name(member: str) -> str:
    """A member's folder on the Hub: its name, its run's id, or the last part of where it came from."""
    if member.startswith(hub_refs.PREFIX):
        parsed = hub_refs.parse(member)
        return parsed.folder or parsed.repo_id.rpartition("/")[2]
    return member.removeprefix(references.RUN_PREFIX)
