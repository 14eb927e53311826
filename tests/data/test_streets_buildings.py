"""Buildings of the embedded dataset: where walls stand in the picture, and what is looked up for them."""

import numpy as np
import pytest

from unetkd_core.data.streets import render
from unetkd_core.data.streets.atlas import Atlas
from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.dice import Dice
from unetkd_core.data.streets.elevations import BEYOND, CORNICE, EIGHTH, FIRST, cells, course_at, elevations
from unetkd_core.data.streets.glazing import Panes, light_of_panes
from unetkd_core.data.streets.lots import sample_layout
from unetkd_core.data.streets.render import render_light
from unetkd_core.data.streets.sketch import UNIT
from unetkd_core.data.streets.strips import cut_strips, pixels_of
from unetkd_core.data.streets.styles import COLOURS, SHARES, STOREYS
from unetkd_core.data.streets.walls import cast_walls, seen_roof
from unetkd_core.data.streets.weather import sample_weather


@pytest.fixture(params=[0, 3, 7])
def scene(request):
    layout = sample_layout(2, 5, request.param)
    return layout, Camera.at(layout.lens, 64, 128)


def test_no_pixel_belongs_to_two_strips(scene):
    layout, camera = scene
    layers, _ = cast_walls(layout, camera)
    pixels = pixels_of(cut_strips(layers, camera), camera)
    assert len(np.unique(pixels.place)) == len(pixels.place)
    assert pixels.place.min() >= 0 and pixels.place.max() < camera.rows * camera.columns


def test_pixels_lie_between_the_ground_and_the_top_of_their_wall(scene):
    layout, camera = scene
    layers, _ = cast_walls(layout, camera)
    strips = cut_strips(layers, camera)
    pixels = pixels_of(strips, camera)
    pixel = strips.depth[pixels.strip] / camera.focal
    tallest = np.array([w.height + w.roof + 1.5 for w in layout.walls])[strips.wall[pixels.strip]]
    assert (pixels.y >= 0).all() and (pixels.y <= tallest + pixel).all()


def test_a_nearer_wall_hides_what_is_behind_it(scene):
    layout, camera = scene
    layers, _ = cast_walls(layout, camera)
    strips = cut_strips(layers, camera)
    for column in range(0, camera.columns, 7):
        own = np.flatnonzero(strips.column == column)
        order = own[np.argsort(strips.depth[own])]
        assert (np.diff(strips.stop[order]) < 0).all()


def test_peaks_are_no_higher_than_walls_are_painted(scene):
    layout, camera = scene
    layers, peaks = cast_walls(layout, camera)
    tops = np.stack([(h.top - camera.height_m) / h.depth for h in layers]).max(axis=0)
    assert (peaks <= tops + 1e-9)[np.isfinite(peaks)].all()


def test_courses_fill_a_wall_from_the_ground_up(scene):
    layout, camera = scene
    plan = elevations(layout.walls, np.array([seen_roof(w, camera.height_m) for w in layout.walls]))
    height = np.array([w.height for w in layout.walls])
    assert (np.diff(plan.bottom[:, :BEYOND], axis=1) >= 0).all()
    assert np.allclose(plan.bottom[:, :BEYOND] % EIGHTH, 0)
    courses = course_at(plan.bottom)
    at = np.arange(courses.shape[1]) * EIGHTH
    for wall in range(len(height)):
        assert courses[wall, 0] == 0 or plan.bottom[wall, 1] == 0
        assert (courses[wall, at >= height[wall]] > CORNICE).all()
        assert (courses[wall, at < height[wall]] <= CORNICE).all()


def test_windows_are_as_high_as_a_storey():
    layout = sample_layout(2, 5, 1)
    plan = elevations(layout.walls, np.zeros(len(layout.walls)))
    for wall, tops in zip(layout.walls, plan.height, strict=True):
        storeys = tops[FIRST:CORNICE]
        assert np.isin(np.round(storeys[storeys > 0.1], 3), [round(wall.look.floor, 3)]).all()


def test_reductions_keep_an_atlas_mean():
    rng = np.random.Generator(np.random.PCG64(3))
    atlas = Atlas(rng.integers(0, 256, (2, 16, 16, 4)).astype(np.uint8))
    one = np.array([1])
    fine = atlas.spot(one, np.array([0.0]), np.array([0.001]), np.array([0.001]))
    coarse = atlas.spot(one, np.array([0.0]), np.array([9.0]), np.array([9.0]))
    assert fine.rows == 16 and coarse.rows == 4
    start, side = int(atlas.offsets[-1, -1]), 4
    last = atlas.texels[start : start + 2 * side * side].view(np.uint8).reshape(2, side, side, 4)
    full = atlas.texels[: 2 * 256].view(np.uint8).reshape(2, 16, 16, 4)
    assert np.abs(last.mean(axis=(1, 2)) - full.mean(axis=(1, 2))).max() < 2


def test_cells_have_wall_and_glass():
    mean = cells().texels.view(np.uint8).reshape(-1, 4).mean(axis=0)
    assert (mean > 0.03 * UNIT).all()


def test_every_style_can_be_drawn():
    for shares in SHARES.values():
        assert all(set(style.skins) <= set(COLOURS) for style, _ in shares)
    assert set(SHARES) == set(STOREYS)


def test_windows_are_lit_only_after_dark():
    lots = np.linspace(0, 1, 200, endpoint=False, dtype=np.float32)
    same = np.full(200, 0.5, np.float32)
    panes = Panes(same, same, same, same, lots, np.full(200, -1), np.ones(200, np.float32), same)
    day, night = (
        light_of_panes(sample_weather(Dice(4), "clear", hour), panes, np.zeros(200, np.float32)) for hour in (12.0, 0.0)
    )
    warm = [(light[0] - light[2] > 0.05).mean() for light in (day, night)]
    assert warm[0] == 0 and 0.2 < warm[1] < 0.7, warm


def test_clay_walls_are_grey():
    image = render_light(2, 5, 64, 128, weather="overcast", hour=12.0).astype(int)
    labels = render(2, 5, 64, 128).labels
    walls = image[:24][labels[:24] == 0]
    assert np.abs(walls[:, 0] - walls[:, 2]).mean() < 25
