"""Reading pictures and label maps safely, and writing label maps exactly.

Every byte that comes from outside (an upload, a dataset's file) is decoded here and nowhere else. The format is told by
content, sizes are checked from the header before anything is decoded, and whatever is wrong becomes one ImageError.
It knows no dataset, no class mapping and no network.
"""

import io
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from unetkd_core import classes, outside, settings
from unetkd_core.data import formats
from unetkd_core.errors import ImageError

MIN_SIDE: Final = 16
"""Shortest side in pixels that the nets take."""
MAX_SCANS: Final = 100
"""Passes over a JPEG's picture at most; photos have 1 to 10. Twenty megabytes can hold 200,000, an hour's work."""

_ORIENTATION_TAG: Final = 0x0112  # Exif 2.3, "Orientation"
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_image(data: bytes | Path, *, name: str) -> np.ndarray:
    """Decode a PNG, JPEG or WebP picture to (H, W, 3) uint8 RGB, upright by its EXIF, transparency laid over white.

    `name` starts every error sentence ("This picture" for an upload, the file's name for a dataset). Of an animation
    the first frame is taken; 16-bit pictures are scaled to 8 bits. Raises ImageError, and nothing else, for bad bytes:
    over 20 MB, over 40 megapixels, a side under 16, another format, cut short, damaged, or not there.
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
    except Exception as error:  # decoders answer hostile bytes with nearly any: OSError, SyntaxError, MemoryError...
        raise _damaged(name) from error


def read_labels(data: bytes | Path, *, name: str) -> np.ndarray:
    """Decode a label map (PNG only): raw values (H, W) uint8, or colours (H, W, 3) uint8 when it was saved in colour.

    Palette PNGs give their indices, never their colours; grey PNGs of 1, 2 or 4 bits give their stored values. Raises
    ImageError as `read_image`, for formats that change values (JPEG, WebP) and for values over 255.
    """
    name = one_line(name)
    raw = _bytes_of(data, name)
    if not raw.startswith(formats.PNG_SIGNATURE):
        found = formats.looks_like(raw)
        raise ImageError(f"{name} {found}; label maps are PNGs, because other formats change values. Save it as PNG.")
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
            if data.is_dir():
                raise ImageError(f"{name} is a folder. Name the pictures in it, as {name}/*.jpg.")
            size = data.stat().st_size
            raw = outside.read_bytes(data, limit) if size <= limit else b""
        except FileNotFoundError:
            raise ImageError(f"{name} is not there. Was it moved or renamed?") from None
        except (OSError, ValueError) as error:  # ValueError: a zero in the name, or it has grown
            why = getattr(error, "strerror", None) or "unknown reason"
            raise ImageError(f"{name} cannot be opened ({why}). Check that it is a file that you may read.") from error
    else:
        raw, size = data, len(data)
    if size > limit:
        raise ImageError(
            f"{name} has {size / 2**20:.1f} MB; at most {limit / 2**20:.0f} MB are read. Try a smaller copy, or a JPEG."
        )
    if not raw:
        raise ImageError(f"{name} is empty (0 bytes). Was the copy cut short? Try the original file.")
    return raw


def _open(raw: bytes, name: str) -> Image.Image:
    """A Pillow image whose header was read and whose size is within the limits; nothing is decoded yet.

    The plugins are called by name: `Image.open` would try every format it knows, and warns or raises at its own limit.
    """
    stream = io.BytesIO(raw)
    if raw.startswith(formats.PNG_SIGNATURE):
        size = formats.png_size(raw)
        if size is None or min(size) == 0:
            raise _damaged(name)
        _check_size(size, name)
        return PngImagePlugin.PngImageFile(stream)
    if raw.startswith(formats.JPEG_SIGNATURE):
        if formats.jpeg_scans(raw) > MAX_SCANS:
            raise ImageError(
                f"{name} is a JPEG of over {MAX_SCANS} passes, each of which would be decoded. Save it anew and try "
                f"again."
            )
        image = JpegImagePlugin.JpegImageFile(stream)
        _check_size(image.size, name)
        return image
    if formats.is_webp(raw):
        _check_size(formats.webp_size(raw), name)  # Pillow's WebP plugin sets up its whole canvas on opening
        return WebPImagePlugin.WebPImageFile(stream)
    found = formats.looks_like(raw)
    raise ImageError(f"{name} {found}. PNG, JPEG and WebP pictures are read: save it as one of these and try again.")


def _check_size(size: tuple[int, int], name: str, min_side: int = 1) -> None:
    width, height = size
    if width * height > settings.UPLOAD_MAX_PIXELS:
        raise ImageError(
            f"{name} is {width} × {height} pixels, {width * height / 1e6:.0f} megapixels; at most "
            f"{settings.UPLOAD_MAX_PIXELS / 1e6:.0f} are read. Try a smaller copy."
        )
    if min(width, height) < min_side:
        raise ImageError(
            f"{name} is {width} × {height} pixels. The nets need at least {min_side} × {min_side}. It may be a "
            f"thumbnail: try the original photo."
        )


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
            raise ImageError(
                f"{name} has label value {int(values.max())}; expected 0 to 255: was it saved as 16-bit depth or "
                f"instance ids?"
            )
        return values.astype(np.uint8)
    return values


def _damaged(name: str) -> ImageError:
    return ImageError(
        f"{name} is cut short or damaged and cannot be decoded. Try the original file, or download it again."
    )
