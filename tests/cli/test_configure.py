"""Options -> RunConfig: which layer wins, and that every problem is said at once."""

import json
from pathlib import Path

import pytest
import typer

from unetkd_core.cli.configure import config_from, parse_size
from unetkd_core.cli.options import SETTINGS
from unetkd_core.errors import ConfigError
from unetkd_core.training.config import RunConfig
from unetkd_core.training.presets import BUDGETS, KD_PRESETS


def test_nothing_given_is_the_default_config() -> None:
    assert config_from({}) == RunConfig()


def test_single_options_win_over_preset_over_budget_over_recipe_over_file(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(
        json.dumps({"seed": 7, "name": "from the file", "optim": {"epochs": 99}, "augment": {"jitter": 0.05}})
    )
    given = {
        "config_file": file,
        "recipe": "paper",
        "budget": "taste",
        "preset": "hinton",
        "teacher": "big",
        "alpha": 0.3,
    }
    config = config_from({**given, "name": "mine", "size": "48x96"})
    assert (config.seed, config.name, config.augment.jitter) == (7, "mine", 0.05)
    assert config.optim.optimizer == "adam"
    assert config.optim.epochs == BUDGETS["taste"].changes["optim"]["epochs"]
    assert (config.data.height, config.data.width) == (48, 96)
    assert config.data.max_train == BUDGETS["taste"].changes["data"]["max_train"]
    assert config.teaching is not None
    assert config.teaching.alpha == 0.3
    assert config.teaching.temperature == KD_PRESETS["hinton"].changes["temperature"]


def test_the_papers_budget_is_the_papers_whole_recipe_unless_others_are_named() -> None:
    config = config_from({"budget": "paper", "teacher": "big"})
    optim, teaching = config.optim, config.teaching
    assert (optim.epochs, optim.learning_rate, optim.optimizer, optim.schedule) == (20, 1e-4, "adam", "constant")
    assert (config.recipe, optim.class_weights, optim.clip_norm, optim.weight_decay) == ("paper", "none", None, 0)
    assert teaching is not None
    assert (teaching.alpha, teaching.temperature, teaching.scale_by_t2) == (0.1, 10, False)
    assert (config.data.max_train, config.data.height, config.data.width) == (None, 128, 256)
    alone = config_from({"budget": "paper"})
    assert alone.teaching is None and alone.optim == optim
    mixed = config_from({"budget": "paper", "recipe": "default", "preset": "hinton", "teacher": "big"})
    assert (mixed.recipe, mixed.optim) == ("default", RunConfig().optim)
    assert mixed.teaching is not None and mixed.teaching.temperature == 4


def test_other_training_data_needs_its_own_validation_data(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="needed with --train"):
        config_from({"train": ["camvid"]})
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"data": {"val": ["mine:val"]}}))
    assert config_from({"train": ["mine"], "config_file": file}).data.val == ("mine:val",)


def test_a_twins_config_starts_a_run_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(RunConfig().twin("some-student").model_dump_json())
    assert config_from({"config_file": file}).role == "alone"


def test_presets_are_not_changed_by_what_is_laid_over_them() -> None:
    before = json.dumps(BUDGETS["taste"].changes)
    config_from({"budget": "taste", "epochs": 1, "max_train": 1})
    assert json.dumps(BUDGETS["taste"].changes) == before


def test_every_option_leads_to_a_setting_that_exists() -> None:
    schema = RunConfig.model_json_schema()
    for option, path in SETTINGS.items():
        properties = schema["properties"]
        for key in path[:-1]:
            section = properties[key]
            ref = section.get("$ref") or next(s["$ref"] for s in section["anyOf"] if "$ref" in s)
            properties = schema["$defs"][ref.rsplit("/", 1)[1]]["properties"]
        assert path[-1] in properties, option


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(ConfigError, match=r"alpha.*temperature|temperature.*alpha"):
        config_from({"teacher": "big", "alpha": 3.0, "temperature": 0.0})


@pytest.mark.parametrize("text", ["[1]", "{", '{"format_version": 99}'])
def test_a_config_file_that_is_none_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text)
    with pytest.raises(ConfigError):
        config_from({"config_file": file})
    with pytest.raises(ConfigError, match="cannot be read"):
        config_from({"config_file": tmp_path / "missing.json"})


@pytest.mark.parametrize("size", ["128", "128x", "axb", "128x256x3", "-1x5", ""])
def test_a_size_that_is_none_is_a_usage_error(size: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse_size(size)


def test_a_size_is_height_first() -> None:
    assert parse_size("128x256") == (128, 256)


def test_a_method_says_what_is_distilled_over_the_preset_and_under_single_options() -> None:
    teaching = config_from({"teacher": ["big"], "preset": "paper", "method": "structured", "alpha": 0.3}).teaching
    assert teaching is not None
    assert (teaching.alpha, teaching.temperature, teaching.scale_by_t2) == (0.3, 10, True)
    assert [term.kind for term in teaching.terms] == ["pair_wise", "holistic"]
    instead = config_from({"teacher": ["big"], "preset": "hinton", "method": "dist"}).teaching
    assert instead is not None and (instead.alpha, instead.pixel_wise) == (1, False)
    with pytest.raises(typer.BadParameter, match="none of kd, kd-t2"):
        config_from({"teacher": ["big"], "method": "magic"})


def test_methods_begin_at_hintons_numbers_and_the_papers_alone_at_the_papers() -> None:
    for given in ({"method": "structured"}, {"method": "kd-t2"}, {"term": ["pair_wise:1"]}):
        teaching = config_from({"teacher": ["big"], **given}).teaching
        assert teaching and (teaching.alpha, teaching.temperature, teaching.scale_by_t2) == (0.5, 4.0, True)
    for given in ({}, {"method": "kd"}):
        teaching = config_from({"teacher": ["big"], **given}).teaching
        assert teaching and (teaching.alpha, teaching.temperature, teaching.scale_by_t2) == (0.1, 10.0, False)


def test_terms_are_added_to_those_of_the_method_or_the_file(tmp_path: Path) -> None:
    given = {"teacher": ["big"], "method": "pair-wise", "term": ["channel-wise:2", "pair_wise:1:bridge"]}
    teaching = config_from(given).teaching
    assert teaching is not None
    assert [term.weight for term in teaching.terms] == [0.5, 2, 1]
    file = tmp_path / "config.json"
    file.write_text(config_from(given).model_dump_json())
    again = config_from({"config_file": file, "term": ["holistic"]}).teaching
    assert again is not None and len(again.terms) == 4
    with pytest.raises(ConfigError, match="there twice at up1"):
        config_from({"teacher": ["big"], "method": "pair-wise", "term": ["pair_wise:1"]})


def test_a_term_needs_somebody_who_teaches() -> None:
    with pytest.raises(ConfigError, match=r"teaching\.teacher"):
        config_from({"term": ["pair_wise"]})
