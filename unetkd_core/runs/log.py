"""log.txt: what happened in a run, for people, a line each with its time."""

import time
import traceback
from pathlib import Path


class RunLog:
    """Appends lines to one file; the worker's own standard output and error go to the same one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def line(self, text: str) -> None:
        """One line with the local time before it."""
        self._append(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {text}\n")

    def exception(self, error: BaseException) -> None:
        """The whole traceback: for whoever repairs it, never for the screen."""
        self._append("".join(traceback.format_exception(error)))

    def _append(self, text: str) -> None:
        try:
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(text)
        except OSError:
            pass  # a log that cannot be written must not end what it tells about; the full disk shows elsewhere
