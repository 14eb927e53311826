"""Which points the sun reaches: buildings' shadows on street and walls. Knows layout and light, draws nothing."""

import numpy as np

from unetkd_core.data.streets.layout import Layout


class Sunlight:
    """Shadow of the two rows of buildings, each a height along z. 1 is lit, 0 is shadow, soft between."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.weather = layout.weather
        road = layout.road
        self.front = road.half + road.walk + road.verge

    def reaches(self, u: np.ndarray, height: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Share of sunlight at points (u across, metres up, z ahead), broadcast together; float32 in [0, 1]."""
        shape = np.broadcast_shapes(np.shape(u), np.shape(height), np.shape(z))
        if not self.weather.casts_shadows:
            return np.ones(shape, dtype=np.float32)
        return np.clip((height + self.clearance(u, z)) * 1.5 + 0.5, 0, 1).astype(np.float32)

    def clearance(self, u: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Metres by which the sun's ray to the ground at (u, z) passes over the buildings; negative in their shadow."""
        sx, sy, sz = self.weather.to_sun
        side = 1 if sx > 0 else -1
        reach = (self.front - side * u) / max(abs(sx), 0.02)
        skyline = self.layout.skyline[side].astype(np.float32)
        cell = np.clip((z + sz * reach + 30) * 2, 0, len(skyline) - 1).astype(np.int32)
        return np.asarray(sy * reach - skyline[cell])

    def at(self, u: float, height: float, z: float) -> float:
        """The same for one point."""
        if not self.weather.casts_shadows:
            return 1.0
        sx, sy, sz = self.weather.to_sun
        side = 1 if sx > 0 else -1
        reach = (self.front - side * u) / max(abs(sx), 0.02)
        skyline = self.layout.skyline[side]
        cell = min(len(skyline) - 1, max(0, int((z + sz * reach + 30) * 2)))
        return min(1.0, max(0.0, (height + sy * reach - skyline[cell]) * 1.5 + 0.5))
