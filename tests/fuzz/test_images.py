"""Pictures and masks as anybody may send them: an array within the limits, or one sentence."""

import io
import struct
import zlib
from functools import cache
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from tests.fuzz.cases import answer, cases, changed_bytes, one_sentence, texts
from unetkd_core import settings
from unetkd_core.data import images
from unetkd_core.data.folder import read_mask
from unetkd_core.data.images import read_image, read_labels
from unetkd_core.errors import DataError, ImageError

PIXELS: Final = np.random.default_rng(0).integers(0, 256, (24, 20, 3), dtype=np.uint8)


def saved(format: str, mode: str = "RGB", **options: Any) -> bytes:
    stream = io.BytesIO()
    wide = mode.startswith("I;16")
    image = Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257) if wide else Image.fromarray(PIXELS).convert(mode)
    image.save(stream, format, **options)
    return stream.getvalue()


def chunk(kind: bytes, body: bytes, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return struct.pack(">I", size) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *, depth: int = 8, color: int = 2, body: bytes = b"", more: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


def _text() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * 2000, zip=True)
    return info


WHOLE: Final = (
    *(saved("PNG", mode) for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "I;16")),
    saved("PNG", transparency=(1, 2, 3)), saved("PNG", pnginfo=_text()), saved("PNG", exif=_exif()),
    *(saved("JPEG", mode, exif=_exif()) for mode in ("RGB", "L", "CMYK")), saved("JPEG", progressive=True),
    saved("WEBP"), saved("WEBP", "RGBA", lossless=True, exif=_exif()),
    saved("WEBP", save_all=True, append_images=[Image.new("RGB", (20, 24))]),
    saved("GIF", "P"), saved("BMP"), saved("TIFF"),
)  # fmt: skip
SIDES: Final = st.one_of(
    st.sampled_from((0, 1, 15, 16, 17, 4000, 2**16, 2**31 - 1, 2**31, 2**32 - 1)), st.integers(0, 99)
)


@st.composite
def repaired(draw: st.DrawFn) -> bytes:
    """A damaged PNG with sound checksums: damage behind the first fence."""
    raw, place, parts = draw(st.sampled_from(WHOLE[:10])), 8, [b"\x89PNG\r\n\x1a\n"]
    while place + 12 <= len(raw):
        length, kind = struct.unpack_from(">I4s", raw, place)
        body = raw[place + 8 : place + 8 + length]
        parts += [chunk(kind, draw(changed_bytes(body)) if body and draw(st.booleans()) else body)]
        place += 12 + length
    return b"".join(parts)


made = st.builds(
    png, SIDES, SIDES, depth=st.sampled_from((0, 1, 2, 4, 8, 16, 255)), color=st.integers(0, 7),
    body=st.one_of(st.binary(max_size=60), st.binary(max_size=60).map(zlib.compress)),
    more=st.one_of(st.just(b""), st.binary(max_size=40), st.binary(max_size=40).map(lambda b: chunk(b"tRNS", b))),
)  # fmt: skip
webps = st.builds(
    lambda size, kind, body: b"RIFF" + struct.pack("<I", size) + b"WEBP" + kind + body,
    st.integers(0, 2**32 - 1), st.sampled_from((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"")),
    st.binary(max_size=60),
)  # fmt: skip
files = st.one_of(
    st.sampled_from(WHOLE).flatmap(changed_bytes),
    repaired(),
    made,
    webps,
    st.binary(max_size=200),
    st.sampled_from(WHOLE),
)


@cases("images")
@given(raw=files, name=texts)
def test_any_bytes_are_a_picture_within_the_limits_or_one_sentence(raw: bytes, name: str) -> None:
    image = answer(lambda: read_image(raw, name=name))
    if image is not None:
        height, width = image.shape[:2]
        assert image.dtype == np.uint8 and image.shape == (height, width, 3) and min(height, width) >= images.MIN_SIDE
        assert height * width <= settings.UPLOAD_MAX_PIXELS


@cases("masks")
@given(raw=files, name=texts)
def test_any_bytes_are_a_label_map_or_one_sentence(
    raw: bytes, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    labels = answer(lambda: read_labels(raw, name=name))
    if labels is not None:
        assert labels.dtype == np.uint8 and labels.ndim in (2, 3)
    path = tmp_path_factory.getbasetemp() / "mask.png"
    path.write_bytes(raw)
    classes = answer(lambda: read_mask(path, "mask.png"))
    if classes is not None:
        assert classes.dtype == np.uint8 and classes.ndim == 2 and set(np.unique(classes)) <= {*range(6), 254, 255}


@cache
def bombs() -> dict[str, bytes]:
    """Small files that would become large: compressed zeros, compressed text, a canvas of gigapixels."""
    zeros = zlib.compress(bytes(2**28), 9)
    whole = png(32, 32, body=zlib.compress(bytes(32 * 97)))
    text = chunk(b"zTXt", b"x\0\0" + zeros) + chunk(b"iTXt", b"x\0\1\0\0\0" + zeros) + chunk(b"iCCP", b"x\0\0" + zeros)
    return {
        "pixels that its header does not have": png(32, 32, body=zeros),
        "a header of gigapixels": png(60_000, 60_000, body=zeros),
        "a header of 2 gigapixels a side": png(2**31 - 1, 2**31 - 1, body=zeros),
        "texts": whole[:33] + text + whole[33:],
        "thousands of texts": whole[:33]
        + 2000 * chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(10**6), 9))
        + whole[33:],
        "a canvas of gigapixels": b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0"
        + bytes(4)
        + b"\xff\xff\x03\xff\xff\x03"
        + b"VP8 ",
        "a chunk of 4 GB": b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"", 2**32 - 1),
        "passes": _passes(),
    }


def _passes() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (6000, 6000)).save(stream, "JPEG", progressive=True)
    raw = stream.getvalue()
    return raw[:-2] + 20_000 * raw[raw.rindex(b"\xff\xda") : -2] + raw[-2:]


@pytest.mark.parametrize("name", bombs())
def test_a_bomb_goes_off_in_no_memory(name: str, in_little_memory: Any) -> None:
    told = in_little_memory(
        """
        import sys
        from unetkd_core.data.images import read_image, read_labels
        from unetkd_core.errors import UnetKDError
        for read in (read_image, read_labels):
            try:
                print(read(open(sys.argv[1], "rb").read(), name="It").shape)
            except UnetKDError as error:
                print(error)
        """,
        bombs()[name],
    )
    assert ("megapixels; at most" in told) == ("gigapixels" in name)  # before memory is asked for, not for want of it


def test_a_refusal_names_the_file_in_bounded_words() -> None:
    with pytest.raises(ImageError) as caught:
        read_image(b"", name="x\n" * 10_000)
    one_sentence(str(caught.value))
    with pytest.raises(DataError):
        read_labels(saved("JPEG"), name="mask.jpg")
