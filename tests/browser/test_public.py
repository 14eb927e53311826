"""Two visitors of a public server: one's run is untouchable for the other, and his key outlives a reload."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import ROOT
from tests.pages import fake_run
from tests.pages.fake_run import Where
from unetkd_core import visitors
from unetkd_core.runs import folder, owners

MINE = "20260301-101500-m128-a1b2"
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
KEY = "localStorage.getItem('unetkd-owner')"


@pytest.fixture
def public(serve: Callable[..., str], unetkd_home: Path) -> str:
    """A public server that reads this test's home."""
    return serve(ROOT / "app.py", UNETKD_PUBLIC="1", UNETKD_HOME=str(unetkd_home))


def settled(page: Page) -> Page:
    """Drawn, and drawn again once the browser has said who it is."""
    page.wait_for_selector("h1")
    page.wait_for_function(f"{KEY} !== null")
    page.wait_for_timeout(500)
    page.wait_for_selector(SETTLED)
    return page


def test_a_run_is_its_browsers_alone_also_after_a_reload(public: str, open_page: Callable[..., Page]) -> None:
    mine = settled(open_page(f"{public}/runs", ready="h1"))
    key = mine.evaluate(KEY)
    assert re.fullmatch(r"[\w-]{43}", key)
    owner = visitors.owner_of(key)
    assert owner is not None
    for one in fake_run.write_pair(Where("stopped", 7), run_id=MINE):
        folder.open_run(one).add_to_meta(owners.OWNER, owner)
    address = f"{public}/runs?run={MINE}"
    mine.goto(address)
    settled(mine).get_by_role("button", name="Resume").first.wait_for()
    mine.reload()
    settled(mine).get_by_role("button", name="Delete").first.wait_for()
    assert mine.evaluate(KEY) == key and key not in mine.url

    theirs = settled(open_page(address, ready="h1"))
    theirs.get_by_text("you can watch it, and compare what it learned").first.wait_for()
    assert theirs.evaluate(KEY) != key
    for name in ("Resume", "Delete", "Stop"):
        assert theirs.get_by_role("button", name=name, exact=True).count() == 0

    mine.get_by_role("button", name="Delete").first.click()
    mine.get_by_role("button", name="Delete both").click()
    mine.get_by_text("No runs yet").wait_for()
    assert folder.list_runs() == []


def test_two_windows_at_a_first_visit_keep_one_key(public: str, open_page: Callable[..., Page]) -> None:
    page = settled(open_page(f"{public}/runs", ready="h1"))
    code = (ROOT / "assets" / "visitor.js").read_text(encoding="utf-8")
    before, told, stored = page.evaluate(
        """async (code) => {
          const { default: ask } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })))
          const told = []
          let letGo
          navigator.locks.request("unetkd-owner", () => new Promise((done) => (letGo = done)))  // another window
          while (!letGo) await new Promise((done) => setTimeout(done, 10))
          localStorage.removeItem("unetkd-owner")
          ask({ data: { known: false }, setStateValue: (name, value) => told.push([name, value]) })
          await new Promise((done) => setTimeout(done, 100))
          const before = [localStorage.getItem("unetkd-owner"), told.length]
          localStorage.setItem("unetkd-owner", "o".repeat(43))
          letGo()
          for (let i = 0; i < 100 && !told.length; i++) await new Promise((done) => setTimeout(done, 20))
          return [before, told, localStorage.getItem("unetkd-owner")]
        }""",
        code,
    )
    assert before == [None, 0] and told == [["key", "o" * 43]] and stored == "o" * 43


def test_a_browser_that_refuses_storage_is_told_so(public: str, open_page: Callable[..., Page]) -> None:
    fake_run.write_pair(Where("stopped", 7), run_id=MINE)
    page = settled(open_page(f"{public}/runs", ready="h1"))
    page.add_init_script(
        """for (const name of ["getItem", "setItem"]) {
          const real = Storage.prototype[name]
          Storage.prototype[name] = function (key, ...more) {
            if (key === "unetkd-owner") throw new DOMException("no", "SecurityError")
            return real.call(this, key, ...more)
          }
        }"""
    )
    page.goto(f"{public}/runs")
    page.get_by_text("after a reload you can no longer stop or delete your runs").wait_for()
