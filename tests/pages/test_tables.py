"""Tables, through app.py: with nothing measured, with a part, with all of it; rows that open, files to take along."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import chain_table, paper_figure, paper_row, paper_table, paper_words
from tests.pages import fake_run
from tests.pages.lab_app import ROOT, charts, lab, text
from tests.runs import paper_made
from unetkd_core.runs import chain, paper_file, paper_results, paper_text
from unetkd_core.runs.origins import Origin
from unetkd_core.runs.paper import Row
from unetkd_core.runs.paper_results import Made, Results
from unetkd_core.training.presets import METHODS

__all__ = ["lab"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty results folder of its own."""
    monkeypatch.setattr(paper_file, "FOLDER", tmp_path / "results")
    return tmp_path / "results"


def put(results: Results) -> None:
    paper_file.write(results, paper_file.path_of(results.dataset))


def opened(**address: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    at.switch_page("pages/compare/tables.py")
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def table_of(at: AppTest) -> dict[str, Any]:
    """What the table was given."""
    found = [c.proto for c in at.get("bidi_component") if "tables_rows" in c.proto.id]
    return dict(json.loads(found[0].json))


def rows_of(at: AppTest) -> list[list[str]]:
    """The table's body as text, a list a row; the track is left out."""
    body = table_of(at)["html"].split("<tbody>")[1].split("</tbody>")[0]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", body)
    return [[_plain(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)][:-1] for row in rows]


def _plain(cell: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", cell).split())


def test_with_nothing_measured_it_teaches_and_shows_the_papers_numbers() -> None:
    at = opened(data="streets")
    said = text(at)
    assert "Do the paper’s numbers hold here?" in at.title[0].value
    assert "Not measured on streets yet" in said and "nothing is trained twice" in said
    codes = [code.value for code in at.code]
    assert codes[0] == "unetkd paper tables --dataset streets --seeds 0,1,2"
    assert codes[-1] == "unetkd paper tables --dataset cityscapes --seeds 0,1,2 --budget paper"
    rows = rows_of(at)
    assert len(rows) == 15 and rows[3] == ["M1024*", "M128", "72.10", "–", "–", "+5.24", "–", "–"]
    assert "data-row" not in table_of(at)["html"] and not at.get("download_button")


def test_a_part_is_shown_beside_empty_cells() -> None:
    put(paper_made.results(paper_made.made(4, "m256-m128", paper_made.pair(0, 0.5, 0.46)), whole=False))
    at = opened()
    rows = rows_of(at)
    assert rows[0] == ["M256", "M128", "65.64", "50.0 one seed", "−15.6", "−1.22", "+4.0 one seed", "+5.2"]
    assert rows[1][3] == "–" and len(rows) == 15
    assert "On CamVid, M128 taught by M256 (soft labels, α 0.1, T 10) gains +4.0" in text(at) and "one seed" in text(at)
    assert "CamVid is not Cityscapes" in text(at) and "Not measured" not in text(at)


def test_all_of_it_says_what_was_best_and_of_how_many() -> None:
    put(paper_made.results())
    at = opened(table="6")
    assert "gains +5.0 ± 0.0" in text(at) and "two seeds, the best of 7" in text(at)
    assert "in the paper, on Cityscapes, +5.24" in text(at)
    assert at.query_params["on"] == "train", "Table VI prints training's numbers alone"
    last = rows_of(at)[-1]
    assert last[:4] == ["M1024*", "M128 the best of 7: Soft labels × T²", "0.5", "4"]
    assert "4.88 points, the table 4.85" in text(at)


@pytest.mark.parametrize(("val", "said"), [("mine:val", True), ("mine", False), ("streets:test", True)])
def test_only_where_nothing_was_chosen_it_says_so(val: str, said: bool) -> None:
    made = paper_made.results(dataset="mine")
    config = {**made.config, "data": {**made.config["data"], "val": [val]}}
    told = paper_words.what_they_are(replace(made, on="mine:train", config=config), made.table(4), "val")
    assert ("on which nothing was chosen" in told) == said and (paper_text.CHOSEN in told) == (not said)


def test_where_the_paper_contradicts_itself_its_number_is_marked() -> None:
    put(paper_made.results())
    made = paper_made.results()
    marked = re.findall(r'title="([^"]+)">([^<]+)</abbr>', paper_table.written(made, 6, "train"))
    about = {shown: sentence for sentence, shown in marked}
    assert "0.4 points" in about["+0.17"] and "4.88" in about["+4.85"] and "76.01" in about["+3.32"]
    assert "without" in about["M1024*"]
    five = re.findall(r'title="([^"]+)">([^<]+)</abbr>', paper_table.written(made, 5, "train"))
    assert {shown for _, shown in five} == {"Ensemble", "74.26", "82.84"}


def test_what_the_paper_does_not_print_has_no_column() -> None:
    put(paper_made.results())
    at = opened(table="7", on="val")
    assert rows_of(at)[-1] == [METHODS["dist"].label, "M1024*", "M128", "1", "–", "53.0 ± 0.0", "+2.0 ± 1.4"]
    structured = rows_of(opened(table="7", on="train"))[3]
    assert (
        structured[0] == f"{METHODS['structured'].label} Structured KD"
        and "+5.74 to +6.60" in structured
        and structured[-1] == "–"
    )


def test_a_cell_opens_its_runs_where_they_are() -> None:
    config = fake_run.config(teacher=None, epochs=3)
    here = fake_run.write_run(config, fake_run.Where("done", 3), run_id="student-0", with_scenes=fake_run.scenes(1))
    put(paper_made.results())
    at = opened(table="4", row="m1024s-m128")
    assert table_of(at)["chosen"] == "m1024s-m128"
    said = text(at)
    assert "What stands behind M128 from M1024*?" in said and "54.0 %" in said and "+4.0" in said
    links = [(link.proto.label, link.proto.query_string) for link in at.get("page_link")]
    assert ("Taught, seed 0", f"run={here}") in links and len([x for x in links if "seed" in x[0]]) == 1
    gone = opened(table="4", row="mobilenetv2-m128")
    assert "not on this machine" in text(gone) and "mobilenetv2-teacher" in text(gone)


def test_it_says_which_commits_the_shown_networks_were_trained_with() -> None:
    origins = {"student-0": Origin("a" * 40, "<b>Old</b>"), "twin-0": Origin("b" * 40, "New")}
    made = paper_made.made(4, "m1024s-m128", paper_made.pair(0, 0.54, 0.5))
    (pair,) = made.pairs
    seen = {
        who: replace(one, origin=origins[one.run])
        for who, one in (("student", pair.student), ("twin", pair.twin))
        if one
    }
    put(paper_made.results(replace(made, pairs=(replace(pair, **seen),)), whole=False))
    said = text(opened(table="4", row="m1024s-m128"))
    assert said.count("Trained with commits aaaaaaa (1 network) and bbbbbbb (1 network)") == 2, "the table, the row"
    assert "Trained with" not in text(opened(table="5"))
    escaped = paper_words.trained_with([replace(made, pairs=(replace(pair, **seen),))])
    assert "<b>" not in escaped and "&lt;b&gt;Old" in escaped


def test_another_table_closes_the_row_and_keeps_the_side() -> None:
    put(paper_made.results())
    at = opened(table="4", row="m1024s-m128")
    at.get("button_group")[1].set_value("6").run()
    assert not at.exception
    assert "What stands behind" not in text(at) and at.query_params["on"] == "val"
    assert "row" not in at.query_params


def test_figure_three_has_three_lines_and_without_curves_says_where_they_come_from() -> None:
    put(paper_made.results())
    at = opened(table="figure")
    (said,) = charts(at)
    assert said == "mIoU of M256: from M1024* 40.0 %, from the ensemble 35.0 %, untaught 30.0 %"
    assert "Measured on" not in [group.proto.label for group in at.get("button_group")]
    assert "No curves yet" in text(opened(table="figure", data="streets"))


def test_figure_three_says_whose_line_it_has_not() -> None:
    made = paper_made.results()
    put(made)
    assert "There is no line for" not in text(opened(table="figure"))
    put(replace(made, curves=tuple(curve for curve in made.curves if curve.who != "twin")))
    assert "There is no line for M256 untaught: none of its runs was at hand." in text(opened(table="figure"))


def test_labels_of_curves_do_not_cover_each_other() -> None:
    placed = paper_figure._apart([("a", 10.0), ("b", 10.1), ("c", 30.0)], 2.0)
    assert placed == [("a", 10.0), ("b", 12.0), ("c", 30.0)]


def test_everything_can_be_taken_along() -> None:
    put(paper_made.results())
    at = opened(table="5")
    assert [b.proto.label for b in at.get("download_button")] == ["CSV", "Markdown", "LaTeX of Table V"]


def test_the_chain_has_its_own_table_or_the_command_that_makes_it() -> None:
    at = opened(table="chain")
    assert "Not measured on CamVid yet" in text(at) and at.code[0].value == chain_table.command("camvid")
    first = Made(Row(chain.TABLE, "u4", "U4"), (paper_made.pair(0, 0.40), paper_made.pair(1, 0.42)))
    taught = Row(chain.TABLE, "u2", "U2", "U4", "kd-t2", 0.5, 4.0)
    second = Made(taught, (paper_made.pair(0, 0.35, 0.33), paper_made.pair(1, 0.36, 0.33)))
    chained = replace(paper_made.results(), rows=(first, second))
    paper_file.write(chained, paper_file.path_of("camvid", file=paper_file.CHAIN_FILE))
    at = opened(table="chain")
    body = next(h.value for h in at.get("html") if "ukt-chain" in h.value).split("<tbody>")[1]
    rows = [[_plain(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in body.split("</tr>")[:2]]
    assert rows == [
        ["U4", "121 750", "–", "41.0 ± 1.4", "–", "–", "0, 1"],
        ["U2", "30 582", "U4", "35.5 ± 0.7", "33.0", "+2.5 ± 0.7", "0, 1"],
    ]
    assert at.query_params["table"] == "chain" and "trained at 160 × 224" in text(at)


def test_a_damaged_chain_is_told(folder: Path) -> None:
    (folder / "camvid").mkdir(parents=True)
    (folder / "camvid" / paper_file.CHAIN_FILE).write_text("{")
    at = opened(table="chain")
    assert paper_file.CHAIN_FILE in text(at) and not at.exception


def test_a_damaged_file_is_told_and_an_address_that_leads_nowhere_is_mended(folder: Path) -> None:
    (folder / "camvid").mkdir(parents=True)
    (folder / "camvid" / "paper-tables.json").write_text("{")
    at = opened(data="camvid", table="9", on="moon", row="nobody")
    assert "cannot be read" in text(at) and at.query_params["table"] == "4" and at.query_params["on"] == "val"
    assert len(rows_of(at)) == 15


def test_what_a_file_says_is_escaped() -> None:
    made = paper_made.made(4, "m256-m128", paper_made.pair(0, 0.5, 0.4), note="<script>alert(1)</script>")
    shown = paper_table.written(paper_results.filled(paper_made.results(made, whole=False)), 4, "val")
    assert "<script>" not in shown and "&lt;script&gt;" in shown


def test_the_track_has_room_for_zero_and_for_every_spread() -> None:
    made = (paper_made.made(4, "m1024s-m128", paper_made.pair(0, 0.5, 0.48), paper_made.pair(1, 0.56, 0.50)),)
    scale = paper_table.scale_of(made, "gain", "val")  # +2 and +6: 4 ± 2.83; the paper's +5.24; zero
    assert scale.low == pytest.approx(-0.06 * 6.83, abs=0.01) and scale.high == pytest.approx(6.83 * 1.06, abs=0.01)
    assert scale.at(scale.low) == 0 and scale.at(scale.high) == 100
    assert not paper_row.is_here("nobody")
