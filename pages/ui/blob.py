"""One bytes blob for the browser: a small JSON header and the arrays it names. The twin of assets/viewer/blob.js.

Layout: header length as 4 bytes little endian, the header as UTF-8 JSON, then the parts one after the other; the
header's `parts` holds [offset from the first part, length] of each. Label maps are deflated (zlib), the photo is
an ordinary image file. Streamlit sends raw bytes only at the top level, hence one blob. Knows no Streamlit.
"""

import hashlib
import io
import json
import zlib
from functools import lru_cache
from typing import Any, Final

import numpy as np
from PIL import Image

LONGEST_SIDE: Final = 2048
"""Pixels: a street of any dataset is sent as it is, and can be saved so; larger pictures are reduced, for 40 megapixels
would take seconds to send."""


def pack(header: dict[str, Any], parts: list[bytes]) -> bytes:
    """Header (JSON-serialisable) and parts -> blob. By its digest the browser keeps what it has on a rerun."""
    offsets, position = [], 0
    for part in parts:
        offsets.append([position, len(part)])
        position += len(part)
    body = b"".join(parts)
    plain = json.dumps(header, sort_keys=True, allow_nan=False)
    digest = hashlib.blake2b(plain.encode() + body, digest_size=8).hexdigest()
    text = json.dumps({**header, "parts": offsets, "digest": digest}, allow_nan=False).encode()
    return len(text).to_bytes(4, "little") + text + body


def unpack(blob: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """The inverse of `pack`, for tests."""
    length = int.from_bytes(blob[:4], "little")
    header = json.loads(blob[4 : 4 + length])
    body = blob[4 + length :]
    return header, [body[start : start + size] for start, size in header["parts"]]


def photo_part(photo: np.ndarray) -> bytes:
    """(H, W, 3) uint8 -> JPEG bytes, at most LONGEST_SIDE pixels long. Only photos may be JPEG, never labels."""
    image = Image.fromarray(np.ascontiguousarray(photo))
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=92, subsampling=0)
    return file.getvalue()


def quantity_part(values: np.ndarray) -> bytes:
    """(H, W) float -> deflated rows of tenths as uint16, little endian; 65535 is infinity and all that does not fit."""
    tenths = np.where(values < 6553, np.round(np.minimum(values, 6553) * 10), 65535)
    return zlib.compress(tenths.astype("<u2").tobytes(), 6)


def logits_part(logits: np.ndarray) -> bytes:
    """(C, h, w) float -> half floats, all low bytes before all high ones, deflated.

    The high bytes (sign, exponent, two bits more) are alike over whole surfaces and shrink by half; the low ones are
    noise. Beyond ±65504 a half float ends; logits of that size are as sure as those at the end.
    """
    halves = np.clip(logits, -65504, 65504).astype("<f2")
    apart = np.ascontiguousarray(halves.reshape(-1).view(np.uint8).reshape(-1, 2).T)
    return _deflated(apart.tobytes())


@lru_cache(maxsize=24)
def _deflated(data: bytes) -> bytes:
    """Quickly, and once: a page sends the same logits again on every rerun. 24 of them are some 30 MB."""
    return zlib.compress(data, 1)


def labels_part(labels: np.ndarray) -> tuple[bytes, int, int]:
    """(H, W) uint8 -> (deflated rows, height, width); larger maps are reduced by picking pixels: all stay classes."""
    height, width = labels.shape
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    if scale < 1.0:
        new_h, new_w = max(1, round(height * scale)), max(1, round(width * scale))
        rows = ((np.arange(new_h) + 0.5) * height / new_h).astype(np.intp)
        cols = ((np.arange(new_w) + 0.5) * width / new_w).astype(np.intp)
        labels = labels[rows][:, cols]
    return zlib.compress(np.ascontiguousarray(labels, dtype=np.uint8).tobytes(), 6), labels.shape[0], labels.shape[1]
