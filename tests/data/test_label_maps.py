"""Label maps: exact values in, exact values out."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from unetkd_core import classes
from unetkd_core.data.images import labels_png_bytes, read_labels, write_labels_png
from unetkd_core.errors import ImageError

VALUES = st.sampled_from([0, 1, 2, 3, 4, 5, classes.UNLABELLED, classes.VOID])
LABELS = npst.arrays(np.uint8, npst.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=VALUES)


def saved(image: Image.Image, format: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=format)
    return buffer.getvalue()


@given(labels=LABELS)
def test_written_labels_are_read_back_exactly(labels: np.ndarray) -> None:
    assert np.array_equal(read_labels(labels_png_bytes(labels), name="x"), labels)


@pytest.mark.parametrize("palette", ["table1", "safe"])
def test_a_written_map_shows_the_palettes_colours(tmp_path: Path, palette: str) -> None:
    labels = np.array([[0, 1, 2], [3, 4, 5]], dtype=np.uint8)
    write_labels_png(labels, tmp_path / "m.png", palette)
    with Image.open(tmp_path / "m.png") as image:
        assert np.array_equal(np.array(image.convert("RGB")), classes.encode(labels, palette))


def test_writing_floats_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="float32"):
        labels_png_bytes(np.zeros((4, 4), dtype=np.float32))


def test_grey_and_palette_files_give_values_and_colour_files_give_colours() -> None:
    values = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert np.array_equal(read_labels(saved(Image.fromarray(values)), name="x"), values)
    colors = classes.encode(values % 6)
    assert np.array_equal(read_labels(saved(Image.fromarray(colors)), name="x"), colors)
    opaque = np.dstack([colors, np.full((3, 4), 255, dtype=np.uint8)])
    assert np.array_equal(read_labels(saved(Image.fromarray(opaque)), name="x"), colors)


@pytest.mark.parametrize(
    ("bits", "row", "values"), [(1, b"\xa0", [1, 0, 1, 0]), (2, b"\x1b", [0, 1, 2, 3]), (4, b"\x05\x3f", [0, 5, 3, 15])]
)
def test_few_bits_a_pixel_are_values_not_shades(bits: int, row: bytes, values: list[int]) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 4, 1, bits, 0, 0, 0, 0)
    file = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b"")
    )
    assert read_labels(file, name="x").tolist() == [values]


def test_sixteen_bit_values_are_kept_where_they_fit_and_refused_where_not() -> None:
    fits = np.array([[0, 5], [255, 1]], dtype=np.uint16)
    assert np.array_equal(read_labels(saved(Image.fromarray(fits)), name="x"), fits)
    with pytest.raises(ImageError, match=r"ids\.png has label value 26001"):
        read_labels(saved(Image.fromarray(fits + 25746 * (fits == 255).astype(np.uint16))), name="ids.png")


@pytest.mark.parametrize(("format", "what"), [("JPEG", "a JPEG picture"), ("WEBP", "a WebP picture"), ("BMP", "a BMP")])
def test_formats_that_change_values_are_refused(format: str, what: str) -> None:
    with pytest.raises(ImageError, match=rf"m\.jpg is {what}.*label maps are PNGs"):
        read_labels(saved(Image.new("L", (20, 20)), format), name="m.jpg")


def test_a_map_cut_short_is_refused() -> None:
    file = labels_png_bytes(np.random.default_rng(0).integers(0, 6, (40, 40), dtype=np.uint8))
    with pytest.raises(ImageError, match=r"m\.png is cut short or damaged"):
        read_labels(file[: len(file) // 2], name="m.png")
