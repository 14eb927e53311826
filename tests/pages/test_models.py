"""Models, through app.py: every network by size and accuracy; choosing, cards, keeping a run, deleting."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import background, model_keep, model_list, model_picture
from tests.pages.lab_app import ROOT, charts, lab, text
from tests.pages.trio_folder import make_trio
from unetkd_core import settings
from unetkd_core.zoo import references

__all__ = ["lab"]


@pytest.fixture(autouse=True)
def trio(lab: object) -> Path:
    """A teacher, its student and the twin, kept."""
    make_trio(settings.checkpoints_dir())
    return settings.checkpoints_dir()


def opened(**address: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    at.switch_page("pages/library/models.py")
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def test_it_says_who_reads_best_and_who_is_smallest() -> None:
    at = opened(on="streets:val")
    said = text(at)
    assert "M256 big reads streets:val best, 80.0 %" in said and "M128 taught reaches 70.0 % with 0.48 M" in said
    (told,) = charts(at)
    assert "M128 alone, 0.48 M parameters, 60.0 %" in told
    frame = at.dataframe[0].value
    assert frame["name"].tolist() == ["M128 alone", "M256 big", "M128 taught"]
    assert frame["miou"].tolist() == pytest.approx([60, 80, 70]) and frame["weights"].tolist()[1] == "1.94 M"


def test_the_address_chooses_a_network_and_what_it_is_scored_on() -> None:
    at = opened(net="big", on="packed")
    assert "M256 big" in text(at) and "IoU on each run’s own validation scenes" in text(at)
    assert at.query_params["net"] == "big" and at.dataframe[0].value["miou"].tolist() == pytest.approx([50, 50, 50])
    assert opened(net="gone", on="gone").query_params["net"] == "alone"


def test_the_time_is_measured_once_for_equal_work() -> None:
    at = opened()
    assert at.dataframe[0].value["time"].tolist() == ["–"] * 3
    at.button(key="models_time").click().run()
    times = at.dataframe[0].value["time"].tolist()
    assert all(time.endswith(" ms") for time in times) and times[0] == times[2]
    assert "a street, measured here" in text(at)


def test_a_card_is_shown_without_what_it_would_fetch(trio: Path) -> None:
    (trio / "big" / "README.md").write_text(
        "---\nlicense: mit\n---\n# Big ![a](https://evil.example/a.png)\n<b>x</b> ok"
    )
    shown = opened(net="big").markdown[-1]
    assert "evil.example" not in shown.value and "license" not in shown.value and not shown.proto.allow_html
    (trio / "big" / "README.md").write_bytes(b"\xff" * 10)
    assert "Model card" not in [e.label for e in opened(net="big").expander]


def test_a_network_leaves_as_a_file_that_was_compared() -> None:
    at = opened(net="taught")
    at.button(key="models_make_taught").click().run()
    said = text(at)
    background.wait()
    assert "taught is ready as ONNX" in said + text(at.run())
    assert "Beside PyTorch: probabilities within " in text(at) and "onnxruntime" not in text(at)
    (button,) = [b for b in at.get("download_button") if b.proto.label.startswith("Download, ")]
    assert button.proto.url.endswith(".onnx") or button.proto.url


def test_deleting_asks_first_and_says_what_is_gone(trio: Path) -> None:
    at = opened(net="big")
    at.button(key="models_delete_now_big").click().run()
    assert not (trio / "big").exists() and "big is deleted." in text(at)
    assert at.query_params["net"] == "alone"


def test_a_damaged_one_is_told_and_the_others_stay(trio: Path) -> None:
    (trio / "big" / "config.json").write_text("{")
    at = opened()
    assert "big/config.json is damaged" in text(at) and len(at.dataframe[0].value) == 2


def test_without_any_it_says_where_they_come_from(trio: Path) -> None:
    at = opened(shown="runs")
    assert "No networks here yet" in text(at) and "keep the good ones" in text(at) and not at.dataframe


def test_labels_stand_apart_and_twins_are_joined_to_their_students() -> None:
    found = model_list.entries("kept")
    spec = model_picture.chart(found, "streets:val", "big").to_dict()
    rules = [layer for layer in spec["layer"] if layer["mark"].get("type") == "rule"]
    (line,) = spec["datasets"][rules[0]["data"]["name"]]
    assert (line["low"], line["high"]) == (60.0, 70.0)
    near = [entry for entry in found if entry.ref != "big"]
    same = [type(one)(one.ref, one.info.model_copy(update={"metrics": near[0].info.metrics}), one.name) for one in near]
    frame = model_picture._frame(same, "streets:val")
    assert abs(frame["at"].diff().iloc[-1]) > 0 and frame["miou"].nunique() == 1


def test_what_has_been_kept_is_told_and_chosen() -> None:
    at = opened()
    key = ("keep", "some-run")
    background.start(key, lambda tell: references.info_of("taught"), failed="Keeping it")
    background.wait()
    at.session_state["models_works"] = {key: model_keep._ending}
    at.run()
    assert at.query_params["net"] == "taught" and "taught is kept" in text(at)
    assert background.of(key) is None and "taught is kept" not in text(at.run())


def test_what_failed_in_the_background_is_a_problem() -> None:
    at = opened()
    background.start("pull", lambda tell: references.resolve("nowhere"), failed="Pulling it")
    background.wait()
    at.session_state["models_works"] = {"pull": model_keep._ending}
    at.run()
    assert "There is no checkpoint named 'nowhere'" in text(at)


def test_work_in_the_background_is_shared_and_its_end_is_known() -> None:
    calls: list[int] = []

    def work(tell: background.Tell) -> str:
        calls.append(1)
        tell(3, 4)
        return "done"

    first = background.start("a", work, failed="It")
    background.wait()
    assert first.over and first.result == "done" and first.share == 0.75 and len(calls) == 1
    broken = background.start("b", lambda tell: 1 / 0, failed="It")
    background.wait()
    assert broken.problem and "It failed (ZeroDivisionError" in str(broken.problem)
    background.forget("a")
    background.forget("b")
    assert background.of("a") is None
