"""How many epochs a run did, which its best checkpoint cannot know: it was written when its own epoch ended.

Read from the last line of the run's metrics.jsonl, so that it holds of a run that was stopped, failed or was killed.
Needs no torch.
"""

from pathlib import Path
from typing import Final

from unetkd_core import outside
from unetkd_core.zoo.checkpoints import CheckpointInfo

_END: Final = 64 * 1024
"""Bytes from the end that are looked at; a line has about one thousand."""


def told(info: CheckpointInfo, run_dir: Path) -> CheckpointInfo:
    """What a run's checkpoint says, with the epochs that the run has done by now."""
    return info.model_copy(update={"epochs_done": epochs_done(run_dir)})


def epochs_done(run_dir: Path) -> int | None:
    """Whole epochs that were measured; None where no line can be read. A line that is being written is left out."""
    for line in reversed(outside.read_end(run_dir / "metrics.jsonl", _END).split("\n")[:-1]):
        try:
            epoch = outside.parse_json(line)["epoch"]
        except (ValueError, KeyError, TypeError):
            continue
        if isinstance(epoch, int) and not isinstance(epoch, bool) and 0 < epoch <= 10**9:
            return epoch
    return None
