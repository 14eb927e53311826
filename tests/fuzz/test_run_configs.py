"""Settings of runs and sweeps from anybody: a config that can be written, read back and spoken of, or one sentence."""

import json
from pathlib import Path
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.cases import answer, cases, damaged, damaged_text
from unetkd_core.cli.configure import config_from
from unetkd_core.runs import limits, script
from unetkd_core.runs.folder import Run
from unetkd_core.runs.sweep_grid import SweepSpec, parse_spec
from unetkd_core.training.config import RunConfig, TeachingConfig, parse_config
from unetkd_core.training.plan import views_of

TERMS: Final = ({"kind": "pair_wise"}, {"kind": "channel_wise", "level": "up2"}, {"kind": "correlation"})
ENSEMBLE: Final = {"members": ["a", "b"], "weighting": "fixed", "weights": [1.0, 2.0]}
ALONE: Final = RunConfig().model_dump(mode="json")
TAUGHT: Final = RunConfig(teaching=TeachingConfig(teacher="sage", terms=TERMS)).model_dump(mode="json")
BY_SEVERAL: Final = RunConfig(teaching=TeachingConfig(teacher=ENSEMBLE)).model_dump(mode="json")
CONFIGS: Final = (ALONE, TAUGHT, BY_SEVERAL, {**ALONE, "format_version": 1})
SWEEP: Final = SweepSpec(base=RunConfig(), teacher=("sage", ENSEMBLE), alpha=(0.1, 0.5)).model_dump(mode="json")


@cases("run configs", 0.4)
@given(data=st.sampled_from(CONFIGS).flatmap(damaged))
def test_any_settings_are_a_config_or_one_sentence(data: Any) -> None:
    config = answer(lambda: parse_config(data))
    if config is not None:
        assert parse_config(json.loads(config.model_dump_json())) == config
        assert isinstance(config.title, str) and config.twin("x").role == "twin"
        answer(lambda: limits.check(config))
        answer(lambda: len(views_of(config.augment)))


@cases("run configs", 0.3)
@given(raw=st.sampled_from(CONFIGS).flatmap(damaged_text))
def test_any_file_is_a_config_or_one_sentence(raw: bytes, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_bytes(raw)
    answer(lambda: config_from({"config_file": file}))
    run = Run("20260101-000000-m128-0000", tmp_path)
    if answer(lambda: run.config) is not None:
        answer(lambda: script.script(run))


@cases("run configs", 0.3)
@given(data=damaged(SWEEP))
def test_any_grid_is_a_sweep_or_one_sentence(data: Any) -> None:
    spec = answer(lambda: parse_spec(data))
    if spec is not None:
        assert spec.size >= 1 and len(spec.title) <= 120
        assert parse_spec(json.loads(spec.model_dump_json())) == spec
