"""The pinhole camera: metres to pixels and back. Knows no street and no colour.

X is right, Y up, Z forward, the ground Y = 0, the camera at (0, height_m, 0) looking along Z. Pitch is a shift of the
horizon (a shifted lens), so what stands upright stays upright in the picture and one image column is one direction
over the ground: walls are cast column by column.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Lens:
    """What a scene fixes whatever the size: camera height in metres; focal length and horizon in frame units.

    A frame unit is the height of the smallest 2:1 frame covering the picture: another aspect crops the same scene.
    """

    height_m: float
    focal: float
    horizon: float


@dataclass(frozen=True)
class Camera:
    """A lens at one picture size. `focal`, `centre` and `horizon` are in pixels (x, y of pixel edges, not centres)."""

    rows: int
    columns: int
    height_m: float
    focal: float
    centre: float
    horizon: float

    @classmethod
    def at(cls, lens: Lens, rows: int, columns: int) -> "Camera":
        unit = max(float(rows), columns / 2)
        return cls(rows, columns, lens.height_m, lens.focal * unit, columns / 2, rows / 2 + lens.horizon * unit)

    def x(self, x_m: float, z_m: float) -> float:
        return self.centre + self.focal * x_m / z_m

    def y(self, y_m: float, z_m: float) -> float:
        return self.horizon + self.focal * (self.height_m - y_m) / z_m

    def project(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) metres -> (N, 2) pixels (x, y); Z must be positive."""
        scale = self.focal / points[:, 2]
        return np.stack(
            [self.centre + points[:, 0] * scale, self.horizon + (self.height_m - points[:, 1]) * scale], axis=1
        )

    def sees(self, x_m: float, z_m: float, half_width_m: float) -> bool:
        """Whether something about x_m, this wide, is in front of the camera and inside the frame's columns."""
        return z_m > 0.5 and abs(x_m) - half_width_m < self.centre / self.focal * z_m

    def slopes(self) -> np.ndarray:
        """(columns,) float64: X / Z of each column's centre."""
        return (np.arange(self.columns) + 0.5 - self.centre) / self.focal

    def drops(self) -> np.ndarray:
        """(rows,) float64: (height - Y) / Z of each row's centre; positive below the horizon."""
        return (np.arange(self.rows) + 0.5 - self.horizon) / self.focal
