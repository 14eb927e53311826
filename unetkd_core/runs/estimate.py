"""How long a run will take, told before it starts. Needs no torch and starts nothing but a measurement.

Believed first is what a finished run of the same kind took here; then this machine's measured speed, scaled by
multiply-accumulates; then a guess, which says that it is one.
"""

import os
import statistics
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from unetkd_core import outside, settings
from unetkd_core.data import catalog, packed
from unetkd_core.data.packed import spaced
from unetkd_core.models.names import arch_of
from unetkd_core.runs import speed
from unetkd_core.runs.queue import device_of
from unetkd_core.runs.teacher_price import Price, price
from unetkd_core.training.config import RunConfig
from unetkd_core.training.terms import ExtraTerm
from unetkd_core.zoo import references

GUESS: Final = {"train": 0.12, "forward": 0.04}
"""Seconds per billion multiply-accumulates of one thread, where nothing was measured: a plain laptop's."""
OVERHEAD: Final = 1.25
"""Augmentation, losses and a run beside it, over the bare network; finished runs put their own number in its place."""
STARTUP_SECONDS: Final = 9.0
PACKING_SECONDS: Final = 0.03
SAVING_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Estimate:
    """Seconds until everything that is started is done, on an idle machine, and in a sentence what that rests on."""

    seconds: float
    basis: str


@dataclass(frozen=True)
class _Work:
    """What there is to do. student, teacher: archs; the teacher's is empty where nobody teaches."""

    train: int
    val: int
    student: Mapping[str, Any]
    teacher: Mapping[str, Any]
    height: int
    width: int
    threads: int
    beside: bool


_measured: set[Path] = set()
"""Homes for which this process has started a measurement: a page asks at every rerun."""


def estimate(config: RunConfig, *, twin: bool) -> Estimate:
    """What `jobs.start(config, twin=twin)` would take here. Raises what opening the data and the teacher raises."""
    config = _spelt_out(config)
    info = None if config.teaching is None else references.info_of(config.teaching.teacher)
    pair = twin and info is not None
    work = _work(config, {} if info is None else info.arch, pair)
    asked = teacher_cost(config)
    kept = asked is not None and not asked.live
    rates, how = _rates(config, work, speed.KEPT if kept else speed.teacher_key(info))
    packing = packing_seconds(config)
    seconds = packing + _run_seconds(rates, work, config.optim.epochs)
    seconds += _search_seconds(config, work)
    seconds += asked.seconds if asked is not None else 0.0
    side_by_side = settings.slots(device_of(config.hardware.device)) >= 2
    if pair and not side_by_side:
        alone = _work(config, {}, pair)
        seconds += _run_seconds(_rates(config.twin("-"), alone, "")[0], alone, config.optim.epochs)
    step = rates.train * min(config.optim.batch_size, work.train)
    epochs, scenes = config.optim.epochs, work.train
    what = f"{epochs} epoch{'s' * (epochs != 1)} of {scenes} scene{'s' * (scenes != 1)}"
    basis = f"{what}, {_short(step)} s a step {how}"
    if pair:
        basis += ", student and twin " + ("side by side" if side_by_side else "one after the other")
    if packing >= 1:
        basis += f", {packing:.0f} s to pack the data first"
    return Estimate(seconds, basis + ".")


def teacher_cost(config: RunConfig) -> Price | None:
    """What this run's teacher costs, and whether its answers are kept; none where nobody teaches.

    Raises what opening the data and the teacher raises.
    """
    if config.teaching is None:
        return None
    config = _spelt_out(config)
    assert config.teaching is not None
    info = references.info_of(config.teaching.teacher)
    return price(config, info, train_scenes(config), forward_seconds(config, info.arch))


def forward_seconds(config: RunConfig, arch: Mapping[str, Any]) -> float:
    """How long one of the slots takes to ask a network of this arch about one scene at the config's size."""
    threads = config.hardware.threads or settings.threads_per_slot()
    gmac, _ = _gmac(speed.read()["gmac"], threads)
    return speed.image_seconds(arch, config.data.height, config.data.width, gmac, threads, "forward")


def terms_seconds(config: RunConfig, terms: Sequence[ExtraTerm]) -> float:
    """How long these terms take one of the slots for one training scene, both networks' passes left out."""
    threads = config.hardware.threads or settings.threads_per_slot()
    gmac, _ = _gmac(speed.read()["gmac"], threads)
    return speed.term_seconds(terms, config.data.height, config.data.width, gmac, threads)


def train_scenes(config: RunConfig) -> int:
    """How many scenes it learns from. Raises DataError."""
    return _count(config.data.train, config.data.max_train)


def _spelt_out(config: RunConfig) -> RunConfig:
    """The config with an ensemble in the place of its name: whether its weights move matters here."""
    if config.teaching is None or (spec := references.spec_of(config.teaching.teacher)) is None:
        return config
    return config.with_(teaching={"teacher": spec.model_dump(mode="json")})


def measure_in_background() -> None:
    """Measure this machine's speed in a process of its own, a few seconds, unless it is known or being measured."""
    if speed.read()["gmac"] or settings.home() in _measured:
        return
    _measured.add(settings.home())
    home = {"UNETKD_HOME": str(settings.home())}  # whole: ours may be relative to where we are
    with suppress(OSError):
        process = subprocess.Popen(
            [sys.executable, "-m", "unetkd_core.runs.measure"],
            cwd=settings.PROJECT_ROOT,
            env={**os.environ, **home},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        threading.Thread(target=process.wait, name="reaper-measure", daemon=True).start()


def _work(config: RunConfig, teacher: Mapping[str, Any], pair: bool) -> _Work:
    data = config.data
    threads = config.hardware.threads or (settings.threads_per_slot() if pair else settings.cores())
    return _Work(
        train=_count(data.train, data.max_train),
        val=_count(data.val, data.max_val),
        student=arch_of(config.model.name, config.model.norm),
        teacher=teacher,
        height=data.height,
        width=data.width,
        threads=threads,
        beside=pair and settings.slots(device_of(config.hardware.device)) >= 2,
    )


def _count(refs: tuple[str, ...], limit: int | None) -> int:
    return sum(len(spaced(len(catalog.open_source(ref)), limit)) for ref in refs)


def _run_seconds(rates: speed.Rates, work: _Work, epochs: int) -> float:
    epoch = work.train * rates.train + work.val * rates.val + rates.saving
    return rates.startup + epochs * epoch


def _rates(config: RunConfig, work: _Work, teacher_sha: str) -> tuple[speed.Rates, str]:
    """Rates for this work and how they are known, to go after "s a step"."""
    known = speed.read()
    # A student whose teacher's answers are kept goes at its twin's pace, within a few hundredths.
    kinds = {speed.KEPT: (speed.KEPT, ""), "": ("", speed.KEPT)}.get(teacher_sha, (teacher_sha,))
    like = (known["runs"].get(speed.run_key(config, work.threads, kind, work.beside)) for kind in kinds)
    same = next((rates for rates in like if rates is not None), None)
    if same is not None:
        return speed.Rates(same["train"], same["val"], same["saving"], same["startup"]), "as in the last such run"
    gmac, how = _gmac(known["gmac"], work.threads)
    overhead, startup, saving = _from_other_runs(known["runs"].values())
    train, val = _image(work, work.student, gmac, "train"), _image(work, work.student, gmac, "forward")
    if work.teacher and teacher_sha != speed.KEPT:
        train += _image(work, work.teacher, gmac, "forward")
    if config.teaching is not None:
        train += speed.term_seconds(config.teaching.terms, work.height, work.width, gmac, work.threads)
    return speed.Rates(train * overhead, val * overhead, saving, startup), how


def _search_seconds(config: RunConfig, work: _Work) -> float:
    """An ensemble whose weights are still open reads the validation scenes once; scoring adds no more than that."""
    teacher = config.teaching.teacher if config.teaching else ""
    if isinstance(teacher, str) or not teacher.open:
        return 0.0
    gmac, _ = _gmac(speed.read()["gmac"], work.threads)
    return 2 * work.val * _image(work, work.teacher, gmac, "forward")


def _short(seconds: float) -> str:
    return f"{seconds:.2g}" if seconds < 10 else f"{seconds:,.0f}"


def _image(work: _Work, arch: Mapping[str, Any], gmac: Mapping[str, float], kind: str) -> float:
    return speed.image_seconds(arch, work.height, work.width, gmac, work.threads, kind)


def _gmac(known: Mapping[str, Any], threads: int) -> tuple[Mapping[str, float], str]:
    """Seconds per billion multiply-accumulates with so many threads."""
    if str(threads) in known:
        return _no_slower_than_fewer(known, threads), "as measured on this machine"
    if known:
        nearest = min(map(int, known), key=lambda t: abs(t - threads))
        factor = (nearest / threads) ** 0.8  # threads never share perfectly
        rates = {name: rate * factor for name, rate in _no_slower_than_fewer(known, nearest).items()}
        return rates, "by what was measured on this machine"
    return {name: rate / threads**0.8 for name, rate in GUESS.items()}, "as guessed: nothing was measured here yet"


def _no_slower_than_fewer(known: Mapping[str, Any], threads: int) -> Mapping[str, float]:
    """Measured while every core was busy, threads that wait for each other are up to fifty times slower than one: what
    fewer threads did, more can do.
    """
    fewer = [known[t] for t in known if int(t) <= threads]
    return {kind: min(float(rates[kind]) for rates in fewer) for kind in known[str(threads)]}


def _from_other_runs(runs: Any) -> tuple[float, float, float]:
    """Overhead over the bare network, start-up and saving seconds, from all that finished here."""
    entries = list(runs)
    overheads = [e["overhead"] for e in entries if e.get("overhead")]
    return (
        statistics.median(overheads) if overheads else OVERHEAD,
        statistics.median(e["startup"] for e in entries) if entries else STARTUP_SECONDS,
        statistics.median(e["saving"] for e in entries) if entries else SAVING_SECONDS,
    )


def packing_seconds(config: RunConfig) -> float:
    data, packing = config.data, speed.read()["packing"]
    done = _packed_counts(data.height, data.width)
    seconds = 0.0
    for refs, limit in ((data.train, data.max_train), (data.val, data.max_val)):
        for ref in refs:
            source = catalog.open_source(ref)
            count = len(spaced(len(source), limit))
            if (source.ref, count) not in done:
                rate = packing.get(f"{source.name}/{data.height}/{data.width}", PACKING_SECONDS)
                seconds += count * rate
    return seconds


def _packed_counts(height: int, width: int) -> set[tuple[str, int]]:
    """(reference, scenes) of what lies packed at this size. A source that changed since is packed again: then we are
    wrong by that time.
    """
    found = set()
    for path in settings.packed_dir().glob("*/packed.json"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            about = outside.read_json(path, packed.ABOUT_BYTES)
            if (about["height"], about["width"]) == (height, width):
                found.add((about["ref"], len(about["stems"])))
    return found
