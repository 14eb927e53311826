"""One line on stderr that tells how far a piece of work is; where there is no terminal, one for each kind of work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from unetkd_core.cli.output import remark

Say = Callable[[str, int, int], None]
"""(kind of work, done, of how many)."""


@contextmanager
def saying() -> Iterator[Say]:
    """Hands out the function that tells."""
    console, said = Console(stderr=True), ""
    with console.status("") as line:

        def say(what: str, done: int, of: int) -> None:
            nonlocal said
            if console.is_terminal:
                line.update(f"{what}: {done} of {of}")
            elif what != said:
                remark(f"{what}: 0 of {of}")
                said = what

        yield say
