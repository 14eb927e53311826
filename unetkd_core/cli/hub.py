"""`unetkd pull`, `push` and `forget`: checkpoints from and to the Hugging Face Hub. Sizes are told first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from unetkd_core.cli.options import AsJson
from unetkd_core.cli.output import counted, print_json, remark
from unetkd_core.cli.teachers import reference
from unetkd_core.errors import CheckpointError
from unetkd_core.runs import forgetting
from unetkd_core.zoo import hub, hub_cache, references, shelf
from unetkd_core.zoo.licences import is_free


def pull(
    repo: Annotated[
        str, typer.Argument(metavar="REPO[/FOLDER][@REV]", help="As owner/repo, owner/repo/m128, owner/repo@v1.")
    ],
    name: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Keep it as a named checkpoint too.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a checkpoint of that name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Download a checkpoint, or an ensemble with its members, from the Hugging Face Hub.

    hf:REPO is then a reference like any other, and means the same commit until it is pulled anew. A private
    repository needs a token: HF_TOKEN, or `hf auth login`.
    """
    ref = hub.parse(repo)
    if name is not None:
        shelf.free(name, replace=replace)
    offer = hub.look(ref)
    files = counted(len(offer.files), "file")
    remark(f"{ref} at commit {offer.commit[:12]}: {files}, {hub.megabytes(offer.size)}{_still(offer)}")
    with _moving(str(ref)) as progress:
        folder = hub.fetch(offer, progress=progress)
    if name is not None:
        folder = hub.keep(ref, name, replace=replace)
    info = references.info_of(name or str(ref))
    if as_json:
        print_json({"ref": name or str(ref), "commit": offer.commit, "bytes": offer.size, "folder": str(folder)})
        return
    typer.echo(f"{name or ref} is {info.title or info.name}; licence: {info.licence}")
    typer.echo(f"`unetkd evaluate {name or ref}` scores it; it lies in {folder}")


def _still(offer: hub.Offer) -> str:
    """What of it is to be downloaded, where that is not all."""
    if not offer.missing:
        return ", all of it here already"
    return "" if offer.missing == offer.size else f", {hub.megabytes(offer.missing)} of them to download"


def push(
    ref: Annotated[
        str, typer.Argument(metavar="REF", help="A checkpoint's or ensemble's name, run:ID, an ensemble.json.")
    ],
    repo: Annotated[str, typer.Argument(metavar="REPO", help="As owner/repo; made if it is not there.")],
    folder: Annotated[
        str | None, typer.Option("--folder", help="Put it there, beside others in one repository.")
    ] = None,
    private: Annotated[bool, typer.Option("--private/--public", help="Who sees a repository that is made.")] = True,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Upload a checkpoint, or an ensemble with its members, to the Hugging Face Hub, as one commit.

    Needs a token that may write: HF_TOKEN, or `hf auth login`. A public repository is refused without --public.
    """
    target = _repository(repo)
    given = reference(ref)
    parcel = hub.pack(given, folder=folder)
    licence = parcel.info.licence
    kind = "private" if private else "public"
    files = counted(len(parcel.files), "file")
    remark(f"{parcel.info.title or ref}: {files}, {hub.megabytes(parcel.size)}, to {target} ({kind})")
    remark(f"Licence: {licence}" + ("" if private or is_free(licence) else ". Public means that everyone may take it."))
    if not yes and not typer.confirm("Push?", err=True):
        raise CheckpointError("Nothing was pushed.")
    pushed = hub.push(given, target, folder=folder, private=private)
    if as_json:
        print_json({"ref": str(pushed.ref), "commit": pushed.commit, "url": pushed.url, "private": pushed.private})
        return
    typer.echo(f"Pushed as {pushed.ref}, {'private' if pushed.private else 'public'}: {pushed.url}")


def _repository(text: str) -> str:
    """owner/repo, with or without hf:. Raises CheckpointError: before anything is read, told or asked."""
    try:
        found = hub.parse(text)
    except CheckpointError:
        found = None
    if found is None or found.folder or found.revision:
        raise CheckpointError(
            f"{text[:160]!r} is no repository to push to; expected owner/repo, as me/m128. A folder in it is --folder."
        )
    return found.repo_id


def forget(
    repo: Annotated[
        str | None,
        typer.Argument(
            metavar="REPO[/FOLDER][@REV]",
            help="As it was pulled: owner/repo, owner/repo@v1. Left out: what was pulled is listed.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take what was pulled off this machine, an ensemble's members with it. Named copies stay."""
    if repo is None:
        _list_pulled(as_json)
        return
    done = forgetting.forget(hub.parse(repo))
    if as_json:
        print_json(done._asdict())
        return
    typer.echo(str(done))


def _list_pulled(as_json: bool) -> None:
    pulled = {str(ref): hub_cache.remembered(ref) or "" for ref in hub_cache.pulled()}
    if as_json:
        print_json([{"ref": ref, "commit": commit} for ref, commit in pulled.items()])
        return
    for ref, commit in pulled.items():
        typer.echo(f"{ref} at commit {commit[:12]}")
    remark("`unetkd forget` and one of these takes it away." if pulled else "Nothing was pulled.")


@contextmanager
def _moving(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar of bytes on stderr, where that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
