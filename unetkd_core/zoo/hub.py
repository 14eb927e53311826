"""The Hugging Face Hub: `look` at what there is, `pull` it, `push` one's own; `known` is what was pulled, until it is
`forget`ten.

A repository holds one checkpoint, or several in folders, as the same files as in checkpoints/. A revision is resolved
to a commit and remembered; a wrong architecture, size or sha256 is refused before or after a download, and nothing but
config, weights, card and ensemble.json is ever downloaded. Needs no torch.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from unetkd_core import outside, visitors
from unetkd_core.errors import CheckpointError, HubError
from unetkd_core.models import complexity
from unetkd_core.zoo import cards, checkpoints, ensembles, folders, hub_cache, references, shelf
from unetkd_core.zoo.checkpoints import CARD, CONFIG, ENSEMBLE, WEIGHTS, CheckpointInfo
from unetkd_core.zoo.hub_errors import checked_token
from unetkd_core.zoo.hub_forget import Forgotten, forget
from unetkd_core.zoo.hub_offer import RemoteFile, Repository, check_members, look_at
from unetkd_core.zoo.hub_push import Parcel, Pushed, pack, push
from unetkd_core.zoo.hub_refs import HubRef, make, parse
from unetkd_core.zoo.hub_transfer import Progress, Transfer, megabytes
from unetkd_core.zoo.limits import MAX_CONFIG_BYTES, can_hold

__all__ = [
    "Forgotten",
    "Offer",
    "Parcel",
    "Pushed",
    "fetch",
    "forget",
    "keep",
    "known",
    "look",
    "megabytes",
    "pack",
    "parse",
    "pull",
    "push",
]


_PULLING = ("Pulling from the Hub", "What was pulled already is listed above.")


@dataclass(frozen=True)
class Offer:
    """What a pull would bring: a commit, its networks (an ensemble's members), and every file by its path."""

    ref: HubRef
    commit: str
    private: bool
    networks: tuple[HubRef, ...]
    files: dict[str, RemoteFile]

    @property
    def size(self) -> int:
        """Bytes of all files, those included that are in the cache already."""
        return sum(file.size for file in self.files.values())

    @property
    def missing(self) -> int:
        """Bytes that are still to be downloaded."""
        root = hub_cache.snapshot(HubRef(self.ref.repo_id), self.commit)
        return sum(file.size for path, file in self.files.items() if not (root / path).is_file())


def look(ref: HubRef, *, token: str | bool | None = None) -> Offer:
    """Ask the Hub what the reference means now and how large it is. Downloads at most an ensemble.json.

    token: none takes HF_TOKEN or the login. Raises HubError, CheckpointError for an ensemble that is none, and
    NotAllowedError for a visitor of a public server.
    """
    visitors.refuse(*_PULLING)
    repository = look_at(ref, token)
    files = repository.wanted(ref)
    if ref.path(ENSEMBLE) not in files:
        return Offer(ref, repository.commit, repository.private, (ref,), files)
    networks = _members(repository, files, token)
    for network in networks:
        files |= repository.wanted(network)
    if any(network.path(ENSEMBLE) in files for network in networks):
        raise CheckpointError(f"{ref} has a member that is an ensemble itself; expected networks.")
    return Offer(ref, repository.commit, repository.private, tuple(networks), files)


def _members(repository: Repository, files: dict[str, RemoteFile], token: str | bool | None) -> list[HubRef]:
    ref = repository.ref
    transfer = Transfer(ref, repository.commit, files, checked_token(token))
    return check_members(ensembles.read_file(transfer.get(ref.path(ENSEMBLE))).members, ref)


def pull(
    repo_id: str,
    revision: str | None = None,
    folder: str | None = None,
    *,
    token: str | bool | None = None,
    progress: Progress | None = None,
) -> Path:
    """Download a checkpoint or an ensemble with its members, and remember the commit; returns its folder in the cache.

    repo_id: owner/repo. progress: called with (bytes that are here, bytes in all). token: none takes HF_TOKEN or the
    login. Raises HubError where the Hub does not deliver, CheckpointError for what it delivered.
    """
    return fetch(look(make(repo_id, folder, revision), token=token), token=token, progress=progress)


def fetch(offer: Offer, *, token: str | bool | None = None, progress: Progress | None = None) -> Path:
    """`pull` what `look` found, at that very commit."""
    visitors.refuse(*_PULLING)
    transfer = Transfer(offer.ref, offer.commit, offer.files, checked_token(token), progress)
    for path in offer.files:
        if path.endswith(ENSEMBLE):
            transfer.get(path)
    # All configs first: what cannot be used is refused before a weight is downloaded.
    for network in offer.networks:
        _check_offered(network, transfer)
    for network in offer.networks:
        _get_weights(network, transfer)
    for path in offer.files:
        if path.endswith(CARD):
            transfer.get(path)
    here = offer.ref.at(offer.commit)
    references.info_of(str(here))  # an ensemble's members fit together and are those that it was made of
    hub_cache.remember({ref: offer.commit for ref in (offer.ref, *offer.networks)})
    return hub_cache.folder_of(here)


def known() -> list[tuple[str, CheckpointInfo]]:
    """(reference, info) of everything that was pulled and is still there, sorted. No network, and no weights read."""
    return references.pulled()


def keep(ref: HubRef, name: str, *, replace: bool = False) -> Path:
    """Copy what was pulled into checkpoints/ under a name; an ensemble's members stay in the cache.

    Returns its folder. Raises CheckpointError for a name that is taken or cannot be one.
    """
    target = shelf.free(name, replace=replace)
    spec = references.spec_of(str(ref))
    if spec is not None:
        ensembles.save(spec, target)
        return target
    info, source = references.info_of(str(ref)).model_copy(update={"name": name}), hub_cache.folder_of(ref)
    try:
        card = (source / CARD).read_bytes() if (source / CARD).is_file() else cards.card(info).encode()
        weights = (source / WEIGHTS).read_bytes()
        folders.replace(target, {CONFIG: info.dumps().encode(), WEIGHTS: weights, CARD: card})
    except OSError as error:
        raise CheckpointError(f"{name} cannot be written: {error.strerror or error}. Free space.") from None
    return target


def _check_offered(ref: HubRef, transfer: Transfer) -> None:
    """Refuse another kind of model, an unknown architecture, and weights that are too large or others than named."""
    config = transfer.get(ref.path(CONFIG))
    _refuse_foreign(config, ref)
    info = checkpoints.read_config(config.parent, where=f"{ref}: {CONFIG}")
    offered, parameters = transfer.files[ref.path(WEIGHTS)], complexity.parameters(info.arch)
    if not can_hold(offered.size, parameters):
        raise HubError(
            f"{WEIGHTS} of {ref} has {offered.size:,} bytes, which cannot be a network of {parameters:,} parameters. "
            "It was not downloaded."
        )
    if offered.sha256 not in (None, info.sha256):
        raise HubError(
            f"{WEIGHTS} of {ref} is not the file that its {CONFIG} names (another sha256): one of them was replaced. "
            "It was not downloaded; ask its author."
        )


def _get_weights(ref: HubRef, transfer: Transfer) -> None:
    file = transfer.get(ref.path(WEIGHTS))
    info = checkpoints.read_info(file.parent)
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != info.sha256:
        hub_cache.discard(file)
        raise HubError(
            f"{WEIGHTS} of {ref} did not arrive as it was saved (its sha256 differs from {CONFIG}); it was thrown "
            "away. Pull again."
        )


def _refuse_foreign(config: Path, ref: HubRef) -> None:
    try:
        data = outside.read_json(config, MAX_CONFIG_BYTES)
    except (OSError, ValueError):
        return  # reading it properly says what is wrong
    if isinstance(data, dict) and "format_version" not in data:
        kind = data.get("model_type")
        said = f" ({kind[:40]!r})" if isinstance(kind, str) else ""
        raise HubError(
            f"{ref} is another kind of model{said}, no checkpoint of UNetKD. Its weights were not downloaded."
        )
