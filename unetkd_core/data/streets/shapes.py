"""The shapes of vehicles as a table of lengths and heights. Knows nothing else."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """Metres. Along the length, as fractions from the tail: rear glass foot and head, windscreen head and foot."""

    length: float
    width: float
    height: float
    belt: float
    nose: float
    tail: float
    rear_foot: float
    rear_head: float
    front_head: float
    front_foot: float
    roof_width: float
    wheel: float
    axles: tuple[float, ...]
    panes: int


SHAPES = {
    "hatch": Shape(3.95, 1.74, 1.48, 0.93, 0.74, 0.88, 0.03, 0.14, 0.60, 0.79, 0.76, 0.31, (0.17, 0.81), 2),
    "saloon": Shape(4.55, 1.80, 1.43, 0.92, 0.72, 0.86, 0.16, 0.32, 0.58, 0.75, 0.74, 0.32, (0.20, 0.81), 2),
    "estate": Shape(4.60, 1.80, 1.48, 0.94, 0.74, 0.92, 0.02, 0.09, 0.58, 0.75, 0.76, 0.32, (0.20, 0.81), 3),
    "suv": Shape(4.45, 1.86, 1.70, 1.06, 0.92, 1.02, 0.02, 0.09, 0.60, 0.75, 0.80, 0.36, (0.19, 0.81), 3),
    "van": Shape(5.10, 1.98, 2.25, 1.25, 0.98, 1.22, 0.0, 0.02, 0.76, 0.89, 0.88, 0.34, (0.20, 0.82), 1),
    "bus": Shape(10.8, 2.50, 3.05, 1.30, 1.10, 1.28, 0.0, 0.01, 0.985, 0.995, 0.97, 0.48, (0.24, 0.76), 7),
    "lorry": Shape(7.6, 2.40, 3.20, 1.50, 1.35, 1.48, 0.0, 0.005, 0.985, 0.995, 0.97, 0.46, (0.17, 0.26, 0.82), 0),
}


def is_vehicle(kind: str) -> bool:
    return kind in SHAPES
