"""How a wall is divided: a stack of courses (ground floor, board, storeys, cornice, roof) filled with rows of cells.

All tables are (walls, COURSES). Knows neither the camera nor light.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.atlas import Atlas
from unetkd_core.data.streets.facade_windows import STOREY_CELLS
from unetkd_core.data.streets.goods import SHOP_KINDS
from unetkd_core.data.streets.layout import EIGHTH, Look, Wall
from unetkd_core.data.streets.mouldings import MOULDINGS
from unetkd_core.data.streets.shopfronts import STREET_CELLS, WORDS
from unetkd_core.data.streets.sketch import Sketch
from unetkd_core.data.streets.skins import SKINS

STREET, BOARD, FIRST, CORNICE, ROOF, BEYOND = 0, 1, 2, 9, 10, 11
"""Courses from the ground up; storeys from FIRST on; BEYOND the brim is a facade's chimney or a side's roof."""
COURSES = 12
POOL = 4
BOARD_HIGH = 0.875
_CHIMNEY = np.array((0.23, 0.13, 0.095), np.float32)
_CELLS = {**STOREY_CELLS, **STREET_CELLS, **MOULDINGS}
_NUMBER = {name: i for i, name in enumerate(_CELLS)}
_SKIN = {name: i for i, name in enumerate(SKINS)}
_WORDS = np.array([_NUMBER[f"board {i}"] for i in range(len(WORDS))])
SHOPS = ("shop", "awning", "pub", "closed")
LOBBIES = ("lobby", "pillars")
_POOLS: dict[str, tuple[str, ...]] = {
    "shop": ("shop wide", "shop door", "shop wide", "shop panes"),
    "awning": ("awning", "shop door", "awning", "awning"),
    "pub": ("pub", "pub", "shop door", "pub"),
    "closed": ("shutter", "shop door", "shutter", "shutter"),
    "terrace": ("house door", "house window", "house window", "house window"),
    "bays": ("house door", "house bay", "house bay", "house door"),
    "villa": ("house door", "house window", "garage", "house window"),
    "garden wall": ("garden wall", "garden wall", "pier", "garden wall"),
    "hoarding": ("hoarding", "hoarding", "posters", "hoarding"),
    "sash alarm": ("sash", "sash", "sash", "sash alarm"),
    "tall": ("tall", "tall", "tall", "tall"),
    "side": ("small", "blank", "blank", "blank"),
    "advertised": ("billboard", "blank", "blank", "blank"),
    "side foot": ("blank side",) * 4,
    "side windows": ("house window", "blank side", "house window", "blank side"),
    "roof lights": ("roof", "roof light", "roof", "roof"),
    "dormers": ("dormer", "dormer", "roof", "dormer"),
}
"""The cells that take turns in a row; any other name is a row of that one cell."""
_POOL_NUMBER = {name: i for i, name in enumerate((*_POOLS, *(name for name in _CELLS if name not in _POOLS)))}
_POOL_CELLS = np.array([[_NUMBER[cell] for cell in _POOLS.get(name, (name,) * POOL)] for name in _POOL_NUMBER])


class Elevations(NamedTuple):
    """(W, COURSES) each: bottom and height in metres, length of a cell, skin; cells (W, COURSES, POOL); and the colours
    of wall, trim and sign, (W, COURSES, 3) each. Of each wall (W,): its length, distance from the camera, salt, which
    pictures of goods.py are behind its ground floor's glass (-1: none), whether it has quoins at its ends or a pipe.
    """

    bottom: np.ndarray
    height: np.ndarray
    unit: np.ndarray
    skin: np.ndarray
    cells: np.ndarray
    colours: tuple[np.ndarray, np.ndarray, np.ndarray]
    length: np.ndarray
    away: np.ndarray
    salt: np.ndarray
    inside: np.ndarray
    quoins: np.ndarray
    pipe: np.ndarray


@cache
def cells() -> Atlas:
    """All cells of walls."""
    pictures = []
    for draw in _CELLS.values():
        sketch = Sketch()
        draw(sketch)
        pictures.append(sketch.texels())
    return Atlas(np.stack(pictures))


PIPE, QUOINS = _NUMBER["pipe"], _NUMBER["quoins"]


class _Numbers(NamedTuple):
    """All walls' numbers, (W,) each."""

    height: np.ndarray
    length: np.ndarray
    away: np.ndarray
    roof: np.ndarray
    ground: np.ndarray
    floor: np.ndarray
    bay: np.ndarray
    unit: np.ndarray
    skin: np.ndarray
    tiles: np.ndarray
    street: np.ndarray
    windows: np.ndarray
    top: np.ndarray
    side: np.ndarray
    shop: np.ndarray
    lobby: np.ndarray
    quoins: np.ndarray
    salt: np.ndarray


def _numbers(walls: list[Wall], looks: list[Look]) -> _Numbers:
    table = np.array(
        [
            (
                *(w.height, ((w.x1 - w.x0) ** 2 + (w.z1 - w.z0) ** 2) ** 0.5, w.away, w.roof),
                *(k.ground_floor, k.floor, k.bay, k.unit),
                *(_SKIN[k.skin], _SKIN[k.tiles], _POOL_NUMBER[k.street], _POOL_NUMBER[k.windows], _POOL_NUMBER[k.top]),
                *(w.side, k.street in SHOPS, k.street in LOBBIES, k.quoins, k.salt),
            )
            for w, k in zip(walls, looks, strict=True)
        ]
    )
    return _Numbers(*table.T)


def elevations(walls: list[Wall], seen_roof: np.ndarray) -> Elevations:
    """seen_roof: (W,) metres of roof that show over each wall's eaves."""
    looks = [w.look for w in walls]
    n = _numbers(walls, looks)
    side, salt = n.side > 0, n.salt.astype(np.int64)
    facade = ~side
    shop = (n.shop > 0) & facade
    bottom = _bottoms(n, shop, salt)
    tops = np.empty_like(bottom)
    tops[:, :ROOF] = bottom[:, 1:BEYOND]
    tops[:, ROOF] = n.height + seen_roof
    bottom[:, BEYOND] = np.where(side, n.height, tops[:, ROOF])
    tops[:, BEYOND] = tops[:, ROOF] + np.where(side, 0, 1.5)
    return Elevations(
        bottom.astype(np.float32),
        np.maximum(tops - bottom, 0.01).astype(np.float32),
        _units(n, side),
        _skins(n, side),
        _chosen(n, side, shop, salt, seen_roof),
        _colours(looks, side, shop),
        n.length,
        n.away,
        salt,
        np.where(facade, np.where(shop, 0, np.where(n.lobby > 0, SHOP_KINDS, -1)), -1),
        (n.quoins > 0) & facade,
        (salt % 5 < 3) & (n.roof > 0) & facade,
    )


def _chosen(n: _Numbers, side: np.ndarray, shop: np.ndarray, salt: np.ndarray, seen_roof: np.ndarray) -> np.ndarray:
    """(W, COURSES, POOL) cells."""
    pools = np.empty((len(side), COURSES), np.intp)
    windowed, roomy = side & (salt % 2 == 0), seen_roof > 1.2
    pools[:, STREET] = np.where(
        side, np.where(windowed, _POOL_NUMBER["side windows"], _POOL_NUMBER["side foot"]), n.street
    )
    pools[:, BOARD] = np.where(side, _POOL_NUMBER["blank"], _POOL_NUMBER["string course"])
    pools[:, FIRST:CORNICE] = np.where(side & ~windowed, _POOL_NUMBER["side"], n.windows)[:, None]
    pools[side & (n.shop > 0) & (salt % 4 == 1), FIRST] = _POOL_NUMBER["advertised"]
    pools[:, CORNICE] = n.top
    roof = np.where(
        roomy, np.where(salt % 3 == 0, _POOL_NUMBER["dormers"], _POOL_NUMBER["roof lights"]), _POOL_NUMBER["roof"]
    )
    pools[:, ROOF] = np.where(side, _POOL_NUMBER["blank"], roof)
    pools[:, BEYOND] = np.where(side, _POOL_NUMBER["roof"], _POOL_NUMBER["chimney"])
    chosen = _POOL_CELLS[pools]
    chosen[shop, BOARD] = _WORDS[salt[shop] // 4 % len(WORDS)][:, None]
    return np.asarray(chosen)


def _bottoms(n: _Numbers, shop: np.ndarray, salt: np.ndarray) -> np.ndarray:
    board = np.where(shop, BOARD_HIGH, np.where(salt % 3 == 0, 0.25, 0.0))
    count = np.maximum(np.floor((n.height - 0.25 - n.ground) / n.floor), 0)
    storey = np.minimum(np.arange(CORNICE - FIRST + 1), count[:, None])
    bottom = np.empty((len(board), COURSES))
    bottom[:, STREET] = 0
    bottom[:, BOARD] = n.ground - board
    bottom[:, FIRST : CORNICE + 1] = n.ground[:, None] + storey * n.floor[:, None]
    bottom[:, ROOF:] = n.height[:, None]
    return np.minimum(bottom, n.height[:, None])


def _units(n: _Numbers, side: np.ndarray) -> np.ndarray:
    """Lengths of cells, so that a whole number of them fits the wall."""
    wanted = np.empty((len(side), COURSES))
    wanted[:] = (n.bay * np.where(side, 1.3, 1))[:, None]
    wanted[:, STREET] = n.unit
    wanted[:, BOARD] = 2.1 * n.unit
    wanted[:, CORNICE] = 2.2
    wanted[:, ROOF:] = 3.0
    length = n.length[:, None]
    return np.asarray(length / np.maximum(1, np.round(length / wanted)), np.float32)


def _skins(n: _Numbers, side: np.ndarray) -> np.ndarray:
    skins = np.empty((len(side), COURSES), np.int32)
    skins[:] = n.skin[:, None]
    skins[:, ROOF] = np.where(side, n.skin, n.tiles)
    skins[:, BEYOND] = np.where(side, n.tiles, _SKIN["brick"])
    return skins


def _colours(looks: list[Look], side: np.ndarray, shop: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of wall, trim and sign, (W, COURSES, 3) each."""
    own = np.array([(k.colour, k.trim, k.sign, k.base, k.roof_colour) for k in looks], np.float32)
    colours = np.empty((3, len(looks), COURSES, 3), np.float32)
    colours[:] = own[:, :3].transpose(1, 0, 2)[:, :, None]
    wall, base, roof = colours[0], own[:, 3], own[:, 4]
    wall[~side, STREET] = base[~side]
    wall[~side, ROOF] = roof[~side]
    wall[:, BEYOND] = np.where(side[:, None], roof, _CHIMNEY)
    pale = own[shop, 2].mean(axis=1, keepdims=True) > 0.25
    colours[1][shop, BOARD] = np.where(pale, 0.03, 0.62)
    return colours[0], colours[1], colours[2]


def course_at(bottom: np.ndarray) -> np.ndarray:
    """(W, n) uint8: the course at each EIGHTH of a metre up."""
    begins = (bottom[:, 1:BEYOND] / EIGHTH).astype(np.intp)
    count = np.zeros((len(bottom), begins.max() + 80), np.uint8)
    walls = np.arange(len(bottom))
    for course in range(begins.shape[1]):
        count[walls, begins[:, course]] += 1
    return np.cumsum(count, axis=1, dtype=np.uint8)
