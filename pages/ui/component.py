"""Components of our own from plain ES modules: what several of them share, and no build step.

Streamlit loads a component's script from a blob URL, which has no neighbours to import: the modules are joined here, as
one, in the order of their imports. In the page they keep their imports, so that a test may load any of them alone.
"""

import re
from collections.abc import Sequence
from pathlib import Path


def script(modules: Sequence[Path]) -> str:
    """The modules as one, `import` and all `export` but the default gone. The last has the default export."""
    texts = [path.read_text(encoding="utf-8") for path in modules]
    joined = "\n".join(re.sub(r"^import .*?;$", "", text, flags=re.MULTILINE) for text in texts)
    return re.sub(r"^export (?!default)", "", joined, flags=re.MULTILINE)


def style(sheets: Sequence[Path]) -> str:
    """The sheets one after the other."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sheets)
