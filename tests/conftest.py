"""What holds in every test: a home of its own, one thread, the CPU, and no network."""

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Before torch is imported anywhere: two tests' threads must not fight over two cores.
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["UNETKD_DEVICE"] = "cpu"
for _name in (
    *("UNETKD_SLOTS", "UNETKD_CHECKPOINTS", "UNETKD_RAY_ADDRESS", "UNETKD_TEACHERS_GB"),
    *(name for name in os.environ if name.startswith("UNETKD_MAX_") or name == "UNETKD_PUBLIC"),
    *("UNETKD_RAY_CPUS", "UNETKD_RAY_GPUS", "UNETKD_RAY_HOSTS", "UNETKD_RAY_RETRIES", "UNETKD_CORES", "RAY_ADDRESS"),
):
    os.environ.pop(_name, None)

LOCAL = {"127.0.0.1", "::1", "localhost", "0.0.0.0", ""}


@pytest.fixture(scope="session", autouse=True)
def _session_home() -> Iterator[None]:
    """Fixtures wider than one test keep their things here, never in the checkout's `.unetkd/`."""
    before = os.environ.get("UNETKD_HOME")
    with tempfile.TemporaryDirectory(prefix="unetkd-tests-", ignore_cleanup_errors=True) as folder:
        os.environ["UNETKD_HOME"] = folder
        yield
    if before is None:
        del os.environ["UNETKD_HOME"]
    else:
        os.environ["UNETKD_HOME"] = before


@pytest.fixture(autouse=True)
def unetkd_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty UNETKD_HOME for this test; processes that it starts inherit it."""
    home = tmp_path / "unetkd-home"
    monkeypatch.setenv("UNETKD_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def _smallest_numbers() -> Iterator[None]:
    """A worker that ran in the test's process turned the smallest numbers to 0; other tests need them."""
    yield
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.set_flush_denormal(False)


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Connecting anywhere but to this machine fails at once, with the address in the message."""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        patch.setattr(socket.socket, name, _local_only(getattr(socket.socket, name)))
    yield
    patch.undo()


def _local_only(connect: Any) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOCAL:
            raise OSError(f"tests run offline: tried to connect to {address}")
        return connect(self, address)

    return guarded
