"""What a lesson is: a question, a guess, an answer that is worked out, a task whose end is looked at. Plain data.

The six of them are in lesson_*.py, their order in lessons.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Step = Literal["predict", "reveal", "do"]
STEPS: Final[tuple[Step, ...]] = ("predict", "reveal", "do")
STEP_NAMES: Final = {"predict": "Predict", "reveal": "Reveal", "do": "Do"}


@dataclass(frozen=True)
class Answer:
    """letter: the option that turned out right, or none while nobody can know. sentence: HTML, with its numbers."""

    letter: str | None
    sentence: str


@dataclass(frozen=True)
class Task:
    """done: whether what was asked for is really there now. told: HTML, how far it is."""

    done: bool
    told: str


@dataclass(frozen=True)
class Lesson:
    """One lesson. Texts are HTML where they stand in the page; `question`, `short` and options are plain.

    networks: whether it asks a teacher and its student, which takes torch. away: title of the page that
    the task leads to, which then shows the way back. before, after: draw the figure, without the
    answer and with it. answer: works it out. task: draws the controls, or the link to them, and looks whether it is
    done. Each may raise UnetKDError.
    """

    key: str
    question: str
    minutes: int
    short: str
    setting: str
    ask: str
    options: Mapping[str, str]
    todo: str
    before: Callable[[], None]
    answer: Callable[[], Answer]
    after: Callable[[], None]
    task: Callable[[], Task]
    networks: bool = False
    away: str = ""
