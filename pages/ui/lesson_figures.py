"""The lessons' drawings as HTML: answers at several temperatures, who pulls, rows of bars. Numbers in, HTML out."""

import html
from collections.abc import Sequence

import numpy as np

from pages.ui import kit
from unetkd_core.classes import CLASSES


def softening(answers: Sequence[tuple[float, np.ndarray]], order: Sequence[int], yours: float | None = None) -> str:
    """One network's six probabilities at several T, side by side. answers: (T, (6,)). order: classes from the top.

    yours: the T that somebody has set; its column is marked.
    """
    head = "".join(f'<th scope="col"{_mine(t, yours)}>{_t(t)}</th>' for t, _ in answers)
    rows = []
    for c in order:
        cells = "".join(
            f'<td{_mine(t, yours)}><i style="width:{100 * p[c]:.2f}%"></i><span>{probability(float(p[c]))}</span></td>'
            for t, p in answers
        )
        rows.append(f'<tr><th scope="row">{kit.swatch_html(c)}{html.escape(CLASSES[c].name)}</th>{cells}</tr>')
    corner = '<th scope="col"><span class="ukd-hidden">class</span></th>'
    return f'<table class="les-soft"><thead><tr>{corner}{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def over_seeds(mean: float, spread: float | None, seeds: int) -> str:
    """52.1 % ± 1.3, three seeds; of one seed no spread is known. mean, spread: fractions."""
    return (
        f"{kit.percent(mean)}, one seed"
        if spread is None
        else f"{kit.percent(mean)} ± {100 * spread:.1f}, {counted(seeds)} seeds"
    )


def counted(number: int) -> str:
    """Small numbers as words."""
    return {2: "two", 3: "three", 4: "four", 5: "five"}.get(number, str(number))


def probability(p: float) -> str:
    """0.27; what rounds to nothing is said so."""
    return "<0.01".replace("<", "&lt;") if p < 0.005 else f"{p:.2f}"


def split(share: float) -> str:
    """One bar: the labels' share in ink, the teacher's in its colour, with both percentages as words beside it."""
    labels = round(100 * share)
    said = f"labels {labels} %, teacher {100 - labels} %"
    return (
        f'<div class="les-split" role="img" aria-label="{said}"><i style="width:{100 * share:.2f}%"></i><i></i></div>'
    )


def split_table(rows: Sequence[tuple[str, Sequence[float]]], heads: Sequence[str]) -> str:
    """Rows of split bars with their numbers. rows: (name, the labels' share under each head). Texts are HTML."""
    top = "".join(f'<th scope="col">{head}</th>' for head in heads)
    body = "".join(
        f'<tr><th scope="row">{name}</th>'
        + "".join(f"<td>{split(s)}<span>{_parts(s)}</span></td>" for s in shares)
        + "</tr>"
        for name, shares in rows
    )
    corner = '<th scope="col"><span class="ukd-hidden">temperature</span></th>'
    return f'<table class="les-splits"><thead><tr>{corner}{top}</tr></thead><tbody>{body}</tbody></table>'


def _parts(share: float) -> str:
    labels = round(100 * share)
    return f'labels {labels} % <b class="ukd-teacher">teacher {100 - labels} %</b>'


def histogram(shares: np.ndarray, bins: int = 10) -> str:
    """How many pixels have which labels' share: (N,) in [0, 1] as columns from all teacher to all labels."""
    counts, _ = np.histogram(shares, bins=bins, range=(0, 1))
    parts = counts / max(1, counts.sum())
    tallest = max(float(parts.max()), 1e-9)
    columns = "".join(
        f'<i style="height:{100 * part / tallest:.1f}%" title="{100 * i / bins:.0f} to {100 * (i + 1) / bins:.0f} %: '
        f'{kit.percent(float(part))} of the pixels"></i>'
        for i, part in enumerate(parts)
    )
    said = ", ".join(
        f"{100 * i / bins:.0f} to {100 * (i + 1) / bins:.0f} %: {kit.percent(float(p))}" for i, p in enumerate(parts)
    )
    return (
        f'<div class="les-hist" role="img" aria-label="Share of the labels, pixels: {said}"><div>{columns}</div>'
        '<p><span class="ukd-teacher">the teacher alone pulls</span><span>half and half</span>'
        "<span>the label alone pulls</span></p></div>"
    )


def bars(rows: Sequence[tuple[str, float, str, str]], *, most: float | None = None) -> str:
    """(name, value, what stands beside it, kind) as bars from zero. kind: a role, "ink" or "rest". Names are HTML."""
    top = most or max(value for _, value, _, _ in rows)
    body = "".join(
        f'<tr><th scope="row">{name}</th>'
        f'<td><div><i class="les-{kind}" style="width:{100 * value / top:.2f}%"></i></div></td>'
        f'<td class="num">{said}</td></tr>'
        for name, value, said, kind in rows
    )
    return f'<table class="les-bars"><tbody>{body}</tbody></table>'


def _mine(t: float, yours: float | None) -> str:
    return ' class="les-yours"' if t == yours else ""


def _t(value: float) -> str:
    return f"<em>T</em> = {value:g}"


def light(photo: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8: white light over the dimmed grey photo, the brighter the larger `values` (H, W) in [0, 1]."""
    grey = 0.55 * photo.mean(axis=2) + 18
    lit = grey + (255 - grey) * np.clip(values, 0, 1)
    return np.repeat(lit[..., None], 3, axis=2).round().astype(np.uint8)
