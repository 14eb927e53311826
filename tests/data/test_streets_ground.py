"""The ground of the embedded dataset: labels by the kerb alone, paint that covers what it should, shadows where due."""

from dataclasses import replace

import numpy as np
import pytest

from unetkd_core.data.streets import VERSION
from unetkd_core.data.streets.asphalt import patches
from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.ground import BACKGROUND, ROAD, SIDEWALK, Ground, cast_ground
from unetkd_core.data.streets.layout import Layout
from unetkd_core.data.streets.markings import coloured_lane, has_bus_lane, has_cycle_lane, markings
from unetkd_core.data.streets.paving import beside_road, is_tarmac
from unetkd_core.data.streets.render import sample_layout
from unetkd_core.data.streets.shadow_masks import shadow_masks
from unetkd_core.data.streets.shadows import Sunlight
from unetkd_core.data.streets.surface import kerb_distance, stripe, survey
from unetkd_core.data.streets.tree_species import SPECIES


def layout_of(index: int, weather: str = "clear", hour: float = 11.0, **road: object) -> Layout:
    layout = sample_layout(VERSION, 2, index, weather=weather, hour=hour)
    layout.road = replace(layout.road, **road)  # type: ignore[arg-type]
    return layout


def ground_of(layout: Layout, rows: int = 64, columns: int = 128) -> Ground:
    camera = Camera.at(layout.lens, rows, columns)
    whole = np.ones((rows, columns), np.float32)
    return cast_ground(layout, camera, Sunlight(layout), whole, whole)


def surface_of(layout: Layout, rows: int = 128, columns: int = 256):
    camera = Camera.at(layout.lens, rows, columns)
    drops = camera.drops()
    return survey(layout.road, camera, drops[drops > camera.height_m / 400.0])[0]


@pytest.mark.parametrize("index", range(6))
def test_labels_follow_the_kerb_and_nothing_that_is_painted(index):
    layout = layout_of(index, junction=-1.0)
    camera, road, ground = Camera.at(layout.lens, 64, 128), layout.road, ground_of(layout)
    for row in range(0, ground.labels.shape[0], 5):
        z = camera.height_m / camera.drops()[ground.first + row]
        for column in range(0, 128, 7):
            u = (column + 0.5 - camera.centre) / camera.focal * z - float(road.axis(z))
            out = abs(u) - road.half
            expected = ROAD if out < 0 else SIDEWALK if out < road.walk else BACKGROUND
            assert ground.labels[row, column] == expected


def test_the_kerb_goes_round_corners_without_a_jump():
    road = layout_of(3, junction=20.0, cross_half=4.0, corner=3.0, half=5.0).road
    z, u = np.meshgrid(np.linspace(5, 35, 601), np.linspace(-15, 15, 601), indexing="ij")
    distance = kerb_distance(road, u, z)
    assert np.abs(np.diff(distance, axis=0)).max() < 0.051
    assert np.abs(np.diff(distance, axis=1)).max() < 0.051
    assert distance[300, 0] < 0 < distance[100, 0]
    assert kerb_distance(road, np.array([[5.1]]), np.array([[15.9]]))[0, 0] < 0, "the corner is cut"


def test_a_stripe_covers_as_much_as_it_is_wide():
    edge = np.full((1, 1), 1 / 0.05, np.float32)
    cover = stripe(np.linspace(-2, 2, 4001, dtype=np.float32)[None, :], 0.3, edge)
    assert cover.sum() * 0.001 == pytest.approx(0.6, abs=0.005)
    assert cover.min() == 0 and cover.max() == 1


@pytest.mark.parametrize("index", range(0, 40, 3))
def test_paint_stays_on_the_carriageway(index):
    s = surface_of(layout_of(index))
    white, yellow = markings(s)
    assert white[s.d > 0].max(initial=0) == 0 and white.min() >= 0 and white.max() <= 1
    assert yellow is None or yellow[s.d > 0.3].max(initial=0) < 0.15
    lane = coloured_lane(s)
    assert lane is None or lane[0][s.d > 0].max(initial=0) == 0


def test_streets_differ():
    roads = [sample_layout(VERSION, 2, index).road for index in range(60)]
    for has in (has_bus_lane, has_cycle_lane, is_tarmac):
        assert 2 <= sum(has(road) for road in roads) <= 40
    assert all(abs(patch.u) + patch.half_u <= road.half for road in roads for patch in patches(road))


def test_kerbs_turn_their_faces_to_the_road():
    layout = layout_of(1, junction=18.0, zebra=-1.0)
    s = surface_of(layout)
    beside = beside_road(s, layout.road.axis(s.z).astype(np.float32))
    assert np.allclose(beside.toward_u**2 + beside.toward_z**2, 1, atol=1e-5)
    u = s.u.reshape(-1)[beside.place]
    straight = beside.toward_z == 0
    assert (beside.toward_u[straight] * u[straight] < 0).all()
    faces = beside.place[beside.face > 0.9]
    blur = 1 / s.edge.reshape(-1)[faces]
    assert len(faces) and (s.d.reshape(-1)[faces] > -0.51 * blur).all()


def test_a_kerb_in_the_sun_is_brighter_than_one_that_looks_away():
    layout = layout_of(2, junction=-1.0, zebra=-1.0)
    for side in (-1, 1):
        layout.weather = replace(layout.weather, to_sun=(0.8 * side, 0.6, 0.0), wet=0.0)
        layout.skyline = {-1: np.zeros(400), 1: np.zeros(400)}
        s, light = surface_of(layout), ground_of(layout, 128, 256).light[..., 1]
        beside = beside_road(s, layout.road.axis(s.z).astype(np.float32))
        faces = beside.face > 0.9
        left = s.u.reshape(-1)[beside.place] < 0
        seen = light[-len(s.z) :].reshape(-1)[beside.place]
        bright, dark = (left, ~left) if side > 0 else (~left, left)
        assert seen[faces & bright].mean() > 2 * seen[faces & dark].mean()


def test_sunlight_on_an_array_is_sunlight_at_its_points():
    sunlight = Sunlight(layout_of(9))
    z, u = np.linspace(3, 60, 58), 1.5
    many = sunlight.reaches(np.full(58, u), np.zeros(58), z)
    one = np.array([sunlight.at(u, 0.0, float(part)) for part in z])
    assert np.mean(np.abs(many - one) < 0.02) > 0.9


def test_shadows_fall_only_below_the_horizon_and_only_in_the_sun():
    for weather in ("clear", "overcast"):
        layout = layout_of(6, weather)
        camera = Camera.at(layout.lens, 128, 256)
        trees = [
            (t, layout.road.x(t.u, t.z)) for t in layout.things if t.kind in (*SPECIES, "person", "lamp") and t.z > 3
        ]
        sun, sky = shadow_masks(layout, camera, [], trees)
        above = int(camera.horizon) - 2
        assert sun.shape == sky.shape == (128, 256) and sun.dtype == sky.dtype == np.float32
        assert sun[:above].min() == 1 and sky[:above].min() == 1
        assert sky.min() < 0.8
        assert (sun.min() < 0.5) == (weather == "clear")
