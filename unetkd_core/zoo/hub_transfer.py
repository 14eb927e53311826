"""Downloading the files of an offer through the Hub's own client, into its own cache, with progress in bytes.

A cut connection is resumed by the client within a download; whole files are never fetched twice. Needs no torch.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from unetkd_core.errors import HubError
from unetkd_core.zoo import hub_cache
from unetkd_core.zoo.hub_errors import speaking
from unetkd_core.zoo.hub_offer import TIMEOUT_SECONDS, RemoteFile
from unetkd_core.zoo.hub_refs import HubRef

Progress = Callable[[int, int], None]
"""(bytes that are here, bytes in all)."""
LIBRARY: Final = "unetkd"


class Transfer:
    """One commit's files on their way; `progress` hears of every chunk."""

    def __init__(
        self,
        ref: HubRef,
        commit: str,
        files: Mapping[str, RemoteFile],
        token: str | bool | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.ref, self.commit, self.files = ref, commit, files
        self._token, self._progress = token, progress
        self._total, self._done = sum(file.size for file in files.values()), 0

    def get(self, path: str) -> Path:
        """The file in the cache, downloaded if it is not there yet. Raises HubError."""
        from huggingface_hub import hf_hub_download

        size = self.files[path].size
        self._tell(0)
        with speaking(self.ref.repo_id, self.commit):
            file = Path(
                hf_hub_download(
                    self.ref.repo_id,
                    path,
                    revision=self.commit,
                    token=self._token,
                    library_name=LIBRARY,
                    etag_timeout=TIMEOUT_SECONDS,
                    tqdm_class=_bar(lambda moved: self._moved(path, size, moved)),
                )
            )
        if file.stat().st_size != size:
            hub_cache.discard(file)
            raise _not_as_told(self.ref, path, size)
        self._done += size
        self._tell(0)
        return file

    def _moved(self, path: str, size: int, moved: int) -> None:
        if moved > size:
            raise _not_as_told(self.ref, path, size)
        self._tell(moved)

    def _tell(self, moved: int) -> None:
        if self._progress is not None:
            self._progress(self._done + moved, self._total)


def _not_as_told(ref: HubRef, path: str, size: int) -> HubError:
    return HubError(
        f"{path} of {ref.repo_id} is not as large as the Hub said ({size:,} bytes); it was thrown away. Pull again."
    )


def _bar(moved: Callable[[int], None]) -> type[Any]:
    """What the client takes for a progress bar: it draws nothing and hands the bytes on."""
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):
        def __init__(self, *args: Any, initial: int = 0, **options: Any) -> None:
            super().__init__(disable=True)
            self.moved = initial

        def update(self, n: float | None = 1) -> None:
            self.moved += int(n or 0)
            moved(self.moved)

        def update_transfer(self, n: float | None = 1) -> None:
            """Xet tells bytes on the wire too; the file's are what counts here."""

        def set_transfer_postfix_str(self, *args: Any, **options: Any) -> None:
            """Nothing is drawn."""

    return Bar


def megabytes(size: int) -> str:
    """1234567 -> "1.2 MB"; under 100 kB in kB."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"
