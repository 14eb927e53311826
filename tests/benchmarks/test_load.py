"""What a session hears of a page: buttons, fragments, errors and problems; and how it is reported."""

import json

import pytest
from streamlit.proto.Delta_pb2 import Delta

from benchmarks import load, load_server
from benchmarks.load_session import Session


def delta(**fields: object) -> Delta:
    made = Delta()
    for path, value in fields.items():
        *parts, last = path.split("__")
        target = made.new_element
        for part in parts:
            target = getattr(target, part)
        setattr(target, last, value)
    return made


def test_a_session_notes_buttons_and_what_went_wrong() -> None:
    session = Session("http://127.0.0.1:1")
    session._take(delta(button__id="b1", button__label="Start, about 2 min"))
    session._take(delta(exception__type="ValueError", exception__message="surprise"))
    session._take(delta(html__body='<div class="ukd-problem" role="alert"><b>The queue is full</b></div>'))
    session._take(delta(bidi_component__id="c1", bidi_component__component_name="unetkd_visitor"))
    session._take(delta(html__body="<p>Fine</p>"))
    assert session._buttons == {"b1": "Start, about 2 min"} and session._visitor == "c1"
    assert session.errors == ["home: ValueError: surprise"] and session.told == ["home: The queue is full"]


def test_errors_copies_and_memory_have_aims(capsys: pytest.CaptureFixture[str]) -> None:
    one, alone = Session("http://x"), Session("http://x")
    one.drawn, alone.drawn = [("home", 0.1), ("runs", 0.3)], [("home", 4.0)]
    one.errors.append("runs: TimeoutError")
    found = {r.name: r for r in load.results(alone, [one], 2, {"peak_bytes": 3e9, "copies": [1, 2]})}
    assert [found[name].met for name in ("errors", "peak memory of the server", "copies of one network, at most")] == [
        False, False, False,
    ]  # fmt: skip
    assert found["a rerun, median"].value == 0.2 and "1 × runs: TimeoutError" in capsys.readouterr().out


def test_the_server_says_what_it_holds() -> None:
    assert load_server.peak_bytes() > 10_000_000 and json.dumps(load_server.copies())


def test_every_page_of_the_walk_is_one_of_the_apps() -> None:
    places = {place.partition("?")[0] for place in load.WALK}
    app = (load.settings.PROJECT_ROOT / "app.py").read_text()
    assert [place for place in places if place and f'/{place}"' not in app] == []
