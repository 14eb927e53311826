"""What lies in results/ as text is what the measured tables beside it say, to the digit.

`python -m tests.results.test_paper_tables` prints the table that results/camvid/README.md should hold.
"""

import re
from pathlib import Path

import pytest

from unetkd_core.classes import CLASS_NAMES
from unetkd_core.runs import origins, paper_file, paper_growing, paper_results, paper_text
from unetkd_core.runs.paper_file import CHAIN_FILE, FILE
from unetkd_core.runs.paper_results import Made, Results
from unetkd_core.settings import PROJECT_ROOT
from unetkd_core.training.presets import METHODS

CHAINS = sorted((PROJECT_ROOT / "results").glob(f"*/{CHAIN_FILE}"))
MEASURED = sorted((PROJECT_ROOT / "results").glob(f"*/{FILE}"))


def table(results: Results) -> str:
    """Every way in which somebody was taught, once: gains on both splits, mIoU and classes of the reported one, in
    percent and points.
    """
    taught = {
        paper_growing.way(made.row, made.who): made
        for made in reversed(results.rows)
        if made.row.teacher and made.pairs and not made.row.of
    }
    head = f"| method | teacher | α | T | student | gain, val | gain, train | mIoU, val | {' | '.join(CLASS_NAMES)} |"
    return "\n".join([head, "|---" * (8 + len(CLASS_NAMES)) + "|", *map(_row, reversed(taught.values()))])


def _row(made: Made) -> str:
    cells = [METHODS[made.row.method].label, str(made.row.teacher), *paper_text.weights(made.row), made.row.network]
    cells += [paper_text.cell(made, "gain", on).ours for on in ("val", "train")]
    cells.append(paper_text.cell(made, "miou", "val").ours)
    for index in range(len(CLASS_NAMES)):
        cells.append(f"{100 * sum(pair.student.val.iou[index] for pair in made.pairs) / len(made.pairs):.1f}")
    return f"| {' | '.join(cells)} |"


@pytest.mark.parametrize("path", MEASURED, ids=lambda path: path.parent.name)
def test_the_files_are_those_that_the_results_make(path: Path) -> None:
    results = paper_file.read(path)
    for name, text in (
        ("paper-tables.md", paper_text.markdown(results)),
        ("paper-tables.csv", paper_text.as_csv(results)),
        ("figure-3.csv", paper_text.curves_csv(results)),
    ):
        assert (path.parent / name).read_text(encoding="utf-8") == text, f"{path.parent / name} is of other results"


@pytest.mark.parametrize("path", MEASURED, ids=lambda path: path.parent.name)
def test_the_readme_holds_the_numbers(path: Path) -> None:
    text = (path.parent / "README.md").read_text(encoding="utf-8")
    assert table(paper_file.read(path)) in text, "python -m tests.results.test_paper_tables"


@pytest.mark.parametrize("path", CHAINS, ids=lambda path: path.parent.name)
def test_the_readme_holds_the_chains_numbers(path: Path) -> None:
    text = (path.parent / "README.md").read_text(encoding="utf-8")
    line = text[text.index("- **The chain**") :].split("\n- ")[0]
    for made in paper_file.read(path).rows:
        said = f"{made.row.network}[^.;]* {re.escape(paper_text.cell(made, 'miou', 'val').ours)}"
        for pair in made.pairs:
            said += f" where its twin has {100 * pair.twin.val.miou:.1f}" if pair.twin else ""
        assert re.search(said, line), said


@pytest.mark.parametrize("path", MEASURED, ids=lambda path: path.parent.name)
def test_every_network_says_its_own_commit_and_the_readme_names_them_all(path: Path) -> None:
    networks = paper_results.trained(paper_file.read(path).rows)
    assert all(one.commit for one in networks.values())
    shipped = {path.name for path in (PROJECT_ROOT / "checkpoints").iterdir()}  # their files do not note the machine
    assert all(one.processor and one.versions["torch"] for ref, one in networks.items() if ref not in shipped)
    text = (path.parent / "README.md").read_text(encoding="utf-8")
    assert origins.told(networks) in text, "python -m tests.results.test_paper_tables"


if __name__ == "__main__":
    for found in MEASURED:
        print(found.parent.name)
        results = paper_file.read(found)
        print(origins.told(paper_results.trained(results.rows)))
        print(table(results))
