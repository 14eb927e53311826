"""Opens Distill and Runs through app.py, without the processes that they would start."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from unetkd_core.runs import checks, estimate, jobs
from unetkd_core.runs.folder import Run, create
from unetkd_core.training.config import RunConfig

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[RunConfig, bool]]]:
    """Own checkpoints, fresh caches, and no process: `jobs.start` makes the folders and notes what was asked for."""
    asked: list[tuple[RunConfig, bool]] = []

    def start(config: RunConfig, *, twin: bool = True, by: str | None = None) -> list[Run]:
        checks.check(config)
        asked.append((config, twin))
        run = create(config)
        return [run, create(config.twin(run.id), pair=run.id)] if twin and config.teaching else [run]

    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setattr(estimate, "measure_in_background", lambda: None)
    monkeypatch.setattr(jobs, "start", start)
    st.cache_data.clear()
    yield asked
    st.cache_data.clear()


def opened(page: str, **address: str) -> AppTest:
    """pages/lab/PAGE.py as a browser would open it."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    at.switch_page(f"pages/lab/{page}.py")
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def text(at: AppTest) -> str:
    """Everything that was written, as one text without its marks."""
    return html.unescape(re.sub(r"<[^>]+>", "", "\n".join(h.value for h in at.html)))


def charts(at: AppTest) -> list[str]:
    """What each chart says to those who do not see it."""
    return [chart.proto.alt for chart in at.get("vega_lite_chart")]
