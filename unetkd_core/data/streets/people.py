"""People on foot, seen from any side: bodies, clothes and what they carry. Knows no street."""

from unetkd_core.data.streets.canvas import Canvas
from unetkd_core.data.streets.dice import Colour, scaled
from unetkd_core.data.streets.figure import CLOSE, TINY, Figure, Level
from unetkd_core.data.streets.heads import paint_head
from unetkd_core.data.streets.layout import Thing
from unetkd_core.data.streets.skeleton import SHOULDER, Chain, Pose, standing, walking
from unetkd_core.data.streets.wardrobe import Outfit, dress

PERSON = 5

_HIPS, _CHEST = ((0.53, 0.086, 0.068), (0.62, 0.080, 0.060)), ((0.72, 0.098, 0.068), (0.785, 0.110, 0.056))
_TORSO = (*_HIPS, *_CHEST, (0.822, 0.082, 0.042))
"""Height, half width and half thickness from the hips to the shoulders."""
_LEG, _SHOE, _ARM = (0.060, 0.041, 0.036, 0.026), (0.024, 0.016), (0.018, 0.035, 0.030, 0.022)

_RUCKSACK = ((0.565, 0.06, 0.04), (0.60, 0.075, 0.055), (0.75, 0.07, 0.05), (0.80, 0.045, 0.03))
_UMBRELLA = ((0.985, 0.30), (1.06, 0.26), (1.12, 0.16), (1.155, 0.03))
_BAGS = {
    "suitcase": (0.15, 0.045, 0.14, 0.38),
    "shopping": (0.10, 0.035, 0.20, 0.39),
    "handbag": (0.075, 0.03, 0.42, 0.52),
    "satchel": (0.09, 0.03, 0.41, 0.52),
}
"""Half length and half width, and from where to where it hangs."""
_WHEEL = ((0.0, 0.010, 0.02), (0.02, 0.014, 0.042), (0.06, 0.014, 0.052), (0.1, 0.012, 0.03))
_SEAT = ((0.17, 0.46, 0.09, 0.05), (0.24, 0.44, 0.11, 0.12), (0.33, 0.38, 0.11, 0.13), (0.40, 0.33, 0.10, 0.08))
_HOOD = ((0.36, 0.31, 0.11, 0.09), (0.45, 0.33, 0.12, 0.12), (0.53, 0.34, 0.11, 0.10), (0.57, 0.33, 0.05, 0.05))
_PRAMS: tuple[Colour, ...] = ((0.02, 0.03, 0.06), (0.03, 0.03, 0.03), (0.10, 0.02, 0.03), (0.03, 0.06, 0.06))
_BLACK: Colour = (0.025, 0.025, 0.028)


def paint_person(canvas: Canvas, thing: Thing, x: float, z: float, lit: float) -> None:
    """A person `thing.size` metres tall, heading `facing` half turns from straight away, to the right first."""
    figure = Figure(canvas, thing, x, z, lit, PERSON)
    outfit = dress(thing, canvas.weather.kind == "rain")
    if figure.scale < TINY:
        return _paint_tiny(figure, thing, outfit)
    pose = pose_of(thing, outfit)
    coming = figure.away < 0
    if coming:
        paint_rucksack(figure, outfit, pose)
    elif outfit.bag == "pushchair":
        _paint_pushchair(figure, thing)
    arms = sorted(zip(pose.arms, outfit.arms, strict=True), key=lambda arm: -figure.depth(arm[0][2]))
    behind = sum(figure.depth(arm[2]) > 0.07 * number for number, (arm, _) in enumerate(arms))
    for arm, does in arms[:behind]:
        _paint_side(figure, thing, outfit, arm, does, 0.84)
    paint_legs(figure, thing, outfit, pose)
    _paint_skirt(figure, thing, outfit, pose)
    paint_torso(figure, thing, outfit, pose)
    paint_head(figure, thing, outfit, pose)
    if not coming:
        paint_rucksack(figure, outfit, pose)
    for arm, does in arms[behind:]:
        _paint_side(figure, thing, outfit, arm, does, 1.0)
    _paint_before(figure, thing, outfit, pose)


def _paint_side(figure: Figure, thing: Thing, outfit: Outfit, arm: Chain, does: str, gain: float) -> None:
    """An arm and what hangs from it; a bag at the hip is on the right."""
    paint_arm(figure, thing, outfit, arm, gain)
    if does == "carry" or (arm[0][1] > 0 and outfit.bag in ("handbag", "satchel")):
        _paint_bag(figure, outfit, arm)


def _paint_before(figure: Figure, thing: Thing, outfit: Outfit, pose: Pose) -> None:
    """What is nearer to us than the body, or above it."""
    if figure.away < 0 and outfit.bag == "pushchair":
        _paint_pushchair(figure, thing)
    if outfit.umbrella is not None:
        _paint_umbrella(figure, outfit.umbrella, pose)


def pose_of(thing: Thing, outfit: Outfit) -> Pose:
    bits = thing.look >> 5
    if thing.kind == "standing":
        return standing(bits % 4, *outfit.arms, outfit.stoop)
    return walking(bits % 16, (bits >> 4) % 4, *outfit.arms, outfit.stoop)


def _paint_tiny(figure: Figure, thing: Thing, outfit: Outfit) -> None:
    """A few pixels of person: two legs, a body, a head."""
    wide = 0.105 * outfit.build
    step = 0.0 if thing.kind == "standing" else 0.03 + 0.06 * abs(figure.ahead)
    trousers = outfit.skin if outfit.bare_legs else thing.second
    if figure.scale < TINY / 2:
        figure.loft(((0.0, 0.0, 0.06, 0.03 + step), (0.5, 0.0, wide * 0.9, 0.07)), trousers)
    else:
        figure.strip(((step, -0.035, 0.0), (0.0, -0.03, 0.5)), (0.026, 0.05), trousers)
        figure.strip(((-step, 0.035, 0.0), (0.0, 0.03, 0.5)), (0.026, 0.05), trousers)
    hem = min(outfit.top_hem, outfit.skirt_hem)
    figure.loft(((hem, 0.0, wide, 0.08), (0.74, 0.0, wide * 1.25, 0.09), (0.83, 0.0, 0.06, 0.05)), thing.colour)
    figure.fill(figure.oval(0.02, 0.92, 0.046, 0.072, 6), outfit.skin if figure.away < -0.3 else outfit.hair)


def paint_legs(figure: Figure, thing: Thing, outfit: Outfit, pose: Pose) -> None:
    far_first = sorted(pose.legs, key=lambda leg: -figure.depth(leg[2]))
    build = outfit.build
    for leg, gain in zip(far_first, (0.74, 1.0), strict=True):
        hip, knee, ankle, toe = leg
        heel = (ankle[0] - 0.022 * (toe[0] - ankle[0]) / 0.1, ankle[1], ankle[2] - 0.016)
        toe = (toe[0] - 0.2 * (toe[0] - ankle[0]), toe[1], toe[2] + 0.004)
        figure.strip((heel, toe), _SHOE, scaled(outfit.shoes, gain))
        colour = scaled(outfit.skin if outfit.bare_legs else thing.second, gain)
        hip = (hip[0], hip[1] * build, hip[2])
        calf = (0.6 * knee[0] + 0.4 * ankle[0] - 0.006, 0.6 * knee[1] + 0.4 * ankle[1], 0.6 * knee[2] + 0.4 * ankle[2])
        slim = 0.85 if outfit.bare_legs else 1.0
        widths = (_LEG[0] * build, _LEG[1] * build, _LEG[2] * slim, _LEG[3] * slim)
        figure.strip((hip, knee, calf, ankle), widths, colour)
        if outfit.bare_legs and outfit.skirt_hem >= 1.0:  # shorts
            hem = (0.25 * hip[0] + 0.75 * knee[0], 0.25 * hip[1] + 0.75 * knee[1], 0.25 * hip[2] + 0.75 * knee[2])
            figure.strip((hip, hem), (widths[0], widths[1] * 1.3), scaled(thing.second, gain))


def _paint_skirt(figure: Figure, thing: Thing, outfit: Outfit, pose: Pose) -> None:
    if outfit.skirt_hem >= 1.0:
        return
    hem, build = outfit.skirt_hem, outfit.build
    flare = 0.055 + 0.8 * pose.spread * (0.55 - hem) / 0.3
    levels = ((hem, 0.0, 0.105 * build, flare), (0.5, 0.0, 0.086 * build, 0.068), (0.57, 0.0, 0.08 * build, 0.06))
    figure.loft(levels, thing.second)


def torso_levels(outfit: Outfit, pose: Pose, hem: float) -> list[Level]:
    wide, slope = outfit.build * (0.92 if outfit.woman else 1.0), pose.lean / (SHOULDER - 0.52)
    levels: list[Level] = []
    if hem < 0.44:
        levels.append((hem, 0.0, 0.100 * outfit.build, 0.070 + 0.75 * pose.spread * (0.52 - hem) / 0.25))
    else:
        levels.append((hem + pose.rise, 0.0, 0.084 * outfit.build, 0.066 * outfit.build))
    for up, width, thick in _TORSO:
        levels.append((up + pose.rise, slope * (up - 0.52), width * wide, thick * outfit.build))
    levels.append((0.845 + pose.rise, slope * 0.33, 0.036, 0.036))
    return levels


def paint_torso(figure: Figure, thing: Thing, outfit: Outfit, pose: Pose) -> None:
    figure.loft(torso_levels(outfit, pose, outfit.top_hem), thing.colour)
    if figure.scale < CLOSE:
        return
    lean, rise = pose.lean, pose.rise
    if figure.away < -0.35:  # an open collar, and the line where the coat closes
        top, chest = 0.838 + rise, (0.05 + lean, 0.0, 0.77 + rise)
        collar = [figure.place(lean, -0.03, top), figure.place(lean, 0.03, top), figure.place(*chest)]
        figure.hint(collar, (0.45, 0.44, 0.42) if thing.look % 3 else scaled(thing.second, 1.3))
        if thing.look % 2:
            (x0, y0), (x1, y1) = figure.place(*chest), figure.place(0.05, 0.0, outfit.top_hem)
            w = 0.004 * figure.scale
            figure.hint([(x0 - w, y0), (x0 + w, y0), (x1 + w, y1), (x1 - w, y1)], thing.colour, -1)


def paint_arm(figure: Figure, thing: Thing, outfit: Outfit, arm: Chain, gain: float) -> None:
    """Sleeve and hand; shoulders follow the build."""
    wide = outfit.build * (0.88 if outfit.woman else 1.0)
    shoulder, elbow, hand = ((f, r * wide, u) for f, r, u in arm)
    sleeve, skin = scaled(thing.colour, gain), scaled(outfit.skin, gain)
    cap = (shoulder[0], shoulder[1] * 0.72, shoulder[2] + 0.022)
    shoulder = (shoulder[0], shoulder[1] * 0.91, shoulder[2] - 0.022)
    if figure.scale > 1.5 * TINY:
        f, r, u = (b + 0.3 * (b - a) for a, b in zip(elbow, hand, strict=True))
        figure.strip((hand, (f, r, u)), (0.019, 0.015), skin)
    if outfit.short_sleeves:
        figure.strip((elbow, hand), (0.024, 0.017), skin)
        figure.strip((cap, shoulder, elbow), (_ARM[0], _ARM[1], _ARM[2] * 1.08), sleeve)
    else:
        figure.strip((cap, shoulder, elbow, hand), _ARM, sleeve)
    if figure.scale > CLOSE and gain == 1.0 and abs(figure.away) > 0.5:  # where the arm lies against the body
        inner, outer = shoulder[1] * 0.8, shoulder[1] * 0.86
        edge = [figure.place(shoulder[0], inner, 0.76), figure.place(elbow[0], inner, elbow[2])]
        other = [figure.place(elbow[0], outer, elbow[2]), figure.place(shoulder[0], outer, 0.76)]
        figure.hint(edge + other, thing.colour, -1)


def paint_rucksack(figure: Figure, outfit: Outfit, pose: Pose) -> None:
    if outfit.bag != "backpack":
        return
    back = pose.lean * 0.7 - 0.105
    figure.loft([(up + pose.rise, back, wide, thick) for up, wide, thick in _RUCKSACK], outfit.bag_colour)


def _paint_bag(figure: Figure, outfit: Outfit, arm: Chain) -> None:
    """A suitcase, a carrier bag or a handbag, hanging from the hand or at the hip."""
    f, r, u = arm[2]
    thick, wide, low, high = _BAGS[outfit.bag]
    side = r + (0.02 if r > 0 else -0.02)
    figure.strip(((f, r, u), (f, side, high)), (0.008, 0.012), outfit.bag_colour)
    levels = ((low, f, wide, thick), (high - 0.03, f, wide * 0.9, thick * 0.95), (high, f, wide * 0.5, thick * 0.8))
    figure.loft(levels, outfit.bag_colour, side)


def _paint_pushchair(figure: Figure, thing: Thing) -> None:
    for r in (-0.12, 0.12):
        figure.strip(((0.22, r, 0.58), (0.50, r, 0.06)), (0.012, 0.012), _BLACK)
        figure.strip(((0.46, r, 0.34), (0.24, r, 0.06)), (0.012, 0.012), _BLACK)
        for f in (0.24, 0.50):
            figure.loft([(up, f, wide, thick) for up, wide, thick in _WHEEL], _BLACK, r)
    cloth = _PRAMS[thing.look % 4]
    figure.loft(_SEAT, cloth)
    figure.loft(_HOOD, scaled(cloth, 1.5))


def _paint_umbrella(figure: Figure, colour: Colour, pose: Pose) -> None:
    f, r, _ = pose.arms[1][2]
    figure.strip(((f, r * 0.6, 0.62), (f, r * 0.4, 1.16)), (0.006, 0.006), _BLACK)
    figure.loft([(up, f, wide, wide) for up, wide in _UMBRELLA], colour)
    x, y = figure.place(f, 0.0, 0.985)
    s = 0.30 * figure.scale
    bays = [(x + s * (i / 3 - 1), y - (0.1 * s if i % 2 else 0.0)) for i in range(7)]
    figure.fill([*bays, (x + s * 0.9, y - 0.15 * s), (x - s * 0.9, y - 0.15 * s)], colour, -1)
