"""The Sweeps form: axes, streets and budget, over session state; together they make a SweepSpec. It starts nothing."""

import html
from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from pages.ui import kit, run_choices, trio
from unetkd_core.data.catalog import DatasetInfo
from unetkd_core.errors import ConfigError
from unetkd_core.runs.sweep_grid import SweepSpec, parse_spec
from unetkd_core.runs.sweep_presets import SERIES
from unetkd_core.training.presets import BUDGETS, METHODS

PAGE: Final = "sweeps"
ENSEMBLE: Final = "pages/compare/ensemble.py"
FIRST: Final = "3x3"
ALPHAS: Final = ("0", "0.1", "0.3", "0.5", "0.7", "0.9")
TEMPERATURES: Final = ("1", "2", "4", "5", "10", "20")
SEEDS: Final = (1, 2, 3)
_KEEP: dict[str, Any] = {"persist_state": "session"}
state = st.session_state


def key(name: str) -> str:
    """A value's key in session state, which is its widget's."""
    return kit.key(PAGE, name)


def teachers(known: trio.Known) -> list[str]:
    """References that may teach, as Distill offers them."""
    return [ref for ref in trio.options(known, "teacher") if ref != trio.NOBODY]


def settle(known: trio.Known, datasets: Sequence[DatasetInfo]) -> None:
    """Make every value valid before the widgets are drawn."""
    first = {"student": ["M128"], "seeds": 1, "budget": "taste", "dataset": datasets[0].name, "series": FIRST}
    for name, value in first.items():
        state.setdefault(key(name), value)
    if key("alpha") not in state:
        take_series(known)
    if state[key("dataset")] not in [d.name for d in datasets]:
        state[key("dataset")] = datasets[0].name
    there = set(teachers(known))
    chosen = state.get(key("teacher"))
    kept = [ref for ref in chosen or [] if ref in there]
    # One that was taken away stays away; where nobody was chosen yet, or all are gone, it is the usual one.
    state[key("teacher")] = kept if kept or chosen == [] else _usual(known, state[key("dataset")])


def take_series(known: trio.Known) -> None:
    """A preset was chosen: fill the axes in; the paper's fourth asks for an ensemble where there is one."""
    series = SERIES.get(state[key("series")] or "")
    if series is None:
        return
    state[key("alpha")] = [f"{value:g}" for value in series.alpha]
    state[key("temperature")] = [f"{value:g}" for value in series.temperature]
    state[key("method")] = list(series.method)
    ensembles = [ref for ref, info in known if info.role == "ensemble"]
    if series.ensemble and ensembles:
        state[key("teacher")] = ensembles[:1]


def name_series() -> None:
    """An axis was changed: it is a preset again, or the person's own."""
    try:
        now = (_numbers("alpha"), _numbers("temperature"), tuple(state[key("method")]))
    except ConfigError:  # told where the grid is made of them
        state[key("series")] = None
        return
    fits = (name for name, s in SERIES.items() if (s.alpha, s.temperature, s.method) == now)
    state[key("series")] = next(fits, None)


def draw(known: trio.Known, datasets: Sequence[DatasetInfo]) -> None:
    """The widgets, top to bottom as one decides."""
    st.segmented_control(
        "Grid",
        list(SERIES),
        key=key("series"),
        format_func=lambda name: SERIES[name].label,
        width="stretch",
        wrap=True,
        on_change=take_series,
        args=(known,),
        help="A small grid, or one of the paper’s four series. It sets α, T and method; change them as you like.",
        **_KEEP,
    )
    series = SERIES.get(state[key("series")] or "")
    st.html(f'<p class="ukd-note run-hint">{series.explanation if series else "A grid of your own."}</p>')
    _list("Labels *α*", "alpha", ALPHAS, "alpha")
    _list("Temperature *T*", "temperature", TEMPERATURES, "temperature")
    st.segmented_control(
        "Students",
        run_choices.STUDENTS,
        key=key("student"),
        selection_mode="multi",
        width="stretch",
        help=kit.definition("student"),
        **_KEEP,
    )
    st.multiselect(
        "Teachers",
        teachers(known),
        key=key("teacher"),
        format_func=lambda ref: trio.label(known, ref),
        placeholder="Choose who teaches",
        help=kit.definition("teacher"),
        **_KEEP,
    )
    if series and series.ensemble:
        _no_ensemble(known)
    _budget(datasets)


def _no_ensemble(known: trio.Known) -> None:
    """The fourth series is about an ensemble: where none is chosen, say where they come from."""
    roles = {ref: info.role for ref, info in known}
    if any(roles.get(ref) == "ensemble" for ref in state[key("teacher")]):
        return
    there = "ensemble" in roles.values()
    st.html(
        '<p class="ukd-note run-hint">This series is meant for an ensemble, the mean of several teachers. '
        f"{'Choose one above.' if there else 'There is none yet; keep one, and it can be chosen here.'}</p>"
    )
    if not there:
        st.page_link(ENSEMBLE, label="Make an ensemble", icon=":material/change_history:")


def draw_more() -> None:
    """What is changed less often, folded away."""
    with st.expander("More settings"):
        _methods()


def _methods() -> None:
    st.multiselect(
        "Methods",
        list(METHODS),
        key=key("method"),
        format_func=lambda name: METHODS[name].label,
        placeholder="Choose how",
        help=kit.definition("method"),
        on_change=name_series,
        **_KEEP,
    )
    chosen = [METHODS[name] for name in state[key("method")]]
    st.html("".join(f'<p class="ukd-note">{html.escape(f"{m.label}: {m.explanation}")}</p>' for m in chosen))


def _list(label: str, name: str, offered: Sequence[str], word: str) -> None:
    """Numbers as chips; any other can be typed."""
    options = sorted({*offered, *state[key(name)]}, key=_sortable)
    st.multiselect(
        label,
        options,
        key=key(name),
        accept_new_options=True,
        placeholder="Choose, or type a number",
        help=kit.definition(word),
        on_change=name_series,
        **_KEEP,
    )


def _budget(datasets: Sequence[DatasetInfo]) -> None:
    left, right = st.columns(2, gap="small")
    left.selectbox("Streets", [d.name for d in datasets], key=key("dataset"), **_KEEP)
    right.segmented_control(
        "Seeds", SEEDS, key=key("seeds"), required=True, width="stretch", help=kit.definition("seed"), **_KEEP
    )
    st.segmented_control(
        "Budget",
        list(BUDGETS),
        key=key("budget"),
        format_func=lambda name: BUDGETS[name].label,
        required=True,
        width="stretch",
        help=kit.definition("budget"),
        **_KEEP,
    )


def spec(known: trio.Known, datasets: Sequence[DatasetInfo]) -> SweepSpec:
    """The grid that the form describes. Raises ConfigError that names what is missing or makes no sense."""
    chosen = {name: state[key(name)] for name in ("student", "teacher", "method", "alpha", "temperature")}
    named = {"student": "student", "teacher": "teacher", "method": "method", "alpha": "α", "temperature": "T"}
    missing = [label for name, label in named.items() if not chosen[name]]
    if missing:
        raise ConfigError(f"There is no grid without {' and '.join(missing)}. Choose at least one of each.")
    here = next(d for d in datasets if d.name == state[key("dataset")])
    train, val = run_choices.splits(here)
    values = {
        **run_choices.first(known, datasets),
        **run_choices.budget_values(state[key("budget")], here.kind),
        "dataset": here.name,
        "train": train,
        "val": val,
        "teacher": chosen["teacher"][0],
        "student": chosen["student"][0],
    }
    return parse_spec(
        {
            "base": run_choices.config(values),
            **chosen,
            "alpha": sorted(_numbers("alpha")),
            "temperature": sorted(_numbers("temperature")),
            "student": [name for name in run_choices.STUDENTS if name in chosen["student"]],
            "seed": range(state[key("seeds")]),
        },
        where="This grid does not work",
    )


def _numbers(name: str) -> tuple[float, ...]:
    """The chips as numbers. Raises ConfigError for one that is none."""
    try:
        return tuple(float(str(text).replace(",", ".")) for text in state[key(name)])
    except ValueError:
        wrong = next(text for text in state[key(name)] if not _is_number(text))
        sign = {"alpha": "α", "temperature": "T"}[name]
        raise ConfigError(f"{sign} is {wrong!r}, expected a number as 0.5. Take the chip away.") from None


def _is_number(text: str) -> bool:
    try:
        float(str(text).replace(",", "."))
    except ValueError:
        return False
    return True


def _sortable(text: str) -> tuple[bool, float, str]:
    return (not _is_number(text), float(text.replace(",", ".")) if _is_number(text) else 0.0, text)


def _usual(known: trio.Known, dataset: str) -> list[str]:
    ref = trio.best_teacher(known, dataset)
    return [] if ref is None else [ref]
