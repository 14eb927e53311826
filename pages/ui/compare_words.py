"""What Compare shows and says of its networks, view by view: the layers, and the sentence under the question.

Puts numbers that others count into words; draws nothing.
"""

from collections.abc import Callable, Sequence

import numpy as np

from pages.ui import readings
from pages.ui.kit import percent
from pages.ui.readings import Picture, Reading, first
from pages.ui.viewer import Layer, View
from unetkd_core.classes import VOID
from unetkd_core.inference import side_by_side


def layers(cast: Sequence[Reading], picture: Picture) -> list[Layer]:
    """Truth where there is one, then every network; what is not read yet shows the bare photo."""
    empty = np.full(picture.image.shape[:2], VOID, dtype=np.uint8)
    drawn = [Layer("truth", "True labels", "", picture.truth)] if picture.truth is not None else []
    judge = readings.judge(cast)
    for r in cast:
        said = {"labels": empty} if r.logits is None else {"logits": r.logits}
        drawn.append(Layer(r.role, r.title, readings.note(r, picture, judge), detail=r.detail, **said))
    return drawn


def answer(cast: Sequence[Reading], picture: Picture, view: View | None) -> str:
    """The sentence under the question, as plain text: of what is shown, with its number."""
    told = readings.answer(cast, picture)
    done = [r for r in cast if r.labels is not None]
    of_view = _ANSWERS.get(view.name) if view else None
    if view is None or of_view is None or not done or len(done) < len([r for r in cast if not r.problem]):
        return told
    return of_view(done, picture, view) or told


def _errors(done: Sequence[Reading], picture: Picture, view: View) -> str:
    pair = _compared(done, view)
    if pair is None or picture.truth is None:
        return ""
    one, other = pair
    gain, loss = _only_right(one, other, picture.truth)
    return (
        f"Where one is right and the other is not: {one.called} gains {percent(gain)} of this street’s pixels "
        f"on {other.called}, and loses {percent(loss)}."
    )


def _entropy(done: Sequence[Reading], picture: Picture, view: View) -> str:
    doubts = [(r, side_by_side.mean_entropy(r.logits / view.temperature)) for r in done if r.logits is not None]
    doubts.sort(key=lambda pair: -pair[1])
    told = ", ".join(
        f"{r.called} {doubt:.2f}" for r, doubt in (doubts if len(doubts) <= 3 else doubts[:1] + doubts[-1:])
    )
    at = "" if view.temperature == 1 else f" at T = {view.temperature:g}"
    return f"The brighter, the less sure. On average{at}, from 0 to 1: {told}."


def _disagreement(done: Sequence[Reading], picture: Picture, view: View) -> str:
    if len(done) < 2:
        return ""
    same = side_by_side.unanimous([r.labels for r in done if r.labels is not None], picture.truth)
    others = "the other says" if len(done) == 2 else f"of the other {_count(len(done) - 1)} say"
    return f"The brighter, the more {others} something else. All say the same on {percent(same)}."


def _soft(done: Sequence[Reading], picture: Picture, view: View) -> str:
    return "The colours mix as the probabilities do: the higher T, the more of the unlikely classes shows."


def _second(done: Sequence[Reading], picture: Picture, view: View) -> str:
    return "What each would say second: a good teacher’s second thought is nearly right, and the student hears it."


def _gain(done: Sequence[Reading], picture: Picture, view: View) -> str:
    pair = _compared(done, view)
    return f"How much more probability each gives the true class than {pair[1].called} does." if pair else ""


def _compared(done: Sequence[Reading], view: View) -> tuple[Reading, Reading] | None:
    """Who is compared with whom: the two of a swipe; the first of the others with whom the menu chose; else the student
    with the twin, else the first with the second.
    """
    if view.arrangement == "swipe" and view.sides is not None and max(view.sides) < len(done):
        left, right = view.sides
        return done[right], done[left]
    if view.against is not None and view.against < len(done) > 1:
        other = done[view.against]
        return first([r for r in done if r is not other], "student") or next(r for r in done if r is not other), other
    student, twin = first(done, "student"), first(done, "twin")
    if student and twin:
        return student, twin
    return (done[0], done[1]) if len(done) > 1 else None


def _only_right(one: Reading, other: Reading, truth: np.ndarray) -> tuple[float, float]:
    assert one.labels is not None and other.labels is not None
    return side_by_side.only_right(one.labels, other.labels, truth)


def _count(number: int) -> str:
    return {2: "two", 3: "three", 4: "four", 5: "five"}.get(number, str(number))


_ANSWERS: dict[str, Callable[[Sequence[Reading], Picture, View], str]] = {
    "errors": _errors,
    "entropy": _entropy,
    "disagreement": _disagreement,
    "soft": _soft,
    "second": _second,
    "gain": _gain,
}
