"""Letters for pictures that are typeset here: the screen's own Source Sans and Source Serif, which Streamlit brings.

They are WOFF2 files, which Pillow's wheels can read; where it cannot, Pillow's own plain font takes their place, and
the signs that it lacks are written otherwise. Knows fonts, not what is written.
"""

from functools import lru_cache
from pathlib import Path
from typing import Final

import streamlit
from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_MEDIA: Final = Path(streamlit.__file__).parent / "static" / "static" / "media"
_FILES: Final = {"sans": "SourceSansVF-Upright*.woff2", "serif": "SourceSerifVariable-Roman*.woff2"}
_PLAIN: Final = str.maketrans(
    {"−": "-", "–": "-", "×": "x", "’": "'", "“": '"', "”": '"', "…": "...", "α": "alpha", "\u00a0": " "}
)


@lru_cache(maxsize=32)
def font(size: int, weight: int = 400, family: str = "sans") -> Font:
    """The font at `size` pixels. weight: 200 to 900, as in CSS."""
    found = _streamlits(size, family)
    if found is None:
        return ImageFont.load_default(size)
    try:
        axes = found.get_variation_axes()
        found.set_variation_by_axes([weight if axis["name"] == b"Weight" else _at(axis, size) for axis in axes])
    except (OSError, NotImplementedError):
        pass  # an old FreeType draws the regular weight
    return found


def _at(axis: ImageFont.Axis, size: int) -> int:
    """Source Serif has an optical size too: that of the letters."""
    return min(max(size, axis["minimum"] or 0), axis["maximum"] or size)


def _streamlits(size: int, family: str) -> ImageFont.FreeTypeFont | None:
    for file in sorted(_MEDIA.glob(_FILES[family])):
        try:
            return ImageFont.truetype(str(file), size)
        except OSError:
            continue
    return None


def write(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, font: Font, fill: str, *, anchor: str = "ls"
) -> float:
    """Write one line; `at` is the baseline's left end, with anchor "rs" its right one. Returns the width in pixels."""
    said = readable(text, font)
    draw.text(at, said, font=font, fill=fill, anchor=anchor)
    return draw.textlength(said, font=font)


def readable(text: str, font: Font) -> str:
    """The text as the font can write it."""
    source = isinstance(font, ImageFont.FreeTypeFont) and (font.getname()[0] or "").startswith("Source")
    return text if source else text.translate(_PLAIN).encode("ascii", "replace").decode()


def shortened(text: str, font: Font, width: float) -> str:
    """The text cut to `width` pixels with an ellipsis; whole where it fits."""
    measured = ImageDraw.Draw(_blank()).textlength
    if measured(readable(text, font), font=font) <= width:
        return text
    while text and measured(readable(f"{text.rstrip()}…", font), font=font) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def lines(text: str, font: Font, width: float) -> list[str]:
    """The text's words in lines of at most `width` pixels."""
    measured, found = ImageDraw.Draw(_blank()).textlength, [""]
    for word in text.split():
        longer = f"{found[-1]} {word}".strip()
        if found[-1] and measured(readable(longer, font), font=font) > width:
            found.append(word)
        else:
            found[-1] = longer
    return found


@lru_cache(maxsize=1)
def _blank() -> Image.Image:
    return Image.new("L", (1, 1))
