"""Makes what Home shows of a finished sweep: everybody's scores on a split that chose nobody, and one street.

Scores are kept as they are measured (scored.py), so that this can be stopped and continued too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from unetkd_core.data.source import Source
from unetkd_core.errors import RunError
from unetkd_core.runs import home_grid, home_street, jobs, provenance, scored, sweeps
from unetkd_core.runs.home_grid import HomeCell, HomeGrid, Measured, Network
from unetkd_core.runs.home_street import Pictured, Say
from unetkd_core.runs.sweep_folder import Sweep
from unetkd_core.runs.sweep_grid import Cell, SweepSpec
from unetkd_core.zoo import references
from unetkd_core.zoo.references import Reference

_TEACHER: Final = "teacher"


@dataclass(frozen=True)
class _Trained:
    """Run references of a finished grid. students: one list a cell, in the order of seeds, as are the twins."""

    students: list[list[str]]
    twins: list[str]


def make(sweep: Sweep, source: Source, *, scene: int | None = None, say: Say = lambda *_: None) -> HomeGrid:
    """Score the teacher and every student and twin of a finished sweep on `source`, choose a street, and read it.

    scene: its index; left out: a typical one (home_street.py). Raises RunError when a run is missing, DataError when
    there are no labels.
    """
    spec, trained = sweep.spec, _trained(sweep)
    teacher = spec.teacher[0]
    scores = _scores(teacher, trained, source, say)
    twins = tuple(scores[ref] for ref in trained.twins)
    cells = [
        _cell(cell, [scores[ref] for ref in refs], twins)
        for cell, refs in zip(spec.cells(), trained.students, strict=True)
    ]
    beside = [cell.shown for cell in cells]
    students = [refs[place] for refs, place in zip(trained.students, beside, strict=True)]
    pictured = Pictured(teacher, trained.twins, students, beside)
    index = home_street.typical_scene(source, pictured, say) if scene is None else scene
    photo, truth = home_street.read_scene(source, index, large=True)
    return HomeGrid(
        dataset=source.ref,
        index=index,
        scenes=len(source),
        seeds=spec.seed,
        settings=_settings(spec),
        student=_network(trained.twins[0], ""),
        teacher=_network(teacher, references.label(teacher)),
        teacher_scores=scores[_TEACHER],
        twins=twins,
        cells=tuple(cells),
        photo=photo,
        truth=truth,
        seen=pictured.seen(photo),
    )


def _scores(teacher: Reference, trained: _Trained, source: Source, say: Say) -> dict[str, Measured]:
    """Run reference, or "teacher" -> its scores."""
    everyone: dict[str, Reference] = {_TEACHER: teacher}
    everyone |= {ref: ref for ref in (*trained.twins, *(ref for cell in trained.students for ref in cell))}
    found = {}
    for place, (key, ref) in enumerate(everyone.items()):
        say("Scoring", place, len(everyone))
        scores = scored.scores_of(ref, source)
        run = "" if key == _TEACHER else key.removeprefix(references.RUN_PREFIX)
        found[key] = Measured(scores.miou, scores.iou, run)
    return found


def _cell(cell: Cell, students: Sequence[Measured], twins: Sequence[Measured]) -> HomeCell:
    shown = home_grid.middle(home_grid.gains(students, twins))
    return HomeCell(cell.alpha, cell.temperature, tuple(students), shown)


def notes(spec: SweepSpec, source: Source, command: str) -> dict[str, Any]:
    """How and where it was made, for the record."""
    made = provenance.provenance()
    made["machine"].pop("host", None)
    made_of = jobs.data_hashes(spec.base, source)
    config = spec.base.model_dump(mode="json", exclude={"name", "seed", "twin_of", "teaching", "hardware"})
    return {"command": command, **made, "data": made_of, "config": config}


def _settings(spec: SweepSpec) -> Mapping[str, Any]:
    teaching, data, optim = spec.config(spec.cells()[0], spec.seed[0]).teaching, spec.base.data, spec.base.optim
    assert teaching is not None
    return {
        "scale_by_t2": teaching.scale_by_t2,
        "epochs": optim.epochs,
        "height": data.height,
        "width": data.width,
        "train": list(data.train),
        "max_train": data.max_train,
    }


def _network(ref: Reference, shown_as: str) -> Network:
    info = references.info_of(ref)
    return Network(shown_as, str(info.arch.get("name") or info.title), info.parameters)


def _trained(sweep: Sweep) -> _Trained:
    cells = sweeps.cells(sweep)
    if missing := [run for cell in cells for run in cell.runs if not run.settled]:
        raise RunError(
            f"{len(missing)} of {sum(len(cell.runs) for cell in cells)} students or their twins are not trained yet; "
            "the same command goes on."
        )
    twins = {run.seed: run.twin.run_id for cell in cells for run in cell.runs}
    return _Trained(
        [[f"run:{run.student.run_id}" for run in cell.runs] for cell in cells],
        [f"run:{twins[seed]}" for seed in sweep.spec.seed],
    )
