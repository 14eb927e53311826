"""A run's loss: the only place where terms are weighed and added.

    total = alpha * CE + (1 - alpha) * KL + sum of weight * term

What each term is, losses/ says; which there are, the config's teaching section.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from torch import Tensor
from torch.nn import functional as F

from unetkd_core.losses.channel_wise import channel_wise
from unetkd_core.losses.correlation import dist
from unetkd_core.losses.hard_and_soft import hard_and_soft
from unetkd_core.losses.holistic import holistic
from unetkd_core.losses.intra_class import intra_class_variation
from unetkd_core.losses.structured import pair_wise
from unetkd_core.losses.task import cross_entropy
from unetkd_core.losses.term import Term
from unetkd_core.training import terms
from unetkd_core.training.beside import Company
from unetkd_core.training.config import OptimConfig, TeachingConfig
from unetkd_core.training.ranks import ALONE, Ranks
from unetkd_core.training.step import HARD, SOFT, Objective, Seen, StepLoss
from unetkd_core.training.terms import ChannelWise, Correlation, Holistic, IntraClass, PairWise


def objective(
    optim: OptimConfig,
    teaching: TeachingConfig | None,
    class_weight: Tensor | None,
    company: Company | None = None,
    ranks: Ranks = ALONE,
) -> Objective:
    """What a step minimises: CE alone where nobody teaches, else the sum above.

    class_weight: (6,) or none; on the soft term too when the teaching says so. company: the adapters and the critic
    that the teaching's terms need; none: they need none. ranks: the processes whose shares of a batch are summed.
    """
    standard, shares = _standard(teaching, class_weight if optim.class_weights != "none" else None)
    named = [] if teaching is None else _named(teaching)
    measures = [(name, _measure(term, company, ranks)) for name, term in named]
    weights = [term.weight for _, term in named]

    def loss(seen: Seen) -> StepLoss:
        first, more = standard(seen), {name: measure(seen) for name, measure in measures}
        found = {**first, **more}
        whole = ranks.whole(found)
        # Of this process's pixels over the whole batch's number of them; in one process just the mean.
        ours = {name: term.total / whole[name].weight.clamp_min(1e-12) for name, term in found.items()}
        total = _added(ours, shares)
        if more:
            total = total + sum(share * ours[name] for name, share in zip(more, weights, strict=True))
        parts = {name: term.mean() for name, term in whole.items()}
        if ranks.count > 1:
            total = total * ranks.count  # DDP divides by it
        return StepLoss(total, parts, {name: term.weight for name, term in whole.items()})

    return loss


def _added(parts: Mapping[str, Tensor], shares: Mapping[str, float]) -> Tensor:
    first, *others = (share * parts[name] for name, share in shares.items())
    return sum(others, start=first)


def losses_of(teaching: TeachingConfig | None, means: Mapping[str, float]) -> dict[str, Any]:
    """An epoch's losses as its line of metrics holds them. loss: the weighted total of the parts' means, which stand
    beside it unweighted; loss_terms where there are any. A part of which no batch held anything is None, and in the
    total 0.
    """
    hard, soft = means.get(HARD), means.get(SOFT)
    if teaching is None:
        return {"loss": hard or 0.0, "loss_ce": hard, "loss_kd": soft}
    total = teaching.alpha * (hard or 0.0) + (1 - teaching.alpha) * (soft or 0.0)
    extra = {name: means.get(name) for name, _ in _named(teaching)}
    total += sum(term.weight * (extra[name] or 0.0) for name, term in _named(teaching))
    return {"loss": total, "loss_ce": hard, "loss_kd": soft, **({"loss_terms": extra} if extra else {})}


def _named(teaching: TeachingConfig) -> list[tuple[str, terms.ExtraTerm]]:
    return list(zip(terms.names(teaching.terms), teaching.terms, strict=True))


Standard = Callable[[Seen], dict[str, Term]]


def _standard(teaching: TeachingConfig | None, weight: Tensor | None) -> tuple[Standard, dict[str, float]]:
    """alpha * CE + (1 - alpha) * KL, as terms and their shares; CE alone where the config leaves the KL out."""
    if teaching is None or not teaching.pixel_wise:
        return lambda seen: {HARD: cross_entropy(seen.student.logits, seen.batch.target, weight)}, {HARD: 1.0}
    soft_weight = weight if teaching.weight_soft_by_class else None

    def taught(seen: Seen) -> dict[str, Term]:
        assert seen.teacher is not None
        hard, soft = hard_and_soft(
            seen.student.logits,
            seen.batch.target,
            seen.teacher.logits,
            temperature=teaching.temperature,
            direction=teaching.direction,
            scale_by_t2=teaching.scale_by_t2,
            class_weight=weight,
            soft_class_weight=soft_weight,
        )
        return {HARD: hard, SOFT: soft}

    return taught, {HARD: teaching.alpha, SOFT: 1 - teaching.alpha}


Measure = Callable[[Seen], Term]
"""One term, unweighted, of this process's share of a batch."""


def _measure(term: terms.ExtraTerm, company: Company | None, ranks: Ranks) -> Measure:
    return _MEASURES[term.kind](term, company, ranks)


def _pair_wise(term: PairWise, company: Company | None, ranks: Ranks) -> Measure:
    def measure(seen: Seen) -> Term:
        student, teacher = _maps(seen, term.level)
        return pair_wise(student, teacher, seen.batch.target, nodes=term.nodes)

    return measure


def _holistic(term: Holistic, company: Company | None, ranks: Ranks) -> Measure:
    assert company is not None and company.critic is not None
    critic = company.critic
    return lambda seen: holistic(critic, seen.batch.image, seen.student.logits, seen.batch.target)


def _intra_class(term: IntraClass, company: Company | None, ranks: Ranks) -> Measure:
    return lambda seen: intra_class_variation(*_maps(seen, term.level), seen.batch.target)


def _channel_wise(term: ChannelWise, company: Company | None, ranks: Ranks) -> Measure:
    def measure(seen: Seen) -> Term:
        assert seen.teacher is not None
        student, teacher = seen.student.logits, seen.teacher.logits
        if term.level != "logits":
            student, teacher = _maps(seen, term.level)
            student = student if company is None else company.adapt(term.level, student)
        return channel_wise(student, teacher, seen.batch.target, temperature=term.temperature)

    return measure


def _correlation(term: Correlation, company: Company | None, ranks: Ranks) -> Measure:
    """One number of two means: each process's share of it, as if all of it were in one pixel."""

    def measure(seen: Seen) -> Term:
        assert seen.teacher is not None
        logits = seen.student.logits, seen.teacher.logits
        summed = None if ranks.count == 1 else ranks.summed
        inter, intra = dist(*logits, seen.batch.target, temperature=term.temperature, summed=summed)
        pixels = ranks.total(inter.weight)
        both = term.inter * (inter.total / pixels.clamp_min(1e-12)) + term.intra * (intra.mean() / ranks.count)
        return Term(both, (pixels + intra.weight > 0).float() / ranks.count)

    return measure


_MEASURES: Final[dict[str, Callable[[Any, Company | None, Ranks], Measure]]] = {
    "pair_wise": _pair_wise,
    "holistic": _holistic,
    "intra_class": _intra_class,
    "channel_wise": _channel_wise,
    "correlation": _correlation,
}


def _maps(seen: Seen, level: str) -> tuple[Tensor, Tensor]:
    """The student's and the teacher's map at a level, (B, C, h, w) each, the teacher's brought to the student's size.

    They differ in size by a cell where the networks pad differently, and by more at a bridge of another depth.
    """
    assert seen.teacher is not None
    student, teacher = seen.student.maps[level], seen.teacher.maps[level]
    if student.shape[-2:] != teacher.shape[-2:]:
        teacher = F.interpolate(teacher.float(), student.shape[-2:], mode="bilinear", align_corners=False)
    return student, teacher
