"""A run's data, packed where it is not yet: with progress, a way to stop, and the time it took for later estimates.

Knows a reporter and no run folder; needs no torch.
"""

import time

from unetkd_core.data.packed import Packed, PackedSet, opened, pack
from unetkd_core.data.source import Source
from unetkd_core.errors import DataError
from unetkd_core.runs import speed
from unetkd_core.runs.reporter import Reporter
from unetkd_core.training.config import DataConfig
from unetkd_core.training.progress import StopRequested


def open_packs(data: DataConfig, reporter: Reporter) -> tuple[PackedSet, PackedSet]:
    """What to train on and what to validate on. Raises DataError, StopRequested."""
    train = _load(data.train, data.max_train, data, reporter)
    val = _load(data.val, data.max_val, data, reporter)
    if not val.class_shares().any():
        raise DataError(
            f"No pixel of {', '.join(data.val)} is labelled, so nothing can be measured; choose another split."
        )
    return train, val


def _load(refs: tuple[str, ...], limit: int | None, data: DataConfig, reporter: Reporter) -> PackedSet:
    """All of them, each checked before the first is packed."""
    reporter.phase("packing", f"Opening {', '.join(refs)}")
    return PackedSet([_pack_one(source, limit, data, reporter) for source in opened(refs)])


def _pack_one(source: Source, limit: int | None, data: DataConfig, reporter: Reporter) -> Packed:
    start, built = time.monotonic(), False

    def progress(done: int, total: int) -> None:
        nonlocal built
        built = built or done < total  # what lies there already only says that it is done
        if reporter.should_stop():
            raise StopRequested
        reporter.progress(f"Packing {total} scene{'s' * (total != 1)} of {source.ref}, {100 * done // max(1, total)} %")

    one = pack(source, data.height, data.width, limit=limit, progress=progress)
    if built:
        seconds = time.monotonic() - start
        reporter.log.line(f"Packed {len(one)} scene{'s' * (len(one) != 1)} of {source.ref} in {seconds:.1f} s")
        speed.remember("packing", f"{source.name}/{data.height}/{data.width}", seconds / len(one))
    return one
