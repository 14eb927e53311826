"""Rendered scenes come from processes as they come from here: in order, to the bit, and nobody stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from unetkd_core import settings
from unetkd_core.data import reading
from unetkd_core.data.source_streets import StreetsSource
from unetkd_core.errors import DataError


@pytest.fixture(autouse=True)
def processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "WORTH_PROCESSES", 0)
    monkeypatch.setattr(settings, "cores", lambda: 3)


@pytest.mark.parametrize("split", ["val", "unlabelled"])
def test_processes_give_the_same_scenes_in_the_same_order(split: str) -> None:
    source, indices = StreetsSource(split), [4, 0, 7, 2, 9]
    scenes = list(reading.read_in_order(source, 32, 64, indices))
    assert len(scenes) == len(indices)
    for scene, index in zip(scenes, indices, strict=True):
        here = source.read_at(index, 32, 64)
        assert np.array_equal(scene.image, here.image)
        assert scene.labels is here.labels or np.array_equal(scene.labels, here.labels)


def test_whoever_stops_reading_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen
    monkeypatch.setattr(reading.subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])
    scenes = reading.read_in_order(StreetsSource("val"), 32, 64, list(range(50)))
    next(scenes)
    scenes.close()
    assert len(started) == 3 and all(process.poll() is not None for process in started)


def test_a_process_that_is_killed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen
    monkeypatch.setattr(reading.subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])
    scenes = reading.read_in_order(StreetsSource("val"), 32, 64, list(range(500)))
    next(scenes)
    os.kill(started[1].pid, signal.SIGKILL)
    with pytest.raises(DataError, match=r"streets:val was ended \(exit code -9\)"):
        list(scenes)


def test_what_goes_wrong_in_a_process_is_told() -> None:
    with pytest.raises(DataError, match="Scenes of streets:val could not be rendered: scene 900 of 500"):
        list(reading.read_in_order(StreetsSource("val"), 32, 64, [1, 2, 3, 900]))


def test_where_no_process_can_be_started_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(reading.subprocess, "Popen", refuse)
    with pytest.raises(DataError, match="No process could be started to render scenes of streets:val"):
        list(reading.read_in_order(StreetsSource("val"), 32, 64, [1, 2, 3]))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_reader_that_is_killed_takes_its_processes_with_it() -> None:
    reader = (
        "from unetkd_core.data import reading; from unetkd_core.data.source_streets import StreetsSource as S\n"
        "reading.WORTH_PROCESSES = 0; reading.settings.cores = lambda: 2\n"
        "scenes = reading.read_in_order(S('val'), 64, 128, list(range(500))); next(scenes)\n"
        "print('reading', flush=True)\nfor _ in scenes: pass"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", reader],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(settings.PROJECT_ROOT)},
    )
    assert process.stdout is not None and process.stdout.readline() == b"reading\n"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) == 2
    process.kill()
    process.wait()
    deadline = time.monotonic() + 10
    while any(_alive(pid) for pid in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(_alive(pid) for pid in children)


def _alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
