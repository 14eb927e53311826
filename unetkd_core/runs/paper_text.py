"""The tables as text: what stands in a cell, and all of it as Markdown, LaTeX and CSV. Formats; measures nothing.

A row's columns are names, then for each measure the paper's number as printed (two decimals), ours (one decimal, mean
± standard deviation over seeds) and the difference of the two as they are shown.
"""

import csv
import io
import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from unetkd_core.classes import CLASS_NAMES
from unetkd_core.runs import origins, paper_printed, paper_results, paper_scatter
from unetkd_core.runs.origins import UNKNOWN
from unetkd_core.runs.paper import Row
from unetkd_core.runs.paper_printed import LARGEST, OPEN, ROMAN, TITLES
from unetkd_core.runs.paper_results import Made, On, Pair, Results, Seen, What, printed
from unetkd_core.training.presets import METHODS

MISSING: Final = "–"
MINUS: Final = "−"
WORDS: Final[dict[What, str]] = {"miou": "mIoU", "gain": "gain", "loss": "loss"}
ON: Final[dict[On, str]] = {"val": "validation", "train": "training"}
SIDES: Final[tuple[On, ...]] = ("val", "train")


class Cell(NamedTuple):
    """One measure of one row, as text: the paper's, ours, how ours scatters, the difference; MISSING where none is."""

    paper: str
    here: str
    spread: str
    difference: str

    @property
    def ours(self) -> str:
        return f"{self.here} {self.spread}".strip()


def measures(table: int) -> tuple[What, What]:
    """What a table's columns show."""
    return ("miou", "loss") if table in (2, 3) else ("miou", "gain")


def cell(made: Made, what: What, on: On) -> Cell:
    """A row's numbers for one measure."""
    found, signed = made.summary(what, on), what == "gain"
    here = MISSING if found.mean is None else number(100 * found.mean, 1, signed)
    spread = "" if found.spread is None else f"± {100 * found.spread:.1f}"
    difference = made.difference(what, on)
    return Cell(_printed(made, what, on), here, spread, MISSING if difference is None else number(difference, 1, True))


def number(value: float, decimals: int, signed: bool) -> str:
    """With U+2212 for minus, never minus zero; signed: with a plus too."""
    text = f"{abs(value):.{decimals}f}"
    if not float(text):
        return text
    return (MINUS if value < 0 else "+" * signed) + text


def _printed(made: Made, what: What, on: On) -> str:
    """As the paper has it; of several that it quotes the lowest and the highest."""
    values = [v for row in made.row.printed if (v := printed(row, what, on)) is not None]
    if not values:
        return MISSING
    ends = [number(value, 2, what == "gain") for value in dict.fromkeys((min(values), max(values)))]
    return " to ".join(ends)


def who(made: Made) -> list[str]:
    """The names at the beginning of a row: network; or teacher, student, and how it was taught."""
    row = made.row
    if row.teacher is None:
        return [row.network]
    names = [row.teacher, row.network]
    if row.table == 7 or row.of:
        names.insert(0, METHODS[row.method].label)
    return names if row.table in (4, 5) else [*names, *weights(row)]


def weights(row: Row) -> tuple[str, str]:
    """α and T of the soft labels as text; T means nothing where labels have the whole weight."""
    return f"{row.alpha:g}", MISSING if row.alpha == 1 else f"{row.temperature:g}"


def heads(table: int) -> list[str]:
    """What stands above `who`."""
    if table in (2, 3):
        return ["Network"]
    return ["Method"] * (table == 7) + ["Teacher", "Student"] + ["α", "T"] * (table in (6, 7))


def seeds(made: Made) -> str:
    """ "0, 1, 2"."""
    return ", ".join(str(pair.seed) for pair in made.pairs) or MISSING


CHOSEN: Final = "The best epoch, an ensemble’s weights and the best way were chosen on these same pictures."
"""Said wherever a split is reported on which choices were made."""
LEARNED: Final = "The networks learned from these same pictures, so this says nothing about unseen ones."
"""Said wherever a split is reported that the networks learned from."""


def not_apart(results: Results) -> str:
    """What the reported pictures were used for besides, in a sentence each; empty: for nothing."""
    said = ((results.learned_from_reported, LEARNED), (results.chosen_on_reported, CHOSEN))
    return " ".join(sentence for so, sentence in said if so)


def caption(results: Results, table: int, on: On = "val") -> str:
    """What the numbers are, in a sentence or two; on: of which pictures it says how they scatter."""
    taught = " α 0.1, T 10, the soft term without T²." if table in (4, 5) else ""
    return (
        f"Table {ROMAN[table]}: {TITLES[table]}.{taught} Percent and points; validation is {results.on}, training "
        f"{results.trained_on}; mean ± one standard deviation over seeds. {not_apart(results)}"
    ).rstrip() + f" {paper_scatter.told(results, results.table(table), on)}".rstrip()


def markdown(results: Results) -> str:
    """Every table that has rows, and what the paper leaves open."""
    tables = sorted({made.row.table for made in results.shown})
    parts = [f"# The paper’s tables on {results.dataset}", _lead(results)]
    parts += [f"## {caption(results, table)}\n\n{_markdown(results.table(table), table)}" for table in tables]
    parts.append(f"## Again\n\n```\n{results.notes.get('command', '')}\n```")
    return "\n\n".join(parts) + "\n"


def _lead(results: Results) -> str:
    data, optim = results.config.get("data", {}), results.config.get("optim", {})
    size, epochs = f"{data.get('height')}×{data.get('width')}", optim.get("epochs")
    return (
        f"{not_cityscapes(results.dataset)} Trained at {size} for {epochs} epoch{'s' * (epochs != 1)} on "
        f"{', '.join(data.get('train', ()))}; best epoch by {', '.join(data.get('val', ()))}; scored at the labels’ "
        "native resolution. `paper-tables.json` has every setting, seed, run and score. "
        f"{origins.told(paper_results.trained(results.rows))}"
    ).rstrip()


def not_cityscapes(dataset: str) -> str:
    """That the paper's numbers are of other data, where they are."""
    if dataset == "cityscapes":
        return "The paper’s own dataset; its picture size and augmentation are not known."
    name = {"camvid": "CamVid", "streets": "Streets"}.get(dataset, dataset)
    return (
        f"{name} is not Cityscapes: a difference of mIoU compares two datasets. What can be compared is what teaching "
        "gained, and which network is ahead of which."
    )


def _markdown(rows: Sequence[Made], table: int) -> str:
    columns = [(what, on) for on in SIDES for what in measures(table)]
    names = [f"{ON[on]} {WORDS[what]}" for what, on in columns]
    head = [*heads(table), *(part for name in names for part in (f"{name}: paper", "here", "difference")), "seeds", ""]
    lines = [_line(head), "|" + "---|" * len(head)]
    opened: dict[str, int] = {}
    for made in rows:
        numbers = [part for what, on in columns for part in _three(cell(made, what, on))]
        marks = " ".join(f"[{opened.setdefault(key, len(opened) + 1)}]" for key in made.row.open)
        lines.append(_line([*padded(made), *numbers, seeds(made), " ".join(filter(None, [marks, made.note]))]))
    notes = [f"{place}. {OPEN[key]}" for key, place in opened.items()]
    return "\n".join(lines) + ("\n\n" + "\n".join(notes) if notes else "")


def padded(made: Made) -> list[str]:
    """`who` under `heads`: Table VI's choices name their method with the student."""
    names = who(made)
    if made.row.of:
        method, teacher, student, *rest = names
        return [teacher, f"{student}, best of {made.row.of}: {method}", *rest]
    return names


def _three(found: Cell) -> list[str]:
    return [found.paper, found.ours, found.difference]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(one.replace("|", "\\|") for one in cells) + " |"


def latex(results: Results, table: int, on: On) -> str:
    """One table as a booktabs float, one side of it, its open points and special networks below; needs booktabs."""
    rows, what, marks = results.table(table), measures(table), dict[str, str]()
    names = heads(table)
    columns = "l" * len(names) + "rrr" * len(what) + "l"
    numbers = [part for one in what for part in (f"{_tex(WORDS[one])}, paper", "here", "difference")]
    lines = [
        r"% \usepackage{booktabs}",
        r"\begin{table}",
        rf"\caption{{{_tex(caption(results, table, on))} {_tex(ON[on].capitalize())}.}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        " & ".join([*map(_tex, names), *numbers, "seeds"]) + r" \\",
        r"\midrule",
        *(_tex_row(made, what, on, marks) for made in rows),
        r"\bottomrule",
        r"\end{tabular}",
        *(rf"\par\footnotesize $^{{{mark}}}$ {_tex(told)}" for told, mark in marks.items()),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _tex_row(made: Made, what: Sequence[What], on: On, marks: dict[str, str]) -> str:
    """marks: what is told below the table -> its letter; grows."""
    told = [*(OPEN[key] for key in made.row.open), *([made.note] if made.note else [])]
    signs = ",".join(marks.setdefault(one, _letter(len(marks))) for one in told)
    cells = [*map(_tex, padded(made)), *(_tex(p) for one in what for p in _three(cell(made, one, on))), seeds(made)]
    cells[0] += f"$^{{{signs}}}$" if signs else ""
    return " & ".join(cells).replace("–", "--") + r" \\"


def _letter(place: int) -> str:
    """a to z, then aa, ab, …"""
    return (chr(ord("a") + place // 26 - 1) if place >= 26 else "") + chr(ord("a") + place % 26)


_TEX: Final = {
    "\\": r"\textbackslash{}", "%": r"\%", "&": r"\&", "_": r"\_", "#": r"\#", "α": r"$\alpha$", "±": r"$\pm$",
    "−": r"$-$", "–": "--", "×": r"$\times$", "²": r"$^2$", "’": "'", "*": r"$^*$",
}  # fmt: skip


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in text)


def as_csv(results: Results) -> str:
    """A line for every row and seed; rows that are not measured have one without a seed. Fractions in [0, 1]."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ["table", "row", "network", "teacher", "method", "alpha", "temperature", "best_of", "note"]
    names += ["seed", "run", "twin"]
    sides = [f"{on}_{what}" for on in SIDES for what in WORDS]
    writer.writerow(
        [
            *names,
            *sides,
            *(f"paper_{side}" for side in sides),
            *(f"val_iou_{name}" for name in CLASS_NAMES),
            *(f"{whose}{name}" for whose in ("", "twin_") for name in origins.COLUMNS),
        ]
    )
    for made in results.shown:
        for pair in made.pairs or (None,):
            writer.writerow(_csv(made, pair))
    return text.getvalue()


def _csv(made: Made, pair: Pair | None) -> list[object]:
    row, columns = made.row, [(what, on) for on in SIDES for what in WORDS]
    theirs = [printed(row.comparable, what, on) for what, on in columns]
    ours = [None if pair is None else pair.value(what, on) for what, on in columns]
    student, twin = (pair.student, pair.twin) if pair else (None, None)
    said = [row.table, row.key, row.network, row.teacher, row.method, row.alpha, row.temperature, row.of or None]
    said.append(made.note)
    runs = [pair.seed if pair else None, student and student.run, twin and twin.run]
    iou = _iou(student)
    made_with = [text for seen in (student, twin) for text in (seen.origin if seen else UNKNOWN).columns()]
    return [
        *said,
        *runs,
        *map(_fraction, ours),
        *(_fraction(None if v is None else v / 100) for v in theirs),
        *iou,
        *made_with,
    ]


def _iou(seen: Seen | None) -> list[str]:
    return [_fraction(value) for value in seen.val.iou] if seen else [""] * len(CLASS_NAMES)


def _fraction(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.4f}"


def curves_csv(results: Results) -> str:
    """Figure 3: a line for each curve and epoch."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["taught_by", "seed", "run", "epoch", "val_miou_packed"])
    for curve in results.curves:
        for epoch, miou in enumerate(curve.mious, start=1):
            writer.writerow([curve.who, curve.seed, curve.run, epoch, _fraction(miou)])
    return text.getvalue()


def answer(results: Results) -> tuple[Made, Cell] | None:
    """What the smallest student gained most, by Table VI's choice where there is one, on validation; None: nothing."""
    taught = [made for made in results.rows if made.row.teacher and made.summary("gain", "val").mean is not None]
    chosen = [made for made in taught if made.row.of] or [made for made in taught if made.row.teacher == LARGEST]
    smallest = [made for made in chosen or taught if made.row.network == paper_printed.TABLES[2][0].student]
    found = next(iter(smallest or chosen or taught), None)
    return None if found is None else (found, cell(found, "gain", "val"))
