"""What a run needs, looked at before anything is made: data, labels, the teacher and what is asked of it.

Cheap: reads no weights and no picture, needs no torch.
"""

import sys

from unetkd_core.data import catalog
from unetkd_core.errors import ConfigError, RunError
from unetkd_core.models import pretrained
from unetkd_core.models.levels import widths_of
from unetkd_core.models.names import arch_of
from unetkd_core.runs import limits
from unetkd_core.runs.folder import open_run
from unetkd_core.runs.rank_processes import MOST
from unetkd_core.training import terms
from unetkd_core.training.config import RunConfig, TeachingConfig
from unetkd_core.zoo import checkpoints, ensemble_search, references


def check(config: RunConfig, *, resuming: bool = False) -> checkpoints.CheckpointInfo | None:
    """Look at everything that a run needs, cheaply; returns the teacher's info. Raises as `start` says.

    resuming: weights that the network or its encoder started from are not needed again.
    """
    if sys.platform == "win32":
        raise RunError(
            "Training needs Linux or macOS: a worker here leads a process group. On Windows start it in WSL."
        )
    limits.check(config)
    there = {}
    for ref in dict.fromkeys((*config.data.train, *config.data.val)):
        source = catalog.open_source(ref)
        source.check()
        there[ref] = len(source)
        if there[ref] == 0:
            raise ConfigError(f"{ref} has no scenes; choose another split.")
    train, val = (sum(map(there.__getitem__, refs)) for refs in (config.data.train, config.data.val))
    limits.check_scenes(config, train, val)
    check_labels(config)
    if not resuming:
        check_first_weights(config)
    return None if config.teaching is None else _check_teacher(config.teaching)


def check_first_weights(config: RunConfig) -> None:
    """Whether what the network or its encoder begins from is here. Raises as `check_start` does, ConfigError."""
    if config.model.weights is not None:
        pretrained.check(config.model.name)
    if config.model.start is not None:
        check_start(config)


def _check_teacher(teaching: TeachingConfig) -> checkpoints.CheckpointInfo:
    teacher = teaching.teacher
    info = references.info_of(teacher)
    spec = references.spec_of(teacher)
    if spec is not None and spec.open:
        ensemble_search.candidates_of(spec)  # too many to try is known now
    for ref in spec.members if spec is not None else [teacher] if isinstance(teacher, str) else ():
        if _is_training(ref):
            raise ConfigError(f"The teacher {ref} is still being trained; wait until it is done, or stop it.")
    if spec is None:
        _check_levels(teaching, info)
    return info


def check_start(config: RunConfig) -> None:
    """The network that a run goes on from. Raises ConfigError where it is none, another kind of network, or still being
    trained; CheckpointError where it is not there.
    """
    ref = config.model.start
    assert ref is not None
    if references.spec_of(ref) is not None:
        raise ConfigError(f"{ref} is an ensemble; training goes on from one network, so name one of its members.")
    info = references.info_of(ref)
    if info.arch != arch_of(config.model.name, config.model.norm):
        theirs = f"{info.arch.get('name', info.title)}, normalisation {info.arch.get('norm')}"
        raise ConfigError(
            f"{ref} is of another kind ({theirs}) than what this run trains ({config.model.name}, normalisation "
            f"{config.model.norm}); training goes on from a network of the same kind."
        )
    if _is_training(ref):
        raise ConfigError(f"{ref} is still being trained; wait until it is done, or stop it.")


def _is_training(ref: str) -> bool:
    return ref.startswith(references.RUN_PREFIX) and open_run(ref.removeprefix(references.RUN_PREFIX)).status().active


def check_processes(config: RunConfig, processes: int) -> None:
    """Raises ConfigError when so many processes cannot train this run together."""
    most = min(config.optim.batch_size, MOST)
    if not 1 <= processes <= most:
        raise ConfigError(
            f"{processes} processes cannot share out a batch of {config.optim.batch_size} scenes; take 1 to {most}, or "
            "a larger batch."
        )
    if processes > 1 and config.hardware.device == "mps":
        raise ConfigError("Apple's GPU is one device, for one process; leave --processes out, or train on the CPU.")


def check_labels(config: RunConfig) -> None:
    """Raises ConfigError when a run would have nothing to measure by, or nothing to learn from."""
    bare = [ref for ref in config.data.val if not catalog.open_source(ref).labelled]
    if bare:
        raise ConfigError(f"{', '.join(bare)} has no labels to check on; choose another split.")
    train = any(catalog.open_source(ref).labelled for ref in config.data.train)
    if not train and (config.teaching is None or config.teaching.needs_labels):
        who = "an untaught twin" if config.twin_of else "a network without a teacher"
        if config.teaching is not None:
            who = "a student that listens to labels alone (α 1)"
            if config.teaching.terms:
                who = f"a student at α 1 with {terms.in_words(config.teaching.terms)}, which needs labels too,"
        raise ConfigError(
            f"{', '.join(config.data.train)} has no labels, and {who} learns from nothing else; add a labelled split"
            + (", or train the student without its twin." if config.twin_of else ".")
        )


def _check_levels(teaching: TeachingConfig, info: checkpoints.CheckpointInfo) -> None:
    """Raises ConfigError when a term reads maps that this teacher does not have."""
    if not terms.levels_of(teaching.terms):
        return
    try:
        terms.require_levels(teaching.terms, info.title, widths_of(info.arch))
    except ValueError as error:
        raise ConfigError(f"The teacher {error}.") from None
