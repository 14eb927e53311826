"""A whole scene by lot: light, lens, road, buildings, and everything on the street, in that order. Draws nothing."""

from unetkd_core.data.streets.camera import Lens
from unetkd_core.data.streets.dice import Dice
from unetkd_core.data.streets.layout import Layout
from unetkd_core.data.streets.town import build_side, sample_road
from unetkd_core.data.streets.traffic import add_people, add_street_furniture, add_vehicles
from unetkd_core.data.streets.weather import sample_weather


def sample_layout(dice: Dice) -> Layout:
    """Draw a whole scene by lot."""
    weather = sample_weather(dice)
    lens = Lens(dice.between(1.25, 2.1), dice.between(1.1, 1.6), dice.between(-0.10, 0.06))
    layout = Layout(lens, weather, sample_road(dice))
    for side in (-1, 1):
        build_side(dice, layout, side)
    add_vehicles(dice, layout)
    add_people(dice, layout)
    add_street_furniture(dice, layout)
    return layout
