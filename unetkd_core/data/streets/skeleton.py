"""How a body stands, walks or rides: joints in body heights (forward, to its right, up). Knows no picture."""

from functools import lru_cache
from math import cos, pi, sin
from typing import NamedTuple

Joint = tuple[float, float, float]
Chain = tuple[Joint, ...]

HIP, SHOULDER = 0.52, 0.80
_THIGH, _SHIN, _ANKLE = 0.245, 0.245, 0.035
_UPPER_ARM, _FOREARM = 0.165, 0.155


class Pose(NamedTuple):
    """legs: left, right as hip, knee, ankle, toe; arms: left, right as shoulder, elbow, hand.

    `rise` is how far the hips are above where they are at attention; `lean` how far forward the shoulders are.
    """

    legs: tuple[Chain, Chain]
    arms: tuple[Chain, Chain]
    rise: float
    lean: float
    spread: float


_ARMS = {
    "pocket": (0.10, 0.55, 0.05, -0.03),
    "phone": (0.25, 1.75, 0.02, -0.04),
    "ear": (0.55, 2.35, 0.05, -0.05),
    "folded": (0.30, 1.60, 0.03, -0.13),
    "carry": (0.02, 0.12, 0.03, 0.0),
    "hold": (0.15, 1.55, 0.02, 0.0),
    "side": (0.02, 0.20, 0.025, 0.0),
    "push": (0.45, 0.70, 0.0, 0.0),
}
"""What an arm does: forward angle of the upper arm, bend of the elbow, how far the elbow is out, and the hand."""


def _arm(side: int, shoulder_up: float, lean: float, angle: float, bend: float, out: float, hand_out: float) -> Chain:
    f, r, u = lean, side * 0.112, shoulder_up
    elbow = (f + _UPPER_ARM * sin(angle), r + side * out, u - _UPPER_ARM * cos(angle))
    reach = angle + bend
    hand = (
        elbow[0] + _FOREARM * sin(reach),
        r + side * (out + hand_out),
        elbow[2] - _FOREARM * cos(reach),
    )
    return ((f, r, u), elbow, hand)


def _leg(side: int, hip_up: float, angle: float, bend: float, apart: float) -> Chain:
    knee = (_THIGH * sin(angle), side * (0.048 + apart / 2), hip_up - _THIGH * cos(angle))
    shin = angle - bend
    ankle = (knee[0] + _SHIN * sin(shin), side * (0.045 + apart), knee[2] - _SHIN * cos(shin))
    tilt = 0.35 * shin
    toe = (ankle[0] + 0.105 * cos(tilt), ankle[1] + side * 0.018, ankle[2] - 0.022 + 0.105 * sin(tilt))
    return ((0.0, side * 0.05, hip_up), knee, ankle, toe)


def _planted(
    angles: tuple[tuple[float, float], tuple[float, float]], apart: float
) -> tuple[tuple[Chain, Chain], float]:
    """Both legs, the hips at such a height that the lower foot is on the ground."""
    reach = max(_THIGH * cos(a) + _SHIN * cos(a - b) for a, b in angles)
    hip = reach + _ANKLE
    left, right = (_leg(side, hip, a, b, apart) for side, (a, b) in zip((-1, 1), angles, strict=True))
    return (left, right), hip - HIP


@lru_cache(maxsize=512)
def walking(phase: int, brisk: int, left: str, right: str, stoop: int) -> Pose:
    """Step `phase` of 16 of the walk cycle, `brisk` 0-3; an arm either swings or does one of _ARMS."""
    turn, swing = phase * pi / 8, 0.30 + 0.06 * brisk
    angles = []
    for start in (turn, turn + pi):
        angles.append((swing * sin(start) + 0.02, 0.06 + (0.55 + 0.1 * brisk) * max(0.0, cos(start + 0.5))))
    legs, rise = _planted((angles[0], angles[1]), -0.012)
    lean = 0.02 + 0.035 * stoop + 0.005 * brisk
    arms = []
    for side, start, does in ((-1, turn, left), (1, turn + pi, right)):
        swung = (-0.9 * swing * sin(start), 0.28 + 0.2 * max(0.0, -sin(start)), 0.018, 0.0)
        arms.append(_arm(side, SHOULDER + rise, lean, *_ARMS.get(does, swung)))
    return Pose(legs, (arms[0], arms[1]), rise, lean, max(abs(legs[0][1][0]), abs(legs[1][1][0])))


@lru_cache(maxsize=256)
def standing(stance: int, left: str, right: str, stoop: int) -> Pose:
    """At rest, the weight on one leg or the other (`stance` 0-3)."""
    easy = (0.10, 0.20)
    firm = (0.0, 0.02)
    angles = ((firm, firm), (easy, firm), (firm, easy), ((0.12, 0.05), (-0.08, 0.06)))[stance % 4]
    legs, rise = _planted((angles[0], angles[1]), 0.022)
    lean = 0.008 + 0.035 * stoop
    arms = tuple(
        _arm(side, SHOULDER + rise, lean, *_ARMS.get(does, _ARMS["side"])) for side, does in ((-1, left), (1, right))
    )
    return Pose(legs, (arms[0], arms[1]), rise, lean, 0.02)


def _bent(start: Joint, end: Joint, bow: float) -> Joint:
    """The joint between two others, `bow` forward of their middle."""
    return ((start[0] + end[0]) / 2 + bow, (start[1] + end[1]) / 2, (start[2] + end[2]) / 2)


@lru_cache(maxsize=64)
def riding(phase: int, upright: int) -> Pose:
    """On a bicycle, the cranks at `phase` of 16; `upright` 0-2 is how little the back is bent."""
    hip, lean = 0.575, 0.20 - 0.045 * upright
    legs = []
    for side, turn in ((-1, phase * pi / 8), (1, phase * pi / 8 + pi)):
        seat, ankle = (0.0, side * 0.05, hip), (0.12 + 0.09 * cos(turn), side * 0.07, 0.19 + 0.09 * sin(turn))
        dx, dy = ankle[0] - seat[0], seat[2] - ankle[2]
        bow = max(0.0, (2 * _THIGH) ** 2 - dx * dx - dy * dy) ** 0.5 / 2
        knee = _bent(seat, ankle, 0.0)
        span = (dx * dx + dy * dy) ** 0.5
        knee = (knee[0] + bow * dy / span, side * 0.075, knee[2] + bow * dx / span)
        legs.append((seat, knee, ankle, (ankle[0] + 0.10, ankle[1], ankle[2] - 0.03)))
    arms = []
    for side in (-1, 1):
        shoulder, hand = (lean, side * 0.105, SHOULDER + hip - HIP - 0.03), (lean + 0.19, side * 0.15, 0.60)
        elbow = _bent(shoulder, hand, 0.0)
        arms.append((shoulder, (elbow[0] - 0.02, elbow[1] + side * 0.035, elbow[2] - 0.03), hand))
    return Pose((legs[0], legs[1]), (arms[0], arms[1]), hip - HIP, lean, 0.0)
