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
from unetkd_core.training.step import HARD, SOFT, Objective, Seen, StepLoss
from unetkd_core.training.terms import ChannelWise, Correlation, Holistic, IntraClass, PairWise


def objective(
    optim: OptimConfig, teaching: TeachingConfig | None, class_weight: Tensor | None, company: Company | None = None
) -> Objective:
    """What a step minimises: CE alone where nobody teaches, else the sum above.

    class_weight: (6,) or none; on the soft term too when the teaching says so. company: the adapters and the critic
    that the teaching's terms need; none: they need none.
    """
    weight = class_weight if optim.class_weights != "none" else None
    if teaching is None:
        return lambda seen: _labels_alone(seen, weight)
    standard = _standard(teaching, weight)
    if not teaching.terms:
        return standard
    named = [(name, term.weight, _measure(term, company)) for name, term in _named(teaching)]

    def with_terms(seen: Seen) -> StepLoss:
        total, parts, weights = standard(seen)
        found = {name: measure(seen) for name, _, measure in named}
        more = {name: term.mean() for name, term in found.items()}
        total = total + sum(share * more[name] for name, share, _ in named)
        return StepLoss(total, {**parts, **more}, {**weights, **{name: term.weight for name, term in found.items()}})

    return with_terms


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


def _labels_alone(seen: Seen, weight: Tensor | None) -> StepLoss:
    term = cross_entropy(seen.student.logits, seen.batch.target, weight)
    hard = term.mean()
    return StepLoss(hard, {HARD: hard}, {HARD: term.weight})


def _standard(teaching: TeachingConfig, weight: Tensor | None) -> Objective:
    """alpha * CE + (1 - alpha) * KL; CE alone where the config leaves the KL out."""
    if not teaching.pixel_wise:
        return lambda seen: _labels_alone(seen, weight)
    soft_weight = weight if teaching.weight_soft_by_class else None

    def taught(seen: Seen) -> StepLoss:
        assert seen.teacher is not None
        both = hard_and_soft(
            seen.student.logits,
            seen.batch.target,
            seen.teacher.logits,
            temperature=teaching.temperature,
            direction=teaching.direction,
            scale_by_t2=teaching.scale_by_t2,
            class_weight=weight,
            soft_class_weight=soft_weight,
        )
        hard, soft = (term.mean() for term in both)
        weights = {HARD: both[0].weight, SOFT: both[1].weight}
        return StepLoss(teaching.alpha * hard + (1 - teaching.alpha) * soft, {HARD: hard, SOFT: soft}, weights)

    return taught


Measure = Callable[[Seen], Term]
"""One term, unweighted."""


def _measure(term: terms.ExtraTerm, company: Company | None) -> Measure:
    return _MEASURES[term.kind](term, company)


def _pair_wise(term: PairWise, company: Company | None) -> Measure:
    def measure(seen: Seen) -> Term:
        student, teacher = _maps(seen, term.level)
        return pair_wise(student, teacher, seen.batch.target, nodes=term.nodes)

    return measure


def _holistic(term: Holistic, company: Company | None) -> Measure:
    assert company is not None and company.critic is not None
    critic = company.critic
    return lambda seen: holistic(critic, seen.batch.image, seen.student.logits, seen.batch.target)


def _intra_class(term: IntraClass, company: Company | None) -> Measure:
    return lambda seen: intra_class_variation(*_maps(seen, term.level), seen.batch.target)


def _channel_wise(term: ChannelWise, company: Company | None) -> Measure:
    def measure(seen: Seen) -> Term:
        assert seen.teacher is not None
        student, teacher = seen.student.logits, seen.teacher.logits
        if term.level != "logits":
            student, teacher = _maps(seen, term.level)
            student = student if company is None else company.adapt(term.level, student)
        return channel_wise(student, teacher, seen.batch.target, temperature=term.temperature)

    return measure


def _correlation(term: Correlation, company: Company | None) -> Measure:
    def measure(seen: Seen) -> Term:
        assert seen.teacher is not None
        logits = seen.student.logits, seen.teacher.logits
        inter, intra = dist(*logits, seen.batch.target, temperature=term.temperature)
        both = term.inter * inter.mean() + term.intra * intra.mean()
        return Term(both, (inter.weight + intra.weight > 0).float())

    return measure


_MEASURES: Final[dict[str, Callable[[Any, Company | None], Measure]]] = {
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
