"""What a person types for a network, and where it lies: `name` (a named checkpoint or ensemble), `run:ID` (the best of
a run), `teacher-of:ID` (the ensemble that taught a run) or `hf:owner/repo[/folder][@revision]` (pulled from the Hub).

Importing, resolving and listing need no torch; loading does, and nothing here needs a network. A reference is never a
path: it cannot leave its folder.
Where a reference is taken, an EnsembleSpec is too.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from unetkd_core import outside, settings
from unetkd_core.classes import MAPPINGS
from unetkd_core.errors import CheckpointError, ConfigError, UnetKDError
from unetkd_core.zoo import ensembles, folders, hub_cache, hub_offer, hub_refs, run_epochs
from unetkd_core.zoo.checkpoints import NAME, WEIGHTS, CheckpointInfo, list_named, load, read_info
from unetkd_core.zoo.ensembles import EnsembleSpec

if TYPE_CHECKING:
    from torch import nn

    from unetkd_core.data.source import Source

T = TypeVar("T")
Reference = str | EnsembleSpec
RUN_PREFIX = "run:"
TEACHER_PREFIX = "teacher-of:"
_FINISHED = {"done", "stopped"}


class Loaded(NamedTuple):
    """A network in eval mode, float32, on the CPU, and what its checkpoint says."""

    model: "nn.Module"
    info: CheckpointInfo


def check_name(name: str) -> str:
    """`name` itself, if it can name a checkpoint's folder: letters, digits, `.`, `_`, `-`, not starting with a sign.

    Raises CheckpointError otherwise.
    """
    if not NAME.fullmatch(name):
        raise CheckpointError(
            f"{name[:80]!r} is not a checkpoint's name; expected letters, digits, '.', '_' and '-', starting with a "
            f"letter or digit."
        )
    return name


def resolve(ref: str) -> Path:
    """The folder that `ref` means. Raises CheckpointError when it is malformed or there is none."""
    if ref.startswith(hub_refs.PREFIX):
        return hub_cache.folder_of(hub_refs.parse(ref))
    is_run = ref.startswith(RUN_PREFIX)
    key = ref.removeprefix(RUN_PREFIX)
    if any(sign in key for sign in "/\\~") or key.startswith("."):
        raise CheckpointError(
            f"{ref[:80]!r} looks like a path; a reference is a name in checkpoints/, run:ID or hf:owner/repo. Put the "
            f"folder into checkpoints/."
        )
    check_name(key)
    folder = settings.runs_dir() / key / "best" if is_run else settings.checkpoints_dir() / key
    if not folders.current(folder).is_dir():
        raise CheckpointError(_missing_run(key) if is_run else missing_name(key))
    return folder


def spec_of(ref: Reference) -> EnsembleSpec | None:
    """The ensemble that `ref` is or names, or None where it names a network of its own. Raises as `resolve` does."""
    if isinstance(ref, EnsembleSpec):
        return ref
    if ref.startswith(TEACHER_PREFIX):
        return _teacher_of(ref)
    if ref.startswith(RUN_PREFIX):
        return None
    file = folders.current(resolve(ref)) / ensembles.ENSEMBLE
    if not file.is_file():
        return None
    spec = ensembles.read_file(file)
    return _on_the_hub(spec, hub_refs.parse(ref)) if ref.startswith(hub_refs.PREFIX) else spec


def info_of(ref: Reference) -> CheckpointInfo:
    """What the network or ensemble says it is; reads no weights. Raises CheckpointError, ConfigError, one sentence."""
    spec = spec_of(ref)
    if spec is None:
        assert isinstance(ref, str)
        return of_run(ref, _saying(ref, read_info))
    name = ref if isinstance(ref, str) and NAME.fullmatch(ref) else "ensemble"
    return ensembles.describe(spec, _member_infos(spec), name=name)


def weight_bytes(ref: Reference) -> int:
    """Bytes of the weights' file; of an ensemble, of its members' that have a say. Raises CheckpointError when one is
    gone.
    """
    spec = spec_of(ref)
    if spec is not None:
        return sum(weight_bytes(spec.members[place]) for place in spec.heard)
    assert isinstance(ref, str)
    try:
        return (folders.current(resolve(ref)) / WEIGHTS).stat().st_size
    except OSError as error:
        raise CheckpointError(
            f"The weights of {ref} cannot be read ({error.strerror}); copy or train it again."
        ) from None


def label(ref: Reference) -> str:
    """The reference in words: itself, or an ensemble's title, or its members."""
    return ref if isinstance(ref, str) else ref.title or " + ".join(ref.members)


def fixed(spec: EnsembleSpec) -> EnsembleSpec:
    """The same with its members' sha256 written down, so that other weights under their names are refused, and those
    from the Hub with their commit.
    """
    infos = _member_infos(spec)
    ensembles.describe(spec, infos)
    members = tuple(str(pinned(member)) for member in spec.members)
    return spec.model_copy(update={"members": members, "sha256": tuple(info.sha256 for info in infos)})


def pinned(ref: Reference) -> Reference:
    """A reference to the Hub with the commit that it means now, so that it never means another; any other as it is."""
    if isinstance(ref, EnsembleSpec) or not ref.startswith(hub_refs.PREFIX):
        return ref
    parsed = hub_refs.parse(ref)
    return str(parsed.at(hub_cache.commit_of(parsed) or parsed.revision or "main"))


def pulled() -> list[tuple[str, CheckpointInfo]]:
    """(reference, info) of every usable network and ensemble that was pulled from the Hub, sorted."""
    return list(_described(map(str, hub_cache.pulled())))


def _on_the_hub(spec: EnsembleSpec, ref: hub_refs.HubRef) -> EnsembleSpec:
    """With its members as references: on the Hub they are named as the folders of its repository, at its commit."""
    members = hub_offer.check_members(spec.members, ref.at(hub_cache.commit_of(ref) or "main"))
    return spec.model_copy(update={"members": tuple(map(str, members))})


def _saying(ref: str, read: Callable[[Path], T]) -> T:
    """`read` its folder. On the Hub that is named by a commit, so what is wrong is said with the reference."""
    folder = resolve(ref)
    try:
        return read(folder)
    except CheckpointError as error:
        if ref.startswith(hub_refs.PREFIX):
            raise CheckpointError(f"{ref}: {error}") from None
        raise


def of_run(ref: str, info: CheckpointInfo) -> CheckpointInfo:
    """What the checkpoint behind `ref` says; of a run's best also how many epochs the run did."""
    is_run = ref.startswith(RUN_PREFIX)
    return run_epochs.told(info, settings.runs_dir() / ref.removeprefix(RUN_PREFIX)) if is_run else info


def _load(ref: str) -> Loaded:
    model, info = _saying(ref, load)
    return Loaded(model, of_run(ref, info))


def _member_infos(spec: EnsembleSpec) -> list[CheckpointInfo]:
    infos = []
    for member in spec.members:
        try:
            info = info_of(member) if spec_of(member) is None else None
        except CheckpointError as error:
            raise CheckpointError(f"A member of the ensemble is missing or broken. {error}") from None
        if info is None:
            raise CheckpointError(f"{member} is an ensemble itself; name its members instead.")
        infos.append(info)
    return infos


def _teacher_of(ref: str) -> EnsembleSpec:
    run_id = check_name(ref.removeprefix(TEACHER_PREFIX))
    try:
        config = outside.read_json(settings.runs_dir() / run_id / "config.json")
        teacher = config["teaching"]["teacher"]
    except (OSError, ValueError, KeyError, TypeError):
        raise CheckpointError(f"There is no taught run {run_id}; see `unetkd runs list`.") from None
    if isinstance(teacher, str):
        raise CheckpointError(f"Run {run_id} was taught by {teacher}, not by an ensemble; use that reference.")
    return ensembles.parse(teacher, where=f"The teacher of run {run_id}")


def _missing_run(run_id: str) -> str:
    if (settings.runs_dir() / run_id).is_dir():
        return f"Run {run_id} has no checkpoint yet: it comes with its first epoch."
    return f"There is no run {run_id}; see `unetkd runs list`."


def missing_name(name: str) -> str:
    """That there is no checkpoint of that name, and which there are."""
    there = folders.names(settings.checkpoints_dir(), NAME)
    more = f" and {len(there) - 12} more" if len(there) > 12 else ""
    choice = f"there are {', '.join(there[:12])}{more}" if there else "there is none yet"
    return f"There is no checkpoint named {name!r}; {choice}. A run's best is run:ID."


def available() -> list[tuple[str, CheckpointInfo]]:
    """(reference, info) of every usable network: the named ones and ensembles by name, those pulled from the Hub, then
    finished runs, newest first, and the ensembles that taught them.
    """
    found = sorted([*list_named(), *_named_ensembles()], key=lambda pair: pair[0])
    named = {info.sha256 for _, info in found}
    found += [(ref, info) for ref, info in pulled() if info.sha256 not in named]
    taught_by: dict[str, str] = {}  # an ensemble's settings as text -> the newest run that it taught
    for run_id in reversed(folders.names(settings.runs_dir(), NAME)):
        if _is_finished(settings.runs_dir() / run_id):
            try:
                info = of_run(RUN_PREFIX + run_id, read_info(settings.runs_dir() / run_id / "best"))
            except CheckpointError:
                continue  # a run that ended before its first epoch has none, and its own page says so
            found.append((RUN_PREFIX + run_id, info))
            teaching = (info.run or {}).get("teaching")
            teacher = teaching.get("teacher") if isinstance(teaching, dict) else None
            if isinstance(teacher, dict):
                taught_by.setdefault(json.dumps(teacher, sort_keys=True), TEACHER_PREFIX + run_id)
    known = {info.sha256 for _, info in found}
    return found + [(ref, info) for ref, info in _described(taught_by.values()) if info.sha256 not in known]


def _described(refs: Iterable[str]) -> Iterator[tuple[str, CheckpointInfo]]:
    """Those of the references that can be used."""
    for ref in refs:
        try:
            yield ref, info_of(ref)
        except UnetKDError:
            continue  # a member is gone: `info_of` says which when the ensemble is asked for


def _named_ensembles() -> list[tuple[str, CheckpointInfo]]:
    folder = settings.checkpoints_dir()
    names = folders.names(folder, NAME)
    return list(_described(n for n in names if (folders.current(folder / n) / ensembles.ENSEMBLE).is_file()))


def _is_finished(run_dir: Path) -> bool:
    try:
        state = outside.read_json(run_dir / "status.json")["state"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return isinstance(state, str) and state in _FINISHED


def load_model(ref: Reference, device: str = "cpu", *, member: Callable[[str], Loaded] | None = None) -> Loaded:
    """The network or ensemble that `ref` means, on `device` (auto: UNETKD_DEVICE, else the accelerator there is).

    member: gives an ensemble's member, where whoever asks keeps networks in memory; None loads each anew.

    Raises CheckpointError for what `resolve`, `info_of` and `checkpoints.load` refuse, ConfigError for a device that is
    not there.
    """
    from unetkd_core.inference.device import full_precision, pick_device

    full_precision()
    spec = spec_of(ref)
    if spec is None:
        assert isinstance(ref, str)
        model, info = _load(ref)
    else:
        model, info = _load_ensemble(spec, info_of(ref), member or _load)
    return Loaded(model.to(pick_device(device)), info)


def _load_ensemble(
    spec: EnsembleSpec, info: CheckpointInfo, member: Callable[[str], Loaded]
) -> "tuple[nn.Module, CheckpointInfo]":
    from unetkd_core.models.ensemble import EnsembleTeacher

    if spec.open:
        raise ConfigError(
            f"The weights of {info.title} are still to be searched; `unetkd ensemble search` does, on held-out data."
        )
    loaded = [member(ref) for ref in spec.members]
    model = EnsembleTeacher(
        [model for model, _ in loaded],
        weights=spec.weights,
        class_weights=spec.class_weights,
        sizes=[(one.height, one.width) for _, one in loaded],
        space=spec.space,
        weighting=spec.weighting,
    )
    # Described anew, from what was really loaded: a member may have been replaced a moment ago.
    return model.eval(), ensembles.describe(spec, [one for _, one in loaded], name=info.name)


def mapping_warning(info: CheckpointInfo, source: "Source") -> str | None:
    """A sentence to show beside scores when `source` reads its labels otherwise than the checkpoint learned them, or
    None.
    """
    if source.mapping in info.mapping:
        return None
    learned = f"the {' and '.join(info.mapping)} label mapping" if info.mapping else "no one label mapping"
    means = (
        MAPPINGS[source.mapping].description if source.mapping in MAPPINGS else "Its classes may mean something else."
    )
    return (
        f"{info.name} learned {learned}, {source.ref} has the {source.mapping} mapping, "
        f"so scores compare unlike classes. {means}"
    )
