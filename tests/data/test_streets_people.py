"""People, cyclists and street furniture of the streets dataset: poses, places, labels."""

from dataclasses import replace

import numpy as np
import pytest

from unetkd_core.data.streets.camera import Camera
from unetkd_core.data.streets.canvas import SUPERSAMPLING, Canvas
from unetkd_core.data.streets.layout import Layout, Thing
from unetkd_core.data.streets.lots import sample_layout
from unetkd_core.data.streets.render import PAINTERS
from unetkd_core.data.streets.signs import FACES
from unetkd_core.data.streets.skeleton import riding, standing, walking
from unetkd_core.data.streets.wardrobe import dress

ON_POSTS = ("lamp", "sign", "traffic light", "beacon", "meter", "bollard")


def _painted(thing: Thing, x: float, rows: int = 256) -> np.ndarray:
    """Labels of one thing alone on an empty canvas; 9 where nothing is."""
    layout = sample_layout(2, 2, 3)
    camera = Camera.at(layout.lens, rows * SUPERSAMPLING, 2 * rows * SUPERSAMPLING)
    canvas = Canvas(np.zeros((rows, 2 * rows, 3), np.uint8), camera, replace(layout.weather, kind="rain"))
    PAINTERS[thing.kind](canvas, thing, x, thing.z, 1.0)
    empty = np.full((rows, 2 * rows), 9, np.uint8)
    return canvas.finish(empty, np.zeros(empty.shape, np.float32))[1]


def _person(kind: str = "person", facing: float = 0.0, look: int = 12345, z: float = 7.0) -> Thing:
    return Thing(kind, 0.0, z, facing, 1.75, (0.3, 0.1, 0.1), (0.05, 0.05, 0.08), look)


@pytest.fixture(scope="module")
def layouts() -> list[Layout]:
    return [sample_layout(2, 5, index) for index in range(60)]


@pytest.mark.parametrize(
    "pose", [walking(phase, 2, "swing", "phone", 0) for phase in range(0, 16, 3)] + [standing(3, "side", "ear", 1)]
)
def test_somebody_on_foot_stands_on_the_ground(pose):
    assert min(ankle[2] for _, _, ankle, _ in pose.legs) == pytest.approx(0.035, abs=0.002)


def test_a_rider_turns_the_pedals_with_legs_of_one_length():
    for phase in range(16):
        for hip, knee, ankle, _ in riding(phase, 1).legs:
            for upper, lower in ((hip, knee), (knee, ankle)):
                assert np.hypot(upper[0] - lower[0], upper[2] - lower[2]) == pytest.approx(0.245, abs=0.02)


@pytest.mark.parametrize("facing", (-0.5, 0.0, 0.5, 1.0))
@pytest.mark.parametrize("look", (1, 77, 4242, 99999))
def test_a_person_is_one_person_of_their_own_height(facing, look):
    labels = _painted(_person("person", facing, look), 0.0)
    rows = np.flatnonzero((labels == 5).any(axis=1))
    assert set(np.unique(labels)) == {5, 9}
    layout = sample_layout(2, 2, 3)
    height = 1.75 * Camera.at(layout.lens, 256, 512).focal / 7.0
    assert 0.93 * height < np.ptp(rows) + 1 < 1.25 * height


def test_a_person_is_narrower_from_the_side_than_from_the_front():
    def area(facing: float) -> int:
        return sum((_painted(_person("standing", facing, look), 0.0) == 5).sum() for look in range(8))

    assert area(0.5) < 0.95 * area(1.0)


def test_far_away_a_person_is_still_there():
    assert 3 < (_painted(_person(z=60.0), 0.0) == 5).sum() < 80


def test_a_cyclist_is_background_and_longer_from_the_side():
    along, across = (_painted(_person("cyclist", facing), 0.0) for facing in (0.0, 0.5))
    assert set(np.unique(along)) == {0, 9}
    assert np.ptp(np.flatnonzero((across == 0).any(axis=0))) > 2 * np.ptp(np.flatnonzero((along == 0).any(axis=0)))


@pytest.mark.parametrize("kind", ON_POSTS)
def test_what_is_on_a_post_is_posts(kind):
    for look in range(len(FACES)):
        labels = _painted(Thing(kind, 0.0, 14.0, look % 2, 2.6, (0.2, 0.2, 0.2), (0.1, 0.1, 0.1), look), 0.0)
        assert set(np.unique(labels)) == {4, 9}


def test_umbrellas_are_for_rain():
    people = [_person(look=look) for look in range(200)]
    assert not any(dress(person, False).umbrella for person in people)
    assert 10 < sum(dress(person, True).umbrella is not None for person in people) < 120


def test_no_post_stands_on_the_carriageway_or_in_a_side_road(layouts):
    for layout in layouts:
        road = layout.road
        for thing in layout.things:
            if thing.kind in ON_POSTS or thing.kind == "guard rail":
                assert abs(thing.u) > road.half
                assert not road.in_junction(thing.z)


def test_streets_hold_people_of_many_sorts(layouts):
    things = [thing for layout in layouts for thing in layout.things]
    kinds = {thing.kind for thing in things}
    assert {"person", "standing", "cyclist", "shelter", "guard rail", "beacon", "phone box"} <= kinds
    sizes = [thing.size for thing in things if thing.kind == "person"]
    assert min(sizes) < 1.35 and max(sizes) > 1.8
