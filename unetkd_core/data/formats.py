"""What a picture file says of itself before anything is decoded: its format, its size, and whether a PNG is whole.

Plain bytes in, facts out; knows no Pillow and no limits.
"""

import struct
import zlib
from typing import Final

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE: Final = b"\xff\xd8\xff"

_LOOKS: Final = (
    (PNG_SIGNATURE, "is a PNG picture"),
    (JPEG_SIGNATURE, "is a JPEG picture"),
    (b"GIF8", "is a GIF picture"),
    (b"BM", "is a BMP picture"),
    (b"II*\0", "is a TIFF picture"),
    (b"MM\0*", "is a TIFF picture"),
    (b"%PDF", "is a PDF"),
    (b"PK", "is a ZIP archive"),
    (b"RIFF", "is a WebP picture or a sound"),
)


def is_webp(raw: bytes) -> bool:
    """Whether the bytes begin as a WebP file."""
    return raw.startswith(b"RIFF") and raw[8:12] == b"WEBP"


def png_size(raw: bytes) -> tuple[int, int] | None:
    """(width, height) of a whole PNG; None when a chunk is cut short or a critical one fails its checksum.

    Pillow checks no CRC of pixel data and does not miss the end (PNG, third edition, section 5.3).
    """
    size: tuple[int, int] | None = None
    position = len(PNG_SIGNATURE)
    while position + 12 <= len(raw):
        length, kind = struct.unpack_from(">I4s", raw, position)
        end = position + 12 + length
        if end > len(raw) or not _chunk_is_sound(raw, position, end):
            return None
        if kind == b"IHDR" and length == 13:
            size = struct.unpack_from(">II", raw, position + 8)
        if kind == b"IEND":
            return size
        position = end
    return None


def _chunk_is_sound(raw: bytes, start: int, end: int) -> bool:
    if raw[start + 4] & 0x20:  # lower-case first letter: an ancillary chunk, which pixels do not depend on
        return True
    return bool(zlib.crc32(memoryview(raw)[start + 4 : end - 4]) == struct.unpack_from(">I", raw, end - 4)[0])


def jpeg_scans(raw: bytes) -> int:
    """How many passes (start-of-scan markers, ITU-T T.81 B.2.3) the file has, embedded thumbnails' included."""
    return raw.count(b"\xff\xda")


def webp_size(raw: bytes) -> tuple[int, int]:
    """(width, height) of the canvas from the first chunk (RFC 9649, sections 2.5 to 2.7).

    Raises struct.error when the header is cut short.
    """
    kind = raw[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(raw[24:27], "little"), 1 + int.from_bytes(raw[27:30], "little")
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", raw, 21)[0]
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", raw, 26)
    return width & 0x3FFF, height & 0x3FFF


def looks_like(raw: bytes) -> str:
    """What the bytes look like, as the rest of a sentence that starts with the file's name: "is a GIF picture"."""
    if raw[4:8] == b"ftyp":
        avif = raw[8:12] in (b"avif", b"avis")
        return "is an AVIF picture" if avif else "is a HEIC picture (an iPhone's format) or a video"
    for start, what in _LOOKS:
        if raw.startswith(start):
            return what
    if raw[:256].lstrip().startswith(b"<"):
        return "is text (a web page or an SVG drawing)"
    return "is not a picture that can be recognised"
