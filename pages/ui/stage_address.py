"""What an address may say of a lecture: `stage=1`, `hide=nav,upload`, `class=1`, `answers=1`; and what it may not.

Plain data in and out; knows no page and draws nothing. docs/teaching.md lists the same names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

NAMES: Final = ("stage", "hide", "class", "answers")
"""As they stand in an address."""
HIDEABLE: Final = {
    "nav": "the menu of pages",
    "settings": "menus and forms that change what a page looks at",
    "upload": "the place for one’s own photo",
    "scenes": "the strip of other scenes",
    "start": "buttons that train, stop or delete",
    "lessons": "all lessons but the one of the link",
    "answers": "a lesson’s answer and its task, until the link says answers=1",
}
"""Name -> what it hides, in the order in which they are told."""
CLASS: Final = frozenset({"nav", "upload", "start", "lessons", "answers"})
"""What `class=1` hides: everything that leads away from the lesson, and its answer."""


@dataclass(frozen=True)
class Stage:
    """on: larger type, and nothing that an audience need not see. hidden: names of HIDEABLE."""

    on: bool = False
    hidden: frozenset[str] = frozenset()


def read(address: Mapping[str, str]) -> tuple[Stage, list[str]]:
    """(what it asks for, a sentence for what it cannot mean). address: values under NAMES, or not at all."""
    told: list[str] = []
    asked = [name.strip().lower() for name in address.get("hide", "").split(",") if name.strip()]
    unknown = [name for name in asked if name not in HIDEABLE]
    if unknown:
        can = ", ".join(HIDEABLE)
        told.append(f"The address asks to hide {', '.join(unknown)[:60]}; it can hide {can}.")
    switches = {name: _switch(name, address.get(name), told) for name in ("stage", "class", "answers")}
    hidden = (set(asked) - set(unknown)) | (CLASS if switches["class"] else set())
    return Stage(switches["stage"], frozenset(hidden - ({"answers"} if switches["answers"] else set()))), told


def write(stage: Stage) -> dict[str, str]:
    """The shortest address that `read` makes the same of."""
    said = {"stage": "1"} if stage.on else {}
    if stage.hidden in (CLASS, CLASS - {"answers"}):
        opened = {} if "answers" in stage.hidden else {"answers": "1"}
        return {**said, "class": "1", **opened}
    return {**said, **({"hide": ",".join(in_order(stage.hidden))} if stage.hidden else {})}


def in_order(hidden: Iterable[str]) -> list[str]:
    """Names as HIDEABLE has them."""
    return [name for name in HIDEABLE if name in set(hidden)]


def _switch(name: str, given: str | None, told: list[str]) -> bool:
    if given not in (None, "", "0", "1"):
        told.append(f"{name} is 0 or 1, and the address says {str(given)[:30]}; it is taken for 0.")
    return given == "1"
