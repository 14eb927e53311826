"""The door for uploads: so many at once, so long each, so many left lying; everything else passes untouched."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import serve

Scope = dict[str, Any]
PUT: Scope = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/session/file"}


def put(session: int) -> Scope:
    return {**PUT, "path": f"/_stcore/upload_file/session{session}/file"}


def answers(door: serve.UploadDoor, *scopes: dict[str, Any]) -> list[int]:
    """The status that each request gets, all asked at once."""

    async def ask(scope: dict[str, Any]) -> int:
        said: list[int] = []

        async def send(message: Any) -> None:
            said.append(message.get("status", 0))

        await door(scope, nothing, send)
        return said[0]

    async def all_of_them() -> list[int]:
        return list(await asyncio.gather(*map(ask, scopes)))

    # In a thread of its own: tests with a browser leave a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, all_of_them()).result()


async def nothing() -> Any:
    return {"type": "http.request", "body": b""}


def test_uploads_come_in_so_many_at_once() -> None:
    inside, most = [0], [0]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        await asyncio.sleep(0.005)
        inside[0] -= 1
        await send({"type": "http.response.start", "status": 204})

    assert answers(serve.UploadDoor(app), *map(put, range(20))) == [204] * 20
    assert most[0] == serve.AT_ONCE


def test_what_is_on_its_way_counts_as_lying_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "held", lambda of=None: 2)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.005)
        await send({"type": "http.response.start", "status": 204})

    door, may = serve.UploadDoor(app), serve.HELD_EACH - 2
    assert answers(door, *[PUT] * 300) == [204] * may + [429] * (300 - may)
    assert not door.admitted, "places come back"
    assert answers(serve.UploadDoor(app), *map(put, range(300))).count(204) == serve.HELD - 2


def test_an_upload_that_takes_for_ever_is_ended_and_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "SECONDS", 0.02)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(60)

    assert answers(serve.UploadDoor(app), *[PUT] * (serve.AT_ONCE + 1)) == [408] * (serve.AT_ONCE + 1)


@pytest.mark.parametrize(("session", "everybody"), [(serve.HELD_EACH, serve.HELD_EACH), (0, serve.HELD)])
def test_no_more_is_taken_in_than_may_lie_there(session: int, everybody: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "held", lambda of=None: everybody if of is None else session)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("it was let in")

    assert answers(serve.UploadDoor(app), PUT) == [429]


def test_everything_else_passes() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    others = [{**PUT, "method": "GET"}, {**PUT, "path": "/runs"}, {"type": "websocket", "path": "/_stcore/stream"}]
    assert answers(serve.UploadDoor(app), *others) == [200] * 3
