"""`unetkd paper checkpoints` in miniature: real trainings, a choice among seeds, cards that say how."""

import json
from pathlib import Path

import pytest
import torch

from tests.cli.conftest import Outcome, Unetkd
from tests.cli.in_process import train_in_process
from unetkd_core.cli import follow_sweeps
from unetkd_core.errors import ConfigError, RunError
from unetkd_core.models.names import arch_of
from unetkd_core.models.registry import build
from unetkd_core.runs import keep, shipped
from unetkd_core.runs.folder import Run, open_run
from unetkd_core.runs.paper import MEMBERS
from unetkd_core.runs.shipped import Pair, Plan
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import ensembles, references
from unetkd_core.zoo.checkpoints import CheckpointInfo, read_info, save

SMALL = {"hardware": {"device": "cpu", "precision": "fp32", "memory_format": "channels_last", "threads": 1}}
TYPED = (
    *("--train", "mine:train", "--val", "mine:val", "--on", "others:val", "--size", "16x24", "--epochs", "1"),
    *("--batch-size", "2", "--max-train", "2", "--students", "M128"),
)
M512 = ("--teachers", "M512", "--taught-by", "M512")


class Miniature:
    """The command with its tiny settings; `launched` are the runs that it started."""

    def __init__(self, unetkd: Unetkd, config: Path, launched: list[Run]) -> None:
        self.unetkd, self.config, self.launched = unetkd, config, launched

    def __call__(self, *more: object) -> Outcome:
        return self.unetkd("paper", "checkpoints", *TYPED, "--config", self.config, *more)


@pytest.fixture
def miniature(unetkd: Unetkd, streets_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Miniature:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))
    for name in ("mine", "others"):
        assert unetkd("data", "add", name, streets_folder).code == 0
    config = tmp_path / "base.json"
    config.write_text(json.dumps(SMALL))
    monkeypatch.setattr(follow_sweeps, "POLL_SECONDS", 0)
    return Miniature(unetkd, config, train_in_process(monkeypatch))


def test_teachers_and_the_median_of_each_students_seeds_are_kept_and_a_second_time_nothing_is_done_again(
    miniature: Miniature, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = miniature(*M512, "--seeds", "0,1,2")
    assert done.code == 0, done.err
    root = tmp_path / "checkpoints"
    assert sorted(p.name for p in root.iterdir() if not p.name.startswith(".")) == [
        *("m128-alone", "m128-from-m512", "m512-teacher")
    ]
    teacher, taught, alone = (read_info(root / n) for n in ("m512-teacher", "m128-from-m512", "m128-alone"))
    assert (teacher.role, taught.role, taught.title) == ("teacher", "student", "M128 from M512")
    assert taught.run_id and alone.run_id and open_run(taught.run_id).config.teaching
    assert open_run(alone.run_id).config.teaching is None
    assert open_run(alone.run_id).config.seed == open_run(taught.run_id).config.seed
    assert "the median of seeds 0, 1, 2" in taught.notes and "others:val" in taught.notes
    assert "Points over the untaught twin of the same seed, taught by m512-teacher: others:val " in taught.notes
    assert "`unetkd paper checkpoints --train mine:train" in taught.notes and "others:val" in taught.metrics
    config = open_run(taught.run_id).config.teaching
    assert config and (config.teacher, config.alpha, config.temperature, config.scale_by_t2) == (
        *("m512-teacher", 0.5, 4.0, True),
    )
    assert len(miniature.launched) == 1 + 3 + 3 and "m128-from-m512" in done.out

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("kept again")

    monkeypatch.setattr(keep, "keep", refuse)
    again = miniature(*M512, "--seeds", "0,1,2", "--json")
    assert again.code == 0, again.err
    assert len(miniature.launched) == 7 and again.json()[0]["name"] == "m512-teacher"


@pytest.fixture
def encoders(tmp_path: Path) -> list[str]:
    """Names of untrained networks on the paper's three encoders, kept as checkpoints."""
    torch.manual_seed(0)
    for name in MEMBERS:
        arch = arch_of(name)
        info = CheckpointInfo(
            name=name.lower(), title=name, role="teacher", arch=arch, mapping=["classes"], height=16, width=24,
            data=["x"], licence="MIT",
        )  # fmt: skip
        save(build(arch), tmp_path / "checkpoints" / name.lower(), info)
    return [name.lower() for name in MEMBERS]


def test_given_encoders_become_an_ensemble_that_teaches(
    miniature: Miniature, encoders: list[str], tmp_path: Path
) -> None:
    use = [part for name, ref in zip(MEMBERS, encoders, strict=True) for part in ("--use", f"{name}={ref}")]
    typed = ("--teachers", ",".join(MEMBERS), "--taught-by", "Ensemble", "--seeds", "0", *use)
    done = miniature(*typed)
    assert done.code == 0, done.err
    spec = references.spec_of("three-encoders")
    assert spec and spec.members == tuple(encoders) and spec.searched_on == ("mine:val",)
    assert {"mine:val", "others:val"} <= {*spec.metrics} and not spec.open
    taught = read_info(tmp_path / "checkpoints" / "m128-from-ensemble")
    assert taught.notes.startswith("One seed: 0. Points over") and "taught by three-encoders" in taught.notes
    again = miniature(*typed)
    assert again.code == 0 and references.spec_of("three-encoders") == spec, again.err
    ensembles.save(
        spec.model_copy(update={"searched_on": ("others:val",)}), tmp_path / "checkpoints" / "three-encoders"
    )
    other = miniature(*typed)
    assert other.code == 1 and "three-encoders would be overwritten" in other.err


def test_what_is_given_as_a_network_has_to_be_one(miniature: Miniature, encoders: list[str]) -> None:
    for use, said in (
        ("VGG16=resnet50", "resnet50 is another network (ResNet50, normalisation batch); name one that is a VGG16"),
        ("M1024*=vgg16", "vgg16 is another network"),
        ("VGG16=nobody", "no checkpoint named 'nobody'"),
    ):
        refused = miniature("--teachers", "VGG16,M1024*", "--taught-by", use.partition("=")[0], "--use", use)
        assert refused.code == 1 and said in refused.err, refused.err
    assert miniature.launched == []


def test_a_dry_run_says_who_would_be_trained_and_kept_and_minds_no_checkpoint(
    miniature: Miniature, encoders: list[str], tmp_path: Path
) -> None:
    (tmp_path / "checkpoints" / "vgg16").rename(tmp_path / "checkpoints" / "m512-teacher")  # of elsewhere
    looked = miniature(*M512, "--seeds", "0,1", "--dry-run")
    assert looked.code == 0 and looked.out == "", looked.err
    assert "Teachers (M512): 1 run to train, about " in looked.err
    assert "M128 (alone, from M512; seeds 0, 1): 4 runs to train, about " in looked.err
    assert "Kept as m512-teacher, m128-alone, m128-from-m512." in looked.err
    told = miniature(*M512, "--seeds", "0,1", "--dry-run", "--json").json()
    assert [part["runs"] for part in told["to_train"]] == [1, 4] and told["kept_as"][0] == "m512-teacher"
    assert miniature.launched == []


def test_what_would_be_lost_or_cannot_be_is_said_before_anything_trains(miniature: Miniature, unetkd: Unetkd) -> None:
    for options, said in (
        (("--teachers", "M512", "--taught-by", "Ensemble"), "it takes VGG16, ResNet50, MobileNetV2"),
        (("--teachers", "M512", "--taught-by", "MobileNetV2"), "MobileNetV2 is to teach, but is not among"),
        ((*M512, "--on", "mine:val"), "mine:val trains the networks or chooses among them"),
        ((*M512, "--on", "mine"), "mine:train trains the networks or chooses among them"),
        ((*M512, "--seeds", "0,0"), "each once"),
        ((*M512, "--method", "foo"), "foo is unknown"),
        ((*M512, "--temperature", "1e300"), "less than or equal to 1000"),
    ):
        refused = miniature(*options)
        assert refused.code == 1 and said in refused.err, refused.err
    assert miniature.launched == []


def test_a_checkpoint_of_elsewhere_is_not_overwritten_unasked(miniature: Miniature, tmp_path: Path) -> None:
    assert miniature(*M512, "--seeds", "0").code == 0
    path = tmp_path / "checkpoints" / "m512-teacher" / "config.json"
    path.write_text(path.read_text().replace(str(read_info(path.parent).run_id), "20200101-000000-m512-0000"))
    refused = miniature(*M512, "--seeds", "0")
    assert refused.code == 1 and "m512-teacher would be overwritten, and no run here made it" in refused.err
    assert miniature(*M512, "--seeds", "0", "--replace").code == 0
    assert read_info(path.parent).run_id != "20200101-000000-m512-0000"


def test_a_student_that_does_not_beat_its_twin_says_so_and_what_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan(RunConfig(), ("a:val", "b:val"), students=("M128",), teachers=("M512",), teaching=("M512",))
    runs = {seed: Pair(f"s{seed}", f"t{seed}") for seed in plan.seeds}
    monkeypatch.setattr(shipped, "pairs", lambda *_: {"M512": runs})
    best = {"s0": 0.5, "s1": 0.7, "s2": 0.6, "t0": 0.4, "t1": 0.3, "t2": 0.2}
    scores = {"a:val": {"s0": 0.50, "s1": 0.52, "s2": 0.54}, "b:val": {"s0": 0.30, "s1": 0.30, "s2": 0.30}}
    alone, taught = shipped.picks(plan, "M128", lambda run, on: scores[on].get(run, 0.40), best.__getitem__)
    assert (alone.name, alone.run_id, taught.name, taught.run_id) == ("m128-alone", "t0", "m128-from-m512", "s0")
    assert "Seed 0, the median of seeds 0, 1, 2" in taught.notes  # by the means 0.45, 0.50 and 0.40
    assert "a:val +12.0 ± 2.0 (this one +10.0); b:val −10.0 ± 0.0 (this one −10.0)." in taught.notes
    assert (
        "It does not beat its twin on b:val; this command tries one way: kd-t2, α 0.5, T 4, 20 epochs." in taught.notes
    )
    scores["a:val"]["s0"] = 0.39
    behind = shipped.picks(plan, "M128", lambda run, on: scores[on].get(run, 0.40), best.__getitem__)[1].notes
    assert "It does not beat its twin on b:val; this one is not ahead of its own on a:val; this command" in behind
    scores["b:val"] = {"s0": 0.5, "s1": 0.5, "s2": 0.5}
    behind = shipped.picks(plan, "M128", lambda run, on: scores[on].get(run, 0.40), best.__getitem__)[1].notes
    assert " This one is not ahead of its own on a:val; this command tries one way" in behind
    assert "mIoU over the seeds: a:val 40.0 ± 0.0; b:val 40.0 ± 0.0." in alone.notes
    assert "does not beat" not in alone.notes
    monkeypatch.setattr(shipped, "pairs", lambda *_: {"M512": {0: runs[0]}})
    with pytest.raises(RunError, match="2 of M128's runs are not trained"):
        shipped.picks(plan, "M128", lambda *_: 0.5, best.__getitem__)


def test_a_base_that_is_taught_is_refused() -> None:
    base = RunConfig.model_validate({"teaching": {"teacher": "x"}})
    with pytest.raises(ConfigError, match="leave the teaching section out"):
        Plan(base, ("a:val",))
