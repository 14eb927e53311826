"""What is said of a run: its state, how long still, what it found, what went wrong. Sentences only; draws nothing."""

from datetime import datetime

from pages.ui import kit
from pages.ui.pairs import Pair, Side
from unetkd_core.errors import UnetKDError
from unetkd_core.runs.folder import Run
from unetkd_core.runs.status import Status
from unetkd_core.training.config import RunConfig
from unetkd_core.training.terms import in_words
from unetkd_core.zoo import references

STATE = {
    "queued": "waiting",
    "running": "training",
    "done": "done",
    "stopped": "stopped",
    "failed": "failed",
    "interrupted": "interrupted",
}
WHO = {"student": "The student", "twin": "The untaught twin", "teacher": "The network"}


def headline(pair: Pair) -> str:
    """One line on where the pair is: "Epoch 12 of 20", "Packing 320 streets, 45 %"."""
    side = pair.leading
    status = side.status
    if status.state == "queued":
        whose = "The twin waits for its" if side.role == "twin" else "Waiting for its"
        return f"{whose} turn" if status.pid is not None else "Starting"
    if status.phase != "training":
        fallback = {
            "packing": "Packing the streets",
            "measuring": "Measuring what is fastest here",
            "finishing": "Saving the best epoch",
        }
        return status.message or fallback.get(status.phase, "Starting")
    epoch = min(status.epoch + 1, status.epochs)
    who = "" if pair.twin is None or side.role != "twin" else "Twin, epoch"
    return f"{who or 'Epoch'} {epoch} of {status.epochs}"


def time_left(pair: Pair) -> str:
    """ "about 2 min 30 s left", or nothing while nobody knows."""
    seconds = pair.seconds_left()
    return "" if seconds is None else f"about {kit.duration(rough(seconds))} left"


def rough(seconds: float) -> float:
    """Seconds as one says them of the future: to 5 s, from five minutes on to whole minutes."""
    step = 1 if seconds < 20 else 5 if seconds < 120 else 10 if seconds < 300 else 60
    return step * round(seconds / step)


def title(run: Run, config: RunConfig) -> str:
    """What a run is called: "M128 from M1024", "M128 untaught".

    A teacher that was a run goes by its network, not by its id.
    """
    if config.name or config.teaching is None:
        return config.title
    return f"{config.model.name} from {taught_by(run, references.label(config.teaching.teacher))}"


def taught_by(run: Run, ref: str) -> str:
    """The teacher's title as it was when the run began, else its reference."""
    try:
        told = run.meta.get("teacher") or {}
    except UnetKDError:
        told = {}
    return str(told.get("title") or ref).removesuffix(" alone")


def settings_line(run: Run, config: RunConfig) -> str:
    """ "M128 from M1024, α 0.1, T 10, seed 0"."""
    parts = [title(run, config)]
    if config.teaching is not None:
        how = f"α {config.teaching.alpha:g}, T {config.teaching.temperature:g}"
        soft = [how + (" with T²" if config.teaching.scale_by_t2 else "")] if config.teaching.pixel_wise else []
        more = [in_words(config.teaching.terms)] if config.teaching.terms else []
        parts = [parts[0].removesuffix(f", {how}"), *soft, *more]
    return ", ".join([*parts, f"seed {config.seed}"])


def found(pair: Pair) -> tuple[str, str]:
    """(sentence with the result as HTML, the numbers behind it) of a finished pair or network."""
    student, twin = pair.compared()
    if student is None:
        return "It is done.", "Nothing was measured."
    gain = pair.gain
    if twin is None or gain is None:
        return (
            f"It reaches <b>{kit.percent(student.miou)}</b>.",
            f"mIoU on streets that it has not seen, after epoch {student.epoch}, its best.",
        )
    numbers = (
        f"{kit.term('mIoU')} {kit.percent(student.miou)} against {kit.percent(twin.miou)} for its untaught twin, "
        f"on streets neither has seen; each at its best epoch, {kit.term('one seed')}."
    )
    if round(100 * gain, 1) == 0:
        return "The teacher made no difference here.", numbers
    if gain < 0:
        return (
            f"Here the teacher cost <b>{kit.points(gain).lstrip(kit.MINUS)}</b> points: the twin alone is better.",
            numbers,
        )
    return f'The teacher was worth <b class="ukd-student">{kit.points(gain)}</b> points.', numbers


def gone_wrong(side: Side, *, alone: bool) -> tuple[str, str]:
    """(headline, way out) of a run that ended early."""
    status = side.status
    who = "It" if alone else WHO[side.role]
    after = f"after epoch {status.epoch} of {status.epochs}" if status.epoch else "before its first epoch was over"
    kept = f"Nothing before epoch {status.epoch + 1} is lost." if status.epoch else "Resuming starts it again."
    if status.state == "stopped":
        return f"{who} was stopped {after}", f"Resume goes on from there. {kept}" if status.epoch else kept
    if status.state == "interrupted" and status.error is None:
        return (
            f"{who} was interrupted {after}",
            f"Its process is gone: the machine was restarted, or memory ran out. {kept}",
        )
    error = status.error
    if error is None:
        return f"{who} failed {after}", f"The log says more. {kept}"
    headline = error.headline.rstrip(".")
    return (headline if alone else f"{who}: {headline[:1].lower() + headline[1:]}"), f"{error.hint} {kept}".strip()


def when(status: Status, now: datetime | None = None) -> str:
    """ "today 18:45", "23 Nov 18:45" in this machine's time."""
    created, today = datetime.fromtimestamp(status.created), now or datetime.now()
    clock = created.strftime("%H:%M")
    if created.date() == today.date():
        return f"today {clock}"
    return f"{created.day} {created.strftime('%b' if created.year == today.year else '%b %Y')} {clock}"


def took(status: Status) -> float | None:
    """Seconds from start to end, or to the last sign of life."""
    return None if status.started is None else max(0.0, (status.ended or status.heartbeat) - status.started)
