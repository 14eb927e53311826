"""A real server and a real Chromium. Without a Chromium on this machine these tests are skipped, and say so."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.pages.home_folder import make_home_folder

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
]
WAIT = 20_000
"""Milliseconds that a page gets to be drawn, on two busy cores."""

# The server is Streamlit's own, started from here so that Home and Tables read folders made for the test.
_SERVE = """
import os
import sys
from pathlib import Path
from unetkd_core.runs import home_scene, paper_file
script, port, home = sys.argv[1:]
home_scene.FOLDER = Path(home)
paper_file.FOLDER = Path(os.environ.get("TEST_RESULTS", paper_file.FOLDER))
from streamlit.web import cli
sys.argv = ["streamlit", "run", script, "--server.port", port, "--server.address", "127.0.0.1",
            "--server.headless", "true", "--server.fileWatcherType", "none"]
cli.main()
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is marked `browser`, and skipped where there is none."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine (apt-get install chromium)"))


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Starts a server for a script, with variables of its own if given, and gives its address."""
    usual = make_home_folder(tmp_path_factory.mktemp("home"))
    servers: dict[tuple[Path, Path, str], tuple[subprocess.Popen[bytes], str]] = {}

    def start(script: Path, *, home: Path = usual, **variables: str) -> str:
        key = (script, home, str(sorted(variables.items())))
        if key not in servers:
            port = _free_port()
            process = subprocess.Popen(
                [sys.executable, "-c", _SERVE, str(script), str(port), str(home)],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            servers[key] = (process, f"http://127.0.0.1:{port}")
            _await_health(process, servers[key][1])
        return servers[key][1]

    yield start
    for process, _ in servers.values():  # at once: a server that says goodbye to its browsers takes seconds
        os.killpg(process.pid, signal.SIGKILL)
    for process, _ in servers.values():
        process.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_health(process: subprocess.Popen[bytes], address: str) -> None:
    for _ in range(200):
        assert process.poll() is None, "the server ended at once"
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer within 20 seconds")


@pytest.fixture(scope="session")
def app_address(serve: Callable[..., str]) -> str:
    """The whole app."""
    return serve(ROOT / "app.py")


@pytest.fixture
def serve_home(serve: Callable[..., str], tmp_path: Path) -> Callable[..., str]:
    """The whole app with other files for Home: `serve_home(make)`, where `make(folder)` writes them."""
    return lambda make: serve(ROOT / "app.py", home=make(tmp_path / "home"))


@pytest.fixture(scope="session")
def viewer_address(serve: Callable[..., str]) -> str:
    """A page with the viewer's three modes and nothing else."""
    return serve(Path(__file__).parent / "viewer_page.py")


@pytest.fixture(scope="session")
def _playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(_playwright: Playwright) -> Iterator[Browser]:
    browser = _playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens an address in a fresh window, `open_page(address, width=390, scheme="dark")`, and waits for the viewer."""
    contexts = []

    def start(
        address: str,
        *,
        width: int = 1280,
        height: int = 900,
        scheme: Literal["light", "dark"] = "light",
        ready: str = "[data-ready]",
        on_start: Callable[[Page], None] | None = None,
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
        )
        context.set_default_timeout(WAIT)
        contexts.append(context)
        page = context.new_page()
        if on_start:
            on_start(page)
        page.goto(address)
        page.wait_for_selector(ready)
        return page

    yield start
    for context in contexts:
        context.close()
