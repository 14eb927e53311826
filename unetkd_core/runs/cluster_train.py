"""One run over several hosts, by Ray Train: it finds the hosts, starts a process on each, and all again when one dies.

Each process is the worker of the run in a process of its own, as in cluster_task.py, told its place by torchrun's
variables (RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT). The first is the one that writes
into the run's folder. Ray Train's own process group is left out: it would take a second copy of torch, and on a GPU
half a gigabyte, in every process that only watches. Loads neither torch nor, by itself, Ray.
"""

import dataclasses
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from unetkd_core import settings
from unetkd_core.errors import UnetKDError
from unetkd_core.runs import cluster_task
from unetkd_core.runs.folder import Run
from unetkd_core.runs.placement import Resources

SILENT_SECONDS: Final = 120.0
"""A host that did not answer Ray Train for so long is given up, and all begin anew; Ray's own limit is ten minutes."""


def train(run_dir: str, asks: Resources, retries: int) -> None:
    """Train the run on `asks.hosts` hosts until it is over; blocks. Called where Ray is connected, on the head.

    A host with several GPUs has a process for each. Raises Ray's NodeDiedError when hosts died once too often.
    """
    from ray.exceptions import NodeDiedError
    from ray.train import FailureConfig, RunConfig, ScalingConfig, TrainingFailedError
    from ray.train.v2.api.data_parallel_trainer import DataParallelTrainer

    os.environ.setdefault("RAY_TRAIN_WORKER_HEALTH_CHECK_TIMEOUT_S", f"{SILENT_SECONDS:.0f}")
    each = max(1, asks.gpus)
    one = Resources(max(1, asks.cpus // each), min(1, asks.gpus))
    results = settings.home() / "cluster" / "train"
    name = Path(run_dir).name
    trainer = DataParallelTrainer(
        one_process,
        train_loop_config={"run_dir": run_dir, "asks": dataclasses.asdict(one)},
        scaling_config=ScalingConfig(
            num_workers=asks.hosts * each,
            use_gpu=bool(asks.gpus),
            resources_per_worker={"CPU": one.cpus} | ({"GPU": 1} if asks.gpus else {}),
            placement_strategy="STRICT_SPREAD" if each == 1 else "PACK",
        ),
        run_config=RunConfig(name=name, storage_path=str(results), failure_config=FailureConfig(max_failures=retries)),
    )
    try:
        trainer.fit()
    except TrainingFailedError as error:
        raise NodeDiedError(str(error).partition("\n")[0]) from error
    finally:
        shutil.rmtree(results / name, ignore_errors=True)  # the run's folder is the only one that is kept


def one_process(told: Mapping[str, Any]) -> None:
    """On each host: the run's process of this place. Raises RuntimeError when it was lost, so that all begin anew."""
    import ray
    from ray import train as ray_train
    from ray.train import collective

    context = ray_train.get_context()
    rank = context.get_world_rank()
    here = {"host": ray.util.get_node_ip_address(), "port": str(_free_port())} if rank == 0 else None
    meeting = collective.broadcast_from_rank_zero(here)
    place = {
        "RANK": str(rank),
        "WORLD_SIZE": str(context.get_world_size()),
        "LOCAL_RANK": str(context.get_local_rank()),
        "LOCAL_WORLD_SIZE": str(context.get_local_world_size()),
        "MASTER_ADDR": meeting["host"],
        "MASTER_PORT": meeting["port"],
    }
    # Of a machine's cores, however many of its processes came here: each takes its share of them (session.py).
    asks = {**told["asks"], "cpus": told["asks"]["cpus"] * context.get_local_world_size()}
    # Only the first one holds the run's lock and writes its status; the others are workers that follow it.
    module = "unetkd_core.runs.cluster_worker" if rank == 0 else "unetkd_core.runs.worker"
    code = cluster_task.spawn(told["run_dir"], asks, place, module).wait()
    if code and _goes_on(Path(told["run_dir"])):
        raise RuntimeError(f"process {rank + 1} of {context.get_world_size()} ended with status {code}")


def _goes_on(folder: Path) -> bool:
    """Whether nobody has written down how the run ended: then it has not."""
    try:
        return Run(folder.name, folder).written_status().active
    except UnetKDError:
        return True


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])
