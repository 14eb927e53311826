"""The Distill form on how the teacher is heard: what is distilled, its weight, and the soft labels' α, T and T²."""

import html
from typing import Any

import streamlit as st

from pages.ui import kit, run_choices, run_form_state
from pages.ui.layers import WARMEST
from pages.ui.run_choices import CUSTOM
from pages.ui.run_form_state import key, state
from unetkd_core.training.presets import KD_PRESETS, METHODS
from unetkd_core.training.terms import label, whose_weight

_KEEP: dict[str, Any] = {"persist_state": "session"}
_SOFT = {
    "kd": ("Soft labels", "What the teacher says at each pixel, all classes and its doubts; α and T below."),
    "reverse": ("Soft labels, reversed", "KL the other way round: the student may leave out what it cannot follow."),
}
"""Name and line of what has a switch for T² here, and not in its name."""


def draw() -> None:
    """The choice, a line on it, and the numbers that it has."""
    st.selectbox(
        "What is distilled",
        run_choices.DISTILLED,
        key=key("method"),
        format_func=lambda name: _told(name)[0],
        help=kit.definition("method"),
        on_change=run_form_state.take_distilled,
        **_KEEP,
    )
    method = state[key("method")]
    st.html(f'<p class="ukd-note run-hint">{html.escape(_told(method)[1])}</p>')
    _weights(method)
    if not run_choices.replaces_soft_labels(method):
        _soft_labels()


def _told(method: str) -> tuple[str, str]:
    """(its name, a line on it)."""
    return _SOFT.get(method) or (METHODS[method].label, METHODS[method].explanation)


def _weights(method: str) -> None:
    """One number for each term, beside each other."""
    terms = run_choices.terms_of(method)
    columns = st.columns(len(terms), gap="small") if terms else []
    for place, (column, term) in enumerate(zip(columns, terms, strict=True)):
        name = label(term.kind)
        column.number_input(
            f"Weight, {name}",
            min_value=0.0001,
            max_value=10_000.0,
            step=term.weight / 10,
            format="%g",
            key=key(run_choices.weight_name(place)),
            help=f"{kit.definition(name)} {whose_weight(term)}",
            **_KEEP,
        )


def _soft_labels() -> None:
    presets = {**{name: preset.label for name, preset in KD_PRESETS.items()}, CUSTOM: "Custom"}
    st.segmented_control(
        "*α*, *T* and *T*² after",
        list(presets),
        key=key("kd"),
        format_func=lambda name: presets[name],
        required=True,
        width="stretch",
        help=kit.definition("soft labels"),
        on_change=run_form_state.take_method,
        **_KEEP,
    )
    left, right = st.columns(2, gap="small")
    left.slider(
        "Labels *α*",
        0.0,
        1.0,
        step=0.05,
        key=key("alpha"),
        format="%.2f",
        help=kit.definition("alpha"),
        on_change=run_form_state.name_method,
        **_KEEP,
    )
    right.slider(
        "Temp. *T*",
        1.0,
        WARMEST,
        step=0.5,
        key=key("temperature"),
        format="%g",
        help=kit.definition("temperature"),
        on_change=run_form_state.name_method,
        **_KEEP,
    )
    st.toggle(
        "Soft term times *T*²",
        key=key("scale_by_t2"),
        help=kit.definition("T²"),
        on_change=run_form_state.name_method,
        **_KEEP,
    )
