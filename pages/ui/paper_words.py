"""What the Tables page says: the answer under the question, what a table is, what the paper leaves open. HTML out."""

import html
from collections.abc import Sequence
from typing import Final

from pages.ui import kit, sweep_words
from unetkd_core.runs import origins, paper_printed, paper_results, paper_scatter, paper_text
from unetkd_core.runs.paper_printed import OPEN, ROMAN, TITLES
from unetkd_core.runs.paper_results import Made, On, Results
from unetkd_core.training.presets import METHODS

NAMES: Final = {"camvid": "CamVid", "streets": "streets", "cityscapes": "Cityscapes"}
NOT_YET: Final = (
    "Every row of Tables II to VII can be trained and measured on your own machine: the paper’s number, yours, and the "
    "difference."
)
ABOUT: Final = {
    2: "Each network on the labels alone. M128 to M512 are also the untaught twins of all who are taught below.",
    3: "The three teachers whose mean is the ensemble: a U-Net on an encoder that knows ImageNet.",
    4: "Soft labels as in the paper: α 0.1, T 10, without T².",
    5: "Soft labels as in Table IV, from the mean of the three encoder networks, its weights searched.",
    6: "The paper’s best α and T for each student; in the last rows, what was best of all that is trained here.",
    7: "One student, one teacher, and nine ways of listening. Small names are others’ articles, whose numbers are of "
    "other networks.",
}


def name(dataset: str) -> str:
    """How a dataset is written."""
    return NAMES.get(dataset, dataset)


def answer(results: Results) -> str:
    """The line under the title: the smallest student's gain here, and the paper's."""
    found = paper_text.answer(results)
    if found is None:
        return NOT_YET
    made, cell = found
    seeds = kit.term("seeds", sweep_words.seeds(len(made.pairs)))
    many = f", {kit.term('best of many', f'the best of {made.row.of}')}" if made.row.of > 1 else ""
    return (
        f"On {html.escape(name(results.dataset))}, {made.row.network} taught by {html.escape(str(made.row.teacher))} "
        f"({how(made)}) gains {cell.ours} {kit.term('points')} over its {kit.term('untaught twin')} ({seeds}{many})"
        f"{_papers(made)}."
    )


def how(made: Made) -> str:
    """ "soft labels, α 0.1, T 10", within a sentence; nothing where nobody teaches."""
    row = made.row
    if row.teacher is None:
        return ""
    label = METHODS[row.method].label
    name = label if label.isupper() else label[:1].lower() + label[1:]
    return name if row.alpha == 1 else f"{name}, α {row.alpha:g}, T {row.temperature:g}"


def _papers(made: Made) -> str:
    """The paper's gain of the same networks on validation, from Table IV where there is one, and how they taught."""
    rows = [
        row for row in paper_printed.TABLES[4] if (row.student, row.teacher) == (made.row.network, made.row.teacher)
    ]
    theirs = paper_results.printed(rows[0], "gain", "val") if rows else None
    if theirs is None:
        return ""
    same = (made.row.method, made.row.alpha, made.row.temperature) == ("kd", rows[0].alpha, rows[0].temperature)
    how = "" if same else f" (soft labels, α {rows[0].alpha:g}, T {rows[0].temperature:g})"
    return f"; in the paper, on Cityscapes, {paper_text.number(theirs, 2, True)}{how}"


def about(results: Results, table: int) -> str:
    """What a table is; and plainly what its numbers here are not."""
    return f"{ABOUT[table]} {html.escape(paper_text.not_cityscapes(results.dataset))}"


def caption(table: int) -> str:
    """ "Table IV: taught by one network"."""
    title = TITLES[table]
    return f"Table {ROMAN[table]}: {title[:1].lower()}{title[1:]}"


def what_they_are(results: Results, rows: Sequence[Made], on: On) -> str:
    """Where these rows' numbers come from, in a line: split, size, budget, seeds; nothing where there are none."""
    if not any(made.pairs for made in rows):
        return ""
    data, optim = results.config.get("data", {}), results.config.get("optim", {})
    where = results.on if on == "val" else results.trained_on
    part = f", {results.limit} scenes of it" if on == "train" and results.limit else ""
    epochs = sweep_words.count(optim.get("epochs", 0), "epoch")
    not_apart = paper_text.not_apart(results) if on == "val" else ""
    chosen = ", on which nothing was chosen" if on == "val" and not not_apart else ""
    return (
        (
            f"{kit.term('mIoU')} over {html.escape(where)}{part}, at the labels’ own resolution{chosen}; trained at "
            f"{data.get('height')} × {data.get('width')} for {epochs}; {_seeds(rows)}. {not_apart}"
        ).rstrip()
        + f" {paper_scatter.told(results, rows, on)}".rstrip()
        + f" {trained_with(rows)}"
    )


def trained_with(rows: Sequence[Made]) -> str:
    """Commits, packages and machines of the networks behind these rows, each by its own run."""
    return html.escape(origins.told(paper_results.trained(rows)))


def _seeds(rows: Sequence[Made]) -> str:
    """What ± means, and of which seeds."""
    found = paper_results.seeds_of(rows)
    if len(found) == 1:
        return f"{kit.term('one seed')}, {found[0]}"
    told = ", ".join(map(str, found))
    return f"± is one {kit.term('standard deviation')} over {kit.term('seeds')} {told}"


def open_points(rows: Sequence[Made]) -> list[str]:
    """What the paper leaves open or contradicts in these rows, each once."""
    keys = dict.fromkeys(key for made in rows for key in made.row.open)
    return [OPEN[key] for key in keys]


def command(dataset: str) -> str:
    """The one command that makes this dataset's tables."""
    more = " --budget paper" if dataset == "cityscapes" else ""
    return f"unetkd paper tables --dataset {dataset} --seeds 0,1,2{more}"
