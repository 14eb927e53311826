"""What networks were trained with: distinct ones once, each network's own, and the sentence about them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.runs import paper_made
from unetkd_core.errors import RunError
from unetkd_core.runs import origins, paper_file, paper_growing, paper_text
from unetkd_core.runs.origins import UNKNOWN, Origin
from unetkd_core.runs.paper_results import Made, Results

INTEL = Origin("265a56191c77", "Intel", {"torch": "2.14.1", "numpy": "2.4.6"})
EPYC = Origin("ad54c8162470", "EPYC", {"torch": "2.14.1", "numpy": "2.4.7"}, "bf16", 1)


def made_with(made: Made, origin: Origin) -> Made:
    pairs = tuple(
        replace(pair, student=replace(pair.student, origin=origin), twin=pair.twin and replace(pair.twin, origin=INTEL))
        for pair in made.pairs
    )
    return replace(made, pairs=pairs)


def two() -> Results:
    """M128 alone by one, DIST by the other beside the first's twin, and a row of which nothing is known."""
    alone = made_with(paper_made.made(2, "m128", paper_made.pair(0, 0.5, who="twin")), INTEL)
    dist = made_with(paper_made.made(7, "dist", paper_made.pair(0, 0.53, 0.5, who="dist")), EPYC)
    return paper_made.results(alone, dist, paper_made.made(2, "m256", paper_made.pair(0, 0.6, who="old")), whole=False)


def test_the_sentence_names_what_is_equal_once_and_counts_what_differs() -> None:
    assert origins.told({"a": INTEL, "b": INTEL}) == "Trained with commit 265a561; torch 2.14.1; on Intel."
    assert origins.told({"a": INTEL, "b": EPYC, "c": EPYC}) == (
        "Trained with commits 265a561 (1 network) and ad54c81 (2 networks); torch 2.14.1; numpy 2.4.6 (1 network) and "
        "2.4.7 (2 networks); on Intel (1 network) and EPYC (2 networks); "
        "precision not noted (1 network) and bf16 (2 networks)."
    )
    assert origins.told({"a": INTEL, "b": UNKNOWN}).startswith(
        "Trained with commits 265a561 (1 network) and not noted (1 network); torch 2.14.1 (1 network) and not noted "
    )
    half, full = (replace(INTEL, precision=name) for name in ("bf16", "fp32"))
    assert origins.told({"a": half}) == "Trained with commit 265a561; torch 2.14.1; on Intel; precision bf16."
    assert origins.told({"a": half, "b": full, "c": INTEL}).endswith(
        "; precision bf16 (1 network), fp32 (1 network) and not noted (1 network)."
    )
    assert origins.told({}) == "" and "not noted" in origins.told({"a": UNKNOWN})


def test_a_file_lists_the_distinct_ones_and_each_network_says_its_own(tmp_path: Path) -> None:
    path = paper_file.path_of("camvid", tmp_path)
    paper_file.write(two(), path)
    data = json.loads(path.read_text())
    assert [one["commit"] for one in data["trained_with"]] == [INTEL.commit, EPYC.commit]
    places = {row["key"]: row["pairs"][0]["student"]["trained_with"] for row in data["rows"]}
    assert places == {"m128": 0, "m256": None, "dist": 1}
    assert paper_file.read(path) == two()


def test_rows_of_two_commits_stay_of_two_commits() -> None:
    first, last = (replace(two(), rows=tuple(made for made in two().rows if made.row.table == t)) for t in (2, 7))
    grown = paper_growing.grown(first, last)
    assert {m.row.key: m.pairs[0].student.origin.commit for m in grown.rows} == {
        "m128": INTEL.commit, "m256": None, "dist": EPYC.commit,
    }  # fmt: skip
    text = paper_text.markdown(grown)
    assert "Trained with commits 265a561 (1 network), not noted (1 network) and ad54c81 (1 network)" in text


def test_a_file_of_an_older_release_is_read_and_its_one_commit_is_said_of_nobody(tmp_path: Path) -> None:
    path = paper_file.path_of("camvid", tmp_path)
    paper_file.write(paper_made.results(), path)
    data = json.loads(path.read_text())
    del data["trained_with"]
    for row in data["rows"]:
        for seen in (seen for pair in row["pairs"] for seen in (pair["student"], pair["twin"]) if seen):
            del seen["trained_with"]
    path.write_text(json.dumps({**data, "commit": "c" * 40}))
    found = paper_file.read(path)
    assert found.rows == paper_made.results().rows
    text = paper_text.markdown(found)
    assert "not noted: the table is of an older release" in text and "ccccccc" not in text


@pytest.mark.parametrize("place", ["2", "-1", "true", '"0"', "0.5"])
def test_a_place_that_is_not_in_the_list_is_refused(tmp_path: Path, place: str) -> None:
    path = paper_file.path_of("camvid", tmp_path)
    paper_file.write(two(), path)
    path.write_text(path.read_text().replace('"trained_with": 1', f'"trained_with": {place}'))
    with pytest.raises(RunError, match="cannot be read"):
        paper_file.read(path)
