"""A comparison as one HTML file that opens anywhere without a network: the viewer with its data, the numbers, and where
all of it comes from.

It is the app's own script, style and bytes (viewer.py), put into assets/offline/page.html.
"""

import base64
import html
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from string import Template
from typing import Any, Final

from pages.ui import blob, compare_numbers, compare_view, compare_words, component, kit, layers, viewer
from pages.ui.class_chart import ORDER
from pages.ui.compare_numbers import Row, Where
from pages.ui.readings import Picture, Reading
from unetkd_core import __version__
from unetkd_core.classes import CLASSES
from unetkd_core.settings import PROJECT_ROOT
from unetkd_core.zoo import marks

QUESTION: Final = "Who reads this street best?"
_FOLDER: Final = PROJECT_ROOT / "assets" / "offline"
_THEME: Final = {
    "text-color": "textColor",
    "background-color": "backgroundColor",
    "secondary-background-color": "secondaryBackgroundColor",
    "border-color": "borderColor",
    "orange-text-color": "orangeTextColor",
    "blue-text-color": "blueTextColor",
    "gray-text-color": "grayTextColor",
    "green-text-color": "greenTextColor",
}
"""Streamlit's variables that the viewer's style asks for -> their names in .streamlit/config.toml."""
_FONTS: Final = {
    "font": "'Source Sans 3', 'Source Sans Pro', system-ui, sans-serif",
    "heading-font": "'Source Serif 4', 'Source Serif Pro', Georgia, serif",
}


def text(
    cast: Sequence[Reading], picture: Picture, where: Where, seconds: Mapping[str, float], looked: viewer.View
) -> str:
    """The whole file. seconds: reference -> measured seconds a street. looked: how the pictures are looked at now."""
    drawn = compare_words.layers(cast, picture)
    settings = layers.Settings(show_photo=True, report=False, views=layers.VIEWS, **compare_view.arguments(looked))
    header, parts = layers.described(picture.image, drawn, "grid", settings)
    header["terms"] = viewer.terms()
    found = compare_numbers.rows(cast, picture, where, seconds)
    return Template((_FOLDER / "page.html").read_text(encoding="utf-8")).substitute(
        title=f"{html.escape(where.title)}: {QUESTION}",
        question=QUESTION,
        answer=html.escape(compare_words.answer(cast, picture, None), quote=False),
        style=style(),
        numbers=_table(cast, found) + _from(cast, where),
        blob=base64.b64encode(blob.pack(header, parts)).decode(),
        script=script(),
    )


def script() -> str:
    """The viewer's own script with a start instead of an export."""
    own = component.script(viewer.MODULES)
    if own.count("export default function") != 1:
        raise ValueError("the viewer's script has another default export than `function`")
    start = (_FOLDER / "start.js").read_text(encoding="utf-8")
    return own.replace("export default function", "const view = function", 1) + "\n" + start


@cache
def style() -> str:
    """Streamlit's variables in light and dark, the kit's marks, the viewer's sheets, and the page's own."""
    theme = tomllib.loads((PROJECT_ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    variables = [
        f"--st-{name}: light-dark({theme['light'][key]}, {theme['dark'][key]});" for name, key in _THEME.items()
    ] + [f"--st-{name}: {family};" for name, family in _FONTS.items()]
    kits = (PROJECT_ROOT / "assets" / "app.css").read_text(encoding="utf-8")
    own = (_FOLDER / "page.css").read_text(encoding="utf-8")
    return "\n".join([":root { " + " ".join(variables) + " }", kits, component.style(viewer.SHEETS), own])


def _percent(name: str) -> Callable[[Row], str]:
    return lambda row: kit.percent(row[name])


def _plain(name: str, sign: str = "") -> Callable[[Row], str]:
    return lambda row: kit.MISSING if row[name] is None else f"{row[name]:g}{sign}"


def _counted(name: str) -> Callable[[Row], str]:
    return lambda row: kit.count(row[name])


def _measured(row: Row) -> str:
    return _percent("miou_measured")(row) + _mark(row)


def _mark(row: Row) -> str:
    return marks.sign(learned=bool(row["learned_from_it"]), chosen=bool(row["chosen_on_it"]))


def _lines(row: Row) -> list[tuple[str, Callable[[Row], str]]]:
    """(name of the line as HTML, its text for one network); a line of six classes for each class."""
    macs = next(name for name in row if name.startswith("macs_"))
    seconds = next(name for name in row if name.startswith("seconds_"))
    by_class = [
        (kit.swatch_html(index) + CLASSES[index].name, _percent(compare_numbers.iou_column(index))) for index in ORDER
    ]
    measured = html.escape(str(row["measured_on"] or "one dataset"))
    return [
        ("pixels right here", _percent("right_here")),
        ("mIoU here", _percent("miou_here")),
        *by_class,
        (f"says what {html.escape(str(row['agrees_with'] or 'a teacher'))} says", _percent("agreement_here")),
        ("mean entropy here, 0 to 1", lambda r: kit.MISSING if (e := r["mean_entropy_here"]) is None else f"{e:.3f}"),
        (f"mIoU on {measured}", _measured),
        ("weights", _counted("parameters")),
        ("weights’ file", lambda r: kit.MISSING if r["weights_mb"] is None else f"{r['weights_mb']:.1f} MB"),
        ("multiply-accumulates", _counted(macs)),
        ("time, measured", lambda r: kit.MISSING if r[seconds] is None else f"{1000 * r[seconds]:.0f} ms"),
        ("seed", _plain("seed")),
        ("epochs", _plain("epochs")),
        ("temperature T", _plain("temperature")),
        ("weight of the labels α", _plain("alpha")),
    ]


def _table(cast: Sequence[Reading], found: Sequence[Row]) -> str:
    """Every number, a column a network."""
    if not found:
        return ""
    done = [r for r in cast if r.labels is not None]
    head = "".join(f'<th scope="col">{kit.role_html(r.role, r.short)}<br>{html.escape(r.detail)}</th>' for r in done)
    body = "".join(
        f'<tr><th scope="row">{name}</th>' + "".join(f"<td>{said(row)}</td>" for row in found) + "</tr>"
        for name, said in _lines(found[0])
    )
    height, width = (found[0][f"picture_{side}"] for side in ("height", "width"))
    told = (
        f"“Here” is this one picture of {width} × {height} pixels, and a class’s number is its IoU. "
        f"{_street(found[0])} One seed a network: a small difference may be luck. " + marks.meaning(map(_mark, found))
    ).strip()
    return (
        f'<section><h2>The numbers</h2><p class="ukd-note">{told}</p>'
        '<div class="wide" tabindex="0" role="region" aria-label="The numbers">'
        f'<table><thead><tr><th scope="col"><span class="ukd-hidden">what</span></th>{head}'
        f"</tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def _street(row: Row) -> str:
    size = next(name for name in row if name.startswith("macs_")).removeprefix("macs_").replace("x", " × ")
    return f"Multiply-accumulates and time are for one {size} street, on the machine that wrote this page."


def _from(cast: Sequence[Reading], where: Where) -> str:
    """Where the picture and each network come from."""
    facts = [("Picture", html.escape(where.title) + (", somebody’s own photo" if where.photo else ""))]
    facts += [(kit.role_html(r.role, r.short), _origin(r)) for r in cast if r.labels is not None]
    listed = "".join(f"<dt>{name}</dt><dd>{said}</dd>" for name, said in facts)
    made = f"Made by UNetKD {html.escape(__version__)} on {date.today().isoformat()}. This page works offline."
    return f'<section><h2>Where it comes from</h2><dl class="from">{listed}</dl></section><footer>{made}</footer>'


def _origin(reading: Reading) -> str:
    info: Any = reading.info
    told = [
        f"{reading.name} ({reading.ref})",
        f"trained on {', '.join(info.data)}",
        f"licence: {info.licence}",
        f"sha256 {info.sha256[:16]}" if info.sha256 else "",
    ]
    return html.escape("; ".join(part for part in told if part))
