"""Makes what Home shows of a finished sweep: everybody's scores on a split that chose nobody, and one street.

Scores are kept as they are measured (scored.py), so that this can be stopped and continued too.
"""

from dataclasses import dataclass
from typing import Any, Final

from unetkd_core.data.source import Source
from unetkd_core.errors import RunError
from unetkd_core.runs import home_grid, home_plan, home_street, jobs, provenance, scored, sweeps
from unetkd_core.runs.home_grid import HomeCell, HomeGrid, Measured, Network
from unetkd_core.runs.home_street import Pictured, Say
from unetkd_core.runs.sweep_folder import Sweep
from unetkd_core.runs.sweep_grid import SweepSpec
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
    scores = _scores(spec, trained, source, say)
    twins = tuple(scores[ref] for ref in trained.twins)
    cells = tuple(
        HomeCell(cell.alpha, cell.temperature, tuple(scores[ref] for ref in refs))
        for cell, refs in zip(spec.cells(), trained.students, strict=True)
    )
    shown = home_grid.pictured(cells, twins)
    pictured = Pictured(trained.twins[shown], [refs[shown] for refs in trained.students])
    index = home_street.typical_scene(source, pictured, say) if scene is None else scene
    photo, truth = home_street.read_scene(source, index, large=True)
    twin_seen, cells_seen = pictured.seen(photo)
    return HomeGrid(
        dataset=source.ref,
        index=index,
        scenes=len(source),
        seeds=spec.seed,
        shown=shown,
        student=_network(trained.twins[0]),
        teacher=_network(teacher),
        teacher_scores=scores[_TEACHER],
        twins=twins,
        cells=cells,
        photo=photo,
        truth=truth,
        twin_seen=twin_seen,
        cells_seen=cells_seen,
    )


def _scores(spec: SweepSpec, trained: _Trained, source: Source, say: Say) -> dict[str, Measured]:
    """Run reference, or "teacher" -> its scores. The teacher has the students' pictures, as when it taught."""
    teacher, size = spec.teacher[0], (spec.base.data.height, spec.base.data.width)
    everyone: dict[str, Reference] = {_TEACHER: teacher}
    everyone |= {ref: ref for ref in (*trained.twins, *(ref for cell in trained.students for ref in cell))}
    found = {}
    for place, (key, ref) in enumerate(everyone.items()):
        say("Scoring", place, len(everyone))
        scores = scored.scores_of(ref, source, training_size=size if key == _TEACHER else None)
        run = "" if key == _TEACHER else key.removeprefix(references.RUN_PREFIX)
        found[key] = Measured(scores.miou, scores.iou, run)
    return found


def notes(spec: SweepSpec, source: Source, command: str) -> dict[str, Any]:
    """How and where it was made, for the record."""
    made = provenance.provenance()
    made["machine"].pop("host", None)
    made_of = jobs.data_hashes(spec.base, source)
    config = spec.base.model_dump(mode="json", exclude={"name", "seed", "twin_of", "teaching", "hardware"})
    taught = {"taught_by": references.label(spec.teacher[0]), "method": home_plan.METHOD}
    return {"command": command, **made, "data": made_of, **taught, "config": config}


def _network(ref: Reference) -> Network:
    info = references.info_of(ref)
    return Network(str(info.arch.get("name") or info.title), info.parameters)


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
