"""What a talk needs, and whether it is here without a network: looked at for real, one thing after the other.

Opens files, loads networks, draws a street; connects to nothing. Needs no torch until a check does.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from unetkd_core import settings, visitors
from unetkd_core.errors import UnetKDError

FREE_BYTES: Final = 500_000_000
"""Room that a short run and its packed streets want."""
_FONTS: Final = ("SourceSansVF-Upright", "SourceSerifVariable-Roman", "SourceCodeVF-Upright", "MaterialSymbols")
_REMOTE: Final = re.compile(r"https?://(?!www\.w3\.org/)[\w.-]+")
"""An address in what the browser gets; w3.org's are names of XML, which nobody fetches."""
_TEXTS: Final = (".css", ".js", ".svg", ".toml")


@dataclass(frozen=True)
class Finding:
    """One thing that a talk needs. told: what was found. remedy: how to get it, where it is not ok."""

    name: str
    ok: bool
    told: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """A dict of JSON values."""
        return {"name": self.name, "ok": self.ok, "told": self.told, "remedy": self.remedy}


class _Missing(Exception):
    """(what was found, how to get it)."""


def findings() -> Iterator[Finding]:
    """Every thing in turn, as soon as it has been looked at. Takes seconds where torch is not loaded yet.

    Raises NotAllowedError for a visitor of a public server.
    """
    visitors.refuse("Looking through this machine")
    for name, look in _CHECKS:
        try:
            yield Finding(name, True, look())
        except _Missing as missing:
            yield Finding(name, False, *missing.args)
        except (UnetKDError, OSError) as error:
            yield Finding(
                name,
                False,
                str(error),
                "Look at what it says; what came with UNetKD can be checked out of its repository again.",
            )


def names() -> list[str]:
    """What `findings` looks at, in its order."""
    return [name for name, _ in _CHECKS]


def _torch() -> str:
    try:
        import torch
        import torchmetrics
        import torchvision
    except ImportError as error:
        raise _Missing(
            f"{error.name} cannot be imported.", "Install requirements.txt while there is a network."
        ) from None
    return f"torch {torch.__version__}, torchvision {torchvision.__version__}, torchmetrics {torchmetrics.__version__}."


def _checkpoints() -> str:
    from unetkd_core.zoo import checkpoints

    damaged = checkpoints.list_damaged()
    if damaged:
        name, error = damaged[0]
        raise _Missing(
            f"{name}: {error}",
            f"Copy checkpoints/{name} again, read it by the release that wrote it, or take the folder out.",
        )
    here = [name for name, _ in checkpoints.list_named()]
    if not here:
        folder = settings.checkpoints_dir()
        raise _Missing(f"There is no network in {folder}.", "Check out checkpoints/ of the repository, or train one.")
    for name in here:
        checkpoints.load(settings.checkpoints_dir() / name)  # rebuilds it, and compares the sha256
    here += _ensembles()
    return f"{_listed(here)}: loaded, each file with the sha256 of its config."


def _ensembles() -> list[str]:
    """Names of the ensembles that are kept, each of the members that it was made of."""
    from unetkd_core.zoo import references, shelf

    here = shelf.ensembles_there()
    for name in here:
        try:
            references.info_of(name)
        except UnetKDError as error:
            raise _Missing(f"{name}: {error}", f"Copy checkpoints/{name} and its members again.") from None
    return here


def _reading() -> str:
    """The whole way of a picture: drawn, read by a network, six classes out."""
    from unetkd_core.data.catalog import open_source
    from unetkd_core.inference.predict import predict
    from unetkd_core.zoo import checkpoints
    from unetkd_core.zoo.references import load_model

    here = checkpoints.list_named()
    if not here:
        raise _Missing("There is no network that could read one.", "See the line above.")
    name, info = here[0]
    image = open_source("streets:val").read(0).image
    labels = predict(load_model(name).model, image, training_size=(info.height, info.width)).labels
    return f"{name} read scene 1 of streets:val, {labels.shape[1]} × {labels.shape[0]} pixels."


def _home() -> str:
    from unetkd_core.runs.home_scene import read_home

    home = read_home()
    if home is None:
        raise _Missing("assets/home/ has no scene.json.", "Check out assets/home/ of the repository.")
    return f"One street, {home.photo.shape[1]} × {home.photo.shape[0]} pixels, read in advance."


def _streets() -> str:
    from unetkd_core.classes import VOID
    from unetkd_core.data.catalog import open_source

    source = open_source("streets:val")
    scene = source.read(0)
    again = source.read(0)
    if (scene.image != again.image).any() or scene.labels is None or not (scene.labels < VOID).any():
        raise _Missing("A street was drawn twice and differs.", "Install requirements.txt anew: numpy is damaged.")
    return f"{len(source):,} streets to look at, drawn here when they are asked for."


def _fonts() -> str:
    spec = find_spec("streamlit")
    if spec is None or spec.origin is None:
        raise _Missing("Streamlit is not installed.", "Install requirements.txt while there is a network.")
    media = Path(spec.origin).parent / "static" / "static" / "media"
    there = [path.name for path in media.glob("*.woff2")] if media.is_dir() else []
    lacking = [font for font in _FONTS if not any(name.startswith(font) for name in there)]
    if lacking:
        raise _Missing(f"Streamlit lacks {_listed(lacking)}.", "Install the Streamlit that requirements.txt names.")
    return "Source Sans, Source Serif, Source Code and the symbols come with Streamlit."


def _pages() -> str:
    files = [settings.PROJECT_ROOT / ".streamlit" / "config.toml", *(settings.PROJECT_ROOT / "assets").rglob("*")]
    texts = [path for path in files if path.suffix in _TEXTS and path.is_file()]
    for path in texts:
        found = _REMOTE.search(path.read_text(encoding="utf-8"))
        if found:
            where = path.relative_to(settings.PROJECT_ROOT)
            raise _Missing(f"{where} names {found[0]}.", "Take the address out: a hall without a network waits for it.")
    return f"{len(texts)} scripts, sheets and drawings; none asks another server."


def _room() -> str:
    home = settings.home()
    there = next(folder for folder in (home, *home.parents) if folder.is_dir())
    if not os.access(there, os.W_OK):
        raise _Missing(f"{home} cannot be written.", "Set UNETKD_HOME to a folder that can.")
    free = shutil.disk_usage(there).free
    if free < FREE_BYTES:
        raise _Missing(f"{free / 1e6:.0f} MB are free.", f"Free {FREE_BYTES / 1e6:.0f} MB, or set UNETKD_HOME.")
    return f"{free / 1e9:.0f} GB are free for runs."


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


_CHECKS: Final[tuple[tuple[str, Callable[[], str]], ...]] = (
    ("Fonts", _fonts),
    ("What the browser is sent", _pages),
    ("Home’s street", _home),
    ("Streets", _streets),
    ("Room for runs", _room),
    ("torch", _torch),
    ("Networks", _checkpoints),
    ("A street read by a network", _reading),
)
