"""What a repository on the Hub offers at one commit, and what of it may be downloaded: config, weights, card, ensemble.

Of the names that the Hub lists, only these are ever asked for, and only within their limits of size; a list can name
nothing else. Looking needs one request. Needs no torch.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from unetkd_core.errors import CheckpointError, HubError
from unetkd_core.zoo import ensembles, hub_refs
from unetkd_core.zoo.checkpoints import CARD, CONFIG, ENSEMBLE, MAX_PARAMETERS, NAME, WEIGHTS
from unetkd_core.zoo.hub_errors import checked_token, speaking
from unetkd_core.zoo.hub_refs import HubRef
from unetkd_core.zoo.limits import MAX_CARD_BYTES, MAX_CONFIG_BYTES, MAX_HEADER_BYTES

LARGEST: Final = {
    CONFIG: MAX_CONFIG_BYTES,
    WEIGHTS: 8 * MAX_PARAMETERS + 2 * MAX_HEADER_BYTES,
    CARD: MAX_CARD_BYTES,
    ENSEMBLE: ensembles.MAX_BYTES,
}
"""The files that are downloaded, and their bytes at most; the config narrows the weights' down."""
TIMEOUT_SECONDS: Final = 10.0
_PICKLES: Final = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".h5", ".npy")


class RemoteFile(NamedTuple):
    """Its bytes, and their sha256 where the Hub knows it (of large files)."""

    size: int
    sha256: str | None


@dataclass(frozen=True)
class Repository:
    """A repository at one commit: every file by its path. `private`: whether only some may see it."""

    ref: HubRef
    commit: str
    private: bool
    files: dict[str, RemoteFile]

    def wanted(self, ref: HubRef) -> dict[str, RemoteFile]:
        """The files of the checkpoint or ensemble in the reference's folder, by path.

        Raises HubError that says what is there instead, and for files that are too large to be what they are named.
        """
        if ref.path(ENSEMBLE) in self.files:
            names: tuple[str, ...] = (ENSEMBLE, CARD)
        elif ref.path(CONFIG) in self.files and ref.path(WEIGHTS) in self.files:
            names = (CONFIG, WEIGHTS, CARD)
        else:
            raise HubError(self._why_not(ref))
        found = {ref.path(name): self.files[ref.path(name)] for name in names if ref.path(name) in self.files}
        for path, file in found.items():
            most = LARGEST[path.rpartition("/")[2]]
            if not 0 <= file.size <= most:
                raise HubError(
                    f"{path} of {self.ref.repo_id} has {file.size:,} bytes; expected {most:,} at most: it is not a "
                    "checkpoint's."
                )
        return found

    def folders(self) -> list[str]:
        """The folders that hold a checkpoint or an ensemble, sorted."""
        tops = {path.partition("/")[0] for path in self.files if "/" in path}
        return sorted(
            top for top in tops if NAME.fullmatch(top) and {f"{top}/{WEIGHTS}", f"{top}/{ENSEMBLE}"} & self.files.keys()
        )

    def _why_not(self, ref: HubRef) -> str:
        where = str(ref)
        inside = [path for path in self.files if not ref.folder or path.startswith(f"{ref.folder}/")]
        if not self.files:
            return f"{self.ref.repo_id} is empty{self._at()}: it has no files yet."
        if not inside:
            others = self.folders()
            has = f"it has {_listed(others)}" if others else "none of its folders holds a checkpoint"
            return f"{self.ref.repo_id} has no folder {ref.folder!r}; {has}."
        if ref.path(WEIGHTS) not in self.files and any(path.endswith(_PICKLES) for path in inside):
            return (
                f"{where} holds its weights as a pickle only, which may run anything when it is opened; expected "
                f"{WEIGHTS}. Nothing was downloaded."
            )
        if self.folders() and not ref.folder:
            first = self.folders()[0]
            return f"{where} holds several: {_listed(self.folders())}. Name one, as hf:{self.ref.repo_id}/{first}."
        lacks = " and ".join(name for name in (CONFIG, WEIGHTS) if ref.path(name) not in self.files)
        return f"{where} is no checkpoint of UNetKD: it has no {lacks}."

    def _at(self) -> str:
        return f" at {self.ref.revision}" if self.ref.revision else ""


def look_at(ref: HubRef, token: str | bool | None = None) -> Repository:
    """Ask the Hub which commit the reference means now, and what is there. Raises HubError."""
    from huggingface_hub import HfApi

    token = checked_token(token)
    with speaking(ref.repo_id, ref.revision):
        info = HfApi(library_name="unetkd").model_info(
            ref.repo_id, revision=ref.revision, files_metadata=True, timeout=TIMEOUT_SECONDS, token=token
        )
        files = {one.rfilename: _file(one) for one in info.siblings or ()}
        commit = info.sha or ""
    if not hub_refs.COMMIT.fullmatch(commit):
        raise HubError(f"The Hub names no commit for {ref}; check HF_ENDPOINT.")
    return Repository(ref, commit, bool(info.private), files)


def check_members(names: tuple[str, ...], ref: HubRef) -> list[HubRef]:
    """An ensemble's members on the Hub: folders beside it, by their names. Raises CheckpointError for any other."""
    members = []
    for name in names:
        try:
            members.append(hub_refs.make(ref.repo_id, name, ref.revision))
        except CheckpointError:
            raise CheckpointError(
                f"{ref} names the member {name[:80]!r}; expected the name of a folder in its own repository."
            ) from None
    return members


def _file(sibling: Any) -> RemoteFile:
    size = sibling.lfs.size if sibling.lfs else sibling.size
    return RemoteFile(int(size if size is not None else -1), sibling.lfs.sha256 if sibling.lfs else None)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
