"""What is seen in window panes: the sky or the street mirrored in them, curtains, lit rooms, goods in shops."""

from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.goods import SHOP_KINDS, goods
from unetkd_core.data.streets.weather import Weather

WARM = (0.85, 0.56, 0.27)
SHOP_LIGHT = (0.90, 0.70, 0.44)


class Panes(NamedTuple):
    """N pixels with glass in them: how far along and up in the cell, and how much of it a pixel is; the cell's lot; the
    first of the pictures of which one is behind it (-1: none); how squarely it is looked at, 0 (along the wall) to 1;
    how high up on the other side of the street it mirrors, metres.
    """

    across: np.ndarray
    up: np.ndarray
    width: np.ndarray
    height: np.ndarray
    pick: np.ndarray
    inside: np.ndarray
    facing: np.ndarray
    opposite: np.ndarray


def light_of_panes(weather: Weather, panes: Panes, lit: np.ndarray) -> np.ndarray:
    """(3, N) float32 linear light. lit: (N,) share of sunlight on the wall."""
    ambient, sun = np.asarray(weather.ambient, np.float32), np.asarray(weather.sun, np.float32)
    second, third = _lots(panes.pick, 16), _lots(panes.pick, 256)
    room = _rooms(panes, second, third)
    behind = room * (0.55 * ambient[:, None] + 0.35 * sun[:, None] * lit)
    shops = np.flatnonzero(panes.inside >= 0)
    if len(shops):
        behind[:, shops] = _shop(weather, panes, shops)
    if weather.lamps > 0:
        behind += _lamps(weather, panes, room, second)
    share = 0.05 + 0.75 * (1 - panes.facing) ** 3 + 0.12 * third
    return np.asarray(behind * (1 - share) + share * _mirrored(weather, panes, third))


def _lots(pick: np.ndarray, factor: int) -> np.ndarray:
    """Another lot in [0, 1) from one."""
    many = pick * np.float32(factor)
    return np.asarray(many - np.floor(many))


def _rooms(panes: Panes, second: np.ndarray, third: np.ndarray) -> np.ndarray:
    """How pale what hangs behind the glass is: dark rooms, curtains at the sides, blinds from above, nets."""
    aside = np.abs(panes.across - 0.5)
    curtain = (second > 0.55) & (aside > 0.22 - 0.3 * (second - 0.55))
    blind = (third > 0.6) & (panes.up > 0.80 - 0.55 * (third - 0.6))
    room = np.full(len(second), 0.03, np.float32)
    room[curtain] = 0.34
    room[blind] = 0.42
    room[second < 0.12] = 0.22
    return room


def _shop(weather: Weather, panes: Panes, shops: np.ndarray) -> np.ndarray:
    atlas = goods()
    pick = panes.pick[shops]
    spot = atlas.spot(
        panes.inside[shops] + (pick * SHOP_KINDS).astype(np.int32),
        panes.across[shops],
        panes.width[shops],
        panes.height[shops],
    )
    row = np.minimum((panes.up[shops] * spot.rows).astype(np.int32), spot.rows - 1)
    texel = atlas.texels[spot.base + (spot.rows - 1 - row) * spot.stride].view(np.uint8).reshape(-1, 4)
    inside = 0.40 * np.asarray(weather.ambient, np.float32) + 0.12
    inside = inside + weather.lamps * (pick > 0.2)[:, None] * np.asarray(SHOP_LIGHT, np.float32)
    return np.asarray((texel[:, :3].astype(np.float32) * np.float32(1 / 255) * inside).T)


def _lamps(weather: Weather, panes: Panes, room: np.ndarray, second: np.ndarray) -> np.ndarray:
    on = (_lots(panes.pick, 37) < 0.42 * weather.lamps) & (panes.inside < 0)
    strength = on * (0.22 + 0.3 * second + 0.5 * room) * (0.7 + 0.5 * panes.up) * weather.lamps
    return np.asarray(strength * np.asarray(WARM, np.float32)[:, None])


def _mirrored(weather: Weather, panes: Panes, third: np.ndarray) -> np.ndarray:
    """The sky over the houses opposite, or these; no two panes hang quite alike."""
    zenith, foot = np.asarray(weather.zenith, np.float32), np.asarray(weather.horizon, np.float32)
    street = 0.14 * (np.asarray(weather.ambient, np.float32) + 0.15 * np.asarray(weather.sun, np.float32))
    height = panes.opposite - 8.5 + 5 * (third - 0.5) + 2.5 * (panes.across - 0.5) * (panes.pick - 0.5)
    over = np.clip(height * 0.5, 0, 1) * (0.75 + 0.25 * panes.up)
    steep = np.clip(0.06 * height, 0, 0.7)
    sky = foot[:, None] + steep * (zenith - foot)[:, None]
    return np.asarray(street[:, None] + over * (sky - street[:, None]))
