"""`unetkd cache`: what teachers said and is kept for later students; see it, and remove it. It asks nobody."""

import time
from typing import Annotated

import typer

from unetkd_core import settings
from unetkd_core.cli.options import AsJson
from unetkd_core.cli.output import duration, print_json, print_table, remark
from unetkd_core.errors import ConfigError
from unetkd_core.training import room
from unetkd_core.training.room import Stored

app = typer.Typer(help="Teachers' answers that are kept: list, clear.", no_args_is_help=True)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """What is kept, the one that was read last first."""
    found = room.stored()
    if as_json:
        print_json([_as_json(one) for one in found])
        return
    if not found:
        remark("Nothing is kept yet. The first run that a teacher teaches keeps what it says.")
        return
    rows = [(one.key, one.title, one.arrays, f"{one.bytes / 1e6:,.0f}", _ago(one)) for one in found]
    print_table(("Key", "Teacher", "#Arrays", "#MB", "#Read"), rows)
    limit = settings.teachers_limit_bytes() / 1e9
    remark(f"{sum(one.bytes for one in found) / 1e9:.2f} GB of {limit:g} (UNETKD_TEACHERS_GB).")


@app.command()
def clear(
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="As listed; left out: all.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove what is kept. Runs that need it ask their teachers again."""
    found = room.stored()
    unknown = sorted(set(keys or ()) - {one.key for one in found})
    if unknown:
        raise ConfigError(f"Nothing is kept under {', '.join(unknown)}; `unetkd cache list` shows what is.")
    chosen = [one for one in found if not keys or one.key in keys]
    if not chosen:
        remark("Nothing is kept.")
        return
    size = sum(one.bytes for one in chosen) / 1e6
    if not yes:
        typer.confirm(f"Remove the answers of {len(chosen)} ({size:,.0f} MB)?", abort=True, err=True)
    freed = {one.title: room.remove(one.folder) for one in chosen}
    typer.echo(f"{sum(freed.values()) / 1e6:,.0f} MB are free again.")
    if left := [title for title, bytes_ in freed.items() if not bytes_]:
        remark(f"Left alone, because somebody is being asked just now: {', '.join(left)}.")


def _as_json(one: Stored) -> dict[str, object]:
    return {"key": one.key, "teacher": one.title, "arrays": one.arrays, "bytes": one.bytes, "used": one.used,
            "folder": str(one.folder)}  # fmt: skip


def _ago(one: Stored) -> str:
    return f"{duration(max(0.0, time.time() - one.used))} ago"
