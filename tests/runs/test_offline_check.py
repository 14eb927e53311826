"""The offline check: what is here passes without a connection, and each thing that lacks says how to get it."""

import shutil
import socket
from pathlib import Path

import pytest

from tests.pages.home_folder import make_home_folder
from tests.pages.trio_folder import make_trio
from unetkd_core import settings
from unetkd_core.runs import home_scene, offline_check
from unetkd_core.runs.offline_check import Finding


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    make_trio(folder)
    return folder


@pytest.fixture
def hall(tmp_path: Path, trio: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of checkpoints and a Home that are whole; the checkpoints' is returned, to be damaged."""
    folder = tmp_path / "checkpoints"
    shutil.copytree(trio, folder)
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(folder))
    monkeypatch.setattr(home_scene, "FOLDER", make_home_folder(tmp_path / "home"))
    return folder


def found(name: str) -> Finding:
    return next(f for f in offline_check.findings() if f.name == name)


def test_all_is_well_and_nothing_was_connected_to(hall: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("the check opened a connection")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refused)
    everything = list(offline_check.findings())
    assert [f for f in everything if not f.ok] == []
    assert [f.name for f in everything] == offline_check.names()
    assert "alone, big and taught" in next(f for f in everything if f.name == "Networks").told


def test_changed_weights_are_found_by_their_sha256(hall: Path) -> None:
    weights = hall / "big" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    finding = found("Networks")
    assert not finding.ok and "sha256" in finding.told and finding.remedy


def test_a_folder_without_networks_and_a_damaged_config_are_told(hall: Path) -> None:
    (hall / "big" / "config.json").write_text("{")
    assert "big" in found("Networks").told
    shutil.rmtree(hall)
    finding = found("Networks")
    assert not finding.ok and str(hall) in finding.told and "checkpoints/" in finding.remedy


def test_a_home_scene_that_lacks_or_is_damaged_is_told(
    hall: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home" / "truth.png").write_bytes(b"no picture")
    assert not found("Home’s street").ok
    monkeypatch.setattr(home_scene, "FOLDER", tmp_path / "nothing")
    assert "scene.json" in found("Home’s street").told


def test_an_address_in_what_the_browser_is_sent_is_found(
    hall: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = tmp_path / "checkout" / "assets"
    assets.mkdir(parents=True)
    (assets / "a.css").write_text('@import "https://fonts.example.org/x.css"; /* http://www.w3.org/2000/svg */')
    monkeypatch.setattr(settings, "PROJECT_ROOT", tmp_path / "checkout")
    finding = found("What the browser is sent")
    assert not finding.ok and "assets/a.css names https://fonts.example.org" in finding.told


def test_a_full_disk_is_told(hall: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline_check, "FREE_BYTES", 10**18)
    assert "MB are free" in found("Room for runs").told
