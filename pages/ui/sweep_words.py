"""What is said of a sweep: how far, what it found, what went wrong. Sentences only; draws nothing."""

import html

from pages.ui import kit, run_words, sweep_heat
from unetkd_core.errors import UnetKDError
from unetkd_core.runs.status import Status
from unetkd_core.runs.sweep_estimate import Left
from unetkd_core.runs.sweep_folder import Sweep
from unetkd_core.runs.sweep_grid import SweepSpec
from unetkd_core.runs.sweep_reading import BROKEN
from unetkd_core.runs.sweep_results import CellResult, Score, best, runs_done
from unetkd_core.zoo import references

NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}
Results = tuple[CellResult, ...]
QUESTION_ANSWERED_LATER = (
    "Train a student with every α and T of a grid, each against the same untaught twin, and see where teaching pays."
)


def count(number: int, thing: str) -> str:
    """ "1 student", "9 students"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def seeds(number: int) -> str:
    """ "one seed", "three seeds"."""
    return f"{NUMBERS.get(number, number)} seed{'' if number == 1 else 's'}"


def answer(spec: SweepSpec, results: Results, what: Score) -> str:
    """The line under the title, as HTML: the best cell so far, with its number, spread and seeds."""
    top = best(results, what)
    if top is None:
        return QUESTION_ANSWERED_LATER
    summary = top.summary(what)
    assert summary.mean is not None
    who = sweep_heat.who(spec, top.cell)
    cell = html.escape(f"{sweep_heat.where(top.cell).replace(', ', ' and ')}{f' ({who})' if who else ''}")
    spread = f" {sweep_heat.spread(summary)}" if summary.spread is not None else ""
    sure = f"{spread}, {kit.term('one seed', seeds(summary.n))}"
    done, _, runs = runs_done(results)
    whole = done == runs
    if what == "miou":
        return f"{'' if whole else 'So far '}{cell}, with {kit.percent(summary.mean)}{sure}."
    if round(100 * summary.mean, 1) <= 0:
        begins = "No cell beats its untaught twin here" if whole else "No cell beats its untaught twin so far"
        return f"{begins}: the best, {cell}, is {_worth(summary.mean)}{sure}."
    begins = f"{cell}: worth" if whole else f"So far {cell}: worth"
    return f"{begins} {kit.points(summary.mean)} points over the untaught twin{sure}{_of_many(results)}."


def _of_many(results: Results) -> str:
    """Whoever picks the largest of many noisy numbers is told so."""
    measured = sum(result.summary("gain").mean is not None for result in results)
    return f", {kit.term('best of many', f'the best of {measured}')}" if measured > 1 else ""


def _worth(gain: float) -> str:
    return "even with it" if round(100 * gain, 1) == 0 else f"{kit.points(gain).lstrip(kit.MINUS)} points below"


def to_do(left: Left) -> str:
    """ "9 students and 1 twin", "4 students": what is still to train."""
    parts = [count(number, thing) for number, thing in ((left.students, "student"), (left.twins, "twin")) if number]
    return " and ".join(parts)


def now(results: Results) -> str:
    """ "2 training, 1 failed, 3 to come"."""
    states = [run.student.state for cell in results for run in cell.runs]
    broken = sum(state in BROKEN for state in states)
    to_come = states.count("waiting") + states.count("queued")
    parts = ((states.count("running"), "training"), (broken, "failed"), (to_come, "to come"))
    return ", ".join(f"{number} {word}" for number, word in parts if number)


def about(seconds: float) -> str:
    """ "about 6 min"."""
    return f"about {kit.duration(run_words.rough(seconds))}"


def headline(status: Status, results: Results) -> str:
    """One line on where a sweep is that is going on."""
    done, _, runs = runs_done(results)
    if status.state == "queued":
        return "Starting"
    twins = {run.twin.run_id: run.twin.state for cell in results for run in cell.runs}
    if done == runs and "running" in twins.values():
        return "The last untaught twin trains"
    return f"{done} of {count(runs, 'student')} done"


def honesty(spec: SweepSpec, results: Results, what: Score, labels: dict[str, str]) -> str:
    """The note under the grid: what its numbers are."""
    data, optim = spec.base.data, spec.base.optim
    unit = "Gain over the untaught twin, in points of " if what == "gain" else ""
    most = f"at most {data.max_train:,} scenes, " if data.max_train else ""
    name = references.label(spec.teacher[0])
    teacher = "" if len(spec.teacher) > 1 else f"Taught by {html.escape(labels.get(name, name))}. "
    return (
        f"{teacher}{unit}{kit.term('mIoU')} on {', '.join(data.val)}, best validation epoch at the packed size, "
        f"{data.height} × {data.width}; learned from {', '.join(data.train)}, {most}{count(optim.epochs, 'epoch')}, "
        f"{kit.term('seeds', seeds(len(spec.seed)))}{_mean_of(spec, results, what)}."
    ).strip()


def _mean_of(spec: SweepSpec, results: Results, what: Score) -> str:
    if len(spec.seed) == 1:
        return ""
    whole = all(result.summary(what).n == len(spec.seed) for result in results)
    return ", mean ± standard deviation" + ("" if whole else " of those done so far")


def title(spec: SweepSpec, labels: dict[str, str]) -> str:
    """ "M128 from M256, 3 α × 3 T"; labels: reference -> what a teacher is called here."""
    text = spec.title
    for ref in spec.teacher:
        name = references.label(ref)
        text = text.replace(f"from {name},", f"from {labels.get(name, name)},")
    return text


def started(sweep: Sweep) -> str:
    """ "today 18:45", and how it stands unless it is done."""
    try:
        status = sweep.status()
    except UnetKDError:
        return "unreadable"
    state = {"done": "", "running": ", running", "queued": ", running"}.get(status.state, f", {status.state}")
    return run_words.when(status) + state


def gone_wrong(status: Status, left: Left) -> tuple[str, str]:
    """(headline, way out) of a sweep that ended early."""
    still = f"{to_do(left)} still to train" if to_do(left) else "nothing is left to train"
    if status.state == "stopped":
        return "It was stopped", f"What is done stays; {still}."
    if status.state == "interrupted":
        return (
            "It was interrupted",
            "The process that starts its runs is gone: the machine was restarted, or memory ran out. "
            f"What is done stays; {still}.",
        )
    if status.error is not None:
        return status.error.headline.rstrip("."), status.error.hint
    return "It could not go on", "The log says more."


def failed_runs(results: Results) -> tuple[str, str] | None:
    """(headline, why) where runs of a finished sweep ended early."""
    _, failed, runs = runs_done(results)
    if failed:
        why = next((run.student.problem for cell in results for run in cell.runs if run.student.problem), "")
        return f"{failed} of {count(runs, 'run')} did not finish", why or "They were stopped before their last epoch."
    twins = {run.twin.run_id: run.twin for cell in results for run in cell.runs if run.twin.state in BROKEN}
    if not twins:
        return None
    why = next((twin.problem for twin in twins.values() if twin.problem), "It was stopped before its last epoch.")
    return "An untaught twin did not finish: without it there is no gain to tell", why


def state_of(run_state: str, epoch: int, epochs: int) -> str:
    """ "done", "epoch 3 of 8", "failed after epoch 2"."""
    if run_state == "running":
        return f"epoch {min(epoch + 1, epochs)} of {epochs}"
    if run_state in ("stopped", "failed", "interrupted") and epoch:
        return f"{run_state} after epoch {epoch}"
    return {"waiting": "not started", "queued": "waits its turn"}.get(run_state, run_state)
