"""A config of an older release means what it meant then; what cannot be together is refused."""

import pytest

from unetkd_core.errors import ConfigError
from unetkd_core.training.config import FORMAT_VERSION, RunConfig, parse_config


def test_a_config_of_format_1_goes_on_drawing_its_views_by_chance() -> None:
    old = parse_config({"format_version": 1, "seed": 3, "augment": {"crop_grid": 2}})
    assert (old.augment.draw, old.augment.crop_grid, old.format_version) == ("chance", 2, FORMAT_VERSION)
    assert parse_config({"format_version": 1}).augment.draw == "chance"
    assert parse_config({"seed": 3}).augment.draw == RunConfig().augment.draw == "turns"
    assert parse_config(old.model_dump(mode="json")) == old


@pytest.mark.parametrize("version", [99, True, "1", None])
def test_another_format_is_refused(version: object) -> None:
    with pytest.raises(ConfigError, match=r"format version .*, and this release reads up to 2"):
        parse_config({"format_version": version})


def test_an_augment_section_that_is_none_is_told_as_such_in_any_format() -> None:
    for version in (1, 2):
        with pytest.raises(ConfigError, match="augment"):
            parse_config({"format_version": version, "augment": [1]})


def test_answers_cannot_be_kept_for_views_drawn_by_chance() -> None:
    with pytest.raises(ConfigError, match="only for views in turn"):
        parse_config({"augment": {"draw": "chance"}, "teaching": {"teacher": "m256-alone", "cache": True}})
    with pytest.raises(ConfigError, match="turns is a number of views in turn"):
        parse_config({"augment": {"draw": "chance", "turns": 3}})


def test_a_picture_too_small_for_batch_normalisation_is_refused() -> None:
    def small(name: str, norm: str, height: int, width: int) -> RunConfig:
        return parse_config({"model": {"name": name, "norm": norm}, "data": {"height": height, "width": width}})

    for name, side in (("M256", 16), ("M512", 32), ("M1024", 64), ("U2", 16), ("ResNet50", 16), ("MobileNetV2", 16)):
        with pytest.raises(
            ConfigError, match=f"the one pixel that {name} makes of a {side}×{side} picture; choose a larger size"
        ):
            small(name, "batch", side, side)
        assert small(name, "batch", side, side + 16).data.width == side + 16
    assert small("M256", "none", 16, 16).model.norm == "none"
    assert small("VGG16", "batch", 16, 16).model.norm == "batch", "its bridge has none"
