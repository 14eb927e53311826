"""How many hostile cases each reader is given, what counts as an answer, and damage that any JSON can be done.

10,000 cases in all, the same ones at every run. UNETKD_FUZZ=full makes ten times as many, of another seed each time.
"""

import copy
import json
import os
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from unetkd_core.errors import MAX_SENTENCE, UnetKDError

FULL: Final = os.environ.get("UNETKD_FUZZ") == "full"
SHARES: Final = {
    "images": 1600, "masks": 1200, "run configs": 1400, "run folders": 1000, "checkpoints": 1300, "safetensors": 900,
    "ensembles": 1000, "references": 600, "addresses": 700, "command lines": 200, "names": 100,
}  # fmt: skip
"""Reader -> cases."""
Answer = Any


def cases(reader: str, share: float = 1.0) -> Any:
    """Decorator of a test: it is run with `share` of the reader's cases."""
    return settings(
        max_examples=max(1, round(share * SHARES[reader])) * (10 if FULL else 1),
        derandomize=not FULL,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],  # a case is small as it is; shrinking one takes minutes
        suppress_health_check=list(HealthCheck),
    )


def answer(call: Callable[[], Answer]) -> Answer | None:
    """What the call gives, or None where it refused in one sentence. Everything else that it raises goes through."""
    try:
        return call()
    except UnetKDError as error:
        one_sentence(str(error))
        return None


def one_sentence(text: str) -> None:
    """One line that says something, of bounded length, without a sign that a terminal obeys."""
    assert text.strip() and text.isprintable() and len(text) <= MAX_SENTENCE, text[:2000]


HUGE: Final = "@huge@"
"""Stands for a number that no float holds; it is put in when the text is made."""
TEXTS: Final = (
    "", " ", "x" * 5000, "../../../etc/passwd", "/etc/passwd", "..", ".", "~root", "a\nb", "\x1b[31m", "\x00", "‮gnp",
    "<script>alert(1)</script>", "![x](http://a.example/x.png)", "`rm`", "${HOME}", "{0}", "%s%n", "1", "9" * 30, "-1",
    "nan", "1e400", "true", "null", "run:../..", "hf:a/b", "hf:../..", "teacher-of:x", "C:\\x", "con", "é",
    "unet", "backbone_unet", "ensemble", "even", "even,", ";", "|", "x" * 300, "0" * 64, "streets:val", "streets:",
)  # fmt: skip
VALUES: Final = (
    None, True, False, 0, 1, -1, 2, 15, 16, 255, 4096, 4097, 8192, 2**31, 2**53, 2**63, -(2**63), 0.5, -0.5, 1e308,
    -1e308, 5e-324, float("nan"), float("inf"), HUGE, [], {}, [[]], [None], [1, 2, 3], {"a": 1}, {"": {}}, *TEXTS,
    ["x"] * 3000, [0] * 3000, [{}] * 100, {str(k): k for k in range(1000)}, {"x" * 5000: 1}, {"a\nb\x1b": 1},
)  # fmt: skip
TEXTS_OF_JSON: Final = (
    "", "{", "}", "null", "5", '"x"', "[]", "{}", "NaN", "[" * 100_000, '{"a":' * 2000, "[" * 70 + "]" * 70, "1" * 5000,
    '{"a":1,"a":2}', "\ufeff{}", "{}{}", '["\\ud800"]', "[1e999]", "\x00" * 500,
)  # fmt: skip
texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=30))
values = st.one_of(st.sampled_from(VALUES), st.integers(), st.floats(), st.text(max_size=20))


def places(data: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in nested lists and objects."""
    if at:
        yield at
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from places(value, (*at, key))


@st.composite
def damaged(draw: st.DrawFn, data: Any) -> Any:
    """The same JSON data with one to three values replaced, taken out, doubled or added."""
    data = copy.deepcopy(data)
    for _ in range(draw(st.integers(1, 3))):
        there = list(islice(places(data), 300))
        if not there:
            break
        *way, last = draw(st.sampled_from(there))
        inside = data
        for step in way:
            inside = inside[step]
        what = draw(st.sampled_from(("replace", "replace", "replace", "take out", "add", "wrap")))
        if what == "take out":
            del inside[last]
        elif what == "wrap":
            inside[last] = [copy.deepcopy(inside[last]) for _ in range(draw(st.integers(1, 3)))]
        elif what == "add" and isinstance(inside, dict):
            inside[draw(texts)] = copy.deepcopy(draw(values))
        else:
            inside[last] = copy.deepcopy(draw(values))
    return data


@st.composite
def damaged_text(draw: st.DrawFn, data: Any) -> bytes:
    """A JSON file's bytes: of damaged data, cut short, with bytes changed, or something else altogether."""
    kind = draw(st.sampled_from(("data", "data", "data", "data", "data", "bytes", "text")))
    if kind == "text":
        return draw(st.sampled_from(TEXTS_OF_JSON)).encode("utf-8", "surrogatepass")
    if kind == "data":
        text = json.dumps(draw(damaged(data)), ensure_ascii=draw(st.booleans()))
        return text.replace(f'"{HUGE}"', "1e999").encode("utf-8", "surrogatepass")
    return draw(changed_bytes(json.dumps(data).encode()))


@st.composite
def changed_bytes(draw: st.DrawFn, raw: bytes) -> bytes:
    """The same bytes with some of them changed, a part cut out, doubled or put in, or the end cut off."""
    data = bytearray(raw)
    for _ in range(draw(st.integers(1, 4))):
        where = draw(st.integers(0, max(0, len(data) - 1)))
        what = draw(st.sampled_from(("set", "set", "cut", "end", "double", "put")))
        many = draw(st.integers(1, 12))
        if what == "set":
            data[where : where + many] = draw(st.binary(min_size=1, max_size=many))
        elif what == "cut":
            del data[where : where + many]
        elif what == "end":
            del data[where:]
        elif what == "double":
            data[where:where] = data[where : where + many]
        else:
            data[where:where] = draw(st.binary(max_size=many))
    return bytes(data)
