"""Pictures of every kind that people send, made here with Pillow; the real collection through UNETKD_TEST_IMAGES."""

import io
import json
import os
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from unetkd_core.data.images import read_image
from unetkd_core.errors import ImageError

RAMP = np.stack(np.broadcast_arrays(np.arange(48)[None] * 5, np.arange(32)[:, None] * 7, 128), axis=-1).astype(np.uint8)
"""(32, 48, 3): smooth, different along both axes, so that a turn, a clip or a swap of channels shows."""


def as_file(image: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=format, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(width: int, height: int, depth: int, color: int, pixels: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def read(data: bytes) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_image(data, name="This picture")


def refusal(data: bytes) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImageError) as caught:
            read_image(data, name="This picture")
    return str(caught.value)


PHOTO = Image.fromarray(RAMP)


@pytest.mark.parametrize(("format", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("JPEG", {"quality": 95})])
def test_png_jpeg_and_webp_give_the_picture_as_uint8_rgb(format: str, options: dict[str, Any]) -> None:
    image = read(as_file(PHOTO, format, **options))
    assert image.dtype == np.uint8
    assert image.shape == (32, 48, 3)
    assert np.abs(image.astype(int) - RAMP).mean() < 3


def test_progressive_jpeg_is_read() -> None:
    assert np.abs(read(as_file(PHOTO, "JPEG", quality=95, progressive=True)).astype(int) - RAMP).mean() < 3


def test_bytes_after_the_picture_are_left_alone() -> None:
    assert read(as_file(PHOTO, "JPEG") + b"PK\x03\x04 an archive").shape == (32, 48, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_turned_upright(orientation: int) -> None:
    stored = {1: RAMP, 2: RAMP[:, ::-1], 3: RAMP[::-1, ::-1], 4: RAMP[::-1], 5: RAMP.swapaxes(0, 1)}
    stored |= {6: np.rot90(RAMP), 7: RAMP[::-1, ::-1].swapaxes(0, 1), 8: np.rot90(RAMP, -1)}
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = as_file(Image.fromarray(np.ascontiguousarray(stored[orientation])), "PNG", exif=exif)
    assert np.array_equal(read(file), RAMP)


def test_a_broken_exif_block_leaves_the_picture_as_it_is() -> None:
    assert np.array_equal(read(as_file(PHOTO, "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")), RAMP)


def test_transparency_is_laid_over_white() -> None:
    alpha = np.zeros((32, 48), dtype=np.uint8)
    alpha[:, :24], alpha[:, 24] = 255, 51
    image = read(as_file(Image.fromarray(np.dstack([RAMP, alpha])), "PNG"))
    assert np.array_equal(image[:, :24], RAMP[:, :24])
    assert (image[:, 25:] == 255).all()
    assert np.abs(image[:, 24].astype(float) - (RAMP[:, 24] * 0.2 + 255 * 0.8)).max() <= 1


def test_a_palette_gives_its_colours_and_its_transparent_entries_are_white() -> None:
    image = Image.new("P", (20, 20), 1)
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.paste(0, (0, 0, 10, 20))
    pixels = read(as_file(image, "PNG", transparency=bytes([0, 255])))
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[0, 19].tolist() == [40, 50, 60]


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_grey_pictures_get_three_equal_channels(mode: str) -> None:
    image = read(as_file(PHOTO.convert(mode), "PNG"))
    assert image.shape == (32, 48, 3)
    assert (image[..., 0] == image[..., 2]).all()
    assert image.std() > 10


def test_cmyk_jpeg_keeps_its_colours() -> None:
    red = Image.new("RGB", (32, 32), (200, 30, 30)).convert("CMYK")
    assert np.abs(read(as_file(red, "JPEG", quality=95))[16, 16].astype(int) - [200, 30, 30]).max() < 8


@pytest.mark.parametrize("color", [0, 2])
def test_sixteen_bits_are_scaled_not_clipped(color: int) -> None:
    channels = 1 if color == 0 else 3
    values = np.repeat(np.linspace(0, 65535, 32 * 32).astype(">u2").reshape(32, 32, 1), channels, axis=2)
    rows = b"".join(b"\0" + row.tobytes() for row in values)
    image = read(png_of(32, 32, 16, color, rows))
    assert np.abs(image.astype(float) - values / 257).max() <= 1


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_an_animation_gives_its_first_frame(format: str) -> None:
    frames = [Image.new("RGB", (32, 32), color) for color in ((0, 0, 250), (250, 0, 0))]
    image = read(as_file(frames[0], format, save_all=True, append_images=frames[1:], duration=100))
    assert image[..., 2].min() > 240
    assert image[..., 0].max() < 10


def test_a_thumbnail_says_its_size_and_what_to_try() -> None:
    assert refusal(as_file(Image.new("RGB", (12, 9)), "PNG")) == (
        "This picture is 12 × 9 pixels. The nets need at least 16 × 16. It may be a thumbnail: try the original photo."
    )


def test_sixteen_by_sixteen_is_enough_and_one_column_is_not() -> None:
    assert read(as_file(Image.new("RGB", (16, 16)), "PNG")).shape == (16, 16, 3)
    assert "1 × 4000 pixels" in refusal(as_file(Image.new("RGB", (1, 4000)), "PNG"))


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (13_000, 13_000), (8_001, 5_000)])
def test_forty_megapixels_are_refused_from_the_header(width: int, height: int) -> None:
    assert f"{width} × {height} pixels" in refusal(png_of(width, height, 8, 2, b"never decoded"))


def test_a_jpeg_whose_header_lies_is_refused_before_decoding() -> None:
    file = bytearray(as_file(PHOTO, "JPEG"))
    frame = file.index(b"\xff\xc0")
    file[frame + 5 : frame + 9] = struct.pack(">HH", 65500, 65500)
    assert "65500 × 65500 pixels" in refusal(bytes(file))


def test_a_webp_canvas_is_measured_before_pillow_sets_it_up() -> None:
    frames = [Image.new("RGB", (32, 32), color) for color in ("red", "blue")]
    file = bytearray(as_file(frames[0], "WEBP", save_all=True, append_images=frames[1:]))
    assert file[12:16] == b"VP8X"
    file[24:30] = (16_382).to_bytes(3, "little") * 2
    assert "16383 × 16383 pixels" in refusal(bytes(file))


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 80}])
def test_still_webps_tell_their_size(options: dict[str, Any]) -> None:
    assert "12 × 9 pixels" in refusal(as_file(Image.new("RGB", (12, 9)), "WEBP", **options))


def test_more_than_twenty_megabytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.png"
    with path.open("wb") as file:
        file.truncate(20 * 2**20 + 1)
    with pytest.raises(ImageError, match=r"big\.png has 20\.0 MB; at most 20 MB"):
        read_image(path, name=path.name)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "is empty"),
        (as_file(PHOTO, "GIF"), "is a GIF picture. PNG, JPEG and WebP"),
        (as_file(PHOTO, "BMP"), "is a BMP picture"),
        (as_file(PHOTO, "TIFF"), "is a TIFF picture"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, "is a HEIC picture (an iPhone's format)"),
        (b"\0\0\0\x18ftypavif" + b"\0" * 40, "is an AVIF picture"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "is text (a web page or an SVG drawing)"),
        (b"<!DOCTYPE html><title>x</title>", "is text"),
        (b"just some words " * 9, "is not a picture that can be recognised"),
        (b"\x89PNG\r\n\x1a\n", "is cut short or damaged"),
        (b"\xff\xd8\xff", "is cut short or damaged"),
        (b"RIFF\0\0\0\0WEBP", "is cut short or damaged"),
    ],
)
def test_other_bytes_are_refused_with_what_they_are(data: bytes, what: str) -> None:
    assert f"This picture {what}" in refusal(data)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_file_cut_short_is_refused(format: str, kept: float) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    file = as_file(noise, format)
    assert "cut short or damaged" in refusal(file[: int(len(file) * kept)])


def test_every_flipped_byte_in_a_pngs_pixels_is_noticed() -> None:
    file = as_file(PHOTO, "PNG", compress_level=0)  # stored, not squeezed: the decoder alone would not notice
    start = file.index(b"IDAT") + 4
    for position in range(start + 20, start + 1000, 97):
        assert "damaged" in refusal(file[:position] + bytes([file[position] ^ 1]) + file[position + 1 :])


def test_a_checksum_that_does_not_fit_is_noticed_though_the_pixels_decode() -> None:
    file = bytearray(as_file(PHOTO, "PNG"))
    file[file.index(b"IEND") - 5] ^= 1  # the last byte of the pixel data's own checksum
    assert "damaged" in refusal(bytes(file))


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"gone\.png is not there"):
        read_image(tmp_path / "gone.png", name="gone.png")
    with pytest.raises(ImageError, match=r"folder is a folder\. Name the pictures in it"):
        read_image(tmp_path, name="folder")


def test_a_hostile_name_stays_on_one_line_and_short() -> None:
    with pytest.raises(ImageError) as caught:
        read_image(b"", name="a\n\x1b[31m" + "x" * 500)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 250


SEEDS = [as_file(PHOTO, "PNG"), as_file(PHOTO, "JPEG"), as_file(PHOTO, "WEBP"), as_file(PHOTO.convert("P"), "PNG")]


@settings(max_examples=150, deadline=None)
@given(
    which=st.integers(0, len(SEEDS) - 1), edits=st.lists(st.tuples(st.integers(0), st.binary(max_size=4)), max_size=4)
)
def test_damaged_bytes_give_a_picture_or_an_image_error(which: int, edits: list[tuple[int, bytes]]) -> None:
    data = SEEDS[which]
    for position, replacement in edits:
        position %= len(data)
        data = data[:position] + replacement + data[position + 1 :]
    try:
        image = read_image(data, name="x")
    except ImageError:
        return
    assert image.dtype == np.uint8
    assert image.ndim == 3


COLLECTION = os.environ.get("UNETKD_TEST_IMAGES")


@pytest.mark.skipif(
    not COLLECTION, reason="UNETKD_TEST_IMAGES (a folder of bad inputs with a manifest.json) is not set"
)
def test_the_real_collection_is_read_or_refused_as_its_manifest_suggests() -> None:
    folder = Path(str(COLLECTION))
    entries = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert entries
    for entry in entries:
        suggested, name = entry["suggested"], entry["file"]
        try:
            image = read((folder / name).read_bytes())
        except ImageError:
            assert "reject" in suggested or "too small" in suggested, name
            continue
        assert suggested.startswith("accept"), name
        assert 20 < image.mean() < 235, name
        if name.startswith("exif_orientation"):
            assert image.shape[:2] == (360, 640), name


def test_a_jpeg_of_thousands_of_passes_is_refused_before_any_is_decoded() -> None:
    whole = as_file(PHOTO, "JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    assert read(whole[:-2] + 3 * last + whole[-2:]).shape == (32, 48, 3)
    assert "over 100 passes" in refusal(whole[:-2] + 5000 * last + whole[-2:])


@pytest.mark.skipif(os.name == "nt", reason="no pipes with names and no /dev there")
def test_a_pipe_and_a_device_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zeros.png").symlink_to("/dev/zero")
    for path in (
        tmp_path / "pipe.png",
        tmp_path / "zeros.png",
        tmp_path,
        tmp_path / "a\0b.png",
        tmp_path / ("a" * 999),
    ):
        with pytest.raises(ImageError, match=r"cannot be opened|is not there|is a folder"):
            read_image(path, name="It")
