"""The app behind a narrow door for uploads: `streamlit run serve.py`, for a server that strangers use (docs/server.md).

Streamlit bounds the bytes of one upload, not how many come, how long each takes, or how many a session leaves lying.
This refuses more with a status that the page's uploader shows. Everything else goes through untouched; knows no page.
"""

import asyncio
from collections import Counter
from typing import Any, Final

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime

PATH: Final = "/_stcore/upload_file/"
AT_ONCE: Final = 6
"""Uploads that come in at the same time; at most 20 MB each."""
SECONDS: Final = 60.0
"""So long one may take, waiting for its turn included."""
HELD_EACH: Final = 12
"""Files that one session may leave lying or send just now; the app takes each in at once and lets it go
(pages/ui/upload.py).
"""
HELD: Final = 40
"""Files that lie there or are sent of all sessions."""


class UploadDoor:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.free = app, asyncio.Semaphore(AT_ONCE)
        self.admitted: Counter[str] = Counter()
        """Session -> its uploads that wait for their turn or come in: they will lie there too."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "PUT" or PATH not in scope["path"]:
            await self.app(scope, receive, send)
            return
        session = scope["path"].split(PATH, 1)[1].partition("/")[0]
        if (why := refused(held(session) + self.admitted[session], held() + self.admitted.total())) is not None:
            await PlainTextResponse(why, status_code=429)(scope, receive, send)
            return
        self.admitted[session] += 1
        try:
            await self._take_in(scope, receive, send)
        finally:
            self.admitted[session] -= 1
            self.admitted += Counter()  # sessions without any are forgotten

    async def _take_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """In its turn, and within its time."""
        begun = False

        async def answer(message: Any) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout(SECONDS), self.free:
                await self.app(scope, receive, answer)
        except TimeoutError:
            if not begun:
                await PlainTextResponse("This upload took too long.", status_code=408)(scope, receive, send)


def refused(by_session: int, by_all: int) -> str | None:
    """Why no further file is taken in, or None."""
    if by_session >= HELD_EACH:
        return "There are too many files in this window already; reload the page."
    return "Too many pictures come in just now; try again in a moment." if by_all >= HELD else None


def held(session: str | None = None) -> int:
    """How many files lie there, of one session or of all."""
    if not runtime.exists():
        return 0
    files: dict[str, dict[str, Any]] = getattr(runtime.get_instance().uploaded_file_mgr, "file_storage", {})
    return len(files.get(session, {})) if session is not None else sum(map(len, list(files.values())))


app = st.App("app.py", middleware=[Middleware(UploadDoor)])
