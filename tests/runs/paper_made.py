"""Results of the paper's tables with numbers that are easy to reckon by hand: for the text, the page and the file."""

from typing import Any

from unetkd_core.metrics import Scores
from unetkd_core.runs import paper
from unetkd_core.runs.paper import Row
from unetkd_core.runs.paper_results import Curve, Made, Pair, Results, Seen

CONFIG: dict[str, Any] = {
    "data": {
        "train": ["camvid:train-without-0006R0"],
        "val": ["camvid:train-only-0006R0"],
        "height": 160,
        "width": 224,
    },
    "model": {"name": "M128", "norm": "none"},
    "optim": {"epochs": 25},
}


def scores(miou: float, loss: float = 0.5) -> Scores:
    return Scores(miou, (miou,) * 6, 0.9, loss, pixels=100)


def seen(run: str, val: float, train: float, loss: float = 0.5) -> Seen:
    return Seen(run, scores(train, loss), scores(val, loss), 3)


def row(table: int, key: str) -> Row:
    return next(r for r in paper.rows([table]) if r.key == key)


def pair(seed: int, val: float, twin_val: float | None = None, *, who: str = "student") -> Pair:
    """Training mIoU is ten points above validation's."""
    twin = None if twin_val is None else seen(f"twin-{seed}", twin_val, twin_val + 0.1)
    return Pair(seed, seen(f"{who}-{seed}", val, val + 0.1), twin)


def made(table: int, key: str, *pairs: Pair, note: str = "") -> Made:
    return Made(row(table, key), pairs, {"model": {"name": "M128"}}, note)


def results(*rows: Made, whole: bool = True, dataset: str = "camvid", seeds: tuple[int, ...] = (0, 1)) -> Results:
    """Table II's M128, Table IV's from M1024 and MobileNetV2, a choice in VI, and one method of VII; whole: all other
    rows of the tables too, unmeasured.
    """
    twins = (0.50, 0.52)
    rows = rows or (
        made(2, "m128", *(pair(s, twins[s], who="twin") for s in seeds)),
        made(4, "m1024s-m128", *(pair(s, (0.54, 0.57)[s], twins[s]) for s in seeds)),
        made(4, "mobilenetv2-m128", *(pair(s, (0.49, 0.51)[s], twins[s], who="worse") for s in seeds),
             note="MobileNetV2: mobilenetv2-teacher"),
        Made(Row(6, "best-m128", "M128", "M1024*", "kd-t2", 0.5, 4.0, of=7),
             tuple(pair(s, (0.55, 0.57)[s], twins[s]) for s in seeds)),
        made(7, "dist", *(pair(s, (0.53, 0.53)[s], twins[s], who="dist") for s in seeds)),
    )  # fmt: skip
    there = {(m.row.table, m.row.key) for m in rows}
    others = [Made(r, ()) for r in paper.rows() if (r.table, r.key) not in there] if whole else []
    order = [(r.table, r.key) for r in paper.rows()]
    every = sorted(
        [*rows, *others], key=lambda m: (m.row.table, order.index((m.row.table, m.row.key)) if not m.row.of else 99)
    )
    curves = (
        Curve("M1024*", 0, "student-0", (0.2, 0.4)),
        Curve("Ensemble", 0, "ensemble-0", (0.3, 0.35)),
        Curve("twin", 0, "twin-0", (0.1, 0.3)),
    )
    notes = {"command": "unetkd paper tables --dataset camvid", "data": {"camvid:val": "abc"}, "commit": "0123abcd",
             "versions": {"torch": "2.14.1"}, "machine": {"processor": "one", "cores": 2}}  # fmt: skip
    train = f"{dataset}:train"
    return Results(dataset, f"{dataset}:val", train, None, CONFIG, tuple(every), curves, notes)
