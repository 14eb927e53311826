"""The strip of scenes: a few thumbnails of a dataset to choose from by click, arrows to the next few.

Draws photos only, never label maps, and keeps no state of its own: the choice lives in session state.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

_ASSETS = Path(__file__).resolve().parents[2] / "assets"


def own_index(place: int) -> int:
    """The index that stands for an own photo: −1 for the first, −2 for the second, ..."""
    return -1 - place


def own_place(index: int) -> int | None:
    """The inverse; None for a dataset's scene."""
    return -1 - index if index < 0 else None


@dataclass(frozen=True)
class Thumb:
    """One thumbnail: the scene's index in its dataset (or `own_index`), its name, and JPEG bytes."""

    index: int
    title: str
    jpeg: bytes


_STRIP = st.components.v2.component(
    "unetkd_scenes",
    html='<div class="strip" role="group" aria-label="Scenes"></div>\n<!-- filled by scenes.js -->',
    css=(_ASSETS / "scenes.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "scenes.js").read_text(encoding="utf-8"),
)


def window(first: int, count: int, total: int, step: int = 1) -> list[int]:
    """Indices shown from `first` on: `count` at most, `step` apart, round the end, none twice."""
    shown = [(first + k * step) % total for k in range(min(count, total))]
    return list(dict.fromkeys(shown))


def spacing(name: str, total: int) -> int:
    """Steps between neighbours in the strip: streets all differ; a film's next frame is the same street again."""
    return 1 if name == "streets" else max(1, total // 24)


def scene_strip(
    thumbs: Sequence[Thumb],
    *,
    selected: int | None,
    total: int,
    key: str,
    choose: Callable[[int], None],
    turn: Callable[[int], None] | None = None,
) -> None:
    """Draw the strip.

    selected: index of the chosen scene, or None. total: scenes in the dataset. `choose(index)` runs before the next
    rerun when a thumbnail is clicked, `turn(-1 or 1)` when an arrow is; without `turn` there are no arrows.
    """

    def on_scene() -> None:
        index = st.session_state[key].scene
        if isinstance(index, int):
            choose(index)

    def on_turn() -> None:
        by = st.session_state[key].turn
        if by in (-1, 1) and turn is not None:
            turn(by)

    scenes = [
        {"index": t.index, "title": t.title, "src": "data:image/jpeg;base64," + base64.b64encode(t.jpeg).decode()}
        for t in thumbs
    ]
    _STRIP(
        key=key,
        data={
            "scenes": scenes,
            "selected": selected,
            "total": total,
            "paged": turn is not None and total > len(thumbs),
        },
        on_scene_change=on_scene,
        on_turn_change=on_turn,
    )
