"""How long, wide and high each kind of vehicle is. Knows nothing else."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """Metres."""

    length: float
    width: float
    height: float

    def scaled(self, size: float) -> "Shape":
        return Shape(self.length * size, self.width * size, self.height * size)


SHAPES = {
    "city": Shape(3.45, 1.62, 1.50),
    "hatch": Shape(4.05, 1.76, 1.49),
    "saloon": Shape(4.60, 1.80, 1.44),
    "taxi": Shape(4.60, 1.80, 1.60),
    "estate": Shape(4.68, 1.81, 1.50),
    "suv": Shape(4.45, 1.87, 1.68),
    "mpv": Shape(4.45, 1.83, 1.66),
    "pickup": Shape(5.20, 1.86, 1.78),
    "van": Shape(5.30, 1.98, 2.30),
    "minibus": Shape(5.80, 2.00, 2.55),
    "bus": Shape(10.9, 2.52, 3.05),
    "decker": Shape(10.4, 2.52, 4.30),
    "lorry": Shape(7.8, 2.46, 3.35),
    "tipper": Shape(6.8, 2.40, 2.72),
}

UK_PLATES, BRAKING, INDICATING, PARKED = (1 << bit for bit in range(20, 24))
"""Bits of a vehicle's `look` above its lots: yellow plates behind, brake lights on, an indicator lit, all else off."""


def is_vehicle(kind: str) -> bool:
    return kind in SHAPES
