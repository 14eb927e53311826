"""Compare through app.py for its tests: small networks, streets that cost nothing, the page by its address."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.ui import caches
from tests.pages.trio_folder import make_trio, plain_street
from unetkd_core.data import streets

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def trio_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    make_trio(folder)
    make_trio(folder, prefix="z", data="elsewhere", mapping="cityscapes")
    return folder


@pytest.fixture(autouse=True)
def quick_streets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Streets that cost nothing, and caches that do not hand them to other tests."""
    monkeypatch.setattr(streets, "render", plain_street)
    monkeypatch.setattr(caches, "TIMED_RUNS", 1)
    st.cache_data.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def networks(trio_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(trio_folder))


def opened(**address: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.run()
    at.switch_page("pages/compare/overlays.py")
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def text(at: AppTest) -> str:
    """Everything that was written, as one text."""
    return "\n".join([h.value for h in at.html] + [c.value for c in at.caption])


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()
