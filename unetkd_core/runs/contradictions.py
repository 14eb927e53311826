"""Where two descriptions of how something was made contradict each other, in words."""

import json
from collections.abc import Mapping
from typing import Any


def contradictions(before: Any, now: Any, name: str = "") -> list[str]:
    """Every setting that both have and that differs: ["optim.epochs is 25 there, 26 here"]; one that only one of them
    has contradicts nothing. Lists are compared as wholes.
    """
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        shared = [key for key in before if key in now]
        return [found for key in shared for found in contradictions(before[key], now[key], f"{name}.{key}".strip("."))]
    old, new = (json.loads(json.dumps(value)) for value in (before, now))
    told = f"{_short(old)} there, {_short(new)} here"
    return [] if old == new else [f"{name} is {told}" if name else told]


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:12]}…"
