"""The time told before a run starts: by hand from known rates, scaled by work, and honest about what it rests on."""

import json
import subprocess
import sys

import pytest

from unetkd_core import settings
from unetkd_core.models.names import arch_of
from unetkd_core.runs import estimate, speed
from unetkd_core.training.config import RunConfig
from unetkd_core.training.terms import parse_term

RATES = {"train": 0.5, "val": 0.25, "saving": 0.1, "startup": 4.0, "overhead": None}


def test_a_like_run_is_believed_to_the_letter(tiny_config: RunConfig) -> None:
    config = tiny_config.with_(optim={"epochs": 10})
    speed.remember("runs", speed.run_key(config, 1, "", False), RATES)
    speed.remember("packing", "tiny/16/32", 0.125)
    told = estimate.estimate(config, twin=True)
    assert told.seconds == pytest.approx(4 + 10 * (8 * 0.5 + 4 * 0.25 + 0.1) + 12 * 0.125)
    assert "10 epochs of 8 scenes, 2 s a step as in the last such run" in told.basis


def test_measured_speed_scales_with_the_work(tiny_config: RunConfig) -> None:
    def seconds(**optim: int) -> float:
        startup = estimate.STARTUP_SECONDS + 12 * estimate.PACKING_SECONDS
        return estimate.estimate(tiny_config.with_(optim=optim), twin=False).seconds - startup

    guessed = seconds(epochs=2)
    assert "guessed" in estimate.estimate(tiny_config, twin=False).basis
    speed.remember("gmac", "1", {name: 100 * rate for name, rate in estimate.GUESS.items()})
    assert "measured on this machine" in estimate.estimate(tiny_config, twin=False).basis
    assert seconds(epochs=2) > 5 * guessed
    assert seconds(epochs=20) == pytest.approx(10 * seconds(epochs=2))


def test_what_finished_runs_took_corrects_the_measured_speed(tiny_config: RunConfig) -> None:
    speed.remember("gmac", "1", {"train": 1.0, "forward": 0.3})
    before = estimate.estimate(tiny_config, twin=False).seconds
    speed.remember("runs", "another kind", {**RATES, "overhead": 50 * estimate.OVERHEAD})
    assert estimate.estimate(tiny_config, twin=False).seconds > before + 0.1


def test_the_estimate_loads_no_torch_and_a_broken_file_is_as_good_as_none(tiny_config: RunConfig) -> None:
    settings.home().mkdir(parents=True, exist_ok=True)
    (settings.home() / "speed.json").write_text("{half")
    code = (
        "import sys; from unetkd_core.runs import estimate; from unetkd_core.training.config import parse_config;"
        f"print(estimate.estimate(parse_config({tiny_config.model_dump(mode='json')!r}), twin=False).seconds);"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and float(done.stdout) > 0, done.stderr


def test_old_measurements_make_room(tiny_config: RunConfig) -> None:
    for i in range(speed._KEEP + 5):
        speed.remember("packing", str(i), 1.0)
    kept = list(speed.read()["packing"])
    assert len(kept) == speed._KEEP and kept[-1] == str(speed._KEEP + 4)
    assert json.loads((settings.home() / "speed.json").read_text())["format_version"] == speed.FORMAT_VERSION


def test_an_encoder_and_an_ensemble_go_by_what_their_own_backbones_took(
    tiny_config: RunConfig,
) -> None:
    from unetkd_core.models.complexity import macs
    from unetkd_core.models.names import arch_of

    speed.remember("gmac", "1", {"train": 8.0, "forward": 4.0})
    speed.remember("backbones", "vgg16/1", {"train": 2.0, "forward": 1.0})
    known, (m128, vgg) = speed.read()["gmac"]["1"], (arch_of("M128"), arch_of("VGG16"))
    both = {"type": "ensemble", "members": [m128, vgg]}
    billions = [macs(arch, 16, 32) / 1e9 for arch in (m128, vgg)]
    seconds = speed.image_seconds(both, 16, 32, known, 1, "forward")
    assert seconds == pytest.approx(4 * billions[0] + 1 * billions[1])
    assert speed.image_seconds(vgg, 16, 32, known, 2, "train") == pytest.approx(8 * billions[1])  # not measured so
    alone = tiny_config.with_(model={"name": "VGG16", "norm": "batch"}, optim={"epochs": 100})
    slow = estimate.estimate(alone, twin=False).seconds
    speed.remember("backbones", "vgg16/1", {"train": 0.2, "forward": 0.1})
    assert estimate.estimate(alone, twin=False).seconds < slow


def test_threads_that_were_measured_while_the_cores_were_busy_are_not_believed(tiny_config: RunConfig) -> None:
    two = tiny_config.with_(hardware={"threads": 2}, optim={"epochs": 100})
    speed.remember("gmac", "1", {"train": 0.12, "forward": 0.04})
    believed = estimate.estimate(two, twin=False).seconds
    speed.remember("gmac", "2", {"train": 6.1, "forward": 2.0})
    assert estimate.estimate(two, twin=False).seconds == pytest.approx(believed * 2**0.8, rel=0.5)
    speed.remember("gmac", "2", {"train": 0.07, "forward": 0.02})
    assert estimate.estimate(two, twin=False).seconds < believed * 1.2


def test_terms_take_time_and_a_run_with_them_is_another_kind(tiny_config: RunConfig) -> None:
    speed.remember("gmac", "1", {"train": 8.0, "forward": 4.0})
    gmac = speed.read()["gmac"]["1"]
    one, more = (parse_term(text) for text in ("channel_wise:1", "channel_wise:1:up1"))
    m128 = speed.image_seconds(arch_of("M128"), 16, 32, gmac, 1, "train")
    assert speed.term_seconds((one, more), 16, 32, gmac, 1) == pytest.approx((0.1 + 0.4) * m128)
    taught = tiny_config.with_(teaching={"teacher": "x"})
    holistic = taught.with_(teaching={"terms": [{"kind": "holistic"}]})
    keys = {speed.run_key(config, 1, speed.KEPT, False) for config in (taught, holistic, tiny_config)}
    assert len(keys) == 2, "without terms a kept teacher makes no kind of its own"
