"""One browser's session with a Streamlit server, over its websocket: open a page, press a button, wait until drawn.

It draws nothing and keeps of what it is sent only what a session needs: buttons, components, fragments that tick, and
what went wrong.
"""

import asyncio
import json
import re
import secrets
import time
from typing import Any, Final

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

PATIENCE: Final = 120.0
"""Seconds after which a page that is not drawn counts as an error."""
_DRAWN: Final = {ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY}
_ALERT: Final = re.compile(r'class="ukd-problem"[^>]*>(.*)', re.DOTALL)


class Session:
    """errors: what went wrong. told: problems that a page told in a sentence. drawn: (page, seconds) of every time."""

    def __init__(self, address: str) -> None:
        self.address = address.replace("http", "ws", 1) + "/_stcore/stream"
        self.key = secrets.token_urlsafe(32)
        self.errors: list[str] = []
        self.told: list[str] = []
        self.drawn: list[tuple[str, float]] = []
        self.fragments: set[str] = set()
        self._buttons: dict[str, str] = {}
        self._visitor: str | None = None
        self._socket: ClientConnection | None = None
        self._page, self._query = "", ""

    async def open(self) -> None:
        """Connect, open Home, and say who it is where the server asks."""
        self._socket = await connect(self.address, subprotocols=["streamlit"], max_size=None, open_timeout=PATIENCE)  # type: ignore[list-item]
        await self.go("")
        if self._visitor is not None:
            await self._run({self._visitor: {"json_value": json.dumps({"key": self.key})}})

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def go(self, page: str, query: str = "") -> None:
        """Open a page by its place in an address, as "distill"; "" is Home."""
        self._page, self._query = page, query
        await self._run({})

    async def press(self, label: str) -> bool:
        """Press the button whose label begins so; whether there was one."""
        found = next((name for name, said in self._buttons.items() if said.startswith(label)), None)
        if found is not None:
            await self._run({found: {"trigger_value": True}})
        return found is not None

    async def tick(self) -> None:
        """What a browser does for fragments that draw themselves anew."""
        for fragment in sorted(self.fragments):
            await self._run({}, fragment)

    async def _run(self, states: dict[str, dict[str, Any]], fragment: str = "") -> None:
        message = BackMsg()
        asked = message.rerun_script
        asked.page_name, asked.query_string, asked.fragment_id = self._page, self._query, fragment
        asked.is_auto_rerun = bool(fragment)
        for name, value in states.items():
            asked.widget_states.widgets.add(id=name, **value)
        if not fragment:
            self.fragments.clear()
            self._buttons.clear()
        start = time.perf_counter()
        try:
            assert self._socket is not None
            await self._socket.send(message.SerializeToString())
            await asyncio.wait_for(self._until_drawn(), PATIENCE)
        except TimeoutError:
            self.errors.append(f"{self._page or 'home'}: not drawn within {PATIENCE:.0f} s")
        except Exception as error:  # a connection that breaks is what is counted here
            self.errors.append(f"{self._page or 'home'}: {type(error).__name__}: {error}"[:200])
        else:
            self.drawn.append(("a tick" if fragment else self._page or "home", time.perf_counter() - start))

    async def _until_drawn(self) -> None:
        assert self._socket is not None
        while True:
            message = ForwardMsg()
            message.ParseFromString(await self._socket.recv(decode=False))
            kind = message.WhichOneof("type")
            if kind == "delta":
                self._take(message.delta)
            elif kind == "auto_rerun":
                self.fragments.add(message.auto_rerun.fragment_id)
            elif kind == "script_finished":
                if message.script_finished in _DRAWN:
                    return
                if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    self.errors.append(f"{self._page or 'home'}: does not compile")
                    return

    def _take(self, delta: Any) -> None:
        element = delta.new_element
        kind = element.WhichOneof("type") if delta.WhichOneof("type") == "new_element" else None
        if kind == "button":
            self._buttons[element.button.id] = element.button.label
        elif kind == "bidi_component" and element.bidi_component.component_name.endswith("unetkd_visitor"):
            self._visitor = element.bidi_component.id
        elif kind == "exception":
            self.errors.append(f"{self._page or 'home'}: {element.exception.type}: {element.exception.message}"[:200])
        elif kind == "html" and (alert := _ALERT.search(element.html.body)):
            self.told.append(f"{self._page or 'home'}: {re.sub(r'<[^>]+>', ' ', alert[1]).strip()}"[:240])
