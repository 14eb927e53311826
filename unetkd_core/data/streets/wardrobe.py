"""What somebody looks like: body, hair, clothes and what they carry, all from the bits of `look`. Draws nothing."""

from typing import NamedTuple

from unetkd_core.data.streets.dice import Colour
from unetkd_core.data.streets.layout import Thing

SKIN: tuple[Colour, ...] = (
    (0.46, 0.30, 0.22),
    (0.40, 0.255, 0.18),
    (0.48, 0.33, 0.25),
    (0.24, 0.14, 0.085),
    (0.11, 0.06, 0.04),
    (0.44, 0.29, 0.20),
)
HAIR: tuple[Colour, ...] = (
    (0.016, 0.013, 0.012),
    (0.035, 0.022, 0.014),
    (0.07, 0.042, 0.022),
    (0.13, 0.078, 0.035),
    (0.24, 0.17, 0.09),
)
GREY_HAIR: Colour = (0.17, 0.165, 0.16)
LEATHER: tuple[Colour, ...] = ((0.02, 0.02, 0.02), (0.10, 0.05, 0.025), (0.05, 0.045, 0.05), (0.20, 0.15, 0.09))
SHOPPING: tuple[Colour, ...] = ((0.62, 0.62, 0.60), (0.45, 0.30, 0.14), (0.40, 0.05, 0.05), (0.08, 0.20, 0.12))
UMBRELLAS: tuple[Colour, ...] = ((0.02, 0.02, 0.025), (0.02, 0.02, 0.025), (0.03, 0.05, 0.13), (0.28, 0.03, 0.04))


class Outfit(NamedTuple):
    """Widths and lengths are in body heights; a hem is how far above the ground a garment ends."""

    skin: Colour
    hair: Colour
    woman: bool
    build: float
    head: float
    stoop: int
    top_hem: float
    skirt_hem: float
    bare_legs: bool
    hairdo: str
    hat: str
    bag: str
    bag_colour: Colour
    shoes: Colour
    arms: tuple[str, str]
    umbrella: Colour | None
    short_sleeves: bool


class Bits:
    """A short stream of numbers from a seed: what `look` decides, drawn without the scene's dice."""

    def __init__(self, seed: int) -> None:
        self._state = (seed * 2654435761 + 1013904223) & 0xFFFFFFFF

    def integer(self, below: int) -> int:
        self._state = (self._state * 1664525 + 1013904223) & 0xFFFFFFFF
        return ((self._state >> 12) * below) >> 20


def _hair(bits: Bits, woman: bool, old: bool) -> tuple[Colour, str, str]:
    colour = GREY_HAIR if old else HAIR[bits.integer(5)]
    if woman:
        hairdo = ("long", "long", "bun", "short", "ponytail", "bob", "bob", "long")[bits.integer(8)]
    else:
        hairdo = ("short", "short", "short", "short", "bald", "short")[bits.integer(6)]
    hat = ("", "", "", "", "", "", "", "", "beanie", "hood", "cap", "beanie")[bits.integer(12)]
    return colour, hairdo, hat


def _hems(bits: Bits, woman: bool, child: bool) -> tuple[float, float, bool]:
    """Where the top and the skirt end (1: no skirt), and whether the legs are bare."""
    coat = not child and bits.integer(7) < 2
    skirt = woman and bits.integer(4) == 0
    shorts = not skirt and bits.integer(14) == 0
    top = (0.27, 0.33, 0.38)[bits.integer(3)] if coat else (0.465, 0.45, 0.43)[bits.integer(3)]
    return top, (0.28, 0.32, 0.16)[bits.integer(3)] if skirt else 1.0, (skirt and bits.integer(2) == 0) or shorts


def _arms(bits: Bits, standing: bool, bag: str, umbrella: bool) -> tuple[str, str]:
    if bag == "pushchair":
        return ("push", "push")
    if umbrella:
        return ("swing", "hold")
    if standing:
        pair = (("side", "phone"), ("pocket", "pocket"), ("folded", "folded"), ("side", "side"), ("ear", "pocket"))
        return pair[bits.integer(5)]
    right = (
        "carry" if bag in ("shopping", "suitcase") else ("swing", "swing", "swing", "phone", "pocket")[bits.integer(5)]
    )
    return ("pocket" if right == "pocket" else "swing", right)


def dress(thing: Thing, wet: bool) -> Outfit:
    """The same person every time. wet: it rains, so some put up an umbrella and others their hood."""
    bits = Bits(thing.look)
    child = thing.size < 1.42
    woman = thing.size < 1.70 if bits.integer(8) else thing.size >= 1.70
    old = not child and bits.integer(7) == 0
    skin = SKIN[bits.integer(6)]
    hair, hairdo, hat = _hair(bits, woman, old)
    top_hem, skirt_hem, bare_legs = _hems(bits, woman, child)
    bag = ("", "", "", "backpack", "shopping", "handbag", "", "backpack", "suitcase", "", "pushchair")[bits.integer(11)]
    if child:
        bag = "backpack" if bag else ""
    elif bag == "handbag" and not woman:
        bag = "satchel"
    under = wet and not child and bag != "pushchair" and bits.integer(5) < 2
    if wet and not under and bits.integer(2):
        hat = "hood"
    colours = SHOPPING if bag == "shopping" else LEATHER
    return Outfit(
        skin=skin,
        hair=hair,
        woman=woman,
        build=0.90 + 0.035 * bits.integer(8) + 0.05 * old,
        head=1.0 if not child else 1.38 - 0.4 * max(0.0, thing.size - 0.9),
        stoop=old + (old and bits.integer(3) == 0),
        top_hem=top_hem,
        skirt_hem=skirt_hem,
        bare_legs=bare_legs,
        hairdo=hairdo,
        hat=hat,
        bag=bag,
        bag_colour=colours[bits.integer(4)],
        shoes=((0.018, 0.016, 0.015), (0.02, 0.02, 0.022), (0.05, 0.03, 0.018), (0.34, 0.33, 0.31))[bits.integer(4)],
        arms=_arms(bits, thing.kind == "standing", bag, under),
        umbrella=UMBRELLAS[bits.integer(4)] if under else None,
        short_sleeves=top_hem > 0.4 and not wet and bits.integer(4) == 0,
    )
