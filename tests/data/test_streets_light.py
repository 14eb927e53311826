"""Hour and weather: what they change, what they leave, and that the camera's part is as drawn."""

import numpy as np
import pytest
from PIL import Image

from unetkd_core.data.streets import KINDS, conditions, render, render_light
from unetkd_core.data.streets.dice import Dice
from unetkd_core.data.streets.film import develop
from unetkd_core.data.streets.lamps import light_on_ground
from unetkd_core.data.streets.lots import sample_layout
from unetkd_core.data.streets.weather import sample_weather
from unetkd_core.data.streets.wet import mirror
from unetkd_core.errors import DataError


@pytest.mark.parametrize("kind", KINDS)
def test_weather_and_hour_leave_the_street_as_it_is(kind):
    """But for umbrellas and hoods, which go up when it rains."""
    like = "rain" if kind == "rain" else "clear"
    own, other = render(2, 9, 48, 96, weather=like, hour=11), render(2, 9, 48, 96, weather=kind, hour=19.5)
    assert np.array_equal(own.labels, other.labels)
    assert np.array_equal(own.depth, other.depth)
    assert not np.array_equal(own.image, other.image)


def test_overriding_makes_no_more_and_no_fewer_draws():
    after = []
    for kind, hour in ((None, None), ("fog", None), (None, 3.0), ("rain", 12.0)):
        dice = Dice(4)
        sample_weather(dice, kind, hour)
        after.append(dice.unit())
    assert len(set(after)) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_light_changes_little_in_six_minutes(kind):
    hours = np.arange(0, 24.01, 0.1)
    for entropy in range(6):
        lights = [sample_weather(Dice(entropy), kind, float(hour)) for hour in hours]
        for name in ("ambient", "zenith", "horizon", "cloud_lit", "lamps", "exposure", "haze"):
            values = np.array([getattr(light, name) for light in lights])
            steps = np.abs(np.diff(values, axis=0)).max() / np.abs(values).max()
            assert steps < 0.16, (name, steps)


@pytest.mark.parametrize("index", [2, 8, 15])
def test_six_minutes_look_nearly_alike(index):
    early, late, night = (render(2, index, 48, 96, weather="clear", hour=h).image.astype(int) for h in (18.0, 18.1, 23))
    assert np.abs(early - late).mean() < 9
    assert np.abs(early - late).mean() < np.abs(early - night).mean() / 2


def test_night_is_darker_than_noon_and_has_its_lamps_lit():
    for entropy in range(20):
        noon, night = (sample_weather(Dice(entropy), "clear", hour) for hour in (12.0, 0.0))
        assert noon.lamps == 0 and night.lamps > 0.5
        assert noon.ambient[1] > 2 * night.ambient[1]
        assert noon.casts_shadows and not night.casts_shadows


def test_noon_is_high_and_the_sun_moves_with_the_hour():
    for entropy in range(20):
        heights = [sample_weather(Dice(entropy), "clear", hour).to_sun[1] for hour in (9.0, 12.0, 15.0)]
        assert heights[1] == max(heights)
        assert heights[0] == pytest.approx(heights[2])
        assert np.linalg.norm(sample_weather(Dice(entropy), "rain", 9.0).to_sun) == pytest.approx(1, abs=0.01)


def test_most_scenes_are_by_day():
    weathers = [sample_weather(Dice(5, entropy)) for entropy in range(600)]
    assert {w.kind for w in weathers} == set(KINDS)
    night = np.mean([w.lamps > 0.95 for w in weathers])
    high = np.mean([w.to_sun[1] > np.sin(np.radians(10)) and w.lamps < 0.5 for w in weathers])
    assert 0.03 < night < 0.10
    assert high > 0.7


@pytest.mark.parametrize("hour", [-0.1, 24.5, float("nan"), float("inf")])
def test_there_is_no_such_hour(hour):
    with pytest.raises(DataError, match="from 0 to 24"):
        render(1, 0, 32, 32, hour=hour)


def test_there_is_no_such_weather():
    with pytest.raises(DataError, match="clear, broken, overcast, rain, fog"):
        render(1, 0, 32, 32, weather="snow")


def test_conditions_are_those_of_the_scene():
    for index in range(5):
        weather, hour = conditions(2, index)
        assert np.array_equal(
            render(2, index, 32, 64, weather=weather, hour=hour).image, render(2, index, 32, 64).image
        )
    with pytest.raises(DataError):
        conditions(-1, 0)


def test_light_alone_has_no_colours_of_things():
    image = render_light(2, 3, 64, 128, weather="overcast", hour=12.0).astype(int)
    assert image.shape == (64, 128, 3)
    ground = image[-8:]
    scene = render(2, 3, 64, 128, weather="overcast", hour=12.0).image[-8:].astype(int)
    assert (ground.max(-1) - ground.min(-1)).max() < 25
    assert ground.mean() > scene.mean()  # asphalt is darker than clay


def test_wet_ground_shows_what_stands_above_it():
    image = np.full((40, 4, 3), 60, np.uint8)
    image[10:20] = (200, 20, 20)
    labels = np.zeros((40, 4), np.uint8)
    labels[20:] = 1
    before = image.copy()
    drops = np.zeros(40)
    mirror(image, labels, np.full((40, 4), 0.9, np.float32), drops)
    assert np.array_equal(image[:20], before[:20])
    assert (image[21:28, :, 0] > 120).all()
    dry = before.copy()
    mirror(dry, labels, np.zeros((40, 4), np.float32), drops)
    assert np.array_equal(dry, before)


def test_the_camera_holds_black_and_white_apart_and_more_light_is_brighter():
    means = [develop(Image.new("RGB", (64, 32), (v, v, v)), Dice(8), 0.0, 0.0).mean() for v in (0, 80, 160, 255)]
    assert means == sorted(means)
    assert means[0] < 20 and means[-1] > 215


def test_street_lamps_light_the_ground_at_night_only():
    u, z = np.zeros((3, 1), np.float32), np.array([[9.0], [30.0], [200.0]], np.float32)
    noon, night = (sample_layout(2, 1, 4, weather="clear", hour=h) for h in (12.0, 0.0))
    assert light_on_ground(noon, u, z) == 0.0
    pools = light_on_ground(night, u, z)
    assert pools[0].min() > 0.1 and pools[2].max() < pools[0].min() / 10


def test_light_alone_is_grey_on_vehicles_too():
    """In scene 242 a red van comes towards us: by its light alone nothing of it is red, and no pane is black."""
    scene, light = render(2, 242, 64, 128), render_light(2, 242, 64, 128).astype(int)
    vehicles = light[scene.labels == 3]
    assert len(vehicles) > 200
    spread = np.ptp(vehicles, axis=1)
    assert spread.mean() < 25 and vehicles.mean(1).min() > 60
