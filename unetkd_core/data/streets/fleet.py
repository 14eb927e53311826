"""Every kind of vehicle put together: solids, axles, wheels, mirrors, lamps. Knows no mesh and no scene."""

from unetkd_core.data.streets.bodies import Frame
from unetkd_core.data.streets.cars import CITY, ESTATE, HATCH, MPV, PICKUP, SALOON, SUV
from unetkd_core.data.streets.heavies import (
    BED_MARK,
    BED_TAIL,
    BOX_MARK,
    BOX_TAIL,
    MINIBUS_PANES,
    cab,
    cargo,
    coach,
    van,
)

FRAMES = {
    "city": Frame(3.45, (CITY,), (0.58, 2.86), 0.285, 0.81, (2.52, 0.98, 0.81), ((0.60, 0.69), (0.68, 0.90))),
    "hatch": Frame(4.05, (HATCH,), (0.72, 3.28), 0.31, 0.88, (2.84, 0.97, 0.88), ((0.64, 0.66), (0.74, 0.86))),
    "saloon": Frame(4.60, (SALOON,), (0.98, 3.72), 0.32, 0.90, (3.26, 0.95, 0.90), ((0.66, 0.65), (0.72, 0.79))),
    "taxi": Frame(
        4.60, (SALOON,), (0.98, 3.72), 0.32, 0.90, (3.26, 0.95, 0.90), ((0.66, 0.65), (0.72, 0.79)), sign=2.1
    ),
    "estate": Frame(
        4.68, (ESTATE,), (0.98, 3.78), 0.32, 0.905, (3.32, 0.97, 0.905), ((0.66, 0.67), (0.78, 0.88)),
        rails=(0.7, 2.7, 1.46),
    ),
    "suv": Frame(
        4.45, (SUV,), (0.84, 3.50), 0.365, 0.935, (2.96, 1.14, 0.935), ((0.70, 0.84), (0.80, 1.00)), True,
        rails=(0.7, 2.4, 1.64),
    ),
    "mpv": Frame(4.45, (MPV,), (0.80, 3.58), 0.32, 0.915, (3.10, 1.06, 0.915), ((0.68, 0.69), (0.82, 1.06))),
    "pickup": Frame(5.20, (PICKUP,), (1.05, 4.22), 0.38, 0.93, (3.56, 1.16, 0.93), ((0.70, 0.86), (0.85, 0.84)), True),
    "van": Frame(
        5.30, (van(True, (), 2.30, 5.30),), (1.0, 4.42), 0.34, 0.97, (4.20, 1.34, 0.98), ((0.72, 0.90), (0.85, 1.06))
    ),
    "blind van": Frame(
        5.30, (van(False, (), 2.30, 5.30),), (1.0, 4.42), 0.34, 0.97, (4.20, 1.34, 0.98), ((0.72, 0.90), (0.85, 1.06))
    ),
    "minibus": Frame(
        5.80, (van(True, MINIBUS_PANES, 2.55, 5.80),), (1.15, 4.92), 0.34, 0.97, (4.70, 1.34, 0.98),
        ((0.72, 0.90), (0.85, 1.06)),
    ),
    "bus": Frame(10.9, (coach(10.9, 3.05, 1),), (2.9, 8.3), 0.48, 1.25, None, ((0.9, 0.76), (1.07, 1.0))),
    "decker": Frame(10.4, (coach(10.4, 4.30, 2),), (2.7, 8.1), 0.50, 1.25, None, ((0.9, 0.76), (1.07, 1.0))),
    "lorry": Frame(
        7.8, (cargo(5.75, 0.95, 3.35, 1.23, BOX_MARK, BOX_TAIL), cab(5.85, 7.8, 2.72, 1.15)), (1.6, 6.75), 0.46,
        1.15, (7.45, 1.95, 1.17), ((0.88, 0.75), (0.98, 1.06)),
    ),
    "tipper": Frame(
        6.8, (cargo(4.75, 0.92, 1.78, 1.20, BED_MARK, BED_TAIL), cab(4.85, 6.8, 2.72, 1.13)), (1.3, 5.8), 0.46,
        1.13, (6.45, 1.95, 1.15), ((0.86, 0.75), (0.94, 1.02)),
    ),
}  # fmt: skip
