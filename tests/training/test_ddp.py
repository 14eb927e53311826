"""Two processes that share each batch give what one gives: losses, scores and weights, whatever is distilled."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.training import several
from unetkd_core.errors import ConfigError
from unetkd_core.training.ranks import Ranks
from unetkd_core.training.setup import make_accelerator

pytestmark = pytest.mark.timeout(600)  # processes take long to start on a busy machine

APART = ("holistic", "an encoder that thaws", "batch norm")
"""Cases with a test of their own: they differ, and it is known why."""


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two real processes, which talk by gloo, made of every case."""
    out = tmp_path_factory.mktemp("together")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    home = {"UNETKD_HOME": str(out / "home"), "PYTHONPATH": os.pathsep.join(sys.path)}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.training.several", str(out)],
            env={**os.environ, **common, **home, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        said = [process.communicate(timeout=540)[0] for process in started]
    finally:
        for process in started:
            process.kill()
    assert [process.returncode for process in started] == [0, 0], "\n".join(said)
    return out


def far(weights: dict[str, torch.Tensor], ours: dict[str, torch.Tensor]) -> float:
    """The length of the difference of all weights, as a share of theirs."""
    apart = sum(float((weights[name] - mine).square().sum()) for name, mine in ours.items())
    return float((apart / sum(float(mine.square().sum()) for mine in ours.values())) ** 0.5)


@pytest.mark.parametrize("case", [case for case in several.CASES if case not in APART])
def test_two_processes_give_the_curve_and_the_weights_of_one(case: str, together: Path) -> None:
    trainer, reports = several.train(case)
    theirs, ours = json.loads((together / f"{case}.json").read_text()), several.numbers(reports)
    assert theirs.keys() == ours.keys()
    losses = [name for name in ours if " val " not in name or name.endswith("loss_ce")]
    assert [theirs[name] for name in losses] == pytest.approx([ours[name] for name in losses], rel=1e-5)
    # Another order of sums may decide a near-tie of two classes in another way: a pixel of 2,500 or two.
    assert theirs == pytest.approx(ours, abs=5e-3)
    assert np.count_nonzero(np.load(together / f"{case}.npy") != reports[-1].panel) <= 3
    assert far(load_file(several.weights_of(together, case)), trainer.network.state_dict()) < 1e-5


@pytest.mark.parametrize("case", several.CASES)
def test_both_processes_end_with_the_same_network_to_the_bit(case: str, together: Path) -> None:
    first, second = (load_file(several.weights_of(together, case, rank=rank)) for rank in range(2))
    assert first.keys() == second.keys()
    assert [name for name in first if not torch.equal(first[name], second[name])] == []


def test_the_critic_of_two_processes_is_that_of_one_but_for_roundings(together: Path) -> None:
    # Some of its gradients are 0 but for rounding (that of its last bias, which both scores have in common), and Adam
    # makes whole steps of them: its scores have an offset that means nothing. test_holistic.py has the gradients.
    trainer, reports = several.train("holistic")
    theirs, ours = json.loads((together / "holistic.json").read_text()), several.numbers(reports)
    assert theirs.keys() == ours.keys()
    offset = [name for name in ours if "critic" in name or name.endswith(("holistic", "loss"))]
    assert {**theirs, **{name: 0 for name in offset}} == pytest.approx(
        {**ours, **{name: 0 for name in offset}}, rel=1e-4
    )
    assert [theirs[name] for name in offset] == pytest.approx([ours[name] for name in offset], abs=5e-3)
    assert far(load_file(several.weights_of(together, "holistic")), trainer.network.state_dict()) < 1e-4


def test_an_encoder_stays_as_it_is_in_every_process_and_then_learns(together: Path) -> None:
    case = "an encoder that thaws"
    trainer, reports = several.train(case)
    ours, theirs = several.numbers(reports), json.loads((together / f"{case}.json").read_text())
    assert ours.keys() == theirs.keys()
    frozen = [name for name in ours if name.startswith("epoch 1 ")]  # its batch normalisation does not move
    assert [theirs[name] for name in frozen] == pytest.approx([ours[name] for name in frozen], rel=1e-5)
    for rank in range(2):
        begin, end = (load_file(several.weights_of(together, case, epoch, rank)) for epoch in (1, 2))
        learned = [name for name, _ in trainer.network.named_parameters() if name.startswith("encoder.")]
        assert learned and [name for name in learned if torch.equal(begin[name], end[name])] == []


def test_batch_normalisation_is_per_process(together: Path) -> None:
    _, reports = several.train("batch norm")
    ours, theirs = several.numbers(reports), json.loads((together / "batch norm.json").read_text())
    assert ours.keys() == theirs.keys()
    assert theirs["epoch 1 loss"] != pytest.approx(ours["epoch 1 loss"], rel=1e-4)


@pytest.mark.parametrize("scenes", [0, 1, 4, 7])
def test_the_shares_are_the_batch_in_order_and_the_first_is_never_smaller(scenes: int) -> None:
    batch = np.arange(scenes) * 10
    shares = [Ranks(rank, 3).share(batch) for rank in range(3)]
    assert np.array_equal(np.concatenate([part for part, _ in shares]), batch)
    assert all(np.array_equal(batch[first : first + len(part)], part) for part, first in shares)
    assert max(len(part) for part, _ in shares) == len(shares[0][0]) <= -(-scenes // 3)


@pytest.mark.parametrize(("device", "there"), [("cuda", "0 cuda devices"), ("mps", "1 mps device")])
def test_more_processes_than_accelerators_are_refused(device: str, there: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(ConfigError, match=f"2 processes were asked for on this machine, and it has {there}"):
        make_accelerator(device, "fp32", processes=2)
