"""Paint on the carriageway: lines, crossings, zig-zags, arrows, hatching, coloured lanes.

Knows neither asphalt nor light; wear is put on by whoever lays the paint.
"""

import numpy as np

from unetkd_core.data.streets.dice import Colour
from unetkd_core.data.streets.layout import Road
from unetkd_core.data.streets.surface import Surface, stripe

WHITE: Colour = (0.60, 0.60, 0.57)
YELLOW: Colour = (0.50, 0.33, 0.05)
BUS_LANE: Colour = (0.135, 0.062, 0.052)
CYCLE_LANES: tuple[Colour, ...] = ((0.062, 0.115, 0.078), (0.145, 0.064, 0.053))
CYCLE_LANE = 1.5
HATCHED = 0.75
"""Half the width of a hatched strip in the middle."""


def has_cycle_lane(road: Road) -> bool:
    return not road.parking and (road.salt >> 7) % 3 == 0


def has_bus_lane(road: Road) -> bool:
    return road.lanes > 1 and not has_cycle_lane(road) and (road.salt >> 9) % 2 == 0


def is_hatched(road: Road) -> bool:
    return (road.half - road.parking) / road.lanes > 3.1 and (road.salt >> 11) % 5 == 0


def coloured_lane(s: Surface) -> tuple[np.ndarray, Colour] | None:
    """Coverage (h, W) of a lane laid in colour, and that colour; None where there is none."""
    road = s.road
    if has_cycle_lane(road) and (road.salt >> 13) % 2:
        inner, outer, colour = road.half - CYCLE_LANE, road.half, CYCLE_LANES[(road.salt >> 14) % 2]
    elif has_bus_lane(road) and (road.salt >> 13) % 3:
        inner, outer, colour = (road.half - road.parking) / 2, road.half - road.parking, BUS_LANE
    else:
        return None
    cover = stripe(np.abs(s.u) - np.float32((inner + outer) / 2), (outer - inner) / 2, s.edge)
    if not has_cycle_lane(road):
        cover *= s.u * road.drive > 0
    cover *= (s.d < 0) & _open(s)
    cover *= np.float32(0.92)
    return cover, colour


def markings(s: Surface) -> tuple[np.ndarray, np.ndarray | None]:
    """White and yellow paint, coverage (h, W) in [0, 1] before wear; None where nothing is yellow."""
    white = _along(s)
    white *= _open(s)
    for add in (_crossing, _junction, _side_road, _arrow):
        add(s, white)
    white *= s.d < -0.05
    return white, _yellow(s)


def _open(s: Surface) -> np.ndarray:
    """(h, 1): rows where the road runs on, without junction or zig-zags."""
    road = s.road
    open_rows = np.ones_like(s.z, bool)
    if road.junction > 0:
        open_rows &= np.abs(s.z - np.float32(road.junction)) > road.cross_half + 1.5
    if road.zebra > 0 and not road.in_junction(road.zebra, 2.5):
        open_rows &= np.abs(s.z - np.float32(road.zebra)) > 3.2
    return open_rows


def _along(s: Surface) -> np.ndarray:
    """Lines that run along the street."""
    road, off = s.road, np.abs(s.u)
    dash = stripe((s.z + np.float32(road.salt % 7)) % np.float32(6) - 3, 1.5 if road.salt % 2 else 1.0, s.cross)
    lane = (road.half - road.parking) / road.lanes
    if is_hatched(road):
        white = _hatching(s, off)
    elif road.centre_line == 1:
        white = stripe(off - np.float32(0.16), 0.055, s.edge)
    elif road.centre_line:
        white = stripe(off, 0.06, s.edge)
        white *= dash
    else:
        white = np.zeros_like(s.u)
    if has_bus_lane(road):
        np.maximum(white, stripe(s.u - np.float32(road.drive * lane), 0.12, s.edge), out=white)
    elif road.lanes > 1:
        np.maximum(white, stripe(off - np.float32(lane), 0.055, s.edge) * dash, out=white)
    if has_cycle_lane(road):
        line = stripe(off - np.float32(road.half - CYCLE_LANE), 0.05, s.edge)
        np.maximum(white, line * dash if (road.salt >> 10) % 2 else line, out=white)
    if road.parking and road.salt % 3:
        edge = np.float32(road.half - road.parking)
        np.maximum(white, np.float32(0.9) * stripe(off - edge, 0.05, s.edge), out=white)
        bay = stripe((s.z + 1) % np.float32(5.6) - np.float32(2.8), 0.05, s.cross)
        if road.junction > 0:
            bay *= np.abs(s.z - np.float32(road.junction)) > road.cross_half + road.corner
        rows = np.flatnonzero(bay[:, 0] > 0.02)
        white[rows] = np.maximum(white[rows], bay[rows] * (off[rows] > edge))
    return white


def _hatching(s: Surface, off: np.ndarray) -> np.ndarray:
    """Two lines and slanting bars between them: keep out of the middle."""
    white = stripe(off - np.float32(HATCHED), 0.05, s.edge)
    place = np.flatnonzero(off < HATCHED)
    row = place // s.u.shape[1]
    slant = (s.z[row, 0] + s.u.reshape(-1)[place] * np.float32(s.road.drive)) % np.float32(2.4) - np.float32(1.2)
    bar = stripe(slant, 0.15, np.float32(0.75) * s.cross[row, 0])
    flat = white.reshape(-1)
    flat[place] = np.maximum(flat[place], bar)
    return white


def _crossing(s: Surface, white: np.ndarray) -> None:
    """A zebra, its give-way lines, and zig-zags before and after it."""
    road = s.road
    if road.zebra <= 0 or road.in_junction(road.zebra, 2.5):
        return
    rows = s.rows(road.zebra - 3, road.zebra + 3)
    off, edge, cross = s.z[rows] - np.float32(road.zebra), s.edge[rows], s.cross[rows]
    bars = stripe((s.u[rows] + 44) % np.float32(1.1) - np.float32(0.55), 0.27, edge) * stripe(off, 1.4, cross)
    give_way = stripe((s.u[rows] + 40) % np.float32(0.8) - np.float32(0.4), 0.25, edge)
    give_way *= np.maximum(stripe(off - np.float32(2.3), 0.1, cross), stripe(off + np.float32(2.3), 0.1, cross))
    white[rows] = np.maximum(bars, give_way)
    if (road.salt >> 5) % 2:
        return
    for low in (road.zebra - 11.2, road.zebra + 3.2):
        rows = s.rows(low, low + 8)
        z = s.z[rows]
        swing = np.abs((z - np.float32(low)) % np.float32(4) - 2) * np.float32(0.25)
        inside = (z > low) & (z < low + 8) & ~_crossed(road, z)
        side = stripe(np.abs(s.u[rows]) - np.float32(road.half - 0.65) + swing, 0.06, s.edge[rows])
        white[rows] = np.maximum(white[rows], side * inside)


def _crossed(road: Road, z: np.ndarray) -> np.ndarray:
    return np.abs(z - np.float32(road.junction)) < (road.cross_half + 1.5 if road.junction > 0 else -1)


def _junction(s: Surface, white: np.ndarray) -> None:
    """Our stop line, and studs or bars where people cross."""
    road = s.road
    if road.junction < 0:
        return
    near = road.junction - road.cross_half - 2.2
    rows = s.rows(near - 0.5, near + 3.2)
    u, off, cross = s.u[rows], s.z[rows] - np.float32(near), s.cross[rows]
    line = stripe(off, 0.16, cross) * (u * road.drive > 0)
    if road.salt % 2 and not 0 < near - road.zebra < 9:
        bars = stripe((u + 44) % np.float32(1.1) - np.float32(0.55), 0.27, s.edge[rows])
        bars *= np.abs(u) < road.half
        np.maximum(line, bars * stripe(off - np.float32(1.6), 0.9, cross), out=line)
    white[rows] = np.maximum(white[rows], line)


def _side_road(s: Surface, white: np.ndarray) -> None:
    """The side roads' give-way lines at their mouths, and their own middle lines."""
    road = s.road
    if road.junction < 0:
        return
    rows = s.rows(road.junction - road.cross_half - 1, road.junction + road.cross_half + 1)
    off, u, cross = s.z[rows] - np.float32(road.junction), s.u[rows], s.cross[rows]
    out = np.abs(u) - np.float32(road.half)
    mouth = np.maximum(
        stripe(out - np.float32(0.3), 0.1, s.edge[rows]), stripe(out - np.float32(0.75), 0.1, s.edge[rows])
    )
    mouth *= stripe(off % np.float32(0.9) - np.float32(0.45), 0.3, cross)
    mouth *= off * u * road.drive > 0  # traffic towards us keeps to its own half of the side road
    middle = stripe(off, 0.06, cross) * ((out > 1.2) & ((out + 40) % np.float32(4) < 2.4))
    np.maximum(mouth, middle, out=mouth)
    white[rows] = np.maximum(white[rows], mouth)


def _arrow(s: Surface, white: np.ndarray) -> None:
    road = s.road
    if road.salt % 5 or road.in_junction(16, 6) or abs(road.zebra - 16) < 12:
        return
    rows = s.rows(13.8, 17.4)
    lane = (road.half - road.parking) / road.lanes
    off, z = np.abs(s.u[rows] - np.float32(road.drive * lane / 2)), s.z[rows]
    head = np.clip((np.clip((np.float32(17.2) - z) * np.float32(0.22), 0, 0.34) - off) * s.edge[rows], 0, 1)
    shaft = stripe(off, 0.09, s.edge[rows]) * ((z > 14) & (z < 16))
    white[rows] = np.maximum(white[rows], np.maximum(shaft, head * (z > 15.6)))


def _yellow(s: Surface) -> np.ndarray | None:
    road = s.road
    if road.edge_line not in (1, 2):
        return None
    yellow = stripe(s.d + np.float32(0.32), 0.045, s.edge)
    if road.edge_line == 2:
        np.maximum(yellow, stripe(s.d + np.float32(0.52), 0.045, s.edge), out=yellow)
    return yellow
