"""Which pixels show walls: strips, one for each column of a layer in which a wall shows, and the pixels in them."""

from typing import NamedTuple

import numpy as np

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.walls import Hits


class Strips(NamedTuple):
    """S strips, each a column of one wall: see Hits. `first` and `stop` are the rows it shows in; `edge` is the row
    coordinate (a pixel's upper edge has its row's number) of its top where that stands against the sky, else -1.
    """

    column: np.ndarray
    wall: np.ndarray
    depth: np.ndarray
    along: np.ndarray
    width: np.ndarray
    brim: np.ndarray
    first: np.ndarray
    stop: np.ndarray
    edge: np.ndarray


class Pixels(NamedTuple):
    """The P pixels of all strips, strip by strip: flat index into the picture, number of the strip, metres up."""

    place: np.ndarray
    strip: np.ndarray
    y: np.ndarray


def cut_strips(layers: list[Hits], camera: Camera) -> Strips:
    """What of each layer is not hidden by those before it."""
    columns = np.arange(camera.columns)
    bound = np.full(camera.columns, camera.rows)
    parts: list[tuple[np.ndarray, ...]] = []
    against_sky = np.full(camera.columns, -1)
    counted = 0
    for hits in layers:
        met = np.isfinite(hits.depth)
        scale = camera.focal / np.where(met, hits.depth, 1.0)
        edge = camera.horizon - (hits.top - camera.height_m) * scale
        foot = np.floor(camera.horizon + camera.height_m * scale - 0.5).astype(int) + 1
        first = np.clip(np.ceil(edge - 0.5).astype(int), 0, camera.rows)
        stop = np.minimum(foot, bound)
        keep = np.flatnonzero(met & (first < stop))
        bound[keep] = first[keep]
        against_sky[keep] = counted + np.arange(len(keep))
        counted += len(keep)
        whole = (columns, hits.wall, hits.depth, hits.along, hits.width, hits.brim, first, stop, edge)
        parts.append(tuple(a[keep] for a in whole))
    strips = Strips(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    open_above = np.zeros(counted, bool)
    open_above[against_sky[against_sky >= 0]] = True
    strips.first[open_above] = np.clip(np.floor(strips.edge[open_above]), 0, camera.rows).astype(int)
    strips.edge[~open_above] = -1
    return strips


def pixels_of(strips: Strips, camera: Camera) -> Pixels:
    count = strips.stop - strips.first
    strip = np.repeat(np.arange(len(count)), count)
    start = np.cumsum(count) - count
    row = np.arange(len(strip)) - np.repeat(start - strips.first, count)
    place = row * camera.columns + strips.column[strip]
    scale = (strips.depth / camera.focal).astype(np.float32)
    top = (camera.height_m + (camera.horizon - 0.5) * strips.depth / camera.focal).astype(np.float32)
    y = top[strip] - row.astype(np.float32) * scale[strip]
    return Pixels(place, strip, np.maximum(y, 0))
