"""`unetkd ensemble`: search the weights of several networks, and score their mean."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from unetkd_core.classes import CLASS_NAMES
from unetkd_core.cli import teachers
from unetkd_core.cli.evaluate import Dataset, Limit, Split, refuse_without_labels, scenes_in_words, scenes_of, score
from unetkd_core.cli.options import AsJson, Space
from unetkd_core.cli.output import counting, gain, percent, print_json, print_table, remark
from unetkd_core.data import catalog
from unetkd_core.data.source import Source
from unetkd_core.errors import CheckpointError
from unetkd_core.inference.searched import FINE_STEPS, GRID_TOP, Searched
from unetkd_core.metrics import Scores
from unetkd_core.models.weighting import SEARCHED, on_simplex
from unetkd_core.models.weighting import Space as SpaceName
from unetkd_core.zoo import ensemble_search, ensembles, folders, marks, references, shelf
from unetkd_core.zoo.checkpoints import WEIGHTS
from unetkd_core.zoo.ensembles import EnsembleSpec
from unetkd_core.zoo.references import Reference

if TYPE_CHECKING:
    from unetkd_core.models.ensemble import EnsembleTeacher

app = typer.Typer(help="Ensembles: search weights, score the mean.", no_args_is_help=True)

Members = Annotated[list[str], typer.Argument(metavar="REF...", help="Checkpoints' names or run:IDs, one a member.")]
HeldOut = Annotated[
    str,
    typer.Option(
        "--dataset",
        metavar="REF",
        help="Choose on this, as camvid:train-only-0006R0: scenes that nothing is reported on.",
    ),
]
Out = Annotated[
    Path | None, typer.Option("-o", "--out", metavar="FILE.json", help="Write the ensemble found, for --teacher.")
]
SHOWN = 10


@app.command("search")
def search(
    members: Members,
    dataset: HeldOut,
    weights: Annotated[
        str,
        typer.Option(
            "--weights",
            metavar="HOW",
            help="search: integers 0-4 each (the paper); fine: steps of 0.05; per-class: the best for each class.",
        ),
    ] = "search",
    space: Space = None,
    top: Annotated[
        int | None, typer.Option("--top", min=2, help="search: integers from 0 up to, not with, this; left out: 5.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="fine, per-class: so many steps from 0 to 1; left out: 20.")
    ] = None,
    limit: Limit = None,
    out: Out = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Keep it as a named ensemble beside the checkpoints.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite an ensemble of that name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Search the best weights: every candidate's mean is scored on every scene, in one pass."""
    if not dataset.partition(":")[2].strip():
        raise typer.BadParameter(f"name the split too, as {dataset.rstrip(': ')}:val", param_hint="--dataset")
    spec = teachers.ensemble(members, weights, space)
    _check_grid(spec, top, steps)
    target = _target(name, replace=replace) if name else None
    if out is not None and not out.parent.is_dir():
        raise CheckpointError(f"There is no folder {out.parent} to write {out.name} into; choose another with -o.")
    spec = references.fixed(spec)
    source = catalog.open_source(dataset)
    source.check()
    _warn_of_mappings(spec, source)
    _warn_of_training(spec, source)
    candidates = ensemble_search.candidates_of(spec, top=top or GRID_TOP, steps=steps or FINE_STEPS)
    with counting(f"{len(candidates)} candidates on {source.ref}") as progress:
        found = ensemble_search.find_weights(spec, [source.ref], candidates=candidates, limit=limit, progress=progress)
    result = ensemble_search.search(spec, [source.ref], candidates, limit=limit)  # read back, not run again
    together = _score_of(found, result, source, limit)
    if out is not None:
        _write(out, found)
    if target is not None:
        ensembles.save(found, target)
        remark(f"{name} is in {target}")
    if as_json:
        print_json(_searched_as_json(found, result, source.ref, together))
    else:
        _print_searched(found, result, together)


def _check_grid(spec: EnsembleSpec, top: int | None, steps: int | None) -> None:
    if spec.weighting not in SEARCHED:
        raise typer.BadParameter("is not searched; choose search, fine or per-class", param_hint="--weights")
    if top is not None and spec.weighting != "grid":
        raise typer.BadParameter("goes with --weights search", param_hint="--top")
    if steps is not None and spec.weighting == "grid":
        raise typer.BadParameter("goes with --weights fine or per-class", param_hint="--steps")


def _warn_of_mappings(spec: EnsembleSpec, source: Source) -> None:
    for info in map(references.info_of, spec.members):
        warning = references.mapping_warning(info, source)
        if warning:
            remark(warning)


def _warn_of_training(spec: EnsembleSpec, source: Source) -> None:
    """Who has seen the scenes looks better on them than it is, and gets too much of the vote."""
    learned = [i.name for i in map(references.info_of, spec.members) if marks.learned_from(i, source.ref)]
    if learned:
        remark(
            f"{', '.join(learned)} learned from scenes of {source.ref}; choose weights on scenes that no member saw."
        )


def _score_of(found: EnsembleSpec, result: Searched, source: Source, limit: int | None) -> float:
    """mIoU of the ensemble that was found. By class no candidate is that ensemble: it reads the scenes once more."""
    if found.class_weights is None:
        return float(result.miou[result.best()])
    return score(references.load_model(found, "auto"), source, limit=limit).miou


def _searched_as_json(found: EnsembleSpec, result: Searched, ref: str, together: float) -> dict[str, Any]:
    candidates = [
        {"weights": weights, "miou": float(miou)} for weights, miou in zip(result.candidates, result.miou, strict=True)
    ]
    return {
        "ensemble": found.model_dump(mode="json"),
        "miou": together,
        "dataset": ref,
        "scenes": result.scenes,
        "candidates": candidates,
    }


def _print_searched(found: EnsembleSpec, result: Searched, together: float) -> None:
    ranked = sorted(range(len(result.candidates)), key=lambda k: -result.miou[k])[:SHOWN]
    rows = [(_weights(result.candidates[k]), percent(float(result.miou[k]))) for k in ranked]
    print_table((f"Weights of {', '.join(found.members)}", "#mIoU"), rows)
    if found.class_weights is not None:
        by_class = zip(CLASS_NAMES, zip(*found.class_weights, strict=True), strict=True)
        print_table(("Class", *found.members), [(c, *(f"{w:.2f}" for w in column)) for c, column in by_class])
    alone = {ref: float(result.miou[_alone(result.candidates, i)]) for i, ref in enumerate(found.members)}
    best = max(alone, key=alone.__getitem__)
    typer.echo(
        f"Together {percent(together)}, {gain(together, alone[best])} over {best} alone, on the {result.scenes} "
        "scenes that the weights were chosen on."
    )


@app.command("evaluate")
def evaluate(
    refs: Annotated[
        list[str], typer.Argument(metavar="REF...", help="An ensemble.json, a named ensemble, or several networks.")
    ],
    dataset: Dataset = "streets",
    split: Split = None,
    weights: Annotated[
        str | None,
        typer.Option("--weights", metavar="HOW", help="For several networks: even, confidence, or numbers as 1,2,1."),
    ] = None,
    space: Space = None,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """mIoU of the mean beside its members', at native label resolution."""
    on = scenes_of(dataset, split)
    spec = _given(refs, weights, space)
    source = catalog.open_source(on)
    source.check()
    if any(ref.split(",")[0] == source.ref for ref in spec.searched_on):
        remark(f"The weights were chosen on {source.ref} itself, so this score flatters them.")
    _warn_of_mappings(spec, source)
    mean, scores = _scores(spec, source, limit)
    if as_json:
        print_json(
            {
                "ensemble": spec.model_dump(mode="json"),
                "dataset": source.ref,
                "scores": mean.to_json(),
                "members": {ref: one.to_json() for ref, one in scores.items()},
            }
        )
        return
    who: list[Reference] = [*spec.members, spec]
    signs = [marks.mark(references.info_of(ref), source.ref) for ref in who]
    _print(spec, scenes_in_words(source, limit), scores, mean, signs)


def _scores(spec: EnsembleSpec, source: Source, limit: int | None) -> tuple[Scores, dict[str, Scores]]:
    """(the mean's, each member's by its reference), from one pass over the scenes."""
    from unetkd_core.inference.evaluate import evaluate_ensemble

    refuse_without_labels(spec.weighting)
    together = references.load_model(spec, "auto")
    with counting(f"{len(spec.members)} networks on {source.ref}") as progress:
        mean, members = evaluate_ensemble(
            cast("EnsembleTeacher", together.model),
            source,
            training_size=(together.info.height, together.info.width),
            limit=limit,
            progress=progress,
        )
    return mean, dict(zip(spec.members, members, strict=True))


def _given(refs: list[str], weights: str | None, space: SpaceName | None) -> EnsembleSpec:
    if len(refs) > 1:
        return teachers.ensemble(refs, weights, space)
    spec = references.spec_of(teachers.reference(refs[0]))
    if spec is None:
        raise CheckpointError(f"{refs[0]} is a single network; name several, or use `unetkd evaluate`.")
    if weights is not None or space is not None:
        raise typer.BadParameter("an ensemble brings its own weights and space", param_hint="--weights, --space")
    return spec


def _print(spec: EnsembleSpec, on: str, scores: dict[str, Scores], mean: Scores, signs: Sequence[str]) -> None:
    """signs: what is said behind each mIoU, the ensemble's last (zoo/marks.py)."""
    columns = ("Class", *(f"#{name}" for name in scores), "#ensemble")
    everyone = [*scores.values(), mean]
    rows: list[tuple[object, ...]] = [
        (name, *(percent(one.iou[index]) for one in everyone)) for index, name in enumerate(CLASS_NAMES)
    ]
    rows.append(("mIoU", *(f"{percent(one.miou)}{sign}" for one, sign in zip(everyone, signs, strict=True))))
    print_table(columns, rows)
    if meaning := marks.meaning(signs):
        remark(meaning)
    best = max(scores, key=lambda name: scores[name].miou)
    typer.echo(
        f"Weights: {ensembles.weights_in_words(spec)}. "
        f"{gain(mean.miou, scores[best].miou)} over {best} alone on {on}, native label resolution."
    )


def _weights(candidate: tuple[float, ...]) -> str:
    shares = ", ".join(f"{share:.2f}" for share in on_simplex(candidate, len(candidate)))
    whole = all(w == int(w) for w in candidate)
    return f"{','.join(str(int(w)) for w in candidate)}  ({shares})" if whole else shares


def _alone(candidates: Sequence[tuple[float, ...]], member: int) -> int:
    return next(k for k, c in enumerate(candidates) if c[member] > 0 and sum(c) == c[member])


def _target(name: str, *, replace: bool) -> Path:
    target = shelf.free(name, replace=replace)
    if (folders.current(target) / WEIGHTS).exists():
        raise CheckpointError(f"{name} is a checkpoint with weights of its own; choose another name for the ensemble.")
    return target


def _write(path: Path, spec: EnsembleSpec) -> None:
    try:
        path.write_text(spec.dumps(), encoding="utf-8")
    except OSError as error:
        raise CheckpointError(f"{path} cannot be written: {error.strerror or error}; choose another with -o.") from None
    remark(f"The ensemble is in {path}; `unetkd distill --teacher {path}` learns from it.")
