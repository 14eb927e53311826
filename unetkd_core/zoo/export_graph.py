"""The ONNX graph around a network: from a photo to what it is fed, and from its logits to labels at the photo's size.

Written in ONNX's own text form. Scaling is Pillow's, to the bit (its two passes with whole numbers: Resample.c), since
ONNX's antialiased Resize is up to four grey levels away from what the network saw in training. Knows no checkpoint.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import onnx
import onnx.inliner
from onnx import TensorProto, helper, numpy_helper

from unetkd_core.data.images import MIN_SIDE
from unetkd_core.models.weighting import Space

OPSET: Final = 18
IR_VERSION: Final = 8
"""What opset 18 came with: ONNX Runtime 1.14 and all after it read the file."""
INPUT, LABELS, PROBS = "image", "labels", "probs"
_DOMAIN: Final = "unetkd"
_HEAD: Final = f'<domain: "{_DOMAIN}", opset_import: ["" : {OPSET}, "{_DOMAIN}" : 1]>'

_PREPARE: Final = """
prepare (image, train_height, train_width, unit) => (seen, start, end) {
    one = Constant <value_int = 1> ()
    two = Constant <value_int = 2> ()
    shape = Shape (image)
    height = Gather (shape, one)
    width = Gather (shape, two)
    rows, columns = unetkd.working_size (height, width, train_height, train_width)
    planes = Transpose <perm = [0, 3, 1, 2]> (image)
    exact = Cast <to = 11> (planes)
    across = unetkd.taps (width, columns)
    across_t = Transpose <perm = [1, 0]> (across)
    wide_sum = MatMul (exact, across_t)
    wide = unetkd.grey_level (wide_sum)
    down = unetkd.taps (height, rows)
    small_sum = MatMul (down, wide)
    small = unetkd.grey_level (small_sum)
    value = Cast <to = 1> (small)
    white = Constant <value = float {255.0}> ()
    scaled = Div (value, white)
    top, bottom = unetkd.margins (rows, unit)
    left, right = unetkd.margins (columns, unit)
    axis = Constant <value_ints = [0]> ()
    top1 = Unsqueeze (top, axis)
    bottom1 = Unsqueeze (bottom, axis)
    left1 = Unsqueeze (left, axis)
    right1 = Unsqueeze (right, axis)
    start = Concat <axis = 0> (top1, left1)
    rest = Concat <axis = 0> (bottom1, right1)
    rows1 = Unsqueeze (rows, axis)
    columns1 = Unsqueeze (columns, axis)
    size = Concat <axis = 0> (rows1, columns1)
    end = Add (start, size)
    none = Constant <value_ints = [0, 0]> ()
    pads = Concat <axis = 0> (none, start, none, rest)
    seen = Pad <mode = "edge"> (scaled, pads)
}
"""
"""image (N, H, W, 3) uint8 -> seen (N, 3, h, w) float in [0, 1], padded to multiples of unit; where the image is in it:
inference/views.py and models/blocks.pad_to_multiple.
"""

_WORKING_SIZE: Final = f"""
working_size (height, width, train_height, train_width) => (rows, columns) {{
    h = Cast <to = 11> (height)
    w = Cast <to = 11> (width)
    th = Cast <to = 11> (train_height)
    tw = Cast <to = 11> (train_width)
    by_height = Div (th, h)
    by_width = Div (tw, w)
    cover = Max (by_height, by_width)
    four = Constant <value = double {{4.0}}> ()
    th4 = Mul (four, th)
    most = Mul (th4, tw)
    area = Mul (h, w)
    share = Div (most, area)
    cap = Sqrt (share)
    scale = Min (cover, cap)
    exact_rows = Mul (h, scale)
    exact_columns = Mul (w, scale)
    round_rows = Round (exact_rows)
    round_columns = Round (exact_columns)
    whole_rows = Cast <to = 7> (round_rows)
    whole_columns = Cast <to = 7> (round_columns)
    least = Constant <value_int = {MIN_SIDE}> ()
    rows = Max (whole_rows, least)
    columns = Max (whole_columns, least)
}}
"""
"""inference/sizes.working_size: the scale of training, at most four training images of pixels."""

_TAPS: Final = """
taps (source, target) => (weights) {
    zero = Constant <value_int = 0> ()
    one = Constant <value_int = 1> ()
    half = Constant <value = double {0.5}> ()
    unit = Constant <value = double {1.0}> ()
    nothing = Constant <value = double {0.0}> ()
    fixed_point = Constant <value = double {4194304.0}> ()
    axis = Constant <value_ints = [1]> ()
    s = Cast <to = 11> (source)
    t = Cast <to = 11> (target)
    scale = Div (s, t)
    reach = Max (scale, unit)
    per_reach = Div (unit, reach)
    out = Range (zero, target, one)
    out_exact = Cast <to = 11> (out)
    out_half = Add (out_exact, half)
    centre = Mul (out_half, scale)
    centres = Unsqueeze (centre, axis)
    into = Range (zero, source, one)
    into_exact = Cast <to = 11> (into)
    from_centre = Sub (into_exact, centres)
    offset = Add (from_centre, half)
    relative = Mul (offset, per_reach)
    distance = Abs (relative)
    slope = Sub (unit, distance)
    triangle = Max (slope, nothing)
    total = ReduceSum <keepdims = 1> (triangle, axis)
    per_total = Div (unit, total)
    share = Mul (triangle, per_total)
    fixed = Mul (share, fixed_point)
    rounded = Add (fixed, half)
    weights = Floor (rounded)
}
"""
"""(target, source) double, whole numbers: Pillow's weights of a bilinear pass, in units of 2**-22."""

_GREY_LEVEL: Final = """
grey_level (total) => (level) {
    half = Constant <value = double {2097152.0}> ()
    unit = Constant <value = double {4194304.0}> ()
    more = Add (total, half)
    exact = Div (more, unit)
    level = Floor (exact)
}
"""
"""Sums in units of 2**-22 -> whole grey levels, halves upwards, as Pillow rounds after each pass."""

_MARGINS: Final = """
margins (length, unit) => (before, after) {
    two = Constant <value_int = 2> ()
    rest = Mod (length, unit)
    lacking = Sub (unit, rest)
    both = Mod (lacking, unit)
    before = Div (both, two)
    after = Sub (both, before)
}
"""

_FINISH: Final = """
finish (logits, start, end, image) => (whole) {
    planes = Constant <value_ints = [2, 3]> ()
    own = Slice (logits, start, end, planes)
    zero = Constant <value_ints = [0]> ()
    one = Constant <value_ints = [1]> ()
    two = Constant <value_ints = [2]> ()
    three = Constant <value_ints = [3]> ()
    own_shape = Shape (own)
    image_shape = Shape (image)
    channels = Slice (own_shape, zero, two)
    size = Slice (image_shape, one, three)
    sizes = Concat <axis = 0> (channels, size)
    whole = Resize <mode = "linear", coordinate_transformation_mode = "half_pixel"> (own, , , sizes)
}
"""
"""The padding off, then bilinear to the image's size: inference/upsample.py."""

_SOFTMAX: Final = """
softmax (z) => (probs) {
    classes = Constant <value_ints = [1]> ()
    top = ReduceMax <keepdims = 1> (z, classes)
    below = Sub (z, top)
    grown = Exp (below)
    total = ReduceSum <keepdims = 1> (grown, classes)
    probs = Div (grown, total)
}
"""
"""Over classes. ONNX's Softmax along the second axis took half of the whole network's time in ONNX Runtime 1.32."""

_FUNCTIONS: Final = (_PREPARE, _WORKING_SIZE, _TAPS, _GREY_LEVEL, _MARGINS, _FINISH, _SOFTMAX)


class Network(NamedTuple):
    """graph: image (N, 3, h, w) float in [0, 1], sides multiples of `unit` -> logits (N, C, h, w).

    size: (height, width) of its training. share: its weight in the mean, one number or one a class.
    """

    graph: onnx.ModelProto
    size: tuple[int, int]
    unit: int
    share: tuple[float, ...] = (1.0,)


def around(networks: Sequence[Network], *, classes: int, space: Space = "probs") -> onnx.ModelProto:
    """One file's model: image (N, H, W, 3) uint8 RGB -> labels (N, H, W) uint8, probs (N, C, H, W) float.

    Each network sees the image at its own scale; several are averaged at the image's size, as inference/readout.py and
    models/ensemble.py do.
    """
    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []
    opsets = {"": OPSET, _DOMAIN: 1}
    for number, network in enumerate(networks):
        prefix = f"network{number}_"
        own = onnx.compose.add_prefix(network.graph, prefix)
        for name, value in (("height", network.size[0]), ("width", network.size[1]), ("unit", network.unit)):
            constants.append(numpy_helper.from_array(np.array(value, np.int64), prefix + name))
        given = [INPUT, *(prefix + name for name in ("height", "width", "unit"))]
        fed, start, end = (prefix + name for name in ("image", "start", "end"))
        nodes.append(helper.make_node("prepare", given, [fed, start, end], domain=_DOMAIN))
        nodes.extend(own.graph.node)
        constants.extend(own.graph.initializer)
        opsets.update({o.domain: o.version for o in own.opset_import if o.domain})
        said = [f"{prefix}logits", start, end, INPUT]
        nodes.append(helper.make_node("finish", said, [f"{prefix}whole"], domain=_DOMAIN))
    nodes.extend(_mean(networks, space, constants) if len(networks) > 1 else [_node("Identity", "network0_whole", "z")])
    nodes += [_own("softmax", "z", PROBS), _node("ArgMax", "z", "class", axis=1, keepdims=0)]
    nodes.append(_node("Cast", "class", LABELS, to=TensorProto.UINT8))
    return _assembled(nodes, constants, classes, opsets)


def _mean(networks: Sequence[Network], space: Space, constants: list[onnx.TensorProto]) -> list[onnx.NodeProto]:
    """z: the logarithm of the networks' mean probability, or the mean of their centred logits."""
    nodes = []
    for number, network in enumerate(networks):
        at = f"network{number}_"
        constants.append(
            numpy_helper.from_array(np.array(network.share, np.float32).reshape(1, -1, 1, 1), f"{at}share")
        )
        if space == "probs":
            nodes.append(_own("softmax", f"{at}whole", f"{at}said"))
        else:
            nodes.append(_node("ReduceMean", f"{at}whole", f"{at}level", "class_axis"))
            nodes.append(_node("Sub", f"{at}whole", f"{at}said", f"{at}level"))
        nodes.append(_node("Mul", f"{at}said", f"{at}part", f"{at}share"))
    if space == "logits":
        constants.append(numpy_helper.from_array(np.array([1], np.int64), "class_axis"))
    total = helper.make_node("Sum", [f"network{i}_part" for i in range(len(networks))], ["sum"])
    return [*nodes, total, _node("Log" if space == "probs" else "Identity", "sum", "z")]


def _node(kind: str, first: str, out: str, *more: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, [first, *more], [out], **attributes)


def _own(function: str, first: str, out: str) -> onnx.NodeProto:
    return helper.make_node(function, [first], [out], domain=_DOMAIN)


def _assembled(
    nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto], classes: int, opsets: dict[str, int]
) -> onnx.ModelProto:
    image = helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["batch", "height", "width", 3])
    outputs = [
        helper.make_tensor_value_info(LABELS, TensorProto.UINT8, ["batch", "height", "width"]),
        helper.make_tensor_value_info(PROBS, TensorProto.FLOAT, ["batch", classes, "height", "width"]),
    ]
    model = helper.make_model(
        helper.make_graph(nodes, "unetkd", [image], outputs, constants),
        functions=[onnx.parser.parse_function(_HEAD + text) for text in _FUNCTIONS],
        opset_imports=[helper.make_opsetid(domain, version) for domain, version in opsets.items()],
        ir_version=IR_VERSION,
    )
    flat = onnx.inliner.inline_local_functions(model)
    onnx.checker.check_model(flat, full_check=True)
    return flat
