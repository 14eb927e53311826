"""Scenes stay in memory once they are read, as far as there is room for them."""

import pytest

from unetkd_core.data import source
from unetkd_core.data.source import Remembered, Scene
from unetkd_core.data.source_streets import StreetsSource


class Counting(StreetsSource):
    """Streets that notes which scenes were drawn."""

    def __init__(self) -> None:
        super().__init__("val")
        self.drawn: list[int] = []

    def read(self, index: int) -> Scene:
        self.drawn.append(index)
        return super().read(index)


def test_a_scene_is_read_once_while_there_is_room_and_again_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counting = Counting()
    first = counting.read(0)
    assert first.labels is not None
    monkeypatch.setattr(source, "MEMORY_BYTES", 2 * (first.image.nbytes + first.labels.nbytes))
    counting.drawn.clear()
    kept = Remembered(counting)
    for index in (0, 1, 2, 0, 1, 2):
        assert (kept.read(index).image == StreetsSource("val").read(index).image).all()
    assert counting.drawn == [0, 1, 2, 2]
