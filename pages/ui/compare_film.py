"""The epochs of a run that Compare shows, as a filmstrip, where its folder kept them.

Knows which pairs there are to choose from; run_view.py draws the strip.
"""

from collections.abc import Sequence

import streamlit as st

from pages.ui import kit, pairs, run_panel, run_view
from pages.ui.pairs import Pair
from pages.ui.readings import Reading
from unetkd_core.errors import UnetKDError
from unetkd_core.zoo.references import RUN_PREFIX


def draw(page: str, cast: Sequence[Reading]) -> None:
    """The strip of the chosen network's run and of its twin's; nothing where none of them is a run with pictures."""
    there = found(cast)
    if not there:
        return
    with st.container(key=kit.key(page, "film")):
        run_id = next(iter(there))
        if len(there) > 1:
            run_id = (
                st.segmented_control(
                    "Whose epochs?",
                    list(there),
                    format_func=lambda one: there[one][0],
                    default=run_id,
                    required=True,
                    key=kit.key(page, "film_of"),
                )
                or run_id
            )
        run_view.film(there.get(run_id, next(iter(there.values())))[1], page)


def found(cast: Sequence[Reading]) -> dict[str, tuple[str, Pair]]:
    """Run id -> (the network's name, pair), for every pair that one belongs to and that has predicted a panel."""
    there: dict[str, tuple[str, Pair]] = {}
    for reading in cast:
        if not reading.ref.startswith(RUN_PREFIX):
            continue
        try:
            main, twin = pairs.ids_of(reading.ref.removeprefix(RUN_PREFIX))
            pair = pairs.read(main, twin)
            if main not in there and run_panel.panels(pair):
                there[main] = (reading.name, pair)
        except UnetKDError:
            continue  # deleted from another tab a moment ago
    return there
