"""`unetkd cluster check`: what a cluster has; and what stopping says of a worker that hears it in its own time."""

import dataclasses
import time

import pytest

from tests.cli.conftest import Unetkd
from unetkd_core import __version__
from unetkd_core.runs import cluster_checks, folder, placement
from unetkd_core.runs.cluster_checks import Node
from unetkd_core.runs.placement import Resources
from unetkd_core.training.config import RunConfig

NODES = [
    Node("0", "head", True, 0, 0, "3.12.1", __version__, "2.14.1"),
    Node("1", "node-a", False, 8, 1, "3.12.1", __version__, "2.14.1"),
]


def test_without_an_address_there_is_nothing_to_check(unetkd: Unetkd) -> None:
    outcome = unetkd("cluster", "check")
    assert outcome.code == 1 and "UNETKD_RAY_ADDRESS is not set; set it to the cluster's dashboard" in outcome.err


def test_check_shows_the_nodes_or_says_what_is_wrong(unetkd: Unetkd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_RAY_ADDRESS", "http://127.0.0.1:1")
    assert "No Ray cluster answers at http://127.0.0.1:1" in unetkd("cluster", "check").err
    monkeypatch.setattr(cluster_checks, "_ask", lambda address: NODES)
    outcome = unetkd("cluster", "check")
    assert outcome.code == 0 and "node-a" in outcome.out
    assert "A run takes 2 CPUs; room for 4 at once." in outcome.err
    found = unetkd("cluster", "check", "--json").json()
    assert found["runs_at_once"] == 4 and [node["host"] for node in found["nodes"]] == ["head", "node-a"]
    monkeypatch.setenv("UNETKD_RAY_GPUS", "2")
    assert "A run asks for 2 CPUs and 2 GPUs, and the cluster's largest node" in unetkd("cluster", "check").err


def test_a_worker_elsewhere_is_said_to_be_asked_not_to_have_stopped(
    unetkd: Unetkd, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = folder.create(RunConfig())
    placement.write(run.run_dir, "http://127.0.0.1:1", "the-job", Resources())
    run.write_status(
        dataclasses.replace(
            run.written_status(), state="running", host="elsewhere", boot_id="its", pid=4711, process_start="then",
            heartbeat=time.time(),
        )
    )  # fmt: skip
    outcome = unetkd("runs", "stop", run.id)
    assert outcome.code == 0 and f"{run.id} is asked to stop; `unetkd runs show {run.id}` says when" in outcome.out
    assert run.asked_to_stop and run.stopping
