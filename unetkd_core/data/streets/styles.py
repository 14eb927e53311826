"""Kinds of buildings as data: which walls, windows, ground floors and roofs go together. Draws nothing."""

from dataclasses import dataclass

from unetkd_core.data.streets.dice import Colour

BRICKS: tuple[Colour, ...] = (
    (0.235, 0.12, 0.085),
    (0.28, 0.155, 0.11),
    (0.20, 0.125, 0.09),
    (0.36, 0.28, 0.18),
    (0.40, 0.34, 0.24),
    (0.31, 0.255, 0.18),
    (0.17, 0.14, 0.12),
)
RENDERS: tuple[Colour, ...] = (
    (0.54, 0.53, 0.50),
    (0.48, 0.45, 0.38),
    (0.42, 0.41, 0.40),
    (0.50, 0.455, 0.36),
    (0.36, 0.38, 0.40),
    (0.52, 0.42, 0.36),
    (0.40, 0.44, 0.41),
)
STONES: tuple[Colour, ...] = ((0.46, 0.42, 0.34), (0.40, 0.38, 0.34), (0.50, 0.44, 0.33), (0.33, 0.31, 0.28))
CONCRETES: tuple[Colour, ...] = ((0.36, 0.35, 0.33), (0.44, 0.43, 0.41), (0.28, 0.25, 0.23), (0.24, 0.26, 0.28))
WHITES: tuple[Colour, ...] = ((0.66, 0.65, 0.62), (0.58, 0.55, 0.48), (0.66, 0.65, 0.62), (0.45, 0.42, 0.36))
METALS: tuple[Colour, ...] = ((0.10, 0.10, 0.10), (0.40, 0.40, 0.40), (0.20, 0.19, 0.18), (0.55, 0.55, 0.54))
SLATES: tuple[Colour, ...] = (
    (0.11, 0.115, 0.13),
    (0.15, 0.14, 0.14),
    (0.13, 0.13, 0.145),
    (0.24, 0.125, 0.085),
    (0.20, 0.13, 0.10),
    (0.27, 0.15, 0.10),
)
HEDGES: tuple[Colour, ...] = ((0.045, 0.075, 0.025), (0.06, 0.085, 0.03), (0.035, 0.06, 0.03))
HOARDINGS: tuple[Colour, ...] = ((0.03, 0.10, 0.24), (0.50, 0.50, 0.48), (0.04, 0.16, 0.10), (0.36, 0.20, 0.05))
COPING: Colour = (0.36, 0.34, 0.30)
SHOPFRONTS = (("shop", 0.52), ("awning", 0.22), ("pub", 0.2), ("closed", 0.06))
SIGN_COLOURS: tuple[Colour, ...] = (
    (0.26, 0.03, 0.03),
    (0.03, 0.07, 0.20),
    (0.02, 0.11, 0.07),
    (0.03, 0.03, 0.035),
    (0.05, 0.05, 0.055),
    (0.45, 0.42, 0.36),
    (0.34, 0.24, 0.07),
    (0.085, 0.035, 0.06),
    (0.09, 0.17, 0.20),
    (0.13, 0.13, 0.12),
)


COLOURS = {
    "brick": BRICKS,
    "old brick": BRICKS,
    "render": RENDERS,
    "stone": STONES,
    "rustic": STONES,
    "panel": CONCRETES,
    "smooth": CONCRETES,
}
"""Of walls, by their skin."""


@dataclass(frozen=True)
class Style:
    """What buildings of a kind are drawn from. `pitched`, `quoins` and `painted_base` are probabilities."""

    skins: tuple[str, ...]
    windows: tuple[str, ...]
    tops: tuple[str, ...]
    streets: tuple[str, ...]
    trims: tuple[Colour, ...]
    bay: tuple[float, float]
    pitched: float
    quoins: float = 0.0
    painted_base: float = 0.0


TERRACE = Style(
    ("brick", "old brick"),
    ("sash", "pair", "sash alarm", "bay window"),
    ("eaves",),
    ("terrace", "bays"),
    WHITES,
    (2.4, 3.1),
    1.0,
    0.1,
    0.15,
)
VILLA = Style(
    ("render", "brick", "render"),
    ("casement", "sash", "casement", "pair"),
    ("eaves",),
    ("villa", "bays"),
    WHITES,
    (2.8, 3.6),
    1.0,
    0.15,
)
GEORGIAN = Style(
    ("old brick", "brick", "render"),
    ("tall", "sash", "tall", "shutters"),
    ("cornice", "parapet", "dentils"),
    ("terrace",),
    WHITES,
    (2.2, 2.9),
    0.6,
    0.35,
    0.5,
)
STUCCO = Style(
    ("render",),
    ("sash", "tall", "pair", "arched"),
    ("cornice", "eaves", "parapet"),
    ("terrace",),
    WHITES,
    (2.3, 3.1),
    0.75,
    0.25,
)
STATELY = Style(
    ("stone", "stone", "rustic"),
    ("arched", "tall", "arched"),
    ("dentils", "cornice"),
    ("bank", "bank", "arcade"),
    STONES,
    (2.6, 3.4),
    0.4,
    0.5,
)
OFFICE = Style(
    ("panel", "brick", "smooth"),
    ("ribbon", "wide", "slits"),
    ("flat edge", "parapet"),
    ("lobby", "pillars"),
    METALS,
    (3.0, 4.2),
    0.0,
)
TOWER = Style(("smooth",), ("curtain wall",), ("flat edge",), ("lobby",), METALS, (2.6, 3.4), 0.0)
FLATS = Style(
    ("brick", "render", "brick"),
    ("balcony", "loggia", "wide"),
    ("flat edge", "parapet"),
    ("villa", "lobby"),
    METALS,
    (3.0, 4.0),
    0.15,
)
SHARES: dict[str, tuple[tuple[Style, float], ...]] = {
    "residential": ((TERRACE, 0.5), (VILLA, 0.33), (GEORGIAN, 0.08), (STUCCO, 0.05), (FLATS, 0.04)),
    "high street": (
        (TERRACE, 0.15),
        (GEORGIAN, 0.28),
        (STUCCO, 0.25),
        (STATELY, 0.12),
        (OFFICE, 0.13),
        (FLATS, 0.04),
        (TOWER, 0.03),
    ),
    "avenue": (
        (TERRACE, 0.08),
        (GEORGIAN, 0.2),
        (STUCCO, 0.16),
        (STATELY, 0.14),
        (OFFICE, 0.2),
        (FLATS, 0.14),
        (TOWER, 0.08),
    ),
}
STOREYS = {"residential": (2, 2, 2, 3), "high street": (2, 3, 3, 4), "avenue": (3, 4, 4, 5, 6)}
