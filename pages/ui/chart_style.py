"""What every chart shares: the roles' scale and lines, the colours that are no role's, the frame around the layers.

Roles take the theme's four category colours by their order (no range is given), so one spec serves light and dark.
Everything else is one of assets/app.css's colours: Streamlit draws charts of few points as SVG, which takes CSS.
"""

from typing import Any, Final

import altair as alt

ROLES: Final = ["teacher", "student", "twin", "ensemble"]
INK, MUTE, FAINT, GRID = "var(--ink)", "var(--mute)", "var(--faint)", "var(--grid)"
PAPER, PAPER_2, PAPER_3, RING = "var(--paper)", "var(--paper-2)", "var(--paper-3)", "var(--swatch-ring)"

COLOR: Final = alt.Color("role:N", scale=alt.Scale(domain=ROLES), legend=None)
OUTLINE: Final = alt.Stroke("role:N", scale=alt.Scale(domain=ROLES), legend=None)
LINE: Final[dict[str, dict[str, Any]]] = {
    "teacher": {"strokeDash": [2, 4], "strokeWidth": 2.6},
    "student": {"strokeDash": [1, 0], "strokeWidth": 3},
    "twin": {"strokeDash": [6, 5], "strokeWidth": 2},
    "ensemble": {"strokeDash": [12, 5, 1, 5], "strokeWidth": 2.4},
}


def finish(layers: list[Any], height: int) -> alt.LayerChart:
    """The layers as one chart without a frame, `height` pixels high with its axes."""
    return (
        alt.layer(*layers)
        .properties(height=height, padding={"left": 2, "right": 2, "top": 4, "bottom": 0})
        .configure_view(stroke=None)
    )
