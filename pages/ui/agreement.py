"""How often each two networks say the same: a small table, half of which would repeat the other.

Knows how the shares are written, in percent; side_by_side.py counts them.
"""

import html
from collections.abc import Sequence

import numpy as np

from pages.ui import kit
from pages.ui.readings import Reading


def table(done: Sequence[Reading], shares: np.ndarray) -> str:
    """HTML of the table. shares: (N, N) fractions in the order of `done`, N at least two.

    A column's head has room for a shape only; where shapes do not tell the networks apart, rows and columns are
    numbered.
    """
    told = all(r.alone for r in done)
    head = "".join(f'<th scope="col">{_mark(r, place, told)}</th>' for place, r in enumerate(done[:-1], start=1))
    rows = "".join(_row(done, shares, place, told) for place in range(0 if not told else 1, len(done)))
    corner = '<th scope="col"><span class="ukd-hidden">network</span></th>'
    inner = f"<thead><tr>{corner}{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="ukt-wide"><table class="ukt{"" if told else " ukt-tight"}">{inner}</table></div>'


def _row(done: Sequence[Reading], shares: np.ndarray, place: int, told: bool) -> str:
    written = [kit.percent(share).removesuffix(" %") for share in shares[place][:place]]
    cells = "".join(f"<td>{text}</td>" for text in written + [""] * (len(done) - 1 - place))
    return f'<tr><th scope="row">{_number(place + 1, told)}{_name(done[place])}</th>{cells}</tr>'


def _name(reading: Reading) -> str:
    return f'<span title="{html.escape(reading.name)}">{kit.role_html(reading.role, reading.short)}</span>'


def _mark(reading: Reading, place: int, told: bool) -> str:
    """The shape and, where that does not say who it is, the row's number; the name to ears and under the pointer."""
    name = html.escape(reading.short)
    shown = kit.marker_html(reading.role) + _number(place, told)
    return f'<span title="{name}">{shown}<span class="ukd-hidden">{name}</span></span>'


def _number(place: int, told: bool) -> str:
    return "" if told else f'<span class="ukt-place">{place}</span>'
