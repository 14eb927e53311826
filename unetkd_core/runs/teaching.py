"""Who teaches a run: found, checked against what the run began with, and set up so that its answers are kept.

Glue between a run's config, the zoo and the teacher cache; trains nothing. torch is imported inside the functions.
"""

from typing import TYPE_CHECKING, Any, Final

from unetkd_core.data.packed import PackedSet
from unetkd_core.errors import CheckpointError, ConfigError
from unetkd_core.runs import jobs
from unetkd_core.runs.folder import Run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.training import answers, plan, room
from unetkd_core.training.config import RunConfig, TeachingConfig
from unetkd_core.training.progress import StopRequested
from unetkd_core.zoo import references
from unetkd_core.zoo.checkpoints import CheckpointInfo
from unetkd_core.zoo.ensembles import EnsembleSpec, weights_in_words

if TYPE_CHECKING:
    from torch import nn

    from unetkd_core.models.ensemble import EnsembleTeacher
    from unetkd_core.training.teacher_cache import Kept, Source

MIOU: Final = "teacher_miou"
"""meta.json's word on what the teacher itself scores on the run's validation scenes, at the packed size."""
KEPT: Final = "teacher_kept"
"""meta.json's word on whether the teacher's answers are kept."""


def find(run: Run, reporter: Reporter) -> CheckpointInfo | None:
    """What the run's teacher says it is, an ensemble's open weights searched first; none where nobody teaches.

    Reads no weights. Raises CheckpointError when it is not the one that the run began with, StopRequested.
    """
    if run.config.teaching is None:
        return None
    _search_weights(run, reporter)
    teaching = run.config.teaching
    assert teaching is not None
    info = references.info_of(teaching.teacher)
    expected = (run.meta.get("teacher") or {}).get("sha256")
    # An ensemble's weights may just have been searched; its members' own sha256 are in the config.
    if isinstance(teaching.teacher, str) and expected and info.sha256 != expected:
        raise CheckpointError(
            f"The teacher {teaching.teacher} is not the one that this run began with; put that one back or start a new "
            "run."
        )
    if info.sha256 != expected:
        jobs.note_teacher(run, info)
    return info


def _search_weights(run: Run, reporter: Reporter) -> None:
    """An ensemble whose weights are still open gets them at the first start, from the run's validation data."""
    teaching, data = run.config.teaching, run.config.data
    if teaching is None or isinstance(teaching.teacher, str) or not teaching.teacher.open:
        return
    from unetkd_core.zoo.ensemble_search import find_weights

    def progress(done: int, total: int) -> None:
        if reporter.should_stop():
            raise StopRequested
        reporter.progress(f"Searching the ensemble's weights, {done} of {total} scenes")

    reporter.phase("measuring", "Searching the ensemble's weights")
    device = run.config.hardware.device
    found = find_weights(teaching.teacher, data.val, limit=data.max_val, device=device, progress=progress)
    run.write_config(run.config.with_(teaching={"teacher": found.model_dump(mode="json")}))
    reporter.log.line(f"The ensemble's weights: {weights_in_words(found)}")


def source(
    run: Run, info: CheckpointInfo, train: PackedSet, val: PackedSet, reporter: Reporter, *, decided: bool = False
) -> "Source":
    """Where the teacher comes from, and where its answers lie; whether they are kept is decided at the first start.

    decided: another process of the run has just done so.

    The run's config has its hardware settled. Raises ConfigError when it insists on keeping them and there is no room.
    """
    from unetkd_core.training.teacher_cache import Source

    config = run.config
    teaching = config.teaching
    assert teaching is not None

    def load() -> "nn.Module":
        reporter.log.line(f"Loading the teacher, {info.title}")
        loaded = references.load_model(teaching.teacher)
        if loaded.info.sha256 != info.sha256:
            raise CheckpointError(f"The teacher {info.title} was replaced while the run began; start it again.")
        return loaded.model

    mixer = _mixer(teaching)
    kept, labels = _kept(config, info, train, mixer), _answers(config, info, val, views=None, what=", its classes")
    decided = decided or (run.run_dir / "last").is_dir()
    using = _decide(run, kept, labels, len(train), len(val), reporter, decided)
    return Source(load) if using is None else Source(load, kept, labels, mixer, using)


def _decide(
    run: Run,
    kept: "tuple[Kept, ...]",
    labels: answers.Answers,
    train: int,
    val: int,
    reporter: Reporter,
    decided: bool,
) -> room.Using | None:
    """Use the answers' folders from now on, or none of them: the teacher is asked live.

    A run that saved an epoch goes on as it began, or it would not end as an unbroken one; before that it may decide
    anew.
    """
    config = run.config
    assert config.teaching is not None
    size = plan.network_bytes(config, train)
    wanted = {one.answers.folder: size for one in kept} | {labels.folder: val * config.data.height * config.data.width}
    if decided and KEPT in run.meta:
        return room.Using(wanted) if run.meta[KEPT] else None
    using = plan.why_live(config) or room.admit(wanted)
    if isinstance(using, str) and config.teaching.cache:
        raise ConfigError(
            f"The teacher's answers cannot be kept: {using}. Leave teaching.cache open, or take fewer augment.turns."
        )
    run.add_to_meta(KEPT, not isinstance(using, str))
    if isinstance(using, str):
        reporter.log.line(f"The teacher is asked at every step: {using}")
        return None
    return using


def _mixer(teaching: TeachingConfig) -> "EnsembleTeacher | None":
    """The ensemble without its networks, where its weights move: it puts their answers together."""
    spec = teaching.teacher
    if isinstance(spec, str) or not plan.apart(spec):
        return None
    from torch import nn

    from unetkd_core.models.ensemble import EnsembleTeacher

    return EnsembleTeacher(
        [nn.Identity() for _ in spec.members],
        weights=spec.weights,
        class_weights=spec.class_weights,
        space=spec.space,
        weighting=spec.weighting,
    )


def _kept(
    config: RunConfig, info: CheckpointInfo, train: PackedSet, mixer: "EnsembleTeacher | None"
) -> "tuple[Kept, ...]":
    from unetkd_core.training.teacher_cache import Kept

    views = plan.views_of(config.augment)
    if mixer is None:
        return (Kept(_answers(config, info, train, views)),)
    assert config.teaching is not None and isinstance(config.teaching.teacher, EnsembleSpec)
    members = [references.info_of(ref) for ref in config.teaching.teacher.members]
    return tuple(Kept(_answers(config, members[index], train, views), index) for index in mixer.heard)


def _answers(config: RunConfig, info: CheckpointInfo, data: PackedSet, views: Any, what: str = "") -> answers.Answers:
    hardware = config.hardware
    return answers.answers(
        info.sha256,
        f"{info.title} on {', '.join(data.refs)} at {config.data.height}x{config.data.width}{what}",
        data=data.contents,
        views=views,
        size=(config.data.height, config.data.width),
        how=f"{hardware.device.partition(':')[0]} {hardware.precision} {hardware.memory_format}",
    )
