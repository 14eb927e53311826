"""How often each two networks say the same: a small table, half of which would repeat the other.

Knows how the shares are written; side_by_side.py counts them.
"""

import html
from collections.abc import Sequence

import numpy as np

from pages.ui import kit
from pages.ui.readings import Reading


def table(done: Sequence[Reading], shares: np.ndarray) -> str:
    """HTML of the table. shares: (N, N) fractions in the order of `done`, N at least two."""
    head = "".join(f'<th scope="col">{_mark(r)}</th>' for r in done[:-1])
    rows = "".join(_row(done, shares, place) for place in range(1, len(done)))
    corner = '<th scope="col"><span class="ukd-hidden">network</span></th>'
    inner = f"<thead><tr>{corner}{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="ukt-wide"><table class="ukt">{inner}</table></div>'


def _row(done: Sequence[Reading], shares: np.ndarray, place: int) -> str:
    cells = "".join(f"<td>{kit.percent(share) if i < place else ''}</td>" for i, share in enumerate(shares[place][:-1]))
    return f'<tr><th scope="row">{kit.role_html(done[place].role, done[place].short)}</th>{cells}</tr>'


def _mark(reading: Reading) -> str:
    """A column's head: the shape alone where that says who it is, to eyes; its name to ears and under the pointer."""
    name = html.escape(reading.short)
    if not reading.alone:
        return kit.role_html(reading.role, reading.short)
    return f'<span title="{name}">{kit.marker_html(reading.role)}<span class="ukd-hidden">{name}</span></span>'
