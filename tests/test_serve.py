"""The door for uploads: so many at once, so long each, so many left lying, and one session's keep no other's out."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

import serve

Scope = dict[str, Any]
PUT: Scope = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/session/file"}


def put(session: object, file: object = "file") -> Scope:
    return {**PUT, "path": f"/_stcore/upload_file/{session}/{file}"}


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> MemoryUploadedFileManager:
    """Streamlit's own, in which uploads lie."""
    manager = MemoryUploadedFileManager("")
    monkeypatch.setattr(serve, "_manager", lambda: manager)
    return manager


def keeping(manager: MemoryUploadedFileManager) -> Callable[..., Awaitable[None]]:
    """An app that keeps each upload, as Streamlit does."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.001)
        session, file = scope["path"].split("/")[-2:]
        manager.add_file(session, UploadedFileRec(file, "a.png", "image/png", b"x"))
        await send({"type": "http.response.start", "status": 204})

    return app


async def status(door: serve.UploadDoor, scope: Scope) -> int:
    said: list[int] = []

    async def send(message: Any) -> None:
        said.append(message.get("status", 0))

    await door(scope, nothing, send)
    return said[0]


def in_a_loop(work: Callable[[], Any]) -> Any:
    """In a thread of its own: tests with a browser leave a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work()).result()


def answers(door: serve.UploadDoor, *scopes: Scope) -> list[int]:
    """The status that each request gets, all asked at once."""

    async def all_of_them() -> list[int]:
        return list(await asyncio.gather(*(status(door, scope) for scope in scopes)))

    return list(in_a_loop(all_of_them))


async def nothing() -> Any:
    return {"type": "http.request", "body": b""}


def test_uploads_come_in_so_many_at_once_and_fewer_of_one_session() -> None:
    inside: Counter[str] = Counter()
    most, of_one = [0], [0]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        session = scope["path"].split("/")[-2]
        inside[session] += 1
        most[0], of_one[0] = max(most[0], inside.total()), max(of_one[0], inside[session])
        await asyncio.sleep(0.005)
        inside[session] -= 1
        await send({"type": "http.response.start", "status": 204})

    asked = [put(i % 4, i) for i in range(20)]
    assert answers(serve.UploadDoor(app), *asked) == [204] * 20
    assert (most[0], of_one[0]) == (serve.AT_ONCE, serve.AT_ONCE_EACH)


def test_what_is_on_its_way_counts_as_lying_there(manager: MemoryUploadedFileManager) -> None:
    door = serve.UploadDoor(keeping(manager))
    asked = answers(door, *(put("mine", i) for i in range(300)))
    assert asked == [204] * serve.HELD_EACH + [429] * (300 - serve.HELD_EACH)
    assert len(manager.file_storage["mine"]) == serve.HELD_EACH
    assert not door.admitted and not door.free_of and not door.inside, "nothing is remembered of who is gone"


def test_slow_uploads_of_one_session_hold_up_no_other() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if "slow" in scope["path"]:
            await asyncio.sleep(60)
        await send({"type": "http.response.start", "status": 204})

    async def work() -> int:
        door = serve.UploadDoor(app)
        slow = [asyncio.create_task(status(door, put("slow", i))) for i in range(serve.HELD_EACH)]
        await asyncio.sleep(0)
        try:
            return await asyncio.wait_for(status(door, put("other")), 10)
        finally:
            for one in slow:
                one.cancel()

    assert in_a_loop(work) == 204


def test_sessions_that_fill_the_place_lose_their_oldest_to_others(manager: MemoryUploadedFileManager) -> None:
    async def work() -> list[int]:
        door = serve.UploadDoor(keeping(manager))
        for session in range(4):
            for file in range(serve.HELD_EACH):
                await status(door, put(session, file))
        assert sum(map(len, manager.file_storage.values())) == serve.HELD
        return [await status(door, put("late", i)) for i in range(3)]

    assert in_a_loop(work) == [204] * 3
    there = {session: list(files) for session, files in manager.file_storage.items()}
    assert there.pop("late") == ["0", "1", "2"] and sum(map(len, there.values())) == serve.HELD - 3
    assert {len(files) for files in there.values()} <= {9, 10} and all(files[-1] == "11" for files in there.values())


def test_what_no_page_takes_is_let_go(manager: MemoryUploadedFileManager, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> tuple[list[int], int]:
        door = serve.UploadDoor(keeping(manager))
        said = [await status(door, put("mine", i)) for i in range(serve.HELD_EACH + 1)]
        monkeypatch.setattr(serve, "LYING_SECONDS", -1.0)
        return said, await status(door, put("mine", "later"))

    before, after = in_a_loop(work)
    assert before == [204] * serve.HELD_EACH + [429] and after == 204
    assert list(manager.file_storage["mine"]) == ["later"]


def test_an_upload_that_takes_for_ever_is_ended_and_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "SECONDS", 0.02)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(60)

    door = serve.UploadDoor(app)
    assert answers(door, *map(put, range(serve.AT_ONCE + 1))) == [408] * (serve.AT_ONCE + 1)
    assert not door.admitted and not door.inside


def test_everything_else_passes() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    others = [{**PUT, "method": "GET"}, {**PUT, "path": "/runs"}, {"type": "websocket", "path": "/_stcore/stream"}]
    assert answers(serve.UploadDoor(app), *others) == [200] * 3
