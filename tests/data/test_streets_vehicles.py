"""Vehicles of `streets`: closed bodies, clean cuts before the camera, traffic that does not collide."""

from math import pi

import numpy as np
import pytest

from unetkd_core.data.streets import VERSION
from unetkd_core.data.streets.bodies import FAR, MIDDLE, NEAR, TINY
from unetkd_core.data.streets.camera import Camera, Lens
from unetkd_core.data.streets.canvas import Canvas
from unetkd_core.data.streets.dice import Dice
from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.lots import sample_layout
from unetkd_core.data.streets.render import _place_vehicle
from unetkd_core.data.streets.shadows import Sunlight
from unetkd_core.data.streets.shapes import BRAKING, PARKED, SHAPES, is_vehicle
from unetkd_core.data.streets.vehicle_parts import vehicle_mesh
from unetkd_core.data.streets.vehicles import Vehicle
from unetkd_core.data.streets.weather import sample_weather

ROWS, COLUMNS = 128, 256


def canvas_of(hour=12.0):
    camera = Camera.at(Lens(1.5, 1.2, -0.05), 2 * ROWS, 2 * COLUMNS)
    return Canvas(np.full((ROWS, COLUMNS, 3), 255, np.uint8), camera, sample_weather(Dice(1), "overcast", hour))


def vehicle(kind, x, z, yaw, look=1):
    return Vehicle(Thing(kind, x, z, 0.0, 1.0, (0.1, 0.1, 0.1), (0.1, 0.1, 0.1), look), x, z, yaw, 1.0)


def painted(canvas):
    return canvas.finish(np.zeros((ROWS, COLUMNS), np.uint8), np.full((ROWS, COLUMNS), np.inf, np.float32))


@pytest.mark.parametrize("kind", SHAPES)
def test_no_body_has_a_hole_from_any_side_at_any_level(kind):
    length = SHAPES[kind].length
    for depth in (length + 4.5, 22.0, 60.0):
        for yaw in (0.0, 0.5, pi / 2, 2.6):
            canvas = canvas_of()
            vehicle(kind, 0.6, depth, yaw).paint(canvas)
            _, labels, _ = painted(canvas)
            assert (labels == 3).sum() > 8
            body = labels == 3
            before = [np.logical_or.accumulate(body[::s], 0)[::s] for s in (1, -1)]
            beside = [np.logical_or.accumulate(body[:, ::s], 1)[:, ::s] for s in (1, -1)]
            holes = np.logical_and.reduce([~body, *before, *beside])
            sills = int((canvas.camera.horizon + canvas.camera.focal * 0.75 / depth) / 2)
            assert holes[:sills].sum() == 0, (depth, yaw)


@pytest.mark.parametrize("kind", SHAPES)
def test_meshes_are_as_large_as_their_shapes_say(kind):
    shape = SHAPES[kind]
    for level in (NEAR, MIDDLE, FAR, TINY):
        points = vehicle_mesh(kind, level).points
        size = points.max(0) - points.min(0)
        assert abs(size[2] - shape.length) < 0.15
        assert shape.width - 0.2 < size[0] < shape.width + 0.45  # mirrors stand out
        assert abs(points[:, 1].max() - shape.height) < 0.16
        assert abs(points[:, 1].min()) < 0.08


def test_what_is_beside_the_camera_is_cut_and_not_smeared():
    canvas = canvas_of()
    vehicle("saloon", 2.2, 1.6, 0.03).paint(canvas)
    _, labels, _ = painted(canvas)
    columns = np.flatnonzero((labels == 3).any(0))
    assert len(columns) and columns.min() > COLUMNS * 0.6


def test_paint_mirrors_the_sky_on_the_roof_more_than_on_the_flank():
    canvas = canvas_of()
    vehicle("hatch", 0.0, 7.0, 0.0).paint(canvas)
    picture, labels, _ = painted(canvas)
    image = np.asarray(picture, np.float32)
    rows = np.flatnonzero((labels == 3).any(1))
    column = image[rows[0] : rows[-1], COLUMNS // 2 - 12].mean(1)
    flank = column[len(column) // 2 : len(column) * 3 // 4]
    assert column[:3].max() > flank.max() + 20


def test_parked_cars_are_dark_at_night_and_those_that_drive_are_lit():
    glows = {}
    for name, look in (("parked", 1 | PARKED), ("driving", 1), ("braking", 1 | BRAKING)):
        canvas = canvas_of(hour=0.0)
        vehicle("hatch", 0.5, 9.0, 0.0, look).paint(canvas)
        painted(canvas)
        glows[name] = sum(sum(light) for *_, light in canvas.glows())
    assert glows["parked"] == 0
    assert 0 < glows["driving"] < glows["braking"]


def test_no_two_vehicles_touch_and_our_way_is_free():
    kinds = set()
    for index in range(60):
        layout = sample_layout(VERSION, 1, index)
        sunlight = Sunlight(layout)
        things = [thing for thing in layout.things if is_vehicle(thing.kind)]
        kinds |= {thing.kind for thing in things}
        corners = [np.array(_place_vehicle(layout, thing, sunlight).outline()) for thing in things]
        for i, a in enumerate(corners):
            assert a[:, 1].min() > 9 or np.abs(a[:, 0]).min() > 0.5 or a[:, 1].max() < 1, (index, things[i])
            assert not any(overlap(a, b) for b in corners[:i]), (index, things[i])
    assert len(kinds) > 11


def overlap(a, b):
    """Of two rectangles, (4, 2) corners each, by separating axes."""
    axes = np.concatenate([a[1:3] - a[:2], b[1:3] - b[:2]])
    pa, pb = a @ axes.T, b @ axes.T
    return bool(((pa.max(0) > pb.min(0)) & (pb.max(0) > pa.min(0))).all())
