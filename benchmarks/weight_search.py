"""The search for an ensemble's weights against the paper's three literal loops, from the same predictions in memory.

    python -m benchmarks.weight_search [--quick] [--members REF REF REF] [--dataset camvid:val] [--scenes 8]

Literal: every triple of 0 to 4 but all zeros, a weighted sum of whole arrays, argmax, one confusion matrix (numpy).
Ours: inference/weight_search.py on the same arrays. Both give every triple's mIoU, which must agree. Ours is also set
against one forward pass of the members over the same scenes, there with all that the search adds to it. The sides
alternate.
"""

import argparse
import itertools
import math
import os
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from benchmarks import report
from benchmarks.report import Result
from unetkd_core.classes import NUM_CLASSES
from unetkd_core.data.catalog import open_source
from unetkd_core.data.packed import spaced
from unetkd_core.inference.evaluate import Batch, batches
from unetkd_core.inference.readout import Readout, read
from unetkd_core.inference.searched import Searched, integer_grid
from unetkd_core.inference.weight_search import Tally
from unetkd_core.zoo.references import Loaded, load_model

MEMBERS = ("m256-alone", "m128-from-vgg16", "m128-alone")
TOP = 5
AIM_LITERAL, AIM_FORWARD, AIM_DIFFERENCE = 50.0, 1.0, 1e-6


class Scenes:
    """Some scenes of a split, and what three networks say about them at the labels' own size."""

    def __init__(self, members: Sequence[Loaded], dataset: str, count: int) -> None:
        self.members = members
        self.sizes = [(one.info.height, one.info.width) for one in members]
        source = open_source(dataset)
        source.check()
        self.batches = list(batches(source, spaced(len(source), count), max(self.sizes)))
        self.said = [self._read(batch) for batch in self.batches]
        self.probs = [[_flat_probs(one, batch) for one in said] for batch, said in self._pairs()]
        self.target = [batch.target.reshape(-1) for batch in self.batches]
        # What the paper keeps in memory: an array of the whole set a member, and the labels.
        self.kept = [np.concatenate([p[i].numpy() for p in self.probs], axis=1) for i in range(len(members))]
        self.truth = torch.cat(self.target).numpy()

    def _pairs(self) -> list[tuple[Batch, list[Readout]]]:
        return list(zip(self.batches, self.said, strict=True))

    def _read(self, batch: Batch) -> list[Readout]:
        with torch.inference_mode():
            return [read(one.model, batch.images, size) for one, size in zip(self.members, self.sizes, strict=True)]

    def forward(self) -> None:
        """One pass of every member over every scene."""
        for batch in self.batches:
            self._read(batch)

    def search(self) -> Searched:
        """Every candidate's score, from the probabilities in memory."""
        tally = Tally(integer_grid(len(self.members), TOP), len(self.members), "probs")
        for probs, target in zip(self.probs, self.target, strict=True):
            tally.add_comparable(probs, target)
        return tally.result(sum(len(batch.images) for batch in self.batches))

    def search_from_logits(self) -> None:
        """All that `search` adds to a forward pass: bringing to size and softmax too."""
        tally = Tally(integer_grid(len(self.members), TOP), len(self.members), "probs")
        with torch.inference_mode():
            for batch, said in self._pairs():
                height, width = batch.target.shape[1:]
                for strips in zip(*(one.strips((height, width)) for one in said), strict=True):
                    tally.add([strip for _, strip in strips], batch.target[:, strips[0][0]])

    def literal(self) -> dict[tuple[int, ...], float]:
        """Every triple's mIoU, by the paper's loops over arrays of the whole set."""
        labelled = self.truth < NUM_CLASSES
        codes = self.truth[labelled].astype(np.int64) * NUM_CLASSES
        scores = {}
        for weights in itertools.product(range(TOP), repeat=len(self.members)):
            if any(weights):
                mean = sum(w * p for w, p in zip(weights, self.kept, strict=True))
                winner = np.argmax(mean, axis=0)
                matrix = np.bincount(codes + winner[labelled], minlength=NUM_CLASSES**2).reshape(NUM_CLASSES, -1)
                right = np.diag(matrix)
                union = matrix.sum(axis=0) + matrix.sum(axis=1) - right
                scores[weights] = float((right[union > 0] / union[union > 0]).mean())
        return scores


def _flat_probs(readout: Readout, batch: Batch) -> Tensor:
    """(C, P) float32 probabilities at the labels' size."""
    height, width = batch.target.shape[1:]
    with torch.inference_mode():
        whole = torch.cat([strip for _, strip in readout.strips((height, width))], dim=2).softmax(dim=1)
    return whole.transpose(0, 1).reshape(NUM_CLASSES, -1)


def difference(found: Searched, literal: dict[tuple[int, ...], float]) -> float:
    """The largest difference between the two answers, over all triples; 1 where the best triples differ."""
    ours = dict(zip(found.candidates, found.miou.tolist(), strict=True))
    smallest = {w: tuple(float(x // math.gcd(*w)) for x in w) for w in literal}
    if max(ours.values()) - ours[smallest[max(literal, key=literal.__getitem__)]] > AIM_DIFFERENCE:
        return 1.0
    return max(abs(score - ours[smallest[w]]) for w, score in literal.items())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="end within a minute")
    parser.add_argument("--members", nargs="+", default=MEMBERS, metavar="REF", help="networks, as `unetkd` names them")
    parser.add_argument("--dataset", default="streets:val", metavar="REF")
    parser.add_argument("--scenes", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    scenes = Scenes([load_model(ref) for ref in asked.members], asked.dataset, 2 if asked.quick else asked.scenes)
    found = scenes.search()
    sides = {
        "literal": scenes.literal,
        "search": scenes.search,
        "search from logits": scenes.search_from_logits,
        "forward": scenes.forward,
    }
    median = report.alternate(sides, rounds=3 if asked.quick else asked.rounds)
    per_scene = {name: 1000 * seconds / found.scenes for name, seconds in median.items()}
    report.print_report(
        "weight_search",
        {**report.machine(), "members": list(asked.members), "dataset": asked.dataset, "scenes": found.scenes},
        [
            *(Result(f"{name}, a scene", value, "ms") for name, value in per_scene.items()),
            Result("quicker than the literal loops", median["literal"] / median["search"], "times", AIM_LITERAL),
            Result(
                "time that the search adds, over one forward pass", median["search from logits"] / median["forward"],
                "times", AIM_FORWARD, higher_is_better=False,
            ),
            Result("largest difference in mIoU", difference(found, scenes.literal()), "", AIM_DIFFERENCE, False),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
