"""One network on the page Models: what it is, what it reads well, its card, and what can be done with it."""

import html
from collections.abc import Iterator
from typing import Final

import streamlit as st

from pages.ui import kit, model_work
from pages.ui.model_list import PACKED, Entry
from pages.ui.model_work import Action
from unetkd_core import outside
from unetkd_core.classes import CLASS_NAMES
from unetkd_core.errors import UnetKDError
from unetkd_core.zoo import cards, folders, marks, references, shelf
from unetkd_core.zoo.checkpoints import CARD

PAGE: Final = "models"
COMPARE: Final = "pages/compare/overlays.py"
RUNS: Final = "pages/lab/runs.py"
MAX_CARD_BYTES: Final = 200_000


def head(one: Entry) -> None:
    """Its name, and what it is."""
    kit.section(html.escape(one.name), kit.role_html(one.role, one.role_name))


def told(one: Entry, on: str | None, seconds: float | None) -> None:
    """Facts, classes. seconds: a street's, measured here; None: not measured."""
    rows = "".join(f"<dt>{html.escape(k)}</dt><dd>{v}</dd>" for k, v in facts(one, seconds))
    st.html(f'<dl class="run-facts">{rows}</dl>')
    scores = one.iou(on)
    if scores:
        st.html(kit.section_html("Class by class", html.escape(where(on) + one.mark(on))) + classes(scores))


def where(on: str | None) -> str:
    """What mIoU is of, as a note."""
    return "IoU on each run’s own validation scenes" if on == PACKED else f"IoU on {on}"


def facts(one: Entry, seconds: float | None) -> Iterator[tuple[str, str]]:
    """(what, value as HTML)."""
    info, size = one.info, one.megabytes
    yield "Called", f"<code>{html.escape(one.ref)}</code>"
    if one.also:
        yield "Also here as", ", ".join(f"<code>{html.escape(ref)}</code>" for ref in one.also)
    yield "Weights", f"{kit.count(info.parameters)}" + (f", {size:.1f} MB on disk" if size else "")
    yield "Work", f"{kit.count(one.work)} multiply-accumulates a street of 256 × 512"
    yield "Time", f"{1000 * seconds:.0f} ms a street, measured here" if seconds is not None else "not measured here yet"
    yield "Learned from", f"{html.escape(', '.join(info.data) or 'not recorded')}, at {info.height} × {info.width}"
    yield "Seed", str(info.seed)
    if early := marks.stopped(info):
        yield "Training", early
    yield "Licence", html.escape(info.licence)


def classes(scores: list[float | None]) -> str:
    """HTML: a bar a class."""
    rows = "".join(
        f'<div class="ukc-row">{kit.swatch_html(index)}<span class="ukc-name">{html.escape(name)}</span>'
        f'<span class="ukc-line"><i class="ukc-gain" style="left:0;width:{100 * (score or 0.0):.1f}%"></i></span>'
        f"<b>{kit.percent(score)}</b></div>"
        for index, (name, score) in enumerate(zip(CLASS_NAMES, scores, strict=True))
    )
    return f'<div class="ukc ukc-shares">{rows}</div>'


def card(one: Entry) -> str | None:
    """The model card as Markdown, without front matter and pictures; None where it has none that can be read."""
    try:
        path = folders.current(references.resolve(one.ref)) / CARD
        # A run's was written when its best epoch ended, and knows of none after it; an ensemble here has none.
        made = one.run_id is not None or not path.exists()
        text = cards.card(one.info) if made else outside.read_bytes(path, MAX_CARD_BYTES).decode("utf-8")
    except (UnetKDError, OSError, ValueError):
        return None
    head, _, body = text.partition("\n---\n")
    text = body if head.startswith("---\n") else text
    # A card may come from anybody: no picture of it is fetched by whoever looks at it, and no HTML of it is drawn.
    for mark in ("<details>", "</details>", "<summary>", "</summary>"):
        text = text.replace(mark, "")
    return text.replace("![", "!\\[").strip()


def delete(one: Entry) -> Action:
    """What would be gone, then the button, for a kept network."""
    return Action(("delete", one.ref), "Delete", "delete", lambda: _delete_form(one))


def _delete_form(one: Entry) -> None:
    size = f", {one.megabytes:.1f} MB" if one.megabytes else ""
    needed = ", ".join(shelf.dependants(one.ref))
    lost = f" With it goes what it is a member of: {needed}." if needed else ""
    kit.note(f"checkpoints/{one.ref}{size}. Nothing brings it back.{lost}")
    name = kit.key(PAGE, f"delete_now_{one.ref}")
    st.button("Delete it", key=name, type="primary", on_click=_delete, args=(one.ref,))


def _delete(name: str) -> None:
    try:
        shelf.delete(name)
        model_work.tell(f"{name} is deleted.")
    except UnetKDError as error:
        model_work.refuse(error)
