"""`unetkd paper checkpoints` in miniature: real trainings, a choice among seeds, cards that say how."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome, Unetkd
from tests.cli.in_process import train_in_process
from unetkd_core.cli import follow_sweeps
from unetkd_core.errors import ConfigError, RunError
from unetkd_core.runs import keep, shipped
from unetkd_core.runs.folder import Run, open_run
from unetkd_core.runs.shipped import Pair, Plan
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import ensembles, references
from unetkd_core.zoo.checkpoints import read_info

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


def test_given_encoders_become_an_ensemble_that_teaches(miniature: Miniature, unetkd: Unetkd, tmp_path: Path) -> None:
    assert miniature(*M512, "--seeds", "0,1,2").code == 0
    given = [f"{n}={ref}" for n, ref in zip(("VGG16", "ResNet50", "MobileNetV2"), sorted_names(tmp_path), strict=True)]
    use = [part for one in given for part in ("--use", one)]
    done = miniature("--teachers", "VGG16,ResNet50,MobileNetV2", "--taught-by", "Ensemble", "--seeds", "0", *use)
    assert done.code == 0, done.err
    spec = references.spec_of("three-encoders")
    assert spec and spec.members == tuple(sorted_names(tmp_path)) and spec.searched_on == ("mine:val",)
    assert {"mine:val", "others:val"} <= {*spec.metrics} and not spec.open
    taught = read_info(tmp_path / "checkpoints" / "m128-from-ensemble")
    assert taught.notes.startswith("One seed: 0. Points over") and "taught by three-encoders" in taught.notes
    again = miniature("--teachers", "VGG16,ResNet50,MobileNetV2", "--taught-by", "Ensemble", "--seeds", "0", *use)
    assert again.code == 0 and references.spec_of("three-encoders") == spec, again.err
    ensembles.save(
        spec.model_copy(update={"searched_on": ("others:val",)}), tmp_path / "checkpoints" / "three-encoders"
    )
    other = miniature("--teachers", "VGG16,ResNet50,MobileNetV2", "--taught-by", "Ensemble", "--seeds", "0", *use)
    assert other.code == 1 and "three-encoders would be overwritten" in other.err


def sorted_names(tmp_path: Path) -> list[str]:
    return ["m128-alone", "m128-from-m512", "m512-teacher"]


def test_what_would_be_lost_or_cannot_be_is_said_before_anything_trains(miniature: Miniature, unetkd: Unetkd) -> None:
    for options, said in (
        (("--teachers", "M512", "--taught-by", "Ensemble"), "it takes VGG16, ResNet50, MobileNetV2"),
        (("--teachers", "M512", "--taught-by", "MobileNetV2"), "MobileNetV2 is to teach, but is not among"),
        ((*M512, "--on", "mine:val"), "mine:val trains the networks or chooses among them"),
        ((*M512, "--on", "mine"), "mine:train trains the networks or chooses among them"),
        ((*M512, "--seeds", "0,0"), "each once"),
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
    assert "a:val +12.0 ± 2.0; b:val −10.0 ± 0.0." in taught.notes
    assert (
        "It does not beat its twin on b:val; this command tries one way: kd-t2, α 0.5, T 4, 20 epochs." in taught.notes
    )
    assert "mIoU over the seeds: a:val 40.0 ± 0.0; b:val 40.0 ± 0.0." in alone.notes
    assert "does not beat" not in alone.notes
    monkeypatch.setattr(shipped, "pairs", lambda *_: {"M512": {0: runs[0]}})
    with pytest.raises(RunError, match="2 of M128's runs are not trained"):
        shipped.picks(plan, "M128", lambda *_: 0.5, best.__getitem__)


def test_a_base_that_is_taught_is_refused() -> None:
    base = RunConfig.model_validate({"teaching": {"teacher": "x"}})
    with pytest.raises(ConfigError, match="leave the teaching section out"):
        Plan(base, ("a:val",))
