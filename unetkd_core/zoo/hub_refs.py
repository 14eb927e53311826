"""`hf:owner/repo[/folder][@revision]` taken apart, and nothing else: parts of a path and of an address come only from
here, so that neither a cache's folder nor the Hub's address can be left. Pure text; needs no torch.
"""

import re
from typing import Final, NamedTuple

from unetkd_core.errors import CheckpointError

PREFIX: Final = "hf:"
_PART: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?"
_REF: Final = re.compile(
    rf"(?P<repo>{_PART}/{_PART})(?:/(?P<folder>{_PART}))?(?:@(?P<revision>[A-Za-z0-9][A-Za-z0-9._/-]{{0,127}}))?"
)
COMMIT: Final = re.compile(r"[0-9a-f]{40}")


class HubRef(NamedTuple):
    """A folder of a repository (none: the repository itself) at a branch, tag or commit (none: its main branch)."""

    repo_id: str
    folder: str | None = None
    revision: str | None = None

    def __str__(self) -> str:
        """The reference as it is typed, with `hf:`."""
        folder = f"/{self.folder}" if self.folder else ""
        return f"{PREFIX}{self.repo_id}{folder}" + (f"@{self.revision}" if self.revision else "")

    def at(self, commit: str) -> "HubRef":
        """The same at one commit, which never changes."""
        return self._replace(revision=commit)

    def path(self, name: str) -> str:
        """Where the file of this name lies in the repository."""
        return f"{self.folder}/{name}" if self.folder else name


def parse(text: str) -> HubRef:
    """What was typed, with or without `hf:`. Raises CheckpointError unless it is `owner/repo[/folder][@revision]`."""
    found = _REF.fullmatch(text.removeprefix(PREFIX))
    if found is None or _misleads(found["repo"], found["revision"] or ""):
        raise CheckpointError(
            f"{text[:160]!r} is no reference to the Hub; expected hf:owner/repo, hf:owner/repo/folder, or one of them "
            f"with @revision (a branch, tag or commit)."
        )
    return HubRef(found["repo"], found["folder"], found["revision"])


def make(repo_id: str, folder: str | None = None, revision: str | None = None) -> HubRef:
    """From its parts, checked as `parse` does. Raises CheckpointError."""
    text = repo_id + (f"/{folder}" if folder else "") + (f"@{revision}" if revision else "")
    made = parse(text)
    if made != HubRef(repo_id, folder or None, revision or None):
        raise CheckpointError(f"{text[:160]!r} is no reference to the Hub; expected owner/repo, a folder, a revision.")
    return made


def _misleads(repo_id: str, revision: str) -> bool:
    """The Hub forbids `--` and `..` in names, since its cache is named by them; a revision is a path in the cache."""
    steps = revision.split("/") if revision else []
    return (
        "--" in repo_id
        or ".." in repo_id
        or repo_id.endswith(".git")
        or any(
            not step or step.startswith(".") or step.endswith((".", ".lock", ".tmp")) or ".." in step for step in steps
        )
    )
