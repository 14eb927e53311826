"""Taking from checkpoints/: a named checkpoint or ensemble goes for good, and who needs it is known. Needs no torch."""

from unetkd_core import settings, visitors
from unetkd_core.errors import CheckpointError, UnetKDError
from unetkd_core.zoo import ensembles, folders, references
from unetkd_core.zoo.checkpoints import NAME


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
    folder, found = settings.checkpoints_dir(), []
    for other in folders.names(folder, NAME):
        file = folders.current(folder / other) / ensembles.ENSEMBLE
        try:
            if file.is_file() and name in ensembles.read_file(file).members:
                found.append(other)
        except UnetKDError:
            continue
    return found
