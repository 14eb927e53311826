"""Runs in a real browser: the table, the address and the back button lead to the same run."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.pages import fake_run

ROOT = Path(__file__).resolve().parents[2]
OLDER, NEWER = "20260301-101500-m128-a1b2", "20260302-101500-m512-c3d4"


@pytest.fixture
def address(serve: Callable[..., str], unetkd_home: Path) -> str:
    fake_run.write_pair(run_id=OLDER, epochs=3)
    fake_run.write_run(fake_run.config(teacher=None, epochs=3).with_(model={"name": "M512"}), run_id=NEWER)
    return serve(ROOT / "app.py", UNETKD_HOME=str(unetkd_home), UNETKD_CHECKPOINTS=os.devnull)


def test_the_back_button_goes_back_to_the_run_before(open_page: Callable[..., Page], address: str) -> None:
    page = open_page(f"{address}/runs?run={NEWER}", ready="[data-ready=grid]")
    table = page.locator("[data-testid=stDataFrame]").bounding_box()
    assert table
    expect(page.get_by_text("Which classes does it know?")).to_be_visible()
    page.mouse.click(table["x"] + 20, table["y"] + 35 * 2.5)
    expect(page).to_have_url(re.compile(OLDER))
    expect(page.get_by_text("The teacher was worth")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Which classes does it know?")).to_be_visible()
    expect(page).to_have_url(re.compile(NEWER))
