"""Eight tiny scenes in memory, and a config that trains on them in a fraction of a second."""

import numpy as np
import pytest

from unetkd_core.training.config import RunConfig, parse_config


class TinyData:
    """Scenes of 16x32 pixels: vertical bands of all six classes, void and unlabelled pixels in the corner."""

    def __init__(self, count: int, seed: int = 0) -> None:
        generator = np.random.default_rng(seed)
        bands = [np.repeat(generator.permutation(6), 6)[:32] for _ in range(count)]
        self.labels = np.stack([b[None].repeat(16, 0) for b in bands]).astype(np.uint8)
        noise = generator.integers(0, 30, (count, 16, 32, 3))
        self.images = (self.labels[..., None] * 40 + noise).astype(np.uint8)
        self.labels[:, :2, :2] = 255
        self.labels[:, :2, 2:4] = 254

    def __len__(self) -> int:
        return len(self.images)

    def gather(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.images[indices], self.labels[indices]

    def class_shares(self) -> np.ndarray:
        counts = np.bincount(self.labels.reshape(-1), minlength=256)[:6]
        return counts / counts.sum()


@pytest.fixture
def data() -> TinyData:
    return TinyData(8)


@pytest.fixture
def val() -> TinyData:
    return TinyData(4, seed=1)


@pytest.fixture
def config() -> RunConfig:
    return parse_config(
        {
            "data": {"height": 16, "width": 32},
            "optim": {"epochs": 2, "batch_size": 4},
            "hardware": {"device": "cpu", "precision": "fp32", "memory_format": "channels_last", "threads": 1},
        }
    )
