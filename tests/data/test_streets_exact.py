"""Labels of `streets` are what is seen: one outline, nothing moved, who is behind is behind, on every machine."""

import hashlib
import os
import subprocess
import sys

import numpy as np

from unetkd_core import settings
from unetkd_core.data.streets import VERSION, render
from unetkd_core.data.streets.camera import Camera, Lens
from unetkd_core.data.streets.canvas import Canvas
from unetkd_core.data.streets.dice import Dice
from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.lots import sample_layout
from unetkd_core.data.streets.order import far_to_near, without_collisions
from unetkd_core.data.streets.shapes import SHAPES, is_vehicle
from unetkd_core.data.streets.weather import sample_weather

ROWS, COLUMNS = 32, 64
POST = 4
LABELS_OF_THIS_VERSION = "bde215e73a93414d"
"""Of the first 24 scenes of val at 64 x 128."""


def painted(draw):
    """Coverage (H, W) in [0, 1] as the picture shows it, and whether a pixel is labelled."""
    camera = Camera.at(Lens(1.5, 1.2, 0.0), 2 * ROWS, 2 * COLUMNS)
    canvas = Canvas(np.zeros((ROWS, COLUMNS, 3), np.uint8), camera, sample_weather(Dice(1), "clear", 12.0))
    draw(canvas, canvas.begin(POST, 5.0))
    picture, labels, _ = canvas.finish(np.zeros((ROWS, COLUMNS), np.uint8), np.zeros((ROWS, COLUMNS), np.float32))
    return np.asarray(picture)[..., 0] / 255.0, labels == POST


def outlines(count):
    rng = np.random.default_rng(3)
    for _ in range(count):
        x, y, w, h = rng.uniform((20, 10, 1, 5), (60, 30, 20, 25))
        yield x, y, w, h


def test_a_pixel_is_labelled_where_at_least_half_of_it_is_covered():
    for x, y, w, h in outlines(60):
        corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
        for draw in (
            lambda canvas, item, c=corners: canvas.polygon(item, c, (255, 255, 255)),
            lambda canvas, item, c=corners, w=w: canvas.line(item, c[:2], w / 4, (255, 255, 255)),
            lambda canvas, item, x=x, y=y, w=w, h=h: canvas.ellipse(item, x, y, w, h, (255, 255, 255)),
        ):
            coverage, labelled = painted(draw)
            assert np.array_equal(labelled, coverage > 0.45)


def test_what_is_painted_stands_where_its_outline_does():
    rows, columns = np.mgrid[:ROWS, :COLUMNS] + 0.5
    off = []
    for x, y, w, h in outlines(200):
        corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
        coverage, labelled = painted(lambda canvas, item, c=corners: canvas.polygon(item, c, (255, 255, 255)))
        for mass in (coverage, labelled):
            middle = (mass * columns).sum() / mass.sum(), (mass * rows).sum() / mass.sum()
            off.append((middle[0] - (x + w / 2) / 2, middle[1] - (y + h / 2) / 2))
    assert np.abs(np.mean(off, axis=0)).max() < 0.05


def test_of_two_things_in_one_pixel_the_larger_has_it_and_the_nearer_on_a_tie():
    def draw(first, second):
        def both(canvas, item):
            canvas.polygon(item, first, (0, 0, 0))
            canvas.polygon(canvas.begin(5, 4.0), second, (0, 0, 0))

        camera = Camera.at(Lens(1.5, 1.2, 0.0), 2 * ROWS, 2 * COLUMNS)
        canvas = Canvas(np.zeros((ROWS, COLUMNS, 3), np.uint8), camera, sample_weather(Dice(1), "clear", 12.0))
        both(canvas, canvas.begin(POST, 5.0))
        return canvas.finish(np.zeros((ROWS, COLUMNS), np.uint8), np.zeros((ROWS, COLUMNS), np.float32))[1]

    whole = [(10.5, 10.5), (11.5, 10.5), (11.5, 11.5), (10.5, 11.5)]
    right, corner = [(11.5, 10.5), (11.5, 11.5)], [(11.5, 11.5), (11.5, 11.5)]
    assert draw(whole, right)[5, 5] == 5
    assert draw(whole, corner)[5, 5] == POST


def test_whoever_stands_behind_the_near_half_of_a_bus_is_painted_before_it():
    bus = [(2.0, 10.0), (4.5, 10.0), (4.5, 21.0), (2.0, 21.0)]
    behind, before, beyond = (5.0, 12.0), (1.5, 12.0), (3.0, 30.0)
    order = far_to_near([(3.2, 15.5), behind, before, beyond], [bus, None, None, None])
    assert order.index(3) < order.index(1) < order.index(0) < order.index(2)


def test_nobody_stands_in_a_vehicle():
    met = 0
    for index in range(80):
        things = sample_layout(VERSION, 2, index).things
        assert without_collisions(things) == things
        vehicles = [t for t in things if is_vehicle(t.kind) and t.facing in (0.0, 1.0)]
        for person in (t for t in things if t.kind in ("person", "standing", "cyclist")):
            met += 1
            for v in vehicles:
                shape = SHAPES[v.kind].scaled(v.size)
                assert abs(person.u - v.u) > shape.width / 2 or abs(person.z - v.z) > shape.length / 2
    assert met > 400
    car = Thing("hatch", 2.0, 12.0, 0.0, 1.0, (0.1, 0.1, 0.1), (0.1, 0.1, 0.1), 1)
    bin_ = car._replace(kind="bin", u=2.5)
    assert without_collisions([car, car._replace(kind="person", u=2.5), bin_]) == [car, bin_]


def hash_of_labels():
    return hashlib.sha256(b"".join(render(2, i, 64, 128).labels.tobytes() for i in range(24))).hexdigest()[:16]


def test_labels_are_those_of_this_version_also_without_the_processors_extensions():
    assert hash_of_labels() == LABELS_OF_THIS_VERSION
    program = "from tests.data.test_streets_exact import hash_of_labels as h; print(h())"
    plain = {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR AVX512_SKX X86_V3 AVX2 FMA3 ASIMDHP ASIMDDP"}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={**os.environ, **plain, "PYTHONPATH": str(settings.PROJECT_ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == [LABELS_OF_THIS_VERSION]


if __name__ == "__main__":  # python -m tests.data.test_streets_exact: what to write above after a change
    print(hash_of_labels())
