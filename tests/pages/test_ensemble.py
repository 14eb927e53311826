"""Ensemble, through app.py: members, weights, scores on a street and a split, keeping, teaching, what goes wrong."""

import html
import io
import json
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from pages.ui import caches, ensemble_choice, ensemble_measuring, ensemble_scores, ensemble_start, ensemble_surface
from pages.ui.blob import unpack
from pages.ui.layers import Mix
from pages.ui.simplex import Released, Start, heard
from tests.browser.networks import flat_search
from tests.pages.trio_folder import make_trio, plain_street
from unetkd_core import settings
from unetkd_core.data import streets
from unetkd_core.errors import DataError
from unetkd_core.inference.searched import integer_grid, simplex_grid
from unetkd_core.zoo import checkpoints, ensemble_search, ensembles, references
from unetkd_core.zoo.ensembles import EnsembleSpec

ROOT = Path(__file__).resolve().parents[2]
THREE = {"members": "big,taught,alone"}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    make_trio(folder)
    return folder


@pytest.fixture
def networks(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own with the three: tests keep ensembles in it."""
    folder = tmp_path / "checkpoints"
    shutil.copytree(made, folder)
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(folder))
    return folder


@pytest.fixture(autouse=True)
def quick_streets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Streets that cost nothing, eight to a split, and caches that do not hand them to other tests."""
    monkeypatch.setattr(streets, "render", plain_street)
    monkeypatch.setattr(streets, "NATIVE_SIZE", (32, 64))
    monkeypatch.setattr(streets, "SPLIT_SIZES", dict.fromkeys(streets.SPLIT_SIZES, 8))
    st.cache_data.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


def opened(**address: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.run()
    at.switch_page("pages/compare/ensemble.py")
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def text(at: AppTest) -> str:
    """Everything that was written, as one text without its marks."""
    return html.unescape(re.sub(r"<[^>]+>", "", "\n".join([h.value for h in at.html] + [c.value for c in at.caption])))


def weights(at: AppTest) -> list[float | None]:
    return [at.number_input(key=f"ensemble_weight_{i}").value for i in range(3)]


def component(at: AppTest) -> Any:
    """What the triangle is sent."""
    (found,) = [c.proto for c in at.get("bidi_component") if c.proto.component_name.endswith("unetkd_simplex")]
    return found


def sent(at: AppTest) -> dict[str, Any]:
    header: dict[str, Any] = unpack(component(at).bytes)[0]
    return {**header["simplex"], "layers": [layer["role"] for layer in header["layers"]], "views": header["views"]}


def corners(at: AppTest) -> list[str]:
    """The weights that the triangle begins with."""
    return [f"{weight:.2f}" for weight in sent(at)["start"]["weights"]]


def let_go(at: AppTest, **said: Any) -> None:
    """As the browser reports it: weights and weighting, or the way that was taken."""
    told = {"token": sent(at)["start"]["token"], "weighting": "fixed", "preset": None, **said}
    states = at._tree.get_widget_states()
    states.widgets.append(WidgetState(id=component(at).id, json_value=json.dumps({"weights": told})))
    at._run(states)
    assert not at.exception


def go_to(at: AppTest, name: str) -> None:
    (way,) = [way for way in sent(at)["ways"] if way["name"] == name]
    even = [1 / len(sent(at)["members"])] * len(sent(at)["members"])
    weighting = "confidence" if way["weights"] is None else "fixed"
    let_go(at, weights=way["weights"] or even, weighting=weighting, preset=name)


def test_without_networks_the_page_teaches_and_leads_to_training_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path))
    at = opened()
    assert "No ensemble without members" in text(at)
    assert [link.label for link in at.get("page_link")] == ["Train the first"]


@pytest.mark.usefixtures("networks")
def test_three_networks_are_averaged_evenly_and_the_answer_has_its_number() -> None:
    at = opened()
    assert [at.selectbox(key=f"ensemble_member_{i}").value for i in range(3)] == ["big", "taught", "alone"]
    assert corners(at) == ["0.33"] * 3
    said, told = text(at), sent(at)
    assert re.search(r"On this street,? (yes|no|it makes)", said) and "One street proves little" in said
    assert told["layers"] == ["teacher"] * 3 + ["ensemble", "truth"] and "errors" in told["views"]
    assert [member["layer"] for member in told["members"]] == [0, 1, 2] and len(told["bands"]) == 9
    mious = [member["miou"] for member in told["members"]]
    assert told["against"] == int(np.argmax(mious)) and told["table"] is None and told["basis"] == "on this street"
    assert at.query_params["weights"] == "1,1,1" and at.query_params["members"] == "big,taught,alone"


@pytest.mark.usefixtures("networks")
def test_the_view_is_restored_from_its_address() -> None:
    at = opened(members="alone,big,taught", weights="1,1,2", data="streets:test", scene="3")
    assert [at.selectbox(key=f"ensemble_member_{i}").value for i in range(3)] == ["alone", "big", "taught"]
    assert weights(at) == [1.0, 1.0, 2.0] and corners(at) == ["0.25", "0.25", "0.50"]
    assert (
        at.number_input(key="ensemble_scene").value == 3 and at.selectbox(key="ensemble_data").value == "streets:test"
    )


@pytest.mark.usefixtures("networks")
def test_what_an_address_says_wrongly_is_told_and_replaced() -> None:
    at = opened(members="big,long-gone,big", weights="1,nonsense")
    said = text(at)
    assert "long-gone is not here any more" in said and "The address says weights=1,nonsense" in said
    assert sorted(at.selectbox(key=f"ensemble_member_{i}").value for i in range(3)) == ["alone", "big", "taught"]
    assert weights(at) == [1.0] * 3


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize("value", [0.0, None])
def test_weights_that_cannot_be_are_told_in_place_and_the_last_good_mean_stays(value: float | None) -> None:
    at = opened(**THREE, weights="1,0,0")
    good = at.query_params["weights"]
    at.number_input(key="ensemble_weight_0").set_value(value).run()
    assert not at.exception
    wrong = [h.value for h in at.html if 'role="alert"' in h.value]
    assert len(wrong) == 1 and ("All weights are zero" if value == 0 else "A weight is empty") in wrong[0]
    assert corners(at) == ["1.00", "0.00", "0.00"] and at.query_params["weights"] == good
    at.number_input(key="ensemble_weight_0").set_value(3.0).run()
    assert not [h for h in at.html if 'role="alert"' in h.value]


@pytest.mark.usefixtures("networks")
def test_letting_the_handle_go_sets_the_weights_and_sends_nothing_anew() -> None:
    at = opened(**THREE)
    before = component(at).bytes
    let_go(at, weights=[0.2, 0.3, 0.5])
    assert weights(at) == [0.2, 0.3, 0.5] and at.query_params["weights"] == "0.2,0.3,0.5"
    assert component(at).bytes == before and "weighed 0.20, 0.30, 0.50" in text(at)
    let_go(at, weights=[0.6, 0.2, 0.2], token="of an earlier start")
    assert weights(at) == [0.2, 0.3, 0.5]


@pytest.mark.usefixtures("networks")
def test_a_weight_that_is_typed_moves_the_handle() -> None:
    at = opened(**THREE)
    let_go(at, weights=[0.2, 0.3, 0.5])
    first = sent(at)["start"]
    at.number_input(key="ensemble_weight_2").set_value(1.5).run()
    second = sent(at)["start"]
    assert second["token"] != first["token"] and second["weights"] == pytest.approx([0.1, 0.15, 0.75])


@pytest.mark.usefixtures("networks")
def test_going_somewhere_fills_the_weights_in_and_confidence_has_no_point() -> None:
    at = opened(**THREE)
    assert [way["name"] for way in sent(at)["ways"]] == ["even", "grid", "fine", "alone", "confidence"]
    go_to(at, "alone")
    assert sorted(weights(at), key=float) == [0.0, 0.0, 1.0] and "alone:" in text(at)  # type: ignore[arg-type]
    go_to(at, "confidence")
    assert at.query_params["weights"] == "confidence" and "weighed at each pixel" in text(at)
    at.number_input(key="ensemble_weight_1").set_value(2.0).run()
    assert at.query_params["weights"] == "1,2,1" and sent(at)["start"]["weighting"] == "fixed"


@pytest.mark.usefixtures("networks")
def test_mark_up_in_an_address_is_shown_as_text() -> None:
    at = opened(members="![x](https://a.example/p.png)")
    assert not at.exception and "https://a.example" not in "".join(c.value for c in at.caption)
    assert "![x]" in text(at)


def test_an_address_may_say_by_confidence() -> None:
    at = opened(**THREE, weights="confidence")
    assert sent(at)["start"]["weighting"] == "confidence" and "On this street" in text(at)


@pytest.mark.usefixtures("networks")
def test_choosing_who_sits_elsewhere_makes_the_two_change_places() -> None:
    at = opened(**THREE)
    at.selectbox(key="ensemble_member_0").set_value("alone").run()
    assert [at.selectbox(key=f"ensemble_member_{i}").value for i in range(3)] == ["alone", "taught", "big"]


@pytest.mark.usefixtures("networks")
def test_two_networks_have_a_line() -> None:
    at = opened(**THREE)
    at.selectbox(key="ensemble_member_2").set_value("-").run()
    assert not at.exception and corners(at) == ["0.50", "0.50"]
    assert "Let these two teach" in text(at) and len(sent(at)["bands"]) == 21
    go_to(at, "grid")
    assert len(at.query_params["weights"].split(",")) == 2


def measured(at: AppTest) -> None:
    """Press the button and come back when the search in the background is over."""
    at.button(key="ensemble_measure").click().run()
    ensemble_measuring.wait()
    at.run()


@pytest.mark.usefixtures("networks")
def test_what_is_clicked_meanwhile_does_not_stop_the_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    search = ensemble_search.search

    def slow(*args: Any, progress: Any, **kwargs: Any) -> Any:
        progress(1, 500)
        assert go_on.wait(60)
        return search(*args, progress=progress, **kwargs)

    monkeypatch.setattr(ensemble_search, "search", slow)
    at = opened(**THREE)
    at.button(key="ensemble_measure").click().run()
    at.get_by_key("ensemble_weight_0").set_value(0.5).run()
    assert not at.exception and "Scene 1 of 500" in at.get("progress")[0].proto.text
    assert not [b for b in at.button if b.key == "ensemble_measure"]
    go_on.set()
    ensemble_measuring.wait()
    at.run()
    assert not at.exception and re.search(r"On streets:val,? ", text(at))


@pytest.mark.usefixtures("networks")
def test_a_search_that_fails_says_so_and_can_be_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise DataError("A scene cannot be read. Copy it again.")

    with monkeypatch.context() as patch:
        patch.setattr(ensemble_search, "search", broken)
        at = opened(**THREE)
        measured(at)
        assert not at.exception and "A scene cannot be read" in text(at)
    measured(at)
    assert "A scene cannot be read" not in text(at) and re.search(r"On streets:val,? ", text(at))


@pytest.mark.usefixtures("networks")
def test_measuring_the_split_is_kept_for_the_next_visit_and_names_where_weights_were_chosen() -> None:
    at = opened(**THREE)
    button = at.button(key="ensemble_measure")
    assert re.fullmatch(r"Measure on all \d+ of streets:val, about .+", button.label)
    measured(at)
    assert not at.exception and re.search(r"On streets:val,? ", text(at))
    told = sent(at)
    assert told["table"]["rows"] == len(integer_grid(3)) + len(simplex_grid(3)) and told["table"]["members"] == 3
    assert told["basis"] == "on streets:val" and told["step"] == 0.05
    rows = np.frombuffer(unpack(component(at).bytes)[1][told["table"]["part"]], "<f4").reshape(
        told["table"]["rows"], 10
    )
    np.testing.assert_allclose(rows[:, :3].sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.nanmean(rows[:, 4:], axis=1), rows[:, 3], rtol=1e-5)
    go_to(at, "grid")
    assert "on this very split, which flatters them" in text(at)
    again = opened(**THREE)
    assert re.search(r"On streets:val,? ", text(again)) and not [b for b in again.button if b.key == "ensemble_measure"]
    again.get_by_key("ensemble_basis").set_value("here").run()
    assert "On this street" in text(again)
    again.get_by_key("ensemble_weight_0").set_value(0.123).run()
    again.get_by_key("ensemble_basis").set_value("split").run()
    assert "These weights were not measured" in text(again)


def test_keeping_writes_the_ensemble_with_its_members_checksums(networks: Path) -> None:
    at = opened(**THREE, weights="1,1,2")
    assert at.text_input(key="ensemble_name").value == "ensemble-m256-m128-taught-m128-alone"
    at.text_input(key="ensemble_name").set_value("mine").run()
    at.button(key="ensemble_keep").click().run()
    assert "Kept as mine" in text(at)
    spec = references.spec_of("mine")
    assert spec and spec.members == ("big", "taught", "alone") and spec.shares == (0.25, 0.25, 0.5)
    assert spec.sha256 == tuple(checkpoints.read_info(networks / m).sha256 for m in spec.members)


def test_no_name_a_bad_name_and_a_networks_name_are_refused_in_place(networks: Path) -> None:
    before = json.loads((networks / "big" / "config.json").read_text())
    at = opened(**THREE)
    for name, told in (("", "has no name"), ("../x", "is not a checkpoint's name"), ("big", "big is a network")):
        at.text_input(key="ensemble_name").set_value(name).run()
        at.button(key="ensemble_keep").click().run()
        assert told in text(at) and not at.exception
    assert json.loads((networks / "big" / "config.json").read_text()) == before


@pytest.mark.usefixtures("networks")
def test_another_ensemble_of_that_name_is_replaced_only_when_told_so() -> None:
    ensembles.save(EnsembleSpec(members=("big", "alone")), settings.checkpoints_dir() / "mine")
    at = opened(**THREE)
    at.text_input(key="ensemble_name").set_value("mine").run()
    at.button(key="ensemble_keep").click().run()
    spec = references.spec_of("mine")
    assert "mine is another ensemble" in text(at) and spec and spec.members == ("big", "alone")
    at.button(key="ensemble_replace").click().run()
    spec = references.spec_of("mine")
    assert "Kept as mine" in text(at) and spec and spec.members == ("big", "taught", "alone")


@pytest.mark.usefixtures("networks")
def test_let_them_teach_opens_distill_with_the_ensemble_as_teacher() -> None:
    at = opened(**THREE, weights="1,1,2", data="streets:test")
    at.button(key="ensemble_teach").click().run()
    assert not at.exception and at.title[0].value == "How much is a teacher worth?"
    assert at.get_by_key("distill_teacher").value == "ensemble-m256-m128-taught-m128-alone"
    assert at.get_by_key("distill_dataset").value == "streets" and "data" not in at.query_params
    assert references.spec_of("ensemble-m256-m128-taught-m128-alone")


@pytest.mark.usefixtures("networks")
def test_a_kept_ensemble_is_opened_with_its_members_and_weights() -> None:
    spec = EnsembleSpec(members=("alone", "big"), weighting="grid", weights=(1, 3), searched_on=("streets:test",))
    ensembles.save(spec, settings.checkpoints_dir() / "mine")
    ensembles.save(EnsembleSpec(members=("big",)), settings.checkpoints_dir() / "single")
    at = opened(**THREE)
    at.selectbox(key="ensemble_open").set_value("mine").run()
    assert not at.exception and at.query_params["members"] == "alone,big" and at.query_params["weights"] == "1,3"
    assert "The weights are the best of the grid on streets:test" in text(at)
    at.selectbox(key="ensemble_open").set_value("single").run()
    assert "cannot be shown here" in text(at) and at.query_params["members"] == "alone,big"
    at.selectbox(key="ensemble_member_0").set_value("taught").run()
    assert at.query_params["weights"] == "1,3" and "best of the grid" not in text(at)  # of others


def test_a_damaged_network_is_told_and_the_others_stay(networks: Path) -> None:
    weights = networks / "taught" / checkpoints.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-100])
    at = opened(**THREE)
    told = sent(at)
    assert "cannot be read, so the mean is without it" in text(at) and told["against"] in (0, 2)
    assert [(member["layer"], member["waiting"]) for member in told["members"]][1] == (None, "cannot be read")
    assert told["layers"] == ["teacher", "teacher", "ensemble", "truth"]


def test_a_network_that_went_away_is_replaced(networks: Path) -> None:
    shutil.rmtree(networks / "taught")
    at = opened(**THREE)
    assert "taught is not here any more" in text(at) and at.query_params["members"] == "big,alone"


@pytest.mark.usefixtures("networks")
def test_an_own_photo_shows_where_they_differ() -> None:
    at = opened(**THREE)
    buffer = io.BytesIO()
    Image.fromarray(np.full((40, 80, 3), 90, np.uint8)).save(buffer, "PNG")
    at.file_uploader(key="ensemble_upload").upload("street.png", buffer.getvalue()).run()
    assert not at.exception
    told = sent(at)
    assert "judge by eye" in text(at) and told["layers"] == ["teacher"] * 3 + ["ensemble"]
    assert told["views"] == ["labels", "entropy", "disagreement"] and told["against"] is None
    at.file_uploader[0].upload("notes.png", b"no picture").run()
    assert "This picture is not a picture" in text(at) and "judge by eye" in text(at)
    measured(at)
    assert not at.exception and re.search(r"On streets:val,? ", text(at)) and "judge by eye" in text(at)


@pytest.mark.usefixtures("networks")
def test_before_torch_is_loaded_the_page_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bool] = []
    monkeypatch.setattr(caches, "torch_is_loaded", lambda: len(looked) > 1 or bool(looked.append(True)))
    assert "On this street" in text(opened(**THREE)) and looked == [True, True]


@pytest.mark.usefixtures("networks")
def test_the_encoders_come_first_and_then_the_best() -> None:
    known = checkpoints.list_named()
    infos = dict(known)
    encoder = infos["alone"].model_copy(update={"arch": {"type": "backbone_unet", "name": "VGG16"}})
    assert ensemble_start.defaults([*known, ("vgg", encoder)], "streets") == ["vgg", "big", "taught"]
    assert ensemble_start.defaults(known[:2], None)[-1] == ensemble_start.NOBODY


def test_scores_of_a_search_name_the_best_alone_and_the_nearest_that_was_measured() -> None:
    searched = flat_search(better=2)
    exact = ensemble_scores.of_search(searched, (0.25, 0.25, 0.5))
    assert exact.best == 2 and exact.near is None and exact.gain < 0
    assert ensemble_scores.of_search(searched, (0.26, 0.24, 0.5)).near == pytest.approx((0.25, 0.25, 0.5))
    assert ensemble_scores.best_of(searched, "grid", 3) == (0.0, 0.0, 1.0)
    assert "no: C alone is better" in ensemble_scores.answer(exact, "ABC", "Here")


def test_false_alarms_of_the_mean_alone_are_a_class_that_pays() -> None:
    truth = np.array([[0] * 8 + [1] * 8], np.uint8)
    mean, best = truth.copy(), truth.copy()
    mean[0, 0], best[0, 8:12] = 5, 0
    scored = ensemble_scores.of_labels(mean, [best, best], truth)
    assert scored.invented == [5] and scored.miou == pytest.approx((7 / 8 + 1 + 0) / 3)
    assert ensemble_scores.answer(scored, ["a", "b"], "Here").endswith("Person pays for it.")
    sound = ensemble_scores.of_labels(truth, [best, best], truth)
    assert sound.invented == [] and ensemble_scores.answer(sound, ["a", "b"], "Here").endswith("No class pays for it.")


def test_the_surface_has_nine_nested_bands_and_a_flat_one_has_one() -> None:
    shares = np.array(simplex_grid(3))
    outlines = ensemble_surface.bands(shares, shares[:, 0] ** 2)
    assert len(outlines) == 9 and outlines[0].count("M") == 1
    assert len(ensemble_surface.bands(shares, np.ones(len(shares)))) == 1


def test_two_networks_have_a_step_of_the_line_in_its_bands_colour() -> None:
    """The first network is on the left: its best is there."""
    steps = ensemble_surface.line([0.1, 0.2, 0.3])
    assert [path.split("H")[0] for _, path in steps] == ["M-1.000,-1", "M-0.550,-1", "M0.450,-1"]
    assert [level for level, _ in steps] == sorted((level for level, _ in steps), reverse=True)


def test_what_the_browser_says_is_weights_or_nothing() -> None:
    start = Start("now", (0.2, 0.3, 0.5))
    told = {"token": "now", "weights": [0.1, 0.4, 0.5], "weighting": "fixed", "preset": "grid"}
    assert heard({"weights": told}, start) == Released((0.1, 0.4, 0.5), "fixed", "grid")
    for wrong in ({"token": "before"}, {"weights": [1, 0]}, {"weights": [0, 0, 0]}, {"weights": ["a", 1, 1]}):
        assert heard({"weights": {**told, **wrong}}, start) is None
    assert (
        heard(None, start) is None and heard({}, start) is None and heard({"weights": {"token": "now"}}, start) is None
    )


def test_a_browser_weighs_by_confidence_probabilities_alone() -> None:
    with pytest.raises(ValueError, match="probabilities"):
        Mix((0, 1), (0.5, 0.5), "logits", "confidence")


def test_weights_are_one_when_their_proportions_are() -> None:
    assert ensemble_choice.same((0.25, 0.75), (0.25, 0.75)) and not ensemble_choice.same((0.25, 0.75), (0.3, 0.7))
