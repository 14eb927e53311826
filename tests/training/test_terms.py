"""What else is distilled, as config: validated at once, the references' defaults, and which teachers can say it."""

import json
from typing import Any

import pytest

from unetkd_core.errors import ConfigError
from unetkd_core.training import plan, terms
from unetkd_core.training.config import RunConfig, parse_config
from unetkd_core.training.presets import METHODS


def taught(*chosen: dict[str, Any], **teaching: Any) -> RunConfig:
    return parse_config({"teaching": {"teacher": "some", "terms": list(chosen), **teaching}})


AUTHORS = {
    "pair_wise": 0.5,
    "holistic": 0.1,
    "intra_class": 200,
    "channel_wise": 3,
    "channel_wise::up1": 50,
    "correlation": 1,
}
"""What each method's authors weigh it with: Liu et al. (both), Wang et al., Shu et al. (both), Huang et al."""


def test_a_default_weight_is_the_authors_or_says_whose_it_is() -> None:
    assert {text.split(":")[0] for text in AUTHORS} == set(terms.KINDS)
    others = {}
    for text, authors in AUTHORS.items():
        term = terms.parse_term(text)
        said = terms.whose_weight(term.model_copy(update={"weight": 7.0}))
        if term.weight == authors:
            assert said == f"Its authors’ weight is {authors:g}."
        else:
            others[text] = said
    assert others == {"intra_class": "CIRKD’s port has 20, its authors 200."}


def test_terms_survive_json_and_a_config_without_them_is_as_before() -> None:
    config = taught({"kind": "pair_wise", "level": "up2", "weight": 2}, {"kind": "holistic"})
    assert parse_config(json.loads(config.model_dump_json())) == config
    assert config.with_(optim={"epochs": 3}).teaching == config.teaching
    old = parse_config({"teaching": {"teacher": "some"}}).teaching
    assert old is not None and old.terms == () and old.pixel_wise


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ([{"kind": "soft"}], "one of pair_wise, holistic"),
        ([{"kind": "pair_wise", "nodes": 1}], "pair_wise.nodes"),
        ([{"kind": "pair_wise", "level": "up8"}], "M128 has no maps at up8; its levels are up1, up2, up4, bridge"),
        ([{"kind": "pair_wise"}, {"kind": "pair_wise", "weight": 1}], "pair_wise is there twice at up1"),
        ([{"kind": "holistic"}, {"kind": "holistic"}], "holistic is there twice; raise"),
        ([{"kind": "intra_class", "weight": 0}], "greater than 0"),
        ([{"kind": "correlation", "level": "up1"}], "correlation reads no maps, so it has no level"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(chosen: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        taught(*chosen)


def test_a_kind_may_stand_at_two_levels_and_is_told_apart() -> None:
    config = taught(
        {"kind": "channel_wise"}, {"kind": "channel_wise", "level": "up1"}, {"kind": "pair_wise"}, alpha=0.5
    )
    assert config.teaching is not None
    assert terms.names(config.teaching.terms) == ("channel_wise:logits", "channel_wise:up1", "pair_wise")


def test_an_ensemble_has_answers_but_no_maps() -> None:
    ensemble = {"members": ["a", "b"]}
    with pytest.raises(ConfigError, match="no feature maps of its own"):
        taught({"kind": "intra_class"}, teacher=ensemble)
    assert taught({"kind": "correlation"}, {"kind": "channel_wise"}, {"kind": "holistic"}, teacher=ensemble)


@pytest.mark.parametrize("kind", list(terms.KINDS))
def test_kept_answers_serve_the_terms_that_read_probabilities(kind: str) -> None:
    config = taught({"kind": kind})
    live = kind in ("pair_wise", "intra_class", "channel_wise")
    assert bool(plan.why_live(config)) == live
    if live:
        with pytest.raises(ConfigError, match="cannot be kept"):
            taught({"kind": kind}, cache=True)


def test_every_method_is_a_whole_word_on_what_is_distilled() -> None:
    structured = taught(**METHODS["structured"].changes)
    for method in METHODS.values():
        after = structured.with_(teaching=method.changes).teaching
        assert after is not None and len(after.terms) == len(method.changes["terms"])


def test_methods_that_replace_the_soft_labels_leave_the_kl_out() -> None:
    without = {n for n, m in METHODS.items() if not _teaching(taught(**m.changes)).pixel_wise}
    assert without == {"channel-wise", "channel-wise-features", "dist"}


def test_labels_are_needed_where_nothing_teaches_without() -> None:
    needing = {kind for kind in terms.KINDS if _teaching(taught({"kind": kind}, alpha=1.0)).needs_labels}
    assert needing == {"intra_class"}
    assert _teaching(taught(alpha=1.0)).needs_labels
    both = taught({"kind": "intra_class"}, {"kind": "pair_wise"}, alpha=1.0)
    for config in (both, taught({"kind": "intra_class"}, alpha=0.9), taught(**METHODS["dist"].changes)):
        assert not _teaching(config).needs_labels


def _teaching(config: RunConfig) -> Any:
    return config.teaching


def test_a_term_is_typed_as_kind_weight_level() -> None:
    assert terms.parse_term("pair-wise").weight == 0.5
    assert terms.in_words([terms.parse_term("channel_wise:7:up2")]) == "7 × channel-wise up2"
    for text in ("holistic:1:up1", "holistic::logits", "correlation::up1"):
        with pytest.raises(ConfigError, match=rf"is no term: {text.split(':')[0]} reads no maps, so it has no level;"):
            terms.parse_term(text)
    for text in ("soft", "pair_wise:x", "pair_wise:-1", "pair_wise:1:up3", "holistic:1:up1", ""):
        with pytest.raises(ConfigError, match="is no term"):
            terms.parse_term(text)
