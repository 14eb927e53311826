"""Reading pictures and label maps safely, and writing label maps exactly.

Every byte that comes from outside (an upload, a dataset's file) is decoded here and nowhere else. The format is told by
content, sizes are checked from the header before anything is decoded, and whatever is wrong becomes one ImageError.
It knows no dataset, no class mapping and no network.
"""

import io
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from unetkd_core import classes, settings
from unetkd_core.errors import ImageError

MIN_SIDE: Final = 16
"""Shortest side in pixels that the nets take."""

_PNG = b"\x89PNG\r\n\x1a\n"
_ORIENTATION_TAG: Final = 0x0112  # Exif 2.3, "Orientation"
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}


def read_image(data: bytes | Path, *, name: str) -> np.ndarray:
    """Decode a PNG, JPEG or WebP picture to (H, W, 3) uint8 RGB, upright by its EXIF, transparency laid over white.

    `name` starts every error sentence ("This picture" for an upload, the file's name for a dataset). Of an animation the
    first frame is taken; 16-bit pictures are scaled to 8 bits. Raises ImageError, and nothing else, for bad bytes: over 20 MB,
    over 40 megapixels, a side under 16, another format, cut short, damaged, or not there.
    """
    name = one_line(name)
    raw = _bytes_of(data, name)
    try:
        image = _open(raw, name)
        _check_size(image.size, name, min_side=MIN_SIDE)
        rgb = _to_rgb(image)
        orientation = _orientation(image)
        upright = rgb.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else rgb
        return np.array(upright)
    except ImageError:
        raise
    except Exception as error:  # decoders answer hostile bytes with almost any exception: OSError, SyntaxError, struct.error, MemoryError...
        raise _damaged(name) from error


def read_labels(data: bytes | Path, *, name: str) -> np.ndarray:
    """Decode a label map (PNG only): raw values (H, W) uint8, or colours (H, W, 3) uint8 when it was saved in colour.

    Palette PNGs give their indices, never their colours; grey PNGs of 1, 2 or 4 bits give their stored values. Raises ImageError
    as `read_image`, for formats that change values (JPEG, WebP) and for values over 255.
    """
    name = one_line(name)
    raw = _bytes_of(data, name)
    if not raw.startswith(_PNG):
        raise ImageError(f"{name} is a label map but {_what_it_is(raw)}, not a PNG. Other formats change label values: save it as PNG.")
    try:
        return _label_values(_open(raw, name), bits=raw[24], name=name)
    except ImageError:
        raise
    except Exception as error:
        raise _damaged(name) from error


def label_palette(data: bytes | Path, *, name: str) -> np.ndarray | None:
    """The colours (256, 3) uint8 of a palette PNG, unused entries black; None when the file is no palette PNG."""
    image = _open(_bytes_of(data, name), name)
    if image.mode != "P":
        return None
    flat = np.zeros(768, dtype=np.uint8)
    entries = np.array(image.getpalette("RGB"), dtype=np.uint8)
    flat[: len(entries)] = entries
    return flat.reshape(256, 3)


def write_labels_png(labels: np.ndarray, target: Path | BinaryIO, palette: str = "table1") -> None:
    """Write labels (H, W) uint8 as a palette PNG: values stay exact (254 and 255 too), colours are the palette's."""
    if labels.ndim != 2 or labels.dtype != np.uint8:
        raise ValueError(f"labels are {labels.dtype} {labels.shape}; expected uint8 (H, W)")
    image = Image.frombytes("P", (labels.shape[1], labels.shape[0]), np.ascontiguousarray(labels).tobytes())
    image.putpalette(classes.palette_bytes(palette))
    image.save(target, format="PNG")


def labels_png_bytes(labels: np.ndarray, palette: str = "table1") -> bytes:
    """`write_labels_png` into memory."""
    buffer = io.BytesIO()
    write_labels_png(labels, buffer, palette)
    return buffer.getvalue()


def one_line(name: str) -> str:
    """A file name as it may stand in a sentence: printable characters only, at most 120 of them."""
    shown = "".join(c if c.isprintable() else "?" for c in name)
    return shown if len(shown) <= 120 else shown[:117] + "..."


def _bytes_of(data: bytes | Path, name: str) -> bytes:
    limit = settings.UPLOAD_MAX_BYTES
    if isinstance(data, Path):
        try:
            size = data.stat().st_size
            raw = data.read_bytes() if size <= limit else b""
        except FileNotFoundError:
            raise ImageError(f"{name} is not there. Was it moved or renamed?") from None
        except OSError as error:
            raise ImageError(f"{name} cannot be opened ({error.strerror or 'unknown reason'}). Check that it is a file that you may read.") from error
    else:
        raw, size = data, len(data)
    if size > limit:
        raise ImageError(f"{name} has {size / 2**20:.1f} MB; at most {limit / 2**20:.0f} MB are read. Try a smaller copy, or a JPEG.")
    if not raw:
        raise ImageError(f"{name} is empty (0 bytes). Was the copy cut short? Try the original file.")
    return raw


def _open(raw: bytes, name: str) -> Image.Image:
    """A Pillow image whose header was read and whose size is within the limits; nothing is decoded yet.

    The plugins are called by name: `Image.open` would try every format it knows, and warns or raises at its own limit.
    """
    stream = io.BytesIO(raw)
    if raw.startswith(_PNG):
        _check_size(_checked_png_size(raw, name), name)
        return PngImagePlugin.PngImageFile(stream)
    if raw.startswith(b"\xff\xd8\xff"):
        image = JpegImagePlugin.JpegImageFile(stream)
        _check_size(image.size, name)
        return image
    if raw.startswith(b"RIFF") and raw[8:12] == b"WEBP":
        _check_size(_webp_size(raw), name)  # Pillow's WebP plugin sets up its whole canvas on opening
        return WebPImagePlugin.WebPImageFile(stream)
    raise ImageError(f"{name} {_what_it_is(raw)}. Pictures are read as PNG, JPEG or WebP: export it as one of these and try again.")


def _check_size(size: tuple[int, int], name: str, min_side: int = 1) -> None:
    width, height = size
    if width * height > settings.UPLOAD_MAX_PIXELS:
        raise ImageError(
            f"{name} is {width} × {height} pixels, {width * height / 1e6:.0f} megapixels; at most "
            f"{settings.UPLOAD_MAX_PIXELS / 1e6:.0f} are read. Try a smaller copy."
        )
    if min(width, height) < min_side:
        raise ImageError(
            f"{name} is {width} × {height} pixels. The nets need at least {min_side} × {min_side}. It may be a thumbnail: try the original photo."
        )


def _checked_png_size(raw: bytes, name: str) -> tuple[int, int]:
    """(width, height) after walking all chunks: Pillow checks no CRC of pixel data, and may not miss the end (PNG 3rd edition, 5.3)."""
    size: tuple[int, int] | None = None
    position = len(_PNG)
    while position + 12 <= len(raw):
        length, kind = struct.unpack_from(">I4s", raw, position)
        end = position + 12 + length
        if end > len(raw):
            break
        critical = not kind[0] & 0x20  # upper-case first letter
        if critical and zlib.crc32(memoryview(raw)[position + 4 : end - 4]) != struct.unpack_from(">I", raw, end - 4)[0]:
            raise _damaged(name)
        if kind == b"IHDR" and length == 13:
            size = struct.unpack_from(">II", raw, position + 8)
        if kind == b"IEND" and size is not None and min(size) > 0:
            return size
        position = end
    raise _damaged(name)


def _webp_size(raw: bytes) -> tuple[int, int]:
    """(width, height) of the canvas from the first chunk (RFC 9649, sections 2.5 to 2.7)."""
    kind = raw[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(raw[24:27], "little"), 1 + int.from_bytes(raw[27:30], "little")
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", raw, 21)[0]
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", raw, 26)
    return width & 0x3FFF, height & 0x3FFF


def _to_rgb(image: Image.Image) -> Image.Image:
    image.load()
    if image.mode.startswith("I"):
        # A plain convert() clips 16-bit grey to white; 65535 / 257 = 255.
        wide = np.asarray(image).astype(np.uint32)
        return Image.fromarray(((wide + 128) // 257).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        flat = Image.new("RGB", rgba.size, (255, 255, 255))
        flat.paste(rgba, mask=rgba.getchannel("A"))
        return flat
    return image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # a broken EXIF block says nothing about the pixels, which are fine: upright then
        return 1
    return value if isinstance(value, int) else 1


def _label_values(image: Image.Image, *, bits: int, name: str) -> np.ndarray:
    image.load()
    values = np.array(image)
    if image.mode == "1":
        return values.astype(np.uint8)
    if image.mode == "L" and bits < 8:
        return values // np.uint8(255 // (2**bits - 1))  # Pillow stretches 2 and 4 bits to 0-255
    if image.mode in ("LA", "RGBA"):
        return np.ascontiguousarray(values[..., 0] if image.mode == "LA" else values[..., :3])
    if values.dtype != np.uint8:
        if values.max() > 255:
            raise ImageError(f"{name} has label value {int(values.max())}; expected 0 to 255: was it saved as 16-bit depth or instance ids?")
        return values.astype(np.uint8)
    return values


def _what_it_is(raw: bytes) -> str:
    """What the bytes look like, as the rest of a sentence that starts with the file's name."""
    head = raw[:256].lstrip().lower()
    if raw[4:8] == b"ftyp":
        return "is an AVIF picture" if raw[8:12] in (b"avif", b"avis") else "is a HEIC picture (an iPhone's format) or a video"
    for start, what in ((_PNG, "is a PNG picture"), (b"\xff\xd8\xff", "is a JPEG picture"), (b"GIF8", "is a GIF picture"),
                        (b"BM", "is a BMP picture"), (b"II*\0", "is a TIFF picture"), (b"MM\0*", "is a TIFF picture"),
                        (b"%PDF", "is a PDF"), (b"PK", "is a ZIP archive"), (b"RIFF", "is a WebP picture or a sound")):
        if raw.startswith(start):
            return what
    if head.startswith(b"<"):
        return "is text (a web page or an SVG drawing)"
    return "is not a picture that can be recognised"


def _damaged(name: str) -> ImageError:
    return ImageError(f"{name} is cut short or damaged and cannot be decoded. Try the original file, or download it again.")
