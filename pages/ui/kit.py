"""Words and marks that every page shares: roles, swatches, numbers as text, headers, empty states, problems.

Knows how things are written and marked, and nothing of runs, models or files other than docs/definitions.md.
A role's colour is Streamlit's own (orange, blue, grey, green: see .streamlit/config.toml), a class's is Table I's.
"""

import base64
import html
import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.discreet import discreet
from unetkd_core.classes import CLASSES
from unetkd_core.errors import in_one_line
from unetkd_core.settings import PROJECT_ROOT

MINUS: Final = "\u2212"
MISSING: Final = "–"


@dataclass(frozen=True)
class Role:
    """Who speaks: `marker` in plain text, `color` its name in Streamlit's markdown (`:blue[…]`), `css` for CSS."""

    name: str
    marker: str
    color: str
    css: str


ROLE: Final = {
    "teacher": Role("Teacher", "■", "orange", "var(--teacher)"),
    "student": Role("Student, taught", "●", "blue", "var(--student)"),
    "twin": Role("Untaught twin", "○", "gray", "var(--twin)"),
    "ensemble": Role("Ensemble", "▲", "green", "var(--ensemble)"),
}
"""Role name -> how it is marked, the same in every chart, chip and table. Shape tells them apart without colour."""


def page_header(question: str, answer: str = "") -> None:
    """The page's one question as its title and, under it, the answer in one sentence: HTML, it may hold `term`."""
    st.title(question, anchor=False)
    if answer:
        st.html(f'<p class="ukd-answer">{answer}</p>')


def section(title: str, note: str = "") -> None:
    """A section's heading, with its unit or note at the right. Both are HTML."""
    st.html(section_html(title, note))


def section_html(title: str, note: str = "") -> str:
    """What `section` draws, to be joined with what follows it."""
    return f'<div class="ukd-section"><h2>{title}</h2><span class="ukd-note">{note}</span></div>'


def icon_html(name: str, size: int) -> str:
    """assets/icons/NAME.svg as a decorative picture, `size` CSS pixels wide; its media query follows the theme."""
    data = base64.b64encode((PROJECT_ROOT / "assets" / "icons" / f"{name}.svg").read_bytes()).decode()
    return f'<img alt="" width="{size}" height="{size}" src="data:image/svg+xml;base64,{data}">'


def role_html(role: str, text: str = "") -> str:
    """The role's shape and `text` (default: the role's name) in its colour, as HTML. `text` is escaped.

    The shape is drawn by assets/app.css, because `st.html` drops SVG.
    """
    label = html.escape(text or ROLE[role].name)
    return f'<span class="ukd-role">{marker_html(role)}<b class="ukd-{role}">{label}</b></span>'


def marker_html(role: str) -> str:
    """The role's shape alone: square, disc, ring or triangle, 11 px."""
    return f'<span class="ukd-m-{role}" aria-hidden="true"></span>'


def swatch_html(class_index: int, *, on: bool = True) -> str:
    """A class's 12 px swatch of Table I as HTML; a hollow ring where the class is off."""
    r, g, b = CLASSES[class_index].color
    style = f' style="background:rgb({r},{g},{b})"' if on else ""
    return f'<span class="ukd-swatch{"" if on else " ukd-off"}"{style}></span>'


def empty_state(headline: str, body: str, *, key: str) -> DeltaGenerator:
    """A quiet panel that teaches what will be here. Returns the container to put the button in."""
    container = st.container(border=True, key=f"empty_{key}")
    container.html(f'<div class="ukd-empty"><h2>{html.escape(headline)}</h2><p>{html.escape(body)}</p></div>')
    return container


def problem(error: Exception | str, hint: str = "", *, key: str | None = None) -> DeltaGenerator:
    """A problem where its cause is: the fact as a headline, then the way out, in an ink border with a circled mark.

    `error` is a headline, or an exception whose first sentence becomes the headline and whose rest the hint.
    Returns the container, for buttons that lead out.
    """
    headline, rest = (error, "") if isinstance(error, str) else split_message(str(error))
    hint = hint or rest
    headline, hint = discreet(headline), discreet(hint)
    container = st.container(border=True, key=f"problem_{key}" if key else None)
    container.html(
        f'<div class="ukd-problem" role="alert"><b><span>{coded(headline)}</span></b>'
        + (f"<p>{coded(hint)}</p>" if hint else "")
        + "</div>"
    )
    return container


def coded(text: str) -> str:
    """Plain text as HTML: escaped, then what stands between two backticks as code."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", html.escape(text))


def plain(text: str) -> str:
    """Text for where Streamlit reads Markdown (progress, help, labels): every sign of it stands for itself."""
    return re.sub(r"([\\`*_{}\[\]()#+.!~:$<>|-])", r"\\\1", text)


def note(text: str) -> None:
    """A quiet line of plain text. What an address brings along may stand in it: no mark-up, and not without end."""
    text = discreet(text)
    shown = text if len(text) <= 240 else f"{text[:120]} … {text[-100:]}"
    st.html(f'<p class="ukd-note">{coded(in_one_line(shown))}</p>')


def split_message(message: str) -> tuple[str, str]:
    """(headline without its full stop, the rest): cut after the first sentence, else at the first semicolon."""
    for pattern in (r"(?<=[^\d.])\.\s+(?=\S)|;\s+",):
        parts = re.split(pattern, message.strip(), maxsplit=1)
        if len(parts) == 2:
            return parts[0], parts[1][:1].upper() + parts[1][1:]
    return message.strip().rstrip("."), ""


@cache
def definitions() -> dict[str, str]:
    """docs/definitions.md: term in lower case -> its one sentence. A line may name several terms."""
    found: dict[str, str] = {}
    text = (PROJECT_ROOT / "docs" / "definitions.md").read_text(encoding="utf-8")
    for names, sentence in re.findall(r"^- (\*\*.+?\*\*): (.+)$", text, flags=re.MULTILINE):
        for name in re.findall(r"\*\*(.+?)\*\*", names):
            found[name.lower()] = sentence.strip()
    return found


def definition(word: str) -> str:
    """The one sentence for `word`, for `help=` of a widget. KeyError where docs/definitions.md lacks it."""
    return definitions()[word.lower()]


def term(word: str, text: str = "") -> str:
    """HTML of a term of art with a dotted underline and its sentence; `text` is what is shown instead of `word`."""
    sentence = html.escape(definition(word))
    return f'<abbr class="ukd-term" tabindex="0" title="{sentence}">{html.escape(text or word)}</abbr>'


def percent(fraction: float | None) -> str:
    """0.711 -> "71.1 %"; a missing value (None, NaN) -> "–"."""
    return MISSING if fraction is None or math.isnan(fraction) else f"{signed(100 * fraction)} %"


def points(difference: float | None) -> str:
    """A difference of two fractions in points, with its sign: 0.042 -> "+4.2", -0.004 -> "−0.4"; missing -> "–"."""
    if difference is None or math.isnan(difference):
        return MISSING
    text = signed(100 * difference)
    return text if text.startswith(MINUS) or text == "0.0" else "+" + text


def signed(value: float) -> str:
    """One decimal, U+2212 for minus, and never minus zero."""
    text = f"{abs(value):.1f}"
    return MINUS + text if value < 0 and float(text) else text


def duration(seconds: float | None) -> str:
    """150 -> "2 min 30 s", 45 -> "45 s", 3900 -> "1 h 5 min"; missing -> "–"."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    total = max(0, round(seconds))
    if total < 60:
        return f"{total} s"
    if total < 3600:
        return f"{total // 60} min" + (f" {total % 60} s" if total % 60 else "")
    minutes = round(total / 60)
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")


def count(number: int) -> str:
    """31_100_000 -> "31.1 M", 482_000 -> "0.48 M", 4_200 -> "4,200": parameters and multiply-accumulates."""
    for size, unit in ((1e9, "G"), (1e5, "M")):
        if number >= size:
            value = number / max(size, 1e6)
            return f"{value:.2f} {unit}" if value < 10 else f"{value:.1f} {unit}"
    return f"{number:,}"


def key(page: str, name: str) -> str:
    """The one way to name a widget's key: `key("distill", "alpha")` -> "distill_alpha"."""
    return f"{page}_{name}"
