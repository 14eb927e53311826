"""A network's ONNX graph in 8-bit whole numbers: static quantisation, its ranges measured on scenes of a dataset.

Weights per channel and in 7 bits, activations in 8: products of full 8 bits overflow on x86 processors without VNNI.
What lies around the network (scaling, upsampling, softmax) stays as it is.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

from unetkd_core.data.packed import spaced
from unetkd_core.data.source import Source
from unetkd_core.inference.views import to_batch, to_working_size
from unetkd_core.models.blocks import pad_to_multiple
from unetkd_core.zoo.export_network import quiet


def photos_of(source: Source, count: int) -> list[np.ndarray]:
    """At most `count` of the source's scenes (H, W, 3) uint8, evenly spaced. Raises what reading them raises."""
    return [source.read(index).image for index in spaced(len(source), count)]


def quantised(
    graph: onnx.ModelProto, photos: Sequence[np.ndarray], *, unit: int, size: tuple[int, int]
) -> onnx.ModelProto:
    """The network (float image -> logits) with int8 weights and uint8 activations, float at both ends.

    photos: (H, W, 3) uint8, on which the activations' ranges are measured. unit, size: as export_graph.Network's.
    """
    own = onnx.ModelProto()
    own.CopyFrom(graph)  # quantize_static moves the weights of what it is handed into a file of its own
    with tempfile.TemporaryDirectory(prefix="unetkd-int8-") as folder, quiet():
        quantize_static(
            own,
            Path(folder) / "int8.onnx",
            _Reader(photos, unit, size),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        return onnx.load(Path(folder) / "int8.onnx")


class _Reader(CalibrationDataReader):
    """Photos one by one, as the network is fed them."""

    def __init__(self, photos: Sequence[np.ndarray], unit: int, size: tuple[int, int]) -> None:
        self._feeds = self._each(photos, unit, size)

    def _each(self, photos: Sequence[np.ndarray], unit: int, size: tuple[int, int]) -> Iterator[dict[str, np.ndarray]]:
        for photo in photos:
            _, _, image = pad_to_multiple(to_batch([to_working_size(photo, size)]), unit)
            yield {"image": image.numpy()}

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next photo, none after the last."""
        return next(self._feeds, None)
