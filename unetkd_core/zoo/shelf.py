"""What lies in checkpoints/ or was pulled: what is damaged, who needs whom, taking something away for good.

Needs no torch.
"""

from collections.abc import Callable
from pathlib import Path

from unetkd_core import settings, visitors
from unetkd_core.errors import CheckpointError, UnetKDError
from unetkd_core.zoo import checkpoints, ensembles, folders, hub_cache, references
from unetkd_core.zoo.checkpoints import NAME


def damaged() -> list[tuple[str, UnetKDError]]:
    """(reference, what is wrong) of all in checkpoints/ and from the Hub that cannot be used, by reference."""
    found: list[tuple[str, UnetKDError]] = [*checkpoints.list_damaged()]
    ensembles_here = ensembles_there()
    for ref in (*ensembles_here, *map(str, hub_cache.pulled())):
        try:
            references.info_of(ref)
        except UnetKDError as error:
            # What is wrong with an ensemble is mostly wrong with a member: the sentence names that one.
            found.append((ref, CheckpointError(f"{ref}: {error}") if ref in ensembles_here else error))
    return sorted(found, key=lambda pair: pair[0])


def ensembles_there() -> list[str]:
    """Names of the folders that hold an ensemble.json, whatever it says."""
    folder = settings.checkpoints_dir()
    return [n for n in folders.names(folder, NAME) if (folders.current(folder / n) / ensembles.ENSEMBLE).is_file()]


def free(name: str, *, replace: bool = False) -> Path:
    """The folder that a checkpoint or ensemble of this name would have. Raises CheckpointError for a name that cannot
    be one, or is taken and not to be replaced.
    """
    found = settings.checkpoints_dir() / references.check_name(name)
    if folders.exists(found) and not replace:
        raise CheckpointError(f"{found} exists already; choose another name, or overwrite it with --replace.")
    return found


def delete(name: str) -> None:
    """Take a named checkpoint or ensemble away for good. Raises CheckpointError when there is none, or it cannot be,
    NotAllowedError for a visitor of a public server.
    """
    visitors.refuse("Deleting a network")
    folder = settings.checkpoints_dir() / references.check_name(name)
    if not folders.exists(folder):
        raise CheckpointError(references.missing_name(name))
    try:
        folders.delete(folder)
    except OSError as error:
        raise CheckpointError(f"{name} cannot be deleted: {error.strerror or error}.") from None


def dependants(name: str) -> list[str]:
    """Names of the ensembles in checkpoints/ that a named checkpoint is a member of."""
    return ensembles_of(lambda member: member == name)


def ensembles_of(wanted: Callable[[str], bool]) -> list[str]:
    """Names of the ensembles in checkpoints/ that have a member like that, by its reference."""
    folder, found = settings.checkpoints_dir(), []
    for other in ensembles_there():
        try:
            if any(map(wanted, ensembles.read_file(folders.current(folder / other) / ensembles.ENSEMBLE).members)):
                found.append(other)
        except UnetKDError:
            continue
    return found
