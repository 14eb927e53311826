"""A network, or an ensemble of fixed weights, as ONNX: every network by itself, and all of them as one file's bytes.

PyTorch writes the networks, export_graph.py what lies around them. Checks nothing and writes no file (export.py does).
"""

import contextlib
import io
import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import onnx
import torch
from torch import nn

from unetkd_core import __version__
from unetkd_core.classes import CLASS_NAMES, PALETTES
from unetkd_core.errors import ExportError
from unetkd_core.models.backbones import HALVINGS
from unetkd_core.models.ensemble import EnsembleTeacher
from unetkd_core.zoo.export_graph import OPSET, Network, around
from unetkd_core.zoo.references import Loaded

FORMAT_VERSION: Final = 1
_MOVING: Final = {"loss": "each batch's loss", "confidence": "each pixel's confidence"}


def graphs(loaded: Loaded) -> list[Network]:
    """Every network of `loaded` as ONNX, with its size and its share of the mean. Raises ExportError for what cannot be
    one file.
    """
    model, info = loaded
    if not isinstance(model, EnsembleTeacher):
        return [_network(model, (info.height, info.width), (1.0,))]
    if model.weighting in _MOVING:
        raise ExportError(
            f"{info.title} is weighed by {_MOVING[model.weighting]}, which one file cannot do; export an ensemble of "
            f"fixed weights, or its members one by one."
        )
    sizes = model.sizes or ((info.height, info.width),) * len(model.members)
    table = model.weights[:, None] if model.class_weights is None else model.class_weights
    if len(model.heard) == 1:
        return [_network(model.members[model.heard[0]], sizes[model.heard[0]], (1.0,))]
    return [_network(model.members[i], sizes[i], tuple(table[i].tolist())) for i in model.heard]


def assemble(loaded: Loaded, networks: Sequence[Network], notes: Mapping[str, Any]) -> bytes:
    """The file: the networks with all that lies around them, and what they are as metadata.

    notes: what else is to be remembered, JSON data by name; `form` among them where it is not fp32.
    """
    space = loaded.model.space if isinstance(loaded.model, EnsembleTeacher) else "probs"
    whole = around(networks, classes=len(loaded.info.classes), space=space)
    for key, value in {**_about(loaded, str(notes.get("form", "fp32"))), **notes}.items():
        entry = whole.metadata_props.add()
        entry.key, entry.value = key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    whole.producer_name, whole.producer_version = "unetkd", __version__
    whole.doc_string = f"{loaded.info.title}. Licence: {loaded.info.licence}"
    data: bytes = whole.SerializeToString()
    return data


def _about(loaded: Loaded, form: str) -> dict[str, Any]:
    info = loaded.info
    # The checkpoint's scores are of its network in fp32: another form has others, and must not pass these for its own.
    scores = "metrics" if form == "fp32" else "metrics_fp32"
    return {
        "format_version": str(FORMAT_VERSION),
        "name": info.name,
        "title": info.title,
        "classes": list(CLASS_NAMES),
        "colors": PALETTES["table1"].tolist(),
        "mapping": info.mapping,
        "licence": info.licence,
        "weights_sha256": info.sha256,
        "training_size": [info.height, info.width],
        "data": info.data,
        scores: info.metrics,
        "input": "uint8 RGB photos (batch, height, width, 3), of any size from 16x16",
        "outputs": "labels uint8 (batch, height, width); probs float32 (batch, classes, height, width)",
    }


def _network(model: nn.Module, size: tuple[int, int], share: tuple[float, ...]) -> Network:
    arch: dict[str, Any] = model.arch  # type: ignore[assignment]
    unit = 1 << (arch["levels"] if arch["type"] == "unet" else HALVINGS)
    return Network(_as_onnx(model, unit), size, unit, share)


def _as_onnx(model: nn.Module, unit: int) -> onnx.ModelProto:
    """image (N, 3, h, w) float in [0, 1], sides multiples of `unit` -> logits, of any number and size."""
    # Sides that are multiples of the unit leave out the network's own padding, which has a branch that no graph has.
    rows, columns = (torch.export.Dim(name, min=1, max=4096) for name in ("rows", "columns"))
    sides = {0: torch.export.Dim("batch", min=1), 2: unit * rows, 3: unit * columns}
    with quiet(), torch.no_grad():
        program = torch.onnx.export(
            model.eval(),
            (torch.zeros(2, 3, 3 * unit, 4 * unit),),
            input_names=["image"],
            output_names=["logits"],
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
            dynamic_shapes=(sides,),
        )
    assert program is not None
    return _plain(program.model_proto)


def _plain(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without where in our source each node came from, and without shapes that only held there."""
    del model.graph.value_info[:]
    del model.graph.metadata_props[:]
    for item in (*model.graph.node, *model.graph.initializer, *model.graph.input, *model.graph.output):
        del item.metadata_props[:]
        item.doc_string = ""
    return model


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The exporters talk about themselves, on stdout too, which is for results."""
    level = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
