"""What a public server does not tell its visitors: where its folders lie. Knows text alone."""

import contextlib
import re
from functools import cache
from typing import Final

from unetkd_core import settings
from unetkd_core.data import catalog
from unetkd_core.errors import UnetKDError
from unetkd_core.settings import PROJECT_ROOT

_WORDS: Final = r"[\w+-]+(?: (?!(?:and|or|is|in|to|not|has)\b)[\w.+-]+){1,2}"
"""Of a folder's name with spaces, up to three words; a sentence that goes on after a path is seldom one."""
_ANYWHERE: Final = (
    r"""(?<=['"])(?:[A-Za-z]:)?/[^'"\n]*/(?=[^/'"\n])""",  # in quotes: whatever stands there
    rf"(?<![\w.:/…-])(?:[A-Za-z]:)?/(?:(?:[\w.+-]+|{_WORDS})/)+(?=[\w.+-])",
    r"""(?<!\w)(?:[A-Za-z]:\\{1,2}|\\{2,4}(?=\w))(?:[^\\/:*?"'<>|\n]+\\{1,2})+(?=[^\\\s])""",  # of Windows
)
"""Any absolute path of two parts or more, up to its last one."""


def discreet(text: str) -> str:
    """Without the places of this machine's folders, which are no visitor's business."""
    return _places(*_roots()).sub("…", text) if settings.public() else text


def _roots() -> tuple[str, ...]:
    roots = {settings.home(), settings.checkpoints_dir(), settings.hub_home(), PROJECT_ROOT}
    roots |= set(filter(None, [settings.weights_path()]))
    with contextlib.suppress(UnetKDError):  # a damaged register; its own sentence is told with the rest left out
        roots |= set(catalog.roots())
    return tuple(sorted(map(str, roots), key=len, reverse=True))


@cache
def _places(*roots: str) -> re.Pattern[str]:
    """The known roots, else any other."""
    return re.compile("|".join((*map(re.escape, roots), *_ANYWHERE)))
