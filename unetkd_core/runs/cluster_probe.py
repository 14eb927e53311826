"""`python -m unetkd_core.runs.cluster_probe FOLDER CHECKPOINTS`, on a cluster's head: what each node has for a run.

Prints one line, MARK and JSON: a list with an entry a node, head first (`look` says what of it). It asks each node by a
task that needs none of its cores, so that a busy cluster answers too. The task imports nothing of ours before it knows
that it can: a node without the package must be able to say so.
"""

import json
import logging
import sys
from typing import Any, Final

MARK: Final = "unetkd-nodes "
"""What the line of a job's output begins with that tells about the nodes."""
NODE_SECONDS: Final = 60.0
"""A node that has not answered after so long is told as one that does not."""


def look(folder: str, node: str, checkpoints: str) -> dict[str, Any]:
    """On one node: its packages' versions, and whether the folder is there and can be written.

    package, torch: versions, or None where there is none. storage: "" when all is well, else what is wrong.
    checkpoints: whether that folder is there.
    """
    import importlib.util
    import platform
    from importlib import metadata
    from pathlib import Path

    def version(name: str) -> str | None:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            return None

    package: str | None = None
    if importlib.util.find_spec("unetkd_core") is not None:
        from unetkd_core import __version__

        package = __version__
    try:
        if not (Path(folder) / "asked").is_file():
            storage = "not there"
        else:
            (Path(folder) / node).write_text("written")
            storage = ""
    except OSError as error:
        storage = f"not to be written ({error.strerror or error})"
    return {
        "host": platform.node(), "python": platform.python_version(), "package": package, "torch": version("torch"),
        "storage": storage, "checkpoints": Path(checkpoints).is_dir(),
    }  # fmt: skip


def ask_all(folder: str, checkpoints: str) -> list[dict[str, Any]]:
    """Every living node's answer with its `cpus`, `gpus` and whether it is the `head`; `silent` where none came."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ray.init(address="auto", logging_level=logging.WARNING, log_to_driver=False)
    nodes = sorted((n for n in ray.nodes() if n["Alive"]), key=lambda n: "node:__internal_head__" not in n["Resources"])
    task = ray.remote(look)
    asked = [
        task.options(
            num_cpus=0, max_retries=0, scheduling_strategy=NodeAffinitySchedulingStrategy(n["NodeID"], soft=False)
        ).remote(folder, n["NodeID"], checkpoints)
        for n in nodes
    ]
    ray.wait(asked, num_returns=len(asked), timeout=NODE_SECONDS)
    found = []
    for node, answer in zip(nodes, asked, strict=True):
        resources = node["Resources"]
        known = {
            "node": node["NodeID"], "host": node["NodeManagerHostname"], "head": "node:__internal_head__" in resources,
            "cpus": int(resources.get("CPU", 0)), "gpus": int(resources.get("GPU", 0)), "silent": "",
        }  # fmt: skip
        try:
            said: dict[str, Any] = ray.get(answer, timeout=0)
            found.append({**known, **said})
        except Exception as error:  # a node may be lost at any moment, in many ways
            found.append({**known, "silent": (str(error).splitlines() or [repr(error)])[0]})
    return found


if __name__ == "__main__":
    sys.stdout.write(f"\n{MARK}{json.dumps(ask_all(*sys.argv[1:3]))}\n")
