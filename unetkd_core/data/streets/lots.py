"""A whole scene by lot: light, lens, road, buildings, and everything on the street. Draws nothing.

Each part has a stream of its own: another hour or weather leaves the street and all on it as they were.
"""

from unetkd_core.data.streets.camera import Lens
from unetkd_core.data.streets.dice import Dice
from unetkd_core.data.streets.greenery import add_greenery
from unetkd_core.data.streets.kerbside import add_street_furniture
from unetkd_core.data.streets.layout import Layout
from unetkd_core.data.streets.order import without_collisions
from unetkd_core.data.streets.pedestrians import add_cyclists, add_people
from unetkd_core.data.streets.town import build_side, sample_road
from unetkd_core.data.streets.traffic import add_vehicles
from unetkd_core.data.streets.weather import sample_weather

_LIGHT, _LENS, _TOWN, _TRAFFIC, _PEOPLE, _KERB, _FILM, _GREEN = range(1, 9)


def sample_layout(*entropy: int, weather: str | None = None, hour: float | None = None) -> Layout:
    """Draw a whole scene by lot; `weather` (one of weather.KINDS) and `hour` (0-24) override what is drawn."""
    lens, town = Dice(*entropy, _LENS), Dice(*entropy, _TOWN)
    layout = Layout(
        Lens(lens.between(1.25, 2.1), lens.between(1.1, 1.6), lens.between(-0.10, 0.06)),
        sample_weather(Dice(*entropy, _LIGHT), weather, hour),
        sample_road(town),
    )
    for side in (-1, 1):
        build_side(town, layout, side)
    add_vehicles(Dice(*entropy, _TRAFFIC), layout)
    people = Dice(*entropy, _PEOPLE)
    add_people(people, layout)
    add_cyclists(people, layout)
    add_street_furniture(Dice(*entropy, _KERB), layout)
    add_greenery(Dice(*entropy, _GREEN), layout)
    layout.things = without_collisions(layout.things)
    return layout


def conditions_by_lot(*entropy: int) -> tuple[str, float]:
    """A scene's own weather and hour, without drawing the rest of it."""
    light = sample_weather(Dice(*entropy, _LIGHT))
    return light.kind, light.hour


def film_dice(*entropy: int) -> Dice:
    """The camera's own lots."""
    return Dice(*entropy, _FILM)
