"""What keeps a run from a cluster is said in one sentence before anything is queued. Nodes are made up here."""

import contextlib
import dataclasses
from pathlib import Path

import pytest

from unetkd_core import __version__, settings
from unetkd_core.errors import ClusterBusyError, ConfigError, RunError
from unetkd_core.runs import cluster_checks, cluster_probe
from unetkd_core.runs.cluster_checks import Node
from unetkd_core.training.config import RunConfig

HEAD = Node("0", "head", True, 0, 0, "3.12.1", __version__, "2.14.1")
SMALL = Node("1", "small", False, 4, 0, "3.12.1", __version__, "2.14.1")
LARGE = Node("2", "large", False, 16, 2, "3.12.1", __version__, "2.14.1")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[Node]]:
    """Answers of the nodes, one list for each time that they will be asked."""
    answers: list[list[Node]] = []
    monkeypatch.setenv("UNETKD_RAY_ADDRESS", "http://head:8265")
    monkeypatch.setattr(cluster_checks, "_ask", lambda address: answers.pop(0))
    return answers


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"package": None}, r"The cluster's node large has no package unetkd; install release "),
        ({"package": "0.0.9"}, r"large has unetkd 0\.0\.9, and this machine .*; install the same release on both"),
        ({"torch": None}, r"large has no package torch; install what requirements\.txt lists"),
        ({"storage": "not there"}, r"UNETKD_HOME, .*, is not there on large; mount one shared folder at that path"),
        (
            {"storage": "not to be written (Read-only file system)"},
            r"is not to be written \(Read-only file system\) on",
        ),
        ({"storage": "another folder"}, r"UNETKD_HOME, .*, is another folder on large"),
        ({"checkpoints": False}, r"UNETKD_CHECKPOINTS, .*, is not there on large; mount it at that path"),
    ],
)
def test_a_node_that_a_run_may_get_must_have_all(
    asked: list[list[Node]],
    change: dict[str, str | None],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path))
    asked.append([HEAD, SMALL, dataclasses.replace(LARGE, **change)])  # type: ignore[arg-type]
    with pytest.raises(RunError, match=sentence):
        cluster_checks.check(None)


def test_a_node_that_is_lost_is_no_reason_while_another_one_is_there(
    asked: list[list[Node]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = dataclasses.replace(LARGE, silent="lost", package=None)
    asked += [[HEAD, SMALL, lost], [HEAD, SMALL, lost]]
    cluster_checks.check(None)
    assert cluster_checks.runs_at_once() == 2, "of SMALL alone"
    monkeypatch.setenv("UNETKD_RAY_CPUS", "8")
    with pytest.raises(ClusterBusyError, match=r"node large did not answer \(lost\); look at it with `ray status`"):
        cluster_checks.check(None)


def test_a_public_server_sends_nothing_to_a_cluster(
    asked: list[list[Node]], tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_PUBLIC", "1")
    with pytest.raises(ConfigError, match="UNETKD_PUBLIC and UNETKD_RAY_ADDRESS are both set"):
        cluster_checks.check(tiny_config)


@pytest.mark.parametrize(
    ("processes", "gpus", "hosts", "sentence"),
    [
        (4, "2", "1", r"4 processes want a GPU each, and UNETKD_RAY_GPUS gives a run 2; raise it, or take fewer"),
        (1, "2", "8", r"16 processes cannot share out a batch of"),
        (1, "0", "64", r"64 processes cannot share out a batch of"),
        (4, "0", "1", ""),
        (4, "4", "1", ""),
    ],
)
def test_processes_have_a_scene_and_a_gpu_each(
    asked: list[list[Node]], tiny_config: RunConfig, processes: int, gpus: str, hosts: str, sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("UNETKD_RAY_GPUS", gpus)
    monkeypatch.setenv("UNETKD_RAY_HOSTS", hosts)
    asked.append([HEAD, SMALL, dataclasses.replace(LARGE, gpus=4)])
    config = tiny_config.with_(optim={"batch_size": 4})
    with pytest.raises(ConfigError, match=sentence) if sentence else contextlib.nullcontext():
        cluster_checks.check(config, processes=processes)


def test_the_head_runs_the_job_and_needs_the_package_but_no_torch(asked: list[list[Node]]) -> None:
    asked += [[dataclasses.replace(HEAD, torch=None), SMALL], [dataclasses.replace(HEAD, package=None), SMALL]]
    cluster_checks.check(None)
    with pytest.raises(RunError, match=r"head \(the cluster's head\) has no package unetkd"):
        cluster_checks.check(None, fresh=True)


def test_a_node_too_small_for_any_run_is_not_looked_at(
    asked: list[list[Node]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_RAY_CPUS", "8")
    asked.append([HEAD, dataclasses.replace(SMALL, package=None), LARGE])
    assert cluster_checks.check(None) and cluster_checks.runs_at_once() == 2


@pytest.mark.parametrize(
    ("cpus", "gpus", "hosts", "sentence"),
    [
        (
            "32",
            "0",
            "1",
            r"asks for 32 CPUs, and the cluster's largest node, large, has 16 CPUs and 2 GPUs; ask for less",
        ),
        ("2", "4", "1", r"asks for 2 CPUs and 4 GPUs, and the cluster's largest node, large, has 16 CPUs and 2 GPUs"),
        ("8", "0", "2", r"asks for 8 CPUs on each of 2 hosts, and the cluster has 1 such host; lower UNETKD_RAY_HOSTS"),
    ],
)
def test_resources_that_do_not_exist_are_refused(
    asked: list[list[Node]], cpus: str, gpus: str, hosts: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("CPUS", cpus), ("GPUS", gpus), ("HOSTS", hosts)):
        monkeypatch.setenv(f"UNETKD_RAY_{name}", value)
    asked.append([HEAD, SMALL, LARGE])
    with pytest.raises(RunError, match=sentence):
        cluster_checks.check(None)


def test_a_gpu_must_be_asked_for(
    asked: list[list[Node]], tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config.with_(hardware={"device": "cuda"})
    with pytest.raises(ConfigError, match="is to compute on cuda, and UNETKD_RAY_GPUS gives a run no GPU; set it to 1"):
        cluster_checks.check(config)
    monkeypatch.setenv("UNETKD_RAY_GPUS", "1")
    asked.append([HEAD, SMALL, LARGE])
    cluster_checks.check(config)
    assert cluster_checks.runs_at_once() == 2, "two GPUs, whatever cores are left"


def test_nodes_are_asked_once_for_many_runs_and_again_when_something_was_wrong(asked: list[list[Node]]) -> None:
    bad = dataclasses.replace(SMALL, package=None)
    asked += [[HEAD, bad], [HEAD, SMALL], [HEAD, SMALL, LARGE]]
    with pytest.raises(RunError):
        cluster_checks.check(None)
    for _ in range(3):
        assert cluster_checks.check(None) == [HEAD, SMALL]
    assert cluster_checks.check(None, fresh=True) == [HEAD, SMALL, LARGE] and not asked


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("Error while finding module: No module named 'unetkd_core'", "has no package unetkd; install release"),
        ("/bin/sh: 1: python: not found", "finds no `python`; start Ray there in the environment"),
        ("something\nlast word\n", "could not be asked what it has: last word"),
    ],
)
def test_a_head_that_cannot_even_be_asked_says_why(said: str, sentence: str) -> None:
    assert sentence in cluster_checks._why_not("http://head:8265", said, "")


@pytest.mark.parametrize("value", ["head:8265", "ray://head:10001", "http://head", "auto"])
def test_a_malformed_address_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_RAY_ADDRESS", value)
    with pytest.raises(ConfigError, match=r"expected the address of Ray's dashboard, as http://head:8265"):
        settings.ray_address()


def test_what_a_node_must_know_goes_along_and_what_speaks_of_this_machine_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("CAMVID", "/data/camvid"), ("SLOTS", "4"), ("DEVICE", "cuda:1"), ("MAX_HOURS", "3")):
        monkeypatch.setenv(f"UNETKD_{name}", value)
    env = settings.for_the_cluster()
    assert (env["UNETKD_CAMVID"], env["UNETKD_MAX_HOURS"]) == ("/data/camvid", "3")
    assert env["UNETKD_HOME"] == str(settings.home()) and env["PYTHONPATH"].endswith(":${PYTHONPATH}")
    assert not {"UNETKD_SLOTS", "UNETKD_DEVICE", "UNETKD_RAY_ADDRESS"} & set(env)


def test_paths_go_whole_and_caches_without_a_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    given = {
        "UNETKD_CAMVID": "data/camvid",
        "UNETKD_WEIGHTS": "~/weights",
        "UNETKD_CITYSCAPES": "",
        "TORCH_HOME": "torch",
    }
    for name, value in {**given, "HF_HOME": "/hf", "HF_TOKEN": "hf_secret", "UNETKD_MAX_CELLS": "3"}.items():
        monkeypatch.setenv(name, value)
    env = settings.for_the_cluster()
    assert env["UNETKD_CAMVID"] == str(tmp_path / "data" / "camvid") and env["TORCH_HOME"] == str(tmp_path / "torch")
    assert env["UNETKD_WEIGHTS"] == "/home/somebody/weights" and env["HF_HUB_CACHE"] == "/hf/hub"
    assert env["UNETKD_MAX_CELLS"] == "3" and "UNETKD_CITYSCAPES" not in env
    assert "HF_HOME" not in env and "hf_secret" not in env.values()


def test_a_node_says_whether_it_has_our_checkpoints(tmp_path: Path) -> None:
    (tmp_path / "asked").touch()
    assert cluster_probe.look(str(tmp_path), "a node", str(tmp_path))["checkpoints"]
    said = cluster_probe.look(str(tmp_path), "a node", str(tmp_path / "nowhere"))
    assert not said["checkpoints"] and said["storage"] == "" and (tmp_path / "a node").is_file()
