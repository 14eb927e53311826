"""On stage: the presenter's mode, links for a class, and whether a talk needs the network. Draws; core looks."""

import html
from urllib.parse import urlencode, urlsplit

import streamlit as st

from pages.ui import kit, stage, stage_address, visitor
from pages.ui.lesson_steps import LESSONS
from pages.ui.stage_address import HIDEABLE, Stage
from unetkd_core.runs import offline_check
from unetkd_core.runs.offline_check import Finding
from unetkd_core.settings import PROJECT_ROOT

PAGE = "on_stage"
PAGES = {  # as the menu calls it -> its place in an address
    "Home": "",
    "Soft targets": "soft_targets",
    "Lessons": "lessons",
    **{f"Lesson {i}: {one.question}": f"lessons?lesson={one.key}" for i, one in enumerate(LESSONS, start=1)},
    "Distill": "distill",
    "Runs": "runs",
    "Overlays": "overlays",
    "Ensemble": "ensemble",
    "Data": "data",
}
FOUND = kit.key(PAGE, "found")
state = st.session_state


def switch() -> None:
    """The mode, for this window."""
    kit.section("The presenter’s mode", "for this window, on every page")
    key = kit.key(PAGE, "on")
    state[key] = stage.now().on  # the buttons at the page's top, and an address, turn it too
    on = st.toggle("On stage", key=key, on_change=turn)
    kit.note(
        "Larger type; without Streamlit’s own menu and hints. “Reset this page”, at the top, opens a page as it first "
        "was; runs stay."
        if on
        else "Larger type, and nothing that an audience need not see. It comes with every address that says stage=1."
    )


def turn() -> None:
    """Callback of the switch."""
    stage.put(Stage(bool(state[kit.key(PAGE, "on")]), stage.now().hidden))


def links() -> None:
    """A link for a class, put together; the address of a page that hides what is chosen."""
    kit.section("A link that hides controls", "for the eyes; it locks nothing")
    where = st.selectbox("It opens", list(PAGES), index=2, key=kit.key(PAGE, "where"))
    hidden = st.pills(
        "It hides",
        list(HIDEABLE),
        selection_mode="multi",
        default=stage_address.in_order(stage_address.CLASS),
        key=kit.key(PAGE, "hide"),
    )
    for name in hidden:
        st.html(f'<p class="ukd-note les-hide"><b>{name}</b>: {html.escape(HIDEABLE[name])}</p>')
    large = st.checkbox("In the presenter’s mode", key=kit.key(PAGE, "large"))
    st.code(link(PAGES[where], Stage(large, frozenset(hidden))), language=None, wrap_lines=True)


def link(path: str, stage_of_it: Stage) -> str:
    """The whole address of a page under a stage, as this browser reaches the app."""
    base = urlsplit(st.context.url or "http://localhost:8501")
    root = base.path.rpartition("/")[0] if base.path.strip("/") else ""
    query = urlencode(stage_address.write(stage_of_it), safe=",")
    return f"{base.scheme}://{base.netloc}{root}/{path}" + (f"{'&' if '?' in path else '?'}{query}" if query else "")


def check() -> None:
    """All that a talk needs, one line after the other as it is looked at."""
    if visitor.is_public():
        visitor.note("Whether a talk needs the network is looked up on your own machine: <code>unetkd check</code>.")
        return
    known: list[Finding] = state.get(FOUND, [])
    kit.section("Does it need the network?", _verdict(known))
    pressed = st.button(
        "Look again" if known else "Look, about ten seconds",
        key=kit.key(PAGE, "look"),
        type="secondary" if known else "primary",
    )
    slot = st.empty()
    if pressed:
        known = []
        for finding in offline_check.findings():
            known.append(finding)
            slot.html(listed(known, offline_check.names()[len(known) :]))
        state[FOUND] = known
        st.rerun()
    slot.html(listed(known, offline_check.names() if not known else []))


def _verdict(known: list[Finding]) -> str:
    if not known:
        return "this check connects to nothing"
    lacking = sum(not finding.ok for finding in known)
    return "everything is here" if not lacking else f"{lacking} of {len(known)} are missing"


def listed(known: list[Finding], waiting: list[str]) -> str:
    """HTML: a line for each finding, then those that are still to be looked at."""
    lines = [
        f'<li class="{"is-ok" if f.ok else "is-not"}"><b>{html.escape(f.name)}</b><span>'
        f'<span class="ukd-hidden">{"here" if f.ok else "missing"}: </span>{html.escape(f.told)}'
        f"{'' if f.ok else ' <strong>' + html.escape(f.remedy) + '</strong>'}</span></li>"
        for f in known
    ]
    lines += [f'<li><b>{html.escape(name)}</b><span class="ukd-note">not looked at yet</span></li>' for name in waiting]
    return f'<ul class="les-check">{"".join(lines)}</ul>'


st.html(PROJECT_ROOT / "assets" / "lessons.css")
kit.page_header(
    "Ready for the lecture hall?",
    "Type for the last row, links for a class, and a look at what a talk needs, without a network.",
)
left, right = st.columns([1, 1], gap=36)
with left:
    with st.container(key=kit.key(PAGE, "switch"), gap="small"):
        switch()
    with st.container(key=kit.key(PAGE, "links"), gap="small"):
        links()
with right, st.container(key=kit.key(PAGE, "check"), gap="small"):
    check()
