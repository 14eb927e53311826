"""Every command line that the README, the docs and the results print is one that the command takes."""

import re
import shlex
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperGroup

from unetkd_core.cli.main import app
from unetkd_core.settings import PROJECT_ROOT

FILES = sorted([PROJECT_ROOT / "README.md", *PROJECT_ROOT.glob("docs/*.md"), *PROJECT_ROOT.glob("results/*/README.md")])
PLACEHOLDERS = {"…", "..."}


def printed() -> Iterator[tuple[str, list[str]]]:
    """(where it stands, its words) of every line of a code block that calls the command: continued lines as one, a
    block's variables put in.
    """
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        for block in re.findall(r"^```[^\n]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            block = re.sub(r"\\\n\s*", "", block)
            variables = dict(re.findall(r"^([A-Z]+)=[\"'](.*)[\"']", block, re.MULTILINE))
            for line in block.splitlines():
                if line.startswith("unetkd "):
                    whole = re.sub(r"\$([A-Z]+)", lambda found: variables[found[1]], line)  # noqa: B023
                    yield f"{path.parent.name}/{path.name}: {line}", shlex.split(whole, comments=True)[1:]


COMMANDS = dict(printed())


def test_there_are_many() -> None:
    assert len(COMMANDS) > 40


@pytest.mark.parametrize("where", COMMANDS)
def test_it_is_taken(where: str) -> None:
    words = [word for word in COMMANDS[where] if word not in PLACEHOLDERS]
    command = typer.main.get_command(app)
    while isinstance(command, TyperGroup):
        assert words and words[0] in command.commands, "there is no such command"
        command = command.commands[words.pop(0)]
    try:
        command.make_context(command.name, words)
    except typer.Exit:
        pass  # --help
    except typer.BadParameter as error:
        if "does not exist" not in error.message:  # a file of the reader's own
            raise
