"""One copy of each network for all sessions, an ensemble's members included; who must wait is told on the page."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import streamlit as st

from pages.ui import caches, readings
from pages.ui.readings import Picture
from unetkd_core.errors import BusyError
from unetkd_core.inference import gate
from unetkd_core.zoo import ensembles, references

MEMBERS = ("m128-from-vgg16", "m128-alone")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    _forget()
    yield
    _forget()


def _forget() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


def test_many_sessions_at_once_load_a_network_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    load = references.load_model

    def counted(ref: str, **more: Any) -> Any:
        loaded.append(ref)
        return load(ref, **more)

    monkeypatch.setattr(references, "load_model", counted)
    start = threading.Barrier(8)

    def session(_: int) -> int:
        start.wait()
        return id(caches.load_model("m128-alone").model)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(session, range(8)))) == 1
    assert loaded == ["m128-alone"]


def test_an_ensemble_is_made_of_the_members_that_are_in_memory_already(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = [caches.load_model(ref).model for ref in MEMBERS]
    spec, info_of = ensembles.parse({"members": list(MEMBERS)}), references.info_of
    monkeypatch.setattr(references, "spec_of", lambda ref: spec if ref == "both" else None)
    monkeypatch.setattr(references, "info_of", lambda ref: info_of(MEMBERS[0] if ref == "both" else ref))
    monkeypatch.setattr(ensembles, "describe", lambda spec, infos, name: infos[0])
    both = caches.load_model("both", "0" * 64).model
    mine = {id(p) for model in alone for p in model.parameters()}
    assert {id(p) for p in both.parameters()} == mine


def test_who_finds_the_queue_full_reads_it_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "READING", gate.Gate("read", at_once=1, waiting=0, seconds=0))
    known = references.available()
    picture = Picture(np.zeros((32, 64, 3), np.uint8), None, private=False)
    with caches.READING.turn():
        (said,) = readings.label(readings.cast(known, ["m128-alone"]), picture)
        with pytest.raises(BusyError):
            caches.seconds_per_street("m128-alone", dict(known)["m128-alone"])
    assert "Try again in a few seconds" in said.problem
    (said,) = readings.label(readings.cast(known, ["m128-alone"]), picture)
    assert said.labels is not None, "the refusal is not kept"
