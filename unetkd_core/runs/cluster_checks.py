"""What a run needs of a cluster, looked at before anything is queued: package and version, storage, resources.

A small job on the head asks every node (cluster_probe.py). What the nodes are is kept for some minutes, so that a sweep
of a thousand runs does not ask a thousand times. Loads neither torch nor, by itself, Ray.
"""

import dataclasses
import json
import secrets
import shlex
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from unetkd_core import __version__, settings
from unetkd_core.errors import ClusterBusyError, ConfigError, RunError
from unetkd_core.runs import checks, cluster_client, cluster_probe
from unetkd_core.runs import status as status_file
from unetkd_core.runs.placement import Resources
from unetkd_core.training.config import RunConfig

KEPT_SECONDS: Final = 600.0
PROBE_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Node:
    """One node as it answered. package, torch: versions or None. storage, silent: what is wrong, or empty.
    checkpoints: whether our folder of them is there.
    """

    node: str
    host: str
    head: bool
    cpus: int
    gpus: int
    python: str = ""
    package: str | None = None
    torch: str | None = None
    storage: str = ""
    checkpoints: bool = True
    silent: str = ""

    def fits(self, wanted: Resources) -> bool:
        """Whether a run's share of one host has room on it when it is empty."""
        return self.cpus >= wanted.cpus and self.gpus >= wanted.gpus

    def times(self, wanted: Resources) -> int:
        """How many such shares it has room for when it is empty."""
        by_gpus = self.gpus // wanted.gpus if wanted.gpus else self.cpus // wanted.cpus
        return min(self.cpus // wanted.cpus, by_gpus)


def resources() -> Resources:
    """What a run asks for, as the settings say now. Raises ConfigError."""
    return Resources(settings.ray_cpus(), settings.ray_gpus(), settings.ray_hosts())


def check(config: RunConfig | None, *, processes: int = 1, fresh: bool = False) -> list[Node]:
    """Everything that the cluster of UNETKD_RAY_ADDRESS must have for a run of this config, else for any run.

    processes: how many of one host train it. fresh: ask the nodes now, whatever is known of them.
    Raises ConfigError, RunError, ClusterBusyError: the first thing that is wrong.
    """
    wanted = resources()
    address = settings.ray_address()
    assert address is not None
    if settings.public():
        raise ConfigError(
            "UNETKD_PUBLIC and UNETKD_RAY_ADDRESS are both set: a cluster knows no visitors and no turns. Unset one."
        )
    if config is not None:
        _check_device(config, wanted)
        _check_processes(config, processes, wanted)
    known = None if fresh else _known(address)
    if known is not None and _wrong(known, wanted) is None:  # what was wrong may have been put right
        return known
    nodes = _ask(address)
    _remember(address, nodes)
    if error := _wrong(nodes, wanted):
        raise error
    return nodes


def runs_at_once() -> int:
    """How many runs the cluster has room for, by what was last known of it; at least one."""
    wanted, nodes = resources(), _known(settings.ray_address() or "", seconds=float("inf")) or []
    return max(1, sum(node.times(wanted) for node in nodes if not node.silent) // wanted.hosts)


def _check_device(config: RunConfig, wanted: Resources) -> None:
    device = config.hardware.device
    if device.startswith("cuda") and not wanted.gpus:
        raise ConfigError(
            f"The run is to compute on {device}, and UNETKD_RAY_GPUS gives a run no GPU; set it to 1, or leave the "
            "device open."
        )
    if device == "mps":
        raise ConfigError("The run is to compute on mps, which no cluster's node has; leave the device open.")


def _check_processes(config: RunConfig, processes: int, wanted: Resources) -> None:
    if wanted.hosts > 1:
        checks.check_processes(config, wanted.hosts * max(1, wanted.gpus))  # Ray Train counts, whatever was asked for
    elif wanted.gpus and processes > wanted.gpus:
        raise ConfigError(
            f"{processes} processes want a GPU each, and UNETKD_RAY_GPUS gives a run {wanted.gpus}; raise it, or take "
            "fewer processes."
        )


def _wrong(nodes: list[Node], wanted: Resources) -> ClusterBusyError | None:
    """The first thing that keeps a run from the cluster, as what is to be raised.

    A node that is silent is no reason while enough others answer: Ray starts nothing there. It would on one without
    our package.
    """
    enough = sum(node.fits(wanted) and not node.silent for node in nodes) >= wanted.hosts
    for node in nodes:
        counts = node.head or (node.fits(wanted) and not (node.silent and enough))
        if counts and (sentence := _unfit(node)):
            return ClusterBusyError(sentence)
    return _too_little(nodes, wanted)


def _unfit(node: Node) -> str:
    where = f"{node.host} (the cluster's head)" if node.head else f"The cluster's node {node.host}"
    if node.silent:
        return f"{where} did not answer ({node.silent}); look at it with `ray status`, or take it out of the cluster."
    if node.package is None:
        return f"{where} has no package unetkd; install release {__version__} in the Python that Ray runs with there."
    if node.package != __version__:
        return f"{where} has unetkd {node.package}, and this machine {__version__}; install the same release on both."
    if node.torch is None and not node.head:
        return f"{where} has no package torch; install what requirements.txt lists in the Python that Ray runs with."
    if node.storage:
        return (
            f"UNETKD_HOME, {settings.home()}, is {node.storage} on {node.host}; mount one shared folder at that path "
            "on every machine, this one included."
        )
    if not node.checkpoints and settings.checkpoints_dir().is_dir():
        return (
            f"UNETKD_CHECKPOINTS, {settings.checkpoints_dir()}, is not there on {node.host}; mount it at that path, or "
            "let the variable name a folder on the shared storage."
        )
    return ""


def _too_little(nodes: list[Node], wanted: Resources) -> ClusterBusyError | None:
    share = dataclasses.replace(wanted, hosts=1)
    fitting = sum(node.fits(share) for node in nodes)
    if fitting >= wanted.hosts:
        return None
    largest = max(nodes, key=lambda node: (node.gpus if wanted.gpus else 0, node.cpus), default=None)
    if largest is None:
        return ClusterBusyError("The cluster has no nodes; start some with `ray start --address=HEAD:6379`.")
    offered = Resources(largest.cpus, largest.gpus).in_words
    if fitting == 0:
        return ClusterBusyError(
            f"A run asks for {share.in_words}, and the cluster's largest node, {largest.host}, has {offered}; ask for "
            "less with UNETKD_RAY_CPUS and UNETKD_RAY_GPUS, or add a larger node."
        )
    return ClusterBusyError(
        f"A run asks for {wanted.in_words}, and the cluster has {fitting} such host{'s' * (fitting > 1)}; lower "
        "UNETKD_RAY_HOSTS, or add nodes."
    )


# -- asking ------------------------------------------------------------------------------------------------------------


def _ask(address: str) -> list[Node]:
    """Send the probe and wait for its line. Raises RunError."""
    cluster_client.connect(address)
    folder = _folder() / f"asked-{secrets.token_hex(4)}"
    try:
        folder.mkdir(parents=True)
        (folder / "asked").write_text("by whoever wants to start a run\n")
    except OSError as error:
        raise RunError(
            f"UNETKD_HOME, {settings.home()}, cannot be written here ({error.strerror or error}); a cluster needs a "
            "folder that every machine can write, this one included."
        ) from error
    try:
        nodes = [Node(**entry) for entry in _probe(address, folder)]
        return [_seen_from_here(node, folder) for node in nodes]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _probe(address: str, folder: Path) -> list[dict[str, Any]]:
    job = f"unetkd-check-{folder.name}"
    command = "python -m unetkd_core.runs.cluster_probe "
    command += shlex.join([str(folder), str(settings.checkpoints_dir())])
    cluster_client.submit(address, command, job, settings.for_the_cluster())
    deadline = time.monotonic() + PROBE_SECONDS
    while not (details := cluster_client.details(address, job)).status.is_terminal():
        if time.monotonic() > deadline:
            cluster_client.withdraw(address, job)
            raise ClusterBusyError(
                f"The cluster at {address} took longer than {PROBE_SECONDS:.0f} s to say what it has."
            )
        time.sleep(0.2)
    said = cluster_client.logs(address, job)
    for line in said.splitlines():
        if line.startswith(cluster_probe.MARK):
            return list(json.loads(line.removeprefix(cluster_probe.MARK)))
    raise ClusterBusyError(_why_not(address, said, details.message or ""))


def _why_not(address: str, said: str, message: str) -> str:
    if "No module named" in said and "unetkd_core" in said:
        return (
            f"The head of the cluster at {address} has no package unetkd; install release {__version__} in the Python "
            "that Ray runs with there."
        )
    if "not found" in said and "python" in said:
        return (
            f"The head of the cluster at {address} finds no `python`; start Ray there in the environment where unetkd "
            "is installed."
        )
    lines = [line for line in (*said.splitlines(), *message.splitlines()) if line.strip()]
    return f"The cluster at {address} could not be asked what it has: {lines[-1][:300] if lines else 'no word'}."


def _seen_from_here(node: Node, folder: Path) -> Node:
    """With `storage` set where what the node wrote did not arrive: it has a folder of that name, but another one."""
    if node.silent or node.storage or (folder / node.node).is_file():
        return node
    return dataclasses.replace(node, storage="another folder")


def _folder() -> Path:
    return settings.home() / "cluster"


def _remember(address: str, nodes: list[Node]) -> None:
    data = {"address": address, "version": __version__, "nodes": [dataclasses.asdict(node) for node in nodes]}
    try:
        _folder().mkdir(parents=True, exist_ok=True)
        status_file.write_text(_folder() / "nodes.json", json.dumps(data, indent=1) + "\n")
    except OSError:
        return  # then they are asked again


def _known(address: str, seconds: float = KEPT_SECONDS) -> list[Node] | None:
    path = _folder() / "nodes.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        old = time.time() - path.stat().st_mtime > seconds
        if old or (data["address"], data["version"]) != (address, __version__):
            return None
        return [Node(**entry) for entry in data["nodes"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None
