"""One exception tree: everything that UNetKD refuses on purpose.

    UnetKDError                 base class: one clear sentence, safe to show to anyone
    ├── ConfigError             a run's settings do not make sense, or are from another format version
    ├── DataError               a dataset, image or mask is missing, broken or not what it says
    │   └── ImageError          one picture cannot be read or is outside the limits
    ├── CheckpointError         a checkpoint or a reference to one cannot be used
    │   └── HubError            the Hugging Face Hub cannot be reached, or does not hand over or take a checkpoint
    ├── RunError                a run folder, its state or its worker
    │   ├── QueueFullError      no more may wait just now; there is room again once something is over
    │   └── ClusterBusyError    a cluster, as it is now, cannot take a run; its nodes come and go
    ├── BusyError               too many ask for the same at once; there is room again in a moment
    ├── NotAllowedError         a public server does not do this for its visitors, or the run is somebody else's
    ├── TrainingError           training itself cannot go on (a loss is NaN, the disk is full)
    └── ExportError             a network or a run cannot be written in the form that was asked for

A message says what was received, what was expected and what to try. It is one line of at most MAX_SENTENCE characters,
whatever names and values from outside stand in it. Programming mistakes are ordinary Python exceptions (ValueError,
TypeError, AssertionError), never these.
"""

from typing import Final

MAX_SENTENCE: Final = 1000
"""Characters of an error's message at most; a longer one loses its middle, so that what to try stays."""


def in_one_line(text: str, most: int = MAX_SENTENCE) -> str:
    """Text from anywhere as it may stand in a sentence: no line breaks, nothing that a terminal or a page would obey
    (control signs, signs that turn the direction of reading, halves of characters), at most `most` characters.
    """
    if len(text) > most:
        begin = 2 * most // 3
        text = f"{text[:begin]} … {text[begin + 3 - most :]}"
    return text if text.isprintable() else "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)


class UnetKDError(Exception):
    """Base class. `str(error)` is one or two sentences for the person at the screen, in one line."""

    def __init__(self, sentence: str = "") -> None:
        super().__init__(in_one_line(sentence))


class ConfigError(UnetKDError):
    """Settings that contradict each other, are out of range, or come from another format version."""


class DataError(UnetKDError):
    """A dataset, one of its files, or a label value that cannot be used."""


class ImageError(DataError):
    """One picture that cannot be read, or is outside the limits on bytes, pixels or sides."""


class CheckpointError(UnetKDError):
    """A checkpoint that is missing, damaged, of another architecture, or wrongly referred to."""


class HubError(CheckpointError):
    """The Hugging Face Hub: no connection, no such repository, no access, too many requests.

    temporary: the same may work in a while. What was pulled before works in any case.
    """

    def __init__(self, sentence: str, *, temporary: bool = False) -> None:
        super().__init__(sentence)
        self.temporary = temporary


class RunError(UnetKDError):
    """A run folder that is missing, unreadable or in a state that forbids what was asked."""


class QueueFullError(RunError):
    """As many runs wait and train as are allowed. Waiting helps."""


class ClusterBusyError(RunError):
    """A cluster does not answer, or its nodes of now are no place for a run. Another try may help."""


class BusyError(UnetKDError):
    """As much as can be done here is being done, and enough others wait. Waiting helps."""


class NotAllowedError(UnetKDError):
    """Something that is for whoever runs a public server, or for the visitor whose run it is."""


class TrainingError(UnetKDError):
    """Training stopped for a reason that the person can act on."""


class ExportError(UnetKDError):
    """A network or a run that cannot be written as the file that was asked for, or whose file does not say the same."""
