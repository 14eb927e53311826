"""The real server, as `streamlit run serve.py` starts it, that also says how much memory it took and what it holds.

    python -m benchmarks.load_server APP PORT FOLDER

Whoever makes FOLDER/ask finds FOLDER/told.json a moment later: {"peak_bytes": ..., "copies": [...]}, how often each
network that is in memory is there.
"""

import gc
import hashlib
import json
import os
import resource
import sys
import threading
import time
from collections import Counter
from pathlib import Path


def peak_bytes() -> int:
    """The most memory that this process has had (its resident set)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def copies() -> list[int]:
    """For each network that is in memory, told apart by its weights, how many there are."""
    if "unetkd_core.models.unet" not in sys.modules:
        return []
    from unetkd_core.models.backbone_unet import BackboneUNet
    from unetkd_core.models.unet import UNet

    found: Counter[str] = Counter()
    for one in gc.get_objects():
        if issubclass(type(one), UNet | BackboneUNet):  # asking an object itself may wake what is lazy in it
            digest = hashlib.blake2b(digest_size=16)
            for tensor in one.state_dict().values():
                digest.update(tensor.detach().cpu().numpy().tobytes())
            found[digest.hexdigest()] += 1
    return sorted(found.values())


def _tell(folder: Path) -> None:
    while True:
        time.sleep(0.2)
        if (folder / "ask").exists():
            fresh = folder / "told.new"
            fresh.write_text(json.dumps({"peak_bytes": peak_bytes(), "copies": copies()}))
            (folder / "ask").unlink()
            os.replace(fresh, folder / "told.json")


def main() -> None:
    from streamlit.web import cli

    app, port, folder = sys.argv[1:]
    threading.Thread(target=_tell, args=(Path(folder),), daemon=True).start()
    sys.argv = [
        "streamlit", "run", app, "--server.port", port, "--server.address", "127.0.0.1", "--server.headless", "true",
        "--server.fileWatcherType", "none",
    ]  # fmt: skip
    cli.main()


if __name__ == "__main__":
    main()
