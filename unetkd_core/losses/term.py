"""One term of a loss, kept as numerator and denominator, so that several processes can add them up before dividing."""

from typing import NamedTuple

from torch import Tensor


class Term(NamedTuple):
    """Sum of w * l over a term's own pixels, and sum of w, both 0-dim float32. The term is their quotient."""

    total: Tensor
    weight: Tensor

    def mean(self) -> Tensor:
        """total / weight, or 0 (with a zero gradient) when no pixel belongs to the term."""
        return self.total / self.weight.clamp_min(1e-12)
