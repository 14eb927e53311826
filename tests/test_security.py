"""SECURITY.md promises with numbers: they are those in the code, and what it says of files is so."""

import re
from pathlib import Path

import pytest
from starlette.formparsers import MultiPartParser

from pages.ui import model_details, upload
from tests.fuzz.cases import SHARES
from unetkd_core import errors, outside, settings
from unetkd_core.data import images
from unetkd_core.inference import sizes
from unetkd_core.models import complexity
from unetkd_core.runs import metrics_lines
from unetkd_core.zoo import checkpoints, ensembles, hub_offer, limits

ROOT = Path(__file__).resolve().parent.parent
TEXT = " ".join((ROOT / "SECURITY.md").read_text(encoding="utf-8").split())
MB = 1024 * 1024


@pytest.mark.parametrize(
    "said",
    [
        f"one line of at most {errors.MAX_SENTENCE:,} characters",
        f"{settings.UPLOAD_MAX_BYTES // MB} MB, {settings.UPLOAD_MAX_PIXELS // 10**6} megapixels, "
        f"{images.MIN_SIDE} pixels a side at least, {images.MAX_SCANS} passes of a JPEG",
        f"own photos kept in a session | {upload.MOST} |",
        f"JSON file (config, status, sweep, register) | {outside.MAX_JSON_BYTES // MB} MB, {outside.MAX_DEPTH} levels",
        f"`ensemble.json` | {ensembles.MAX_BYTES // MB} MB, {ensembles.MAX_MEMBERS} members",
        f"{limits.MAX_CARD_BYTES // MB} MB to download, {model_details.MAX_CARD_BYTES // 1000} kB to show",
        f"a safetensors header | {limits.MAX_HEADER_BYTES // MB} MB",
        f"{checkpoints.MAX_PARAMETERS:,} parameters, {complexity.MAX_LEVELS} levels, {complexity.MAX_WIDTH:,} channels",
        f"what a network looks at | {sizes.MAX_WORKING_PIXELS / 1e6:.1f} megapixels",
        f"`metrics.jsonl` of a run | {metrics_lines.MAX_BYTES // MB} MB",
        f"While it arrives, one over {MultiPartParser.spool_max_size // MB} MB may pass through a file",
        f"with {sum(SHARES.values()):,} hostile cases",
    ],
)
def test_the_numbers_are_those_in_the_code(said: str) -> None:
    assert said in TEXT


def test_the_files_that_are_downloaded_are_named() -> None:
    assert f"four names and nothing else: {', '.join(f'`{name}`' for name in hub_offer.LARGEST)};" in TEXT
    assert limits.MAX_CONFIG_BYTES == outside.MAX_JSON_BYTES


def test_nobody_promises_that_a_photo_never_touches_the_disk() -> None:
    assert (MultiPartParser.spool_max_size or 0) < settings.UPLOAD_MAX_BYTES, "else it could be promised"
    for path in (ROOT / "SECURITY.md", ROOT / "docs" / "server.md", ROOT / "pages" / "ui" / "upload.py"):
        said = " ".join(path.read_text(encoding="utf-8").split())
        assert "temporary folder" in said and not re.search(r"never (written to|on) (the )?disk|memory only", said), (
            path
        )


def test_no_code_unpickles() -> None:
    for path in [*(ROOT / "unetkd_core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]:
        code = path.read_text(encoding="utf-8")
        assert not re.search(r"import pickle|allow_pickle=True|weights_only=False|\bjoblib\b|yaml\.load\(", code), path
        for call in re.findall(r"torch\.load\([^)]*\)", code):
            assert "weights_only=True" in call, path


def test_private_reporting_is_the_only_address() -> None:
    assert "Report a vulnerability" in TEXT and "@" not in TEXT
