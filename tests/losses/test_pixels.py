"""Labels and masks at the size of a coarser map."""

import torch

from unetkd_core.classes import UNLABELLED, VOID
from unetkd_core.losses.pixels import labels_at, seen


def test_labels_of_a_coarser_map_are_picked_and_never_blended():
    target = torch.tensor([[[0, VOID, 2, UNLABELLED], [1, 1, 1, 1], [5, 0, VOID, 0], [3, 3, 3, 3]]])
    half, same = torch.empty(1, 7, 2, 2), torch.empty(1, 7, 4, 4)
    assert labels_at(target, half).tolist() == [[[0, 2], [5, VOID]]]
    assert torch.equal(labels_at(target, same), target)
    assert seen(target, half).tolist() == [[[True, True], [True, False]]]
    assert seen(None, half).all() and seen(None, half).shape == (1, 2, 2)
