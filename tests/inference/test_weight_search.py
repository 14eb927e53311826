"""The search: best weights known by hand, the same answer as three literal loops, one pass, bounded memory."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.inference.test_evaluate import Scenes, random_scenes
from unetkd_core.classes import VOID
from unetkd_core.data.source import Scene
from unetkd_core.errors import ConfigError, DataError
from unetkd_core.inference.evaluate import evaluate, evaluate_ensemble
from unetkd_core.inference.readout import read
from unetkd_core.inference.searched import Searched, integer_grid, simplex_grid
from unetkd_core.inference.weight_search import Tally, search
from unetkd_core.models.ensemble import EnsembleTeacher
from unetkd_core.models.names import arch_of
from unetkd_core.models.registry import build

SIZE = (16, 32)


class Knows(nn.Module):
    """A fake teacher whose probabilities are painted: column x of the image says which of its answers it gives there.

    answers: (columns, 6) probabilities; the image's red channel, 0 to 1, chooses among the columns.
    """

    def __init__(self, answers: list[list[float]]) -> None:
        super().__init__()
        self.answers = torch.tensor(answers).log()

    def forward(self, image: Tensor) -> Tensor:
        index = (image[:, 0] * 255).round().long() // 40
        return self.answers[index].permute(0, 3, 1, 2)


def painted(columns: list[int], labels: list[int]) -> Scene:
    """A 16x32 scene of vertical bands; band b shows column `columns[b]` and is labelled `labels[b]`."""
    width = 32 // len(columns)
    red = np.repeat(np.array(columns, dtype=np.uint8) * 40, width)
    image = np.zeros((*SIZE, 3), dtype=np.uint8)
    image[..., 0] = red[None]
    truth = np.repeat(np.array(labels, dtype=np.uint8), width)[None].repeat(SIZE[0], 0)
    return Scene(image, truth.copy())


FIRST = Knows([[0.9, 0.1, 0, 0, 0, 0], [0.8, 0.2, 0, 0, 0, 0]])
SECOND = Knows([[0.1, 0.9, 0, 0, 0, 0], [0.2 - 1e-3, 0.8 + 1e-3, 0, 0, 0, 0]])


def test_the_best_weights_of_two_fake_teachers_are_those_found_by_hand() -> None:
    # Right in both bands for second shares in (0.5, ...): band 1 needs p(1) = 0.2 w1 + 0.801 w2 > 0.5, that is
    # w2 > 0.4992; band 0 needs p(0) = 0.9 w1 + 0.1 w2 > 0.5, that is w2 < 0.5, and at 0.5 a tie that class 0 wins.
    scenes = Scenes([painted([0, 1], [0, 1])])
    found = search([FIRST, SECOND], scenes, simplex_grid(2, 20), sizes=[SIZE, SIZE])
    assert found.candidates[found.best()] == (0.5, 0.5)
    assert found.miou.max() == 1.0
    alone = [found.miou[found.candidates.index(c)] for c in ((1.0, 0.0), (0.0, 1.0))]
    assert alone == pytest.approx([0.25, 0.25])  # one class at 50 %, the other at 0


def test_a_teacher_that_is_always_right_gets_all_the_weight() -> None:
    right, wrong = Knows([[0.51, 0.49, 0, 0, 0, 0]]), Knows([[0.0, 1.0, 0, 0, 0, 0]])
    found = search([wrong, right], Scenes([painted([0], [0])]), integer_grid(2), sizes=[SIZE, SIZE])
    assert found.candidates[found.best()] == (0.0, 1.0)


def test_ties_go_to_the_most_even_weights() -> None:
    twin = Knows([[0.7, 0.3, 0, 0, 0, 0]])
    found = search([twin, twin, twin], Scenes([painted([0], [0])]), integer_grid(3), sizes=[SIZE] * 3)
    assert len(set(found.miou)) == 1
    assert found.candidates[found.best()] == (1.0, 1.0, 1.0)


def literal(members: list[nn.Module], source: Scenes, train: tuple[int, int]) -> dict[tuple[int, ...], float]:
    """The paper's three loops, word for word: keep every prediction, then try all the weights."""
    predictions, truths = [], []
    for image, labels in source.scenes:
        assert labels is not None
        with torch.inference_mode():
            strips = [torch.cat([s for _, s in read(m, [image], train).strips(labels.shape)], dim=2) for m in members]
        predictions.append([s.softmax(dim=1)[0].numpy() for s in strips])
        truths.append(labels)
    scores = {}
    for weights in itertools.product(range(5), repeat=len(members)):
        if not any(weights):
            continue
        matrix = np.zeros((6, 6))
        for said, truth in zip(predictions, truths, strict=True):
            pred = sum(w * p for w, p in zip(weights, said, strict=True)).argmax(axis=0)
            for label, guess in zip(truth[truth < 6], pred[truth < 6], strict=True):
                matrix[label, guess] += 1
        right = np.diag(matrix)
        with np.errstate(invalid="ignore"):
            scores[weights] = float(np.nanmean(right / (matrix.sum(0) + matrix.sum(1) - right)))
    return scores


def noisy(seed: int) -> nn.Module:
    """An untrained network whose answers vary from pixel to pixel."""
    torch.manual_seed(seed)
    model = build(arch_of("M128")).eval()
    model.head.weight.data.mul_(8)  # type: ignore[operator, union-attr]
    return model


@pytest.mark.parametrize("members", [2, 4, 5])
@pytest.mark.parametrize("kind", ["random", "tied", "one-hot"])
@pytest.mark.parametrize("space", ["probs", "logits"])
def test_counting_together_is_counting_one_by_one_ties_included(members: int, kind: str, space: str) -> None:
    generator = torch.Generator().manual_seed(members)
    shape = (1, 6, 20, 30)
    if kind == "random":
        logits = [torch.randn(shape, generator=generator) for _ in range(members)]
    else:  # few values: members often give two classes the same, and whole weights then tie their mean exactly
        steps = 3 if kind == "tied" else 2
        logits = [torch.randint(0, steps, shape, generator=generator).float() * 4 for _ in range(members)]
    target = torch.randint(0, 7, (1, 20, 30), generator=generator)
    candidates = [tuple(map(float, c)) for c in itertools.product(range(3), repeat=members) if any(c)][:140]
    tally = Tally(candidates, members, space)  # type: ignore[arg-type]
    tally.add(logits, target)
    # Whole numbers in both spaces, so that the sums below are exact and a tie is a tie.
    said = [
        z.double().softmax(dim=1) if space == "probs" else (z - z.mean(dim=1, keepdim=True)).double() for z in logits
    ]
    wrong = 0
    for k, candidate in enumerate(candidates):
        mean = sum(w * one for w, one in zip(candidate, said, strict=True))
        best = mean.max(dim=1, keepdim=True).values
        clear = ((mean > best - 1e-5).sum(dim=1) == 1) & (target < 6)
        expected = torch.bincount(target[clear] * 6 + mean.argmax(dim=1)[clear], minlength=36)
        counted = torch.from_numpy(tally.result(1).confusion[k]).view(-1)
        assert (counted >= expected).all() and counted.sum() == (target < 6).sum()
        wrong += int(((counted - expected).sum() - ((target < 6) & ~clear).sum()).abs())
    assert wrong == 0


def test_whole_weights_keep_an_exact_tie_exact_and_the_first_class_takes_it() -> None:
    first, second = torch.tensor([0.25, 0.75, 0, 0, 0, 0]), torch.tensor([0.5, 0.25, 0.25, 0, 0, 0])
    tally = Tally([(1.0, 2.0)], 2, "probs")  # 0.25 + 1.0 against 0.75 + 0.5
    tally.add_comparable([first[:, None], second[:, None]], torch.tensor([0]))
    assert tally.result(1).confusion[0, 0].tolist() == [1, 0, 0, 0, 0, 0]


def test_labels_beyond_a_byte_and_below_zero_are_left_out() -> None:
    tally = Tally([(1.0,)], 1, "probs")
    tally.add_comparable([torch.rand(6, 4)], torch.tensor([256, -1, 0, 7]))
    assert tally.result(1).confusion.sum() == 1


def test_it_is_what_three_literal_loops_over_kept_predictions_find() -> None:
    members, source = [noisy(i) for i in range(3)], random_scenes([(24, 40), (20, 33)])
    found = search(members, source, integer_grid(3), sizes=[SIZE] * 3)
    expected = literal(members, source, SIZE)
    assert len(expected) == 124 and len(found.candidates) == 91
    for weights, score in expected.items():
        divisor = math.gcd(*weights)
        smallest = tuple(float(w // divisor) for w in weights)
        assert found.miou[found.candidates.index(smallest)] == pytest.approx(score, abs=1e-9)
    assert found.miou.max() == pytest.approx(max(expected.values()), abs=1e-9)


@pytest.mark.parametrize("space", ["probs", "logits"])
def test_a_candidates_score_is_what_evaluating_that_ensemble_gives(space: str) -> None:
    members, source = [noisy(i) for i in range(3)], random_scenes([(24, 40), (24, 40), (31, 20)])
    sizes = [(16, 32), (32, 48), (16, 24)]  # unlike scales
    found = search(members, source, integer_grid(3), sizes=sizes, space=space)  # type: ignore[arg-type]
    for k in (0, 17, 60, 90):
        ensemble = EnsembleTeacher(
            members,
            weights=found.candidates[k],
            sizes=sizes,
            space=space,
            weighting="fixed",  # type: ignore[arg-type]
        )
        scores = evaluate(ensemble, source, training_size=(32, 48))
        assert found.miou[k] == pytest.approx(scores.miou, abs=2e-3)  # a pixel on a tie may fall to either side
        np.testing.assert_allclose(found.iou[k], scores.iou, atol=5e-3)


@pytest.mark.parametrize("weighting", ["even", "fixed", "confidence"])
def test_scoring_members_beside_their_mean_is_scoring_each_by_itself(weighting: str) -> None:
    members, source, sizes = [noisy(i) for i in range(3)], random_scenes([(24, 40), (31, 20)]), [SIZE, (32, 48), SIZE]
    weights = [1, 0, 3] if weighting == "fixed" else None
    ensemble = EnsembleTeacher(members, weights=weights, sizes=sizes, weighting=weighting)  # type: ignore[arg-type]
    mean, alone = evaluate_ensemble(ensemble, source, training_size=(32, 48))
    assert mean == evaluate(ensemble, source, training_size=(32, 48))
    assert alone == [evaluate(m, source, training_size=s) for m, s in zip(members, sizes, strict=True)]


def test_every_image_is_seen_once_by_every_member_whatever_the_number_of_candidates() -> None:
    member, asked = noisy(0), []
    member.register_forward_hook(lambda module, inputs, output: asked.append(len(output)))
    source = random_scenes([(24, 40)] * 5)
    progress: list[tuple[int, int]] = []
    search([member], source, [(1.0,)] * 50, sizes=[SIZE], progress=lambda *p: progress.append(p))
    assert sum(asked) == 5 and progress[-1] == (5, 5)


def test_what_is_kept_does_not_grow_with_the_split() -> None:
    tally = Tally(integer_grid(3), 3, "probs")
    held = []
    for _ in range(3):
        tally.add([torch.randn(1, 6, 20, 30) for _ in range(3)], torch.randint(0, 6, (1, 20, 30)))
        held.append(sum(v.numel() for v in vars(tally).values() if isinstance(v, Tensor)))
    assert held[0] == held[1] == held[2] == 91 * 3 + 36 + 91 * 36
    assert (tally.result(3).confusion.sum(axis=(1, 2)) == 3 * 600).all()


def test_void_and_unlabelled_pixels_count_nowhere_and_an_absent_class_is_left_out() -> None:
    scene = painted([0, 0], [0, 0])
    assert scene.labels is not None
    scene.labels[:, 16:] = VOID
    scene.labels[:, 24:] = 254
    sure = Knows([[1.0, 0, 0, 0, 0, 0]])
    found = search([sure, sure], Scenes([scene]), integer_grid(2), sizes=[SIZE, SIZE])
    assert found.confusion[0].sum() == 16 * 16
    assert found.miou[0] == 1.0 and np.isnan(found.iou[0, 1:]).all()


def test_each_class_takes_the_candidate_that_reads_it_best() -> None:
    confusion = np.zeros((2, 6, 6), dtype=np.int64)
    confusion[0, 0, 0], confusion[0, 1, 0], confusion[0, 1, 1] = 10, 5, 5
    confusion[1, 0, 0], confusion[1, 0, 1], confusion[1, 1, 1] = 5, 5, 10
    confusion[1, 1, 1] = 40
    found = Searched(((1.0, 0.0), (0.0, 1.0)), confusion, 1)
    rows = found.best_per_class()
    best = found.best()
    assert [rows[0][0], rows[0][1]] == [1.0, 0.0]
    assert [row[5] for row in rows] == list(found.candidates[best])  # absent: as the best overall


def test_the_grid_is_the_papers_without_proportional_ones_and_the_simplex_in_steps() -> None:
    assert len(integer_grid(3)) == 91 and len(integer_grid(2)) == 13 and integer_grid(1) == [(1.0,)]
    assert (2.0, 4.0, 2.0) not in integer_grid(3) and (1.0, 2.0, 1.0) in integer_grid(3)
    fine = simplex_grid(3, 20)
    assert len(fine) == len(set(fine)) == 231
    assert all(sum(w) == pytest.approx(1) and min(w) >= 0 for w in fine)


def test_too_many_candidates_none_and_an_empty_split_are_refused() -> None:
    with pytest.raises(ConfigError, match="combinations"):
        integer_grid(8)
    with pytest.raises(ConfigError, match="no weights to try"):
        Tally([], 2, "probs")
    with pytest.raises(ConfigError, match="negative"):
        Tally([(1.0, -1.0)], 2, "probs")
    with pytest.raises(DataError, match="no scenes"):
        search([noisy(0)], Scenes([]), [(1.0,)], sizes=[SIZE])
    with pytest.raises(DataError, match="no labels"):
        search([noisy(0)], Scenes([Scene(np.zeros((16, 32, 3), np.uint8), None)]), [(1.0,)], sizes=[SIZE])
