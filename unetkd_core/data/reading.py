"""Scenes of a source, in order, read ahead: in threads where files are decoded, in processes where scenes are rendered.

Pillow lets go of the interpreter while it decodes, so threads share that work out; a renderer keeps it busy, and only
processes of their own (reading_worker.py) do. Knows no pack and no dataset by name.
"""

import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import IO, Final

import numpy as np

from unetkd_core import settings
from unetkd_core.data.source import Scene, Source
from unetkd_core.errors import DataError

WORTH_PROCESSES: Final = 8_000_000
"""Pixels to render below which starting processes costs more than they save: four seconds of one core."""
_PIPE: Final = 1 << 20
"""Bytes that a worker may be ahead."""
MOST_PROCESSES: Final = 16


def read_in_order(source: Source, height: int, width: int, indices: list[int]) -> Iterator[Scene]:
    """Scenes at (height, width) in the order of `indices`, some read ahead. Raises what reading them raises."""
    if source.rendered and settings.cores() > 1 and len(indices) * height * width >= WORTH_PROCESSES:
        return _in_processes(source, height, width, indices)
    return _in_threads(source, height, width, indices)


def _in_threads(source: Source, height: int, width: int, indices: list[int]) -> Iterator[Scene]:
    workers = settings.cores()
    with ThreadPoolExecutor(workers) as pool:
        ahead: deque[Future[Scene]] = deque()
        try:
            for index in indices:
                ahead.append(pool.submit(source.read_at, index, height, width))
                if len(ahead) > 2 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def _in_processes(source: Source, height: int, width: int, indices: list[int]) -> Iterator[Scene]:
    """Worker k of n renders every n-th scene, and waits when its pipe is full: order costs nothing."""
    count = min(settings.cores(), len(indices), MOST_PROCESSES)
    with ExitStack() as stack:
        workers = [stack.enter_context(_Worker(source, height, width, indices[k::count])) for k in range(count)]
        for place in range(len(indices)):
            yield workers[place % count].next_scene()


class _Worker:
    """A process that renders some scenes of a source and writes their bytes to us; gone when the block is left.

    It stays in our process group, so that whatever ends us ends it too.
    """

    def __init__(self, source: Source, height: int, width: int, indices: list[int]) -> None:
        self._ref, self._shape, self._labelled = source.ref, (height, width), source.labelled
        self._indices = indices

    def __enter__(self) -> "_Worker":
        self._said = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "unetkd_core.data.reading_worker", self._ref, *map(str, self._shape)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": settings.python_path()},
            )
        except OSError as error:
            self._said.close()
            raise DataError(
                f"No process could be started to render scenes of {self._ref} ({error.strerror or error}). Try again "
                "when less is running."
            ) from error
        _widen(self._process.stdout)
        assert self._process.stdin is not None
        with suppress(OSError), self._process.stdin as pipe:  # one that is gone already is missed at its first scene
            pipe.write(" ".join(map(str, self._indices)).encode())
        return self

    def next_scene(self) -> Scene:
        height, width = self._shape
        image = self._read(height * width * 3).reshape(height, width, 3)
        return Scene(image, self._read(height * width).reshape(height, width) if self._labelled else None)

    def _read(self, size: int) -> np.ndarray:
        assert self._process.stdout is not None
        data = self._process.stdout.read(size)
        if len(data) < size:
            raise DataError(self._why())
        return np.frombuffer(data, np.uint8)

    def _why(self) -> str:
        """Why no more scenes come: its last line, or the signal that ended it."""
        code = self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        if code < 0 or not lines:
            return (
                f"A process that rendered scenes of {self._ref} was ended (exit code {code}). Start again, with more "
                "memory free if the system ended it."
            )
        return f"Scenes of {self._ref} could not be rendered: {lines[-1]}"

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.wait()
        self._said.close()


def _widen(pipe: IO[bytes] | None) -> None:
    """Let a worker be some scenes ahead, where the system lets us ask (Linux) and has the room."""
    if pipe is not None and sys.platform == "linux":
        import fcntl

        with suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)
