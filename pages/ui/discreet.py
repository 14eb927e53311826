"""What a public server does not tell its visitors: where its folders lie. Knows text alone."""

import re
from functools import cache

from unetkd_core import settings
from unetkd_core.settings import PROJECT_ROOT


def discreet(text: str) -> str:
    """Without the places of this machine's folders, which are no visitor's business."""
    return _places(*_roots()).sub("…", text) if settings.public() else text


def _roots() -> tuple[str, ...]:
    known = (settings.dataset_root("camvid"), settings.dataset_root("cityscapes"), settings.weights_path())
    roots = [settings.home(), settings.checkpoints_dir(), PROJECT_ROOT, *filter(None, known)]
    return tuple(sorted(map(str, roots), key=len, reverse=True))


@cache
def _places(*roots: str) -> re.Pattern[str]:
    """The known roots, else any absolute path of two parts or more up to its last one."""
    return re.compile("|".join(map(re.escape, roots)) + r"|(?<![\w.:/…-])/(?:[\w.+-]+/)+(?=[\w.+-])")
