"""Training that goes on from a trained network: its weights, its kind, its licence, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.runs.real_runs import trained_here
from unetkd_core.errors import CheckpointError, ConfigError, ExportError
from unetkd_core.models.names import arch_of
from unetkd_core.models.registry import build
from unetkd_core.runs import checks, jobs, script, worker
from unetkd_core.runs.folder import Run, open_run
from unetkd_core.runs.reporter import Reporter
from unetkd_core.runs.sweep_match import Finished
from unetkd_core.training.config import RunConfig, parse_config
from unetkd_core.zoo import checkpoints, ensembles, references
from unetkd_core.zoo.checkpoints import CheckpointInfo

STANDING = {"epochs": 1, "learning_rate": 1e-12, "weight_decay": 0.0}
"""One epoch in which weights stay where they are."""


@pytest.fixture
def sage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The checkpoint `sage`: an M128 that was drawn with another seed, of data for research alone."""
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))
    return save(tmp_path / "checkpoints" / "sage", seed=3)


def save(folder: Path, *, seed: int, name: str = "M128", norm: str = "none") -> Path:
    torch.manual_seed(seed)
    arch = arch_of(name, norm)
    info = CheckpointInfo(
        name=folder.name, title="Sage", role="alone", arch=arch, mapping=["classes"], height=16, width=32, data=["x"],
        licence="research only",
    )  # fmt: skip
    checkpoints.save(build(arch), folder, info, half=False)
    return folder


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Nothing is launched; what would be is listed."""
    launched: list[Run] = []
    monkeypatch.setattr(jobs, "_launch", launched.append)
    return launched


def weights(ref: str) -> dict[str, torch.Tensor]:
    return references.load_model(ref).model.state_dict()


def work(run: Run) -> int:
    try:
        return worker.work(run, Reporter(run))
    finally:
        torch.set_flush_denormal(False)


def from_sage(config: RunConfig, **changes: Any) -> RunConfig:
    return config.with_(model={"start": "sage"}, **changes)


def test_it_begins_with_the_weights_that_it_goes_on_from(tiny_config: RunConfig, sage: Path, here: list[Run]) -> None:
    (run,) = jobs.start(from_sage(tiny_config, optim=STANDING))
    assert work(run) == 0, run.log_tail()
    first, now = weights("sage"), weights(f"run:{run.id}")
    assert all(torch.allclose(first[name], now[name], atol=1e-7) for name in first)
    assert "It goes on from sage" in run.log_tail()
    assert run.meta["start"] == {
        "file": "sage", "sha256": checkpoints.read_info(sage).sha256, "licence": "research only",
    }  # fmt: skip
    best = run.best()
    assert best is not None and "research only" in best.licence
    scratch = trained_here(tiny_config.with_(optim=STANDING))
    assert not torch.allclose(first["head.weight"], weights(f"run:{scratch.id}")["head.weight"], atol=1e-3)


def test_it_learns_on_and_a_resumed_one_needs_its_start_no_more(
    tiny_config: RunConfig, sage: Path, here: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    (run,) = jobs.start(from_sage(tiny_config))
    reporter = Reporter(run)
    with monkeypatch.context() as patch:
        patch.setattr(Reporter, "should_stop", lambda self: bool(run.metrics()))
        worker.work(run, reporter)
    assert run.status().state == "stopped" and len(run.metrics()) == 1
    checkpoints_of_before = sage.rename(sage.with_name("elsewhere"))
    jobs.resume(run.id)
    assert work(run) == 0 and len(run.metrics()) == 2
    assert checkpoints_of_before.is_dir()


def test_a_student_and_its_twin_begin_alike(tiny_config: RunConfig, sage: Path, here: list[Run]) -> None:
    save(sage.with_name("teacher"), seed=4)
    student, twin = jobs.start(from_sage(tiny_config, teaching={"teacher": "teacher"}))
    assert student.config.model.start == twin.config.model.start == "sage"
    assert student.meta["start"] == twin.meta["start"]


def test_other_weights_under_its_name_are_refused_when_it_begins(
    tiny_config: RunConfig, sage: Path, here: list[Run]
) -> None:
    (run,) = jobs.start(from_sage(tiny_config))
    save(sage, seed=5)
    assert work(run) == 1
    error = run.status().error
    assert error and "sage has other weights than when this run was made" in f"{error.headline} {error.hint}"


def test_equal_weights_make_an_equal_run_whatever_they_are_called(
    tiny_config: RunConfig, sage: Path, here: list[Run]
) -> None:
    (run,) = jobs.start(from_sage(tiny_config, optim=STANDING))
    assert work(run) == 0
    assert Finished().alone(from_sage(tiny_config, optim=STANDING)) == run
    assert Finished().alone(tiny_config.with_(optim=STANDING)) is None
    save(sage.with_name("copy"), seed=3)
    assert Finished().alone(tiny_config.with_(model={"start": "copy"}, optim=STANDING)) == run
    save(sage, seed=5)
    assert Finished().alone(from_sage(tiny_config, optim=STANDING)) is None


@pytest.mark.parametrize("model", [{"name": "M256"}, {"norm": "batch"}])
def test_another_kind_of_network_is_refused_before_anything_is_made(
    tiny_config: RunConfig, sage: Path, here: list[Run], model: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match=r"sage is of another kind .M128, normalisation none.*M"):
        jobs.start(tiny_config.with_(model={**model, "start": "sage"}))
    assert here == []


def test_what_is_not_there_an_ensemble_and_one_that_still_trains_are_refused(
    tiny_config: RunConfig, sage: Path, here: list[Run]
) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint named 'nobody'"):
        jobs.start(tiny_config.with_(model={"start": "nobody"}))
    save(sage.with_name("other"), seed=4)
    ensembles.save(references.fixed(ensembles.parse({"members": ["sage", "other"]})), sage.with_name("both"))
    with pytest.raises(ConfigError, match=r"both is an ensemble; .*name one of its members"):
        jobs.start(tiny_config.with_(model={"start": "both"}))
    done = trained_here(tiny_config.with_(optim=STANDING))
    done.write_status(done.written_status().__class__(**{**vars(done.written_status()), "state": "queued"}))
    with pytest.raises(ConfigError, match="is still being trained"):
        checks.check(tiny_config.with_(model={"start": f"run:{done.id}"}))


def test_imagenet_and_a_start_are_one_too_many() -> None:
    with pytest.raises(ConfigError, match="leave one out"):
        parse_config({"model": {"name": "MobileNetV2", "weights": "imagenet", "start": "sage"}})


def test_a_config_without_a_start_is_written_as_by_releases_that_knew_none(tiny_config: RunConfig) -> None:
    assert "start" not in tiny_config.model_dump(mode="json")["model"]
    told = from_sage(tiny_config).model_dump(mode="json")["model"]
    assert told["start"] == "sage" and parse_config({"model": told}).model.start == "sage"


def test_its_card_says_where_it_went_on_from_and_no_plain_script_is_made(
    tiny_config: RunConfig, sage: Path, here: list[Run]
) -> None:
    (run,) = jobs.start(from_sage(tiny_config, optim=STANDING))
    assert work(run) == 0
    from unetkd_core.zoo import cards

    assert "Went on from: `sage`" in cards.card(references.info_of(f"run:{run.id}"))
    with pytest.raises(ExportError, match="it goes on from sage"):
        script.script(open_run(run.id))
