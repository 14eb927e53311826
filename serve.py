"""The app behind a narrow door for uploads: `streamlit run serve.py`, for a server that strangers use (docs/server.md).

Streamlit bounds the bytes of one upload, not how many come, how long each takes, or how many a session leaves lying.
This refuses more with a status that the page's uploader shows, and lets go what no page has taken; one session's
uploads keep no other's out. Everything else goes through untouched; knows no page.
"""

import asyncio
import time
from collections import Counter, defaultdict
from typing import Any, Final

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime

PATH: Final = "/_stcore/upload_file/"
AT_ONCE: Final = 6
"""Uploads that come in at the same time; at most 20 MB each."""
AT_ONCE_EACH: Final = 2
"""Of these, one session's: slow ones hold up their own window alone."""
SECONDS: Final = 60.0
"""So long one may take, waiting for its turn included."""
LYING_SECONDS: Final = 120.0
"""So long one lies there before it counts as never taken; the app takes each in at once and lets it go
(pages/ui/upload.py).
"""
HELD_EACH: Final = 12
"""Files that one session may leave lying or send just now."""
HELD: Final = 40
"""Files that lie there or come in, of all sessions. For one more, the session that has most loses its oldest."""
TOO_MANY: Final = "There are too many files in this window already; try again in two minutes, or reload the page."


class UploadDoor:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.free = app, asyncio.Semaphore(AT_ONCE)
        self.free_of: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE_EACH))
        self.admitted: Counter[str] = Counter()
        """Session -> its uploads that wait for their turn or come in: they will lie there too."""
        self.inside = 0
        self.arrived: dict[tuple[str, str], float] = {}
        """(Session, file) that lies there -> when it came, on time.monotonic's clock."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "PUT" or PATH not in scope["path"]:
            await self.app(scope, receive, send)
            return
        session, _, file = scope["path"].split(PATH, 1)[1].partition("/")
        self._let_go_untaken()
        if len(lying().get(session, ())) + self.admitted[session] >= HELD_EACH:
            await PlainTextResponse(TOO_MANY, status_code=429)(scope, receive, send)
            return
        self.admitted[session] += 1
        try:
            await self._in_time(session, scope, receive, send)
            self.arrived[session, file] = time.monotonic()
        finally:
            self.admitted[session] -= 1
            if not self.admitted[session]:
                del self.admitted[session]
                self.free_of.pop(session, None)

    async def _in_time(self, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def answer(message: Any) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout(SECONDS), self.free_of[session], self.free:
                await self._in_turn(scope, receive, answer)
        except TimeoutError:
            if not begun:
                await PlainTextResponse("This upload took too long.", status_code=408)(scope, receive, send)

    async def _in_turn(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.inside += 1
        try:
            self._make_room()
            await self.app(scope, receive, send)
        finally:
            self.inside -= 1

    def _let_go_untaken(self) -> None:
        there = {(session, file) for session, files in lying().items() for file in files}
        self.arrived = {one: when for one, when in self.arrived.items() if one in there}
        for one, when in list(self.arrived.items()):
            if time.monotonic() - when > LYING_SECONDS:
                let_go(*one)

    def _make_room(self) -> None:
        while sum(map(len, (there := lying()).values())) + self.inside > HELD and any(there.values()):
            session = max(there, key=lambda one: len(there[one]))
            let_go(session, min(there[session], key=lambda file: self.arrived.get((session, file), 0.0)))


def lying() -> dict[str, list[str]]:
    """Session -> the files of it that lie there, none of which a page has taken yet."""
    files: dict[str, dict[str, Any]] = getattr(_manager(), "file_storage", {})
    return {session: list(own) for session, own in list(files.items())}


def let_go(session: str, file: str) -> None:
    """Forget a file. Its page is told that it is gone when it asks for it."""
    _manager().remove_file(session, file)


def _manager() -> Any:
    return runtime.get_instance().uploaded_file_mgr if runtime.exists() else None


app = st.App("app.py", middleware=[Middleware(UploadDoor)])
