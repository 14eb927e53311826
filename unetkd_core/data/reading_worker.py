"""`python -m unetkd_core.data.reading_worker REF HEIGHT WIDTH`: scenes by index from stdin, their bytes to stdout.

A scene is its image's bytes (H, W, 3), then its labels' (H, W) where it has any. Ends quietly when nobody reads on.
"""

import sys
from typing import BinaryIO

import numpy as np

from unetkd_core.data.catalog import open_source


def write_scenes(ref: str, height: int, width: int, indices: list[int], out: BinaryIO) -> None:
    """Raises what reading the scenes raises, BrokenPipeError when nobody reads on."""
    source = open_source(ref)
    for index in indices:
        scene = source.read_at(index, height, width)
        out.write(np.ascontiguousarray(scene.image).data)
        if scene.labels is not None:
            out.write(np.ascontiguousarray(scene.labels).data)


if __name__ == "__main__":
    try:
        indices = [*map(int, sys.stdin.read().split())]
        write_scenes(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), indices, sys.stdout.buffer)
        sys.stdout.flush()
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    except Exception as error:
        sys.exit(str(error) or type(error).__name__)  # what the reader is told; nobody would read a traceback
