"""The command `unetkd`: which commands there are, and how every one of them ends.

Exit codes: 0 it worked, 1 it failed (one sentence on stderr), 2 the command line was wrong.
"""

import sys
from collections.abc import Sequence

import typer
from typer.core import TyperGroup

from unetkd_core import __version__, visitors
from unetkd_core.cli import (
    cache,
    chain,
    check,
    data,
    ensemble,
    evaluate,
    export,
    hub,
    keep,
    paper,
    predict,
    runs,
    standalone,
    sweep,
    train,
)
from unetkd_core.cli.output import remark
from unetkd_core.errors import UnetKDError

app = typer.Typer(
    name="unetkd",
    help="Train, distil and compare U-Nets for street scenes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data.app, name="data")
app.add_typer(runs.app, name="runs")
app.add_typer(sweep.app, name="sweep")
app.add_typer(ensemble.app, name="ensemble")
app.add_typer(cache.app, name="cache")
app.add_typer(paper.app, name="paper")
app.command()(train.train)
app.command()(train.distill)
app.command("standalone")(standalone.standalone_)
app.command("chain")(chain.chain_)
app.command()(evaluate.evaluate)
app.command()(predict.predict)
app.command()(keep.keep)
app.command()(hub.pull)
app.command()(hub.push)
app.command()(hub.forget)
app.command()(export.export)
app.command()(check.check)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version and end.")) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit. What UNetKD refuses becomes one sentence; only our own mistakes show a traceback.

    A command finds the words that it was called by in its context's `obj`.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        with visitors.acting_as(visitors.OPERATOR):
            app(words, obj=words)
    except UnetKDError as error:
        remark(f"unetkd: {error}")
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read our output has seen enough (`| head`); Python must not complain about it at exit.
        sys.stderr.close()
        sys.exit(1)


def command_names() -> list[str]:
    """Every command as typed after `unetkd`: "train", "runs list", ..."""
    return _names(typer.main.get_command(app), "")


def _names(command: object, prefix: str) -> list[str]:
    if not isinstance(command, TyperGroup):
        return [prefix.strip()]
    return [name for key, sub in command.commands.items() for name in _names(sub, f"{prefix} {key}")]
