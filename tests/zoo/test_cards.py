"""The model card says what was recorded, in the form that the Hub reads; the licence follows the data."""

from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from tests.zoo.conftest import make_info, make_model
from unetkd_core.data.camvid import LICENCE as CAMVID
from unetkd_core.data.cityscapes import LICENCE as CITYSCAPES
from unetkd_core.data.folder import LICENCE as FOLDER
from unetkd_core.data.source_streets import LICENCE as STREETS
from unetkd_core.models.names import arch_of
from unetkd_core.training.config import RunConfig
from unetkd_core.zoo import ensembles, marks
from unetkd_core.zoo.cards import card
from unetkd_core.zoo.checkpoints import CARD, CheckpointInfo, save
from unetkd_core.zoo.ensembles import EnsembleSpec
from unetkd_core.zoo.licences import MIT, UNKNOWN, is_free, licence_of


def test_the_hub_reads_the_front_matter() -> None:
    data = ModelCard(card(make_info())).data
    assert (data.license, data.library_name, data.pipeline_tag) == ("mit", "unetkd", "image-segmentation")
    assert data.datasets == ["camvid", "streets"]
    assert data.metrics == ["mean_iou", "accuracy"]
    assert {"semantic-segmentation", "knowledge-distillation", "student"} <= set(data.tags)


def test_a_stricter_licence_is_named_in_front_matter_and_text() -> None:
    text = card(make_info(licence=CAMVID))
    data = ModelCard(text).data
    assert (data.license, data.license_name) == ("other", "follows-the-training-data")
    assert CAMVID in text


def test_signs_that_yaml_does_not_take_do_not_break_the_front_matter() -> None:
    assert ModelCard(card(make_info(data=["a\x97b\x0ec:val"]))).data.datasets == ["a?b?c"]


def test_odd_names_do_not_break_the_front_matter() -> None:
    data = ModelCard(card(make_info(data=["no:train", 'a"b: #c:val']))).data
    assert data.datasets == ['a"b', "no"]


def test_the_table_has_every_class_in_percent_and_a_dash_for_an_absent_one() -> None:
    lines = card(make_info()).splitlines()
    assert "| camvid:val | 43.2 | 90.0 | 80.0 | 40.0 | 30.0 | – | 10.0 | 85.0 |" in lines
    assert any(line.startswith("| validation, packed (during training, before rounding)") for line in lines)
    assert not any("free form" in line for line in lines)


def rows(text: str) -> list[str]:
    """What each line of the table was measured on."""
    return [line.split(" | ")[0].removeprefix("| ") for line in text.splitlines() if line.endswith(" | 85.0 |")]


def test_what_choices_were_made_on_is_marked_and_explained_once() -> None:
    scores = make_info().metrics["packed"]
    run = RunConfig().with_(data={"val": ["streets:val", "mine:val"]}).model_dump(mode="json")
    info = make_info(metrics=dict.fromkeys(["packed", "streets:val", "camvid:val", "mine:val"], scores), run=run)
    text = card(info)
    assert rows(text) == [
        "validation, packed (during training, before rounding) (chosen on)",
        *("streets:val (chosen on)", "camvid:val", "mine:val (chosen on)"),
    ]
    assert text.count(marks.CHOSEN_MEANS) == 1 and "\n" not in marks.CHOSEN_MEANS
    table, after = text.split(marks.CHOSEN_MEANS)
    assert table.rstrip().endswith("|") and after.lstrip().startswith("Percent.")


def test_a_card_on_which_nothing_was_chosen_explains_nothing() -> None:
    text = card(make_info(metrics={"camvid:val": make_info().metrics["camvid:val"]}))
    assert rows(text) == ["camvid:val"] and "chosen on" not in text


def test_what_it_learned_from_is_marked_so_however_it_is_called() -> None:
    scores = make_info().metrics["camvid:val"]
    data = ["camvid:train-without-0006R0", "streets:train"]
    run = RunConfig().with_(data={"train": data, "val": ["camvid:train-only-0006R0"]}).model_dump(mode="json")
    on = ("streets:train", "camvid:train", "camvid:train-only-0006R0", "camvid:val")
    text = card(make_info(metrics=dict.fromkeys(on, scores), data=data, run=run))
    assert rows(text) == [
        *("streets:train (learned from)", "camvid:train (learned from)"),
        *("camvid:train-only-0006R0 (chosen on)", "camvid:val"),
    ]
    assert text.count(marks.LEARNED_MEANS) == 1 and text.count(marks.CHOSEN_MEANS) == 1


def test_an_ensembles_card_names_who_is_never_asked() -> None:
    spec = EnsembleSpec.model_validate({"members": ("a", "b", "c"), "weighting": "grid", "weights": (1, 0, 3)})
    infos = [make_info(name=name, arch=arch_of("M128") | {"name": name.upper()}) for name in ("a", "b", "c")]
    info = ensembles.describe(spec, infos, name="team")
    assert "- Answers averaged: A, C; never asked, as the weight is 0: B\n" in card(info) and "seed" not in card(info)
    assert info.parameters == infos[0].parameters + infos[2].parameters


def test_whoever_went_on_from_another_network_needs_that_one_first() -> None:
    run = RunConfig().with_(model={"start": "run:x"}).model_dump(mode="json")
    assert "it begins from the network that it went on from, which has to be there first" in card(make_info(run=run))
    assert "has to be there first" not in card(make_info(run=RunConfig().model_dump(mode="json")))


def test_an_ensembles_score_on_what_it_was_searched_on_is_marked() -> None:
    scores = make_info().metrics["camvid:val"]
    spec = EnsembleSpec.model_validate({
        "members": ("a", "b"), "weighting": "grid", "weights": (1, 3), "searched_on": ("x:val", "y:val, 50 scenes"),
        "metrics": dict.fromkeys(("x:val", "y:val", "z:val", "members:val"), scores),
    })  # fmt: skip
    val = RunConfig().with_(data={"val": ["members:val"]}).model_dump(mode="json")
    text = card(ensembles.describe(spec, [make_info(run=val), make_info(name="b")], name="team"))
    assert rows(text) == ["x:val (chosen on)", "y:val (chosen on)", "z:val", "members:val (chosen on)"]
    assert text.count(marks.CHOSEN_MEANS) == 1


EARLY = "stopped after 3 of 20 epochs, the best being number 2"


def ended(epochs_done: int | None, best: int = 2) -> CheckpointInfo:
    run = RunConfig().with_(optim={"epochs": 20}).model_dump(mode="json")
    packed = {"epoch": best, "miou": 0.5, "iou": [0.5] * 6, "pixel_accuracy": 0.85}
    return make_info(run=run, epochs_done=epochs_done, metrics={"packed": packed})


def test_a_run_that_ended_early_says_so_at_the_top_and_beside_its_recipe() -> None:
    lines = card(ended(3)).splitlines()
    assert f"| training | {EARLY} |" in lines
    assert any(line.startswith(f"- Recipe: default, {EARLY}; epochs 20, ") for line in lines)
    assert any(line.endswith("--config run.json`, which trains all of its epochs") for line in lines)
    assert "stopped after 1 of 20 epochs, the best being number 1" in card(ended(1, best=1))


def test_a_run_that_did_all_its_epochs_reads_as_one_of_before() -> None:
    text = card(ended(20))
    assert "stopped" not in text and "- Recipe: default; epochs 20, " in text and text == card(ended(None))


@pytest.mark.parametrize("run", [None, {}, {"optim": 5}, {"optim": {"epochs": "x"}}, {"optim": {"epochs": True}}])
@pytest.mark.parametrize("data", [None, 5, {"val": "streets:val"}, {"val": [5, None]}])
def test_settings_that_are_none_break_no_mark(run: dict | None, data: object) -> None:
    info = ended(3).model_copy(update={"run": None if run is None else {**run, "data": data}})
    assert "stopped" not in card(info) and rows(card(info))


def test_a_checkpoint_without_scores_says_so() -> None:
    assert "Not measured yet." in card(make_info(metrics={}))


def test_the_recipe_comes_from_the_run() -> None:
    run = RunConfig().with_(teaching={"teacher": "m256-camvid", "temperature": 4.0}, optim={"epochs": 30})
    text = card(make_info(run=run.model_dump(mode="json"), run_id="20261123-1", commit="abc123"))
    assert "epochs 30" in text and "teacher m256-camvid" in text and "temperature 4.0" in text
    assert "`20261123-1`" in text and "commit `abc123`" in text and "Seed: 7" in text
    assert '"teacher": "m256-camvid"' in text  # the whole config, to repeat it
    assert "unetkd distill --config run.json" in text
    assert "unetkd train --config run.json" in card(make_info(role="twin", run=run.twin("x").model_dump(mode="json")))


@pytest.mark.parametrize(
    ("weights", "start"), [("imagenet", "from ImageNet's weights"), (None, "from scratch, without ImageNet")]
)
def test_an_encoders_card_says_what_it_began_from_and_an_ensemble_is_said_in_words(
    weights: str | None, start: str
) -> None:
    teacher = {"members": ["a", "run:b"], "weighting": "grid", "weights": [1.0, 3.0], "sha256": ["0" * 64] * 2}
    run = {"model": {"name": "VGG16", "weights": weights}, "teaching": {"teacher": teacher, "alpha": 0.5}}
    text = card(make_info(arch=arch_of("VGG16"), run=run))
    assert f"- Encoder: torchvision's vgg16, {start}" in text
    assert "teacher a + run:b (grid, weights 1, 3), alpha 0.5" in text
    assert ("BSD-3-Clause" in text) == (weights == "imagenet")


def test_the_saved_card_knows_costs_and_hash(tmp_path: Path) -> None:
    info = save(make_model(), tmp_path / "tiny", make_info())
    text = (tmp_path / "tiny" / CARD).read_text(encoding="utf-8")
    assert text == card(info)
    assert f"{info.parameters:,}" in text and info.sha256 in text and 'load_model("tiny")' in text


@pytest.mark.parametrize(
    ("data", "licence"),
    [
        (["MIT"], MIT),
        ([STREETS], MIT),
        ([STREETS, CAMVID], CAMVID),
        (["MIT", "MIT"], MIT),
        (["MIT", CAMVID], CAMVID),
        ([CAMVID, CAMVID], CAMVID),
        ([CITYSCAPES], CITYSCAPES),
        ([CAMVID, CITYSCAPES, "MIT"], f"{CAMVID}; {CITYSCAPES}"),
        ([f"{CAMVID}; {CITYSCAPES}", CAMVID], f"{CAMVID}; {CITYSCAPES}"),  # a teacher's, with a dataset's
        (["MIT", FOLDER], FOLDER),
        ([], UNKNOWN),
        (["MIT", ""], UNKNOWN),
    ],
)
def test_the_licence_is_the_strictest_of_the_data(data: list[str], licence: str) -> None:
    assert licence_of(data) == licence
    assert is_free(licence) == (licence == MIT)


def test_real_datasets_forbid_selling_and_streets_does_not() -> None:
    assert "non-commercial" in licence_of([CAMVID]) and "non-commercial" in licence_of([CITYSCAPES, STREETS])
    assert licence_of([STREETS, licence_of([STREETS])]) == MIT  # taught on streets by a teacher from streets


def test_an_ensembles_card_speaks_of_its_members_and_of_no_weights_of_its_own() -> None:
    info = ensembles.describe(EnsembleSpec(members=("a", "b")), [make_info(), make_info(name="b")], name="team")
    text = card(info)
    assert "tiny, normalisation: none; tiny, normalisation: none" in text and "model.safetensors" not in text
    assert "as `team`, the folders of its members (`ensemble.json` names them) beside it, then" in text


@pytest.mark.parametrize(
    "teacher", [{}, {"members": 5}, {"members": ["a"], "weights": "x"}, {"weights": ["x", None, 2]}]
)
def test_a_teacher_that_is_no_ensemble_breaks_no_card(teacher: dict) -> None:
    assert "Taught" in card(make_info(run={"teaching": {"teacher": teacher}}))


def test_a_name_adds_no_lines_to_a_card() -> None:
    text = card(make_info(title="Good\n## Licence\n\nMIT", licence="CC\n# Big", data=["streets:train\n- Seed: 77"]))
    assert text.count("## Licence") == 2 and text.count("\n## Licence") == 1 and "\n# Big" not in text
    assert "\n- Seed: 77" not in text
