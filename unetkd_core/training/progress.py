"""How fast a run goes and how long it still takes, validation included. Knows no torch and no run."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

FORWARD_SHARE: Final = 1 / 3
"""A forward pass alone, as a share of a training step (backward is about twice the forward)."""


Stage = Literal["asking", "training", "validating"]


class StopRequested(Exception):
    """Someone asked the run to stop. Not an error: what was saved after the last whole epoch stands."""


@dataclass(frozen=True)
class Progress:
    """Where a run is. epoch: epochs done; step: steps done of `steps` in the current one; times in seconds, or none
    while unknown. stage: asking, the teacher answers for what it has not been shown yet, and the scenes that it has
    seen are counted instead of steps; validating, the epoch's training is over and its scores are being measured.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    stage: Stage
    images_per_second: float | None
    eta_seconds: float | None


@dataclass
class Pace:
    """Seconds per training image, per validation image and per scene that a teacher is asked about, smoothed, and what
    is left to do.
    """

    train_images: int
    val_images: int
    epochs: int
    train_seconds: float | None = None
    val_seconds: float | None = None
    saving: float = 0.0
    """Seconds per epoch for everything else: saving, drawing the panel."""
    asked_seconds: float = 0.0
    asked_scenes: int = 0
    """How long a teacher took for how many scenes; waiting for another run that asks is not in it."""
    to_ask: int = 0
    """Scenes that a teacher is still to be asked about."""
    _skip: int = field(default=1, repr=False)

    def trained(self, images: int, seconds: float) -> None:
        """A training step of `images` took `seconds`. The first of a process is left out: it warms caches up."""
        if self._skip:
            self._skip -= 1
            return
        self.train_seconds = _smooth(self.train_seconds, seconds / images)

    def validated(self, images: int, seconds: float) -> None:
        """A validation batch of `images` took `seconds`."""
        self.val_seconds = _smooth(self.val_seconds, seconds / images)

    def asked(self, images: int, seconds: float) -> None:
        """The teacher answered for so many scenes."""
        self.asked_seconds += seconds
        self.asked_scenes += images
        self.to_ask = max(0, self.to_ask - images)

    @property
    def ask_seconds(self) -> float | None:
        """Seconds a scene, over all networks that were asked so far."""
        return self.asked_seconds / self.asked_scenes if self.asked_scenes else None

    @property
    def images_per_second(self) -> float | None:
        """Training images per second of training."""
        return 1 / self.train_seconds if self.train_seconds else None

    def left(self, epoch: int, trained: int, validated: int = 0) -> float | None:
        """Seconds left after `epoch` whole epochs and `trained`, `validated` images of the current one."""
        if self.train_seconds is None:
            return None
        val = self.val_seconds if self.val_seconds is not None else self.train_seconds * FORWARD_SHARE
        epochs = max(0, self.epochs - epoch)
        return max(
            0.0,
            (epochs * self.train_images - trained) * self.train_seconds
            + (epochs * self.val_images - validated) * val
            + epochs * self.saving
            + self.to_ask * (self.ask_seconds or 0.0),
        )


def _smooth(before: float | None, now: float, share: float = 0.1) -> float:
    return now if before is None else (1 - share) * before + share * now


class Watch:
    """Turns steps into Progress and a wish to stop into StopRequested."""

    def __init__(
        self,
        pace: Pace,
        epoch: int,
        steps: int,
        on_progress: Callable[[Progress], None],
        should_stop: Callable[[], bool],
        agreed: Callable[[bool], bool] = lambda here: here,
    ) -> None:
        """agreed: whether any of the processes that train together wants to stop; asked by all after each step."""
        self._agreed = agreed
        self._pace, self._epoch, self._steps = pace, epoch, steps
        self._on_progress, self._should_stop = on_progress, should_stop
        self._step = self._images = self._val_images = self._asked = 0
        self._last = time.perf_counter()
        self.stage: Stage = "training"

    def asked(self, done: int, total: int) -> None:
        """The teacher has answered for `done` of `total` scenes; called with 0 while another run asks for us."""
        self.stage = "asking"
        seconds = self._lap()
        if done > self._asked:
            self._pace.asked(done - self._asked, seconds)
        self._asked = done
        self._tell(done, total)

    def looked(self, done: int, total: int) -> None:
        """The same for the validation scenes, which are asked about once and counted nowhere."""
        self.stage = "asking"
        self._lap()
        self._tell(done, total)

    def trained(self, step: int, images: int) -> None:
        self._step = step
        self._images += images
        self._pace.trained(images, self._lap())
        self._tell(step, self._steps, stop=self._agreed(self._should_stop()))

    def validated(self, images: int) -> None:
        self._val_images += images
        self._pace.validated(images, self._lap())
        self._tell(self._step, self._steps)

    def _lap(self) -> float:
        before, self._last = self._last, time.perf_counter()
        return self._last - before

    def _tell(self, step: int, steps: int, stop: bool | None = None) -> None:
        if self._should_stop() if stop is None else stop:
            raise StopRequested
        pace = self._pace
        left = pace.left(self._epoch, self._images, self._val_images)
        self._on_progress(
            Progress(
                self._epoch,
                pace.epochs,
                step,
                steps,
                self.stage,
                pace.images_per_second,
                left,
            )
        )
