"""Networks as ONNX: the file answers as PyTorch does, for photos of any size, and what it cannot be is refused."""

import errno
import json
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from PIL import Image
from torch import nn

from tests.zoo.conftest import SMALL, make_info, make_model
from unetkd_core.classes import CLASS_NAMES
from unetkd_core.data.images import read_image
from unetkd_core.errors import ExportError
from unetkd_core.inference.predict import predict
from unetkd_core.inference.views import to_batch, to_working_size
from unetkd_core.metrics import Scores
from unetkd_core.models.ensemble import EnsembleTeacher
from unetkd_core.zoo import export, export_check, export_graph, export_network
from unetkd_core.zoo.export import Quantising
from unetkd_core.zoo.export_graph import Network
from unetkd_core.zoo.references import Loaded

ROOT = Path(__file__).resolve().parents[2]
SIZES = [(32, 64), (51, 77), (16, 16), (17, 300), (90, 40), (200, 333)]


@pytest.fixture(scope="module", autouse=True)
def _each_network_once() -> Iterator[None]:
    """PyTorch's exporter takes seconds a network: what it made of one serves every test."""
    real, made = export_network._as_onnx, {}

    def once(model: nn.Module, unit: int) -> onnx.ModelProto:
        if (id(model), unit) not in made:
            made[id(model), unit] = (real(model, unit), model)  # the model is kept, so that its id is not used again
        return made[id(model), unit][0]

    patch = pytest.MonkeyPatch()
    patch.setattr(export_network, "_as_onnx", once)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def other() -> nn.Module:
    return make_model({**SMALL, "levels": 2, "norm": "batch"}, seed=3).eval()


@pytest.fixture(scope="module")
def small() -> Loaded:
    """A network that has an opinion: an untrained one is never sure."""
    model = make_model().eval()
    with torch.no_grad():
        model.head.weight.mul_(20)  # type: ignore[operator, union-attr]
    return Loaded(model, make_info(sha256="a" * 64))


@pytest.fixture(scope="module")
def networks(small: Loaded) -> list[Network]:
    return export_network.graphs(small)


@pytest.fixture(scope="module")
def file(small: Loaded, networks: list[Network]) -> bytes:
    return export_network.assemble(small, networks, {"form": "fp32"})


@pytest.fixture(scope="module")
def running(file: bytes) -> Iterator[onnxruntime.InferenceSession]:
    yield export_check.session(file)


def photo(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth patches with noise on them: what scaling treats like a picture."""
    rng = np.random.default_rng(seed)
    rough = Image.fromarray(rng.integers(0, 256, (6, 9, 3), dtype=np.uint8)).resize((width, height))
    return np.clip(np.asarray(rough).astype(int) + rng.integers(-9, 10, (height, width, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_photo_of_any_size_gets_the_labels_and_probabilities_of_predict(
    small: Loaded, running: onnxruntime.InferenceSession, size: tuple[int, int]
) -> None:
    image = photo(*size)
    expected = predict(small.model, image, training_size=(32, 64))
    labels, probs = running.run(["labels", "probs"], {"image": image[None]})
    assert (labels.dtype, labels.shape, probs.dtype) == (np.uint8, (1, *size), np.float32)
    assert np.abs(probs[0] - expected.probs).max() < 1e-3
    assert (labels[0] == expected.labels).mean() > 0.999 and len(np.unique(labels)) > 1


def test_photos_in_a_batch_are_answered_one_by_one(running: onnxruntime.InferenceSession) -> None:
    both = np.stack([photo(40, 60, seed) for seed in (1, 2)])
    together = running.run(["probs"], {"image": both})[0]
    apart = [running.run(["probs"], {"image": one[None]})[0][0] for one in both]
    assert np.abs(together - np.stack(apart)).max() < 1e-5


def test_the_file_says_what_it_is(running: onnxruntime.InferenceSession) -> None:
    about = running.get_modelmeta().custom_metadata_map
    assert json.loads(about["classes"]) == list(CLASS_NAMES) and json.loads(about["colors"])[1] == [128, 64, 128]
    assert (about["licence"], about["weights_sha256"], about["form"]) == ("MIT", "a" * 64, "fp32")
    assert json.loads(about["mapping"]) == ["camvid"] and json.loads(about["training_size"]) == [32, 64]
    assert json.loads(about["metrics"]) == make_info().metrics and "metrics_fp32" not in about


def test_streets_pass_and_a_file_of_other_weights_does_not(small: Loaded, file: bytes) -> None:
    photos = [[photo(32, 64)], [photo(45, 81)]]
    found = export_check.parity(small, file, photos)
    assert found.worst < 1e-3 and found.sizes == ((32, 64), (45, 81))
    changed = Loaded(make_model(seed=1).eval(), small.info)
    with pytest.raises(ExportError, match=r"something else than PyTorch.*Nothing was written"):
        export_check.parity(changed, file, photos)


def test_the_photos_that_are_compared_have_an_odd_size_and_a_batch_among_them(small: Loaded) -> None:
    batches = export_check.street_photos(small)
    assert [len(batch) for batch in batches] == [1, 1, 2]
    assert any(side % 2 for batch in batches for side in batch[0].shape[:2])


@pytest.mark.parametrize("space", ["probs", "logits"])
def test_an_ensemble_is_one_file_whose_members_see_their_own_scales(
    small: Loaded, other: nn.Module, space: str
) -> None:
    sizes = [(32, 64), (24, 40)]
    model = EnsembleTeacher([small.model, other], weights=[1, 3], sizes=sizes, space=space).eval()  # type: ignore[arg-type]
    loaded = Loaded(model, make_info(role="ensemble"))
    file = export_network.assemble(loaded, export_network.graphs(loaded), {})
    assert export_check.parity(loaded, file, [[photo(50, 70)]]).worst < 1e-3


def test_an_ensembles_member_of_no_weight_is_left_out_and_per_class_weights_are_taken(
    small: Loaded, other: nn.Module
) -> None:
    members = [small.model, other]
    alone = Loaded(EnsembleTeacher(members, weights=[1, 0]).eval(), make_info(role="ensemble"))
    assert len(export_network.graphs(alone)) == 1
    table = [[0.1, 0.5, 0.5, 0.5, 1.0, 0.5], [0.9, 0.5, 0.5, 0.5, 0.0, 0.5]]
    by_class = EnsembleTeacher(members, class_weights=table, weighting="per_class").eval()
    loaded = Loaded(by_class, make_info(role="ensemble"))
    file = export_network.assemble(loaded, export_network.graphs(loaded), {})
    assert export_check.parity(loaded, file, [[photo(50, 70)]]).worst < 1e-3


def test_an_ensemble_that_is_weighed_anew_for_each_pixel_is_refused(small: Loaded, other: nn.Module) -> None:
    model = EnsembleTeacher([small.model, other], weighting="confidence")
    with pytest.raises(ExportError, match=r"weighed by each pixel's confidence.*fixed weights"):
        export_network.graphs(Loaded(model, make_info(role="ensemble")))


def test_int8_is_smaller_measured_and_close(small: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CALIBRATION", 2)
    seen: list[tuple[int, int]] = []
    made = export.make(small, int8=Quantising(limit=2), progress=lambda done, total: seen.append((done, total)))
    about = export_check.session(made.file).get_modelmeta().custom_metadata_map
    assert (about["form"], about["calibrated_on"]) == ("int8", "2 scenes of streets:train")
    assert json.loads(about["miou"])["scenes"] == 2 and seen[-1] == (2, 2)
    # What was measured of the network in fp32 does not pass for int8's own.
    assert "metrics" not in about and json.loads(about["metrics_fp32"]) == small.info.metrics
    assert abs(made.scores["int8"].miou - made.scores["fp32"].miou) < 0.1
    assert 0.8 < made.scores["int8"].agreement < made.scores["fp32"].agreement == 1
    assert set(made.seconds) == {"PyTorch", "fp32", "int8"} and min(made.seconds.values()) > 0
    assert b"DequantizeLinear" in made.file and made.worst < 1e-3


def test_int8_is_not_judged_on_what_it_was_calibrated_on(small: Loaded, networks: list[Network], file: bytes) -> None:
    same = Quantising("streets:val", "streets:val")
    with pytest.raises(ExportError, match="calibrated and judged on the same scenes, streets:val"):
        export._quantised(small, networks, file, same, None)


@pytest.mark.parametrize("kept", [0.3, float("nan")])
def test_int8_that_says_something_else_is_refused(kept: float) -> None:
    scores = {"fp32": Scores(0.6, (0.6,) * 6, 0.9, agreement=1.0), "int8": Scores(0.1, (0.1,) * 6, 0.3, agreement=kept)}
    with pytest.raises(ExportError, match=r"collapsed: .* of mine:val's pixels.*60\.0% before, 10\.0% after"):
        export_check.refuse_collapsed(scores, "mine:val")
    scores["int8"] = Scores(0.5, (0.5,) * 6, 0.9, agreement=0.9)
    export_check.refuse_collapsed(scores, "mine:val")


def test_what_is_not_installed_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PACKAGES", ("onnx", "not_there_onnx"))
    with pytest.raises(
        ExportError, match=r"takes not_there_onnx, not installed here; `pip install onnx not_there_onnx`"
    ):
        export.require_packages()


def _no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_is_replaced_only_when_asked_and_never_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.onnx"
    export.write(target, b"one")
    with pytest.raises(ExportError, match="--replace"):
        export.write(target, b"two")
    assert target.read_bytes() == b"one"
    export.write(target, b"two", replace=True)
    assert target.read_bytes() == b"two" and [p.name for p in tmp_path.iterdir()] == ["a.onnx"]
    with pytest.raises(ExportError, match="There is no folder"):
        export.write(target / "b.onnx", b"x")
    with monkeypatch.context() as full:
        full.setattr("unetkd_core.zoo.folders.os.replace", _no_room)
        with pytest.raises(ExportError, match="cannot be written: No space left"):
            export.write(tmp_path / "b.onnx", b"x")
    assert [p.name for p in tmp_path.iterdir()] == ["a.onnx"]
    with pytest.raises(ExportError, match="is a folder"):
        export.write(tmp_path, b"x", replace=True)


def test_the_documents_script_uses_the_file_without_this_package(small: Loaded, file: bytes, tmp_path: Path) -> None:
    script = ROOT / "docs" / "use_onnx.py"
    code = script.read_text().split('"""')[2].strip().splitlines()
    assert len(code) <= 22 and "unetkd_core" not in script.read_text()
    (tmp_path / "n.onnx").write_bytes(file)
    Image.fromarray(photo(61, 93)).save(tmp_path / "p.png")
    done = subprocess.run(
        [sys.executable, script, "n.onnx", "p.png", "out.png"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "road markings" in done.stdout and "Licence: MIT" in done.stdout
    image = read_image(tmp_path / "p.png", name="p.png")
    expected = predict(small.model, image, training_size=(32, 64)).labels
    assert (np.array(Image.open(tmp_path / "out.png")) == expected).mean() > 0.999


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ((), "expected 3, got 0"),
        (("none.onnx", "p.png", "out.png"), "No such file or directory: 'none.onnx'"),
        (("n.onnx", "none.png", "out.png"), "none.png"),
        (("n.onnx", "n.onnx", "out.png"), "cannot identify image file"),
        (("p.png", "p.png", "out.png"), "ONNXRuntimeError"),
        (("n.onnx", "p.png", "nowhere/out.png"), "nowhere/out.png"),
    ],
)
def test_the_documents_script_says_in_a_line_what_it_lacks(
    file: bytes, tmp_path: Path, names: tuple[str, ...], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "n.onnx").write_bytes(file)
    Image.fromarray(photo(61, 93)).save(tmp_path / "p.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["use_onnx.py", *names])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "docs" / "use_onnx.py"), run_name="__main__")
    said = str(ended.value)
    assert said.startswith("Expected FILE.onnx PHOTO OUT.png: ") and why in said and "\n" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n.onnx", "p.png"]


def test_scaling_is_pillows_to_the_bit() -> None:
    identity = _seen_by_the_network()
    for size in [(256, 512), (301, 457), (100, 90), (33, 70), (33, 1000)]:
        image = photo(*size)
        expected = to_batch([to_working_size(image, (128, 256))]).numpy()
        seen = identity.run(["seen"], {"image": image[None]})[0]
        assert np.array_equal(seen, expected), size


def _seen_by_the_network() -> onnxruntime.InferenceSession:
    """A file's first half alone, with a padding unit of 1."""
    domain = "unetkd"
    constants = [helper.make_tensor(n, TensorProto.INT64, [], [v]) for n, v in (("h", 128), ("w", 256), ("u", 1))]
    node = helper.make_node("prepare", ["image", "h", "w", "u"], ["seen", "start", "end"], domain=domain)
    graph = helper.make_graph(
        [node],
        "half",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [None] * 4)],
        [helper.make_tensor_value_info("seen", TensorProto.FLOAT, [None] * 4)],
        constants,
    )
    model = helper.make_model(
        graph,
        functions=[onnx.parser.parse_function(export_graph._HEAD + text) for text in export_graph._FUNCTIONS],
        opset_imports=[helper.make_opsetid("", export_graph.OPSET), helper.make_opsetid(domain, 1)],
        ir_version=export_graph.IR_VERSION,
    )
    return export_check.session(model.SerializeToString())


def test_an_encoders_network_is_exported_too() -> None:
    class Encoder(nn.Module):
        """What makes an encoder's graph: ReLU6, depthwise, a sum; four halvings."""

        arch = {"type": "backbone_unet", "num_classes": 6}  # noqa: RUF012

        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, 8, 3, padding=1)
            self.deep = nn.Conv2d(8, 8, 3, padding=1, groups=8)
            self.head = nn.Conv2d(8, 6, 1)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            x = nn.functional.relu6(self.stem(image))
            return self.head(x + self.deep(x))  # type: ignore[no-any-return]

    loaded = Loaded(Encoder().eval(), make_info())
    found = export_network.graphs(loaded)
    assert found[0].unit == 16
    file = export_network.assemble(loaded, found, {})
    labels, _ = export_check.session(file).run(None, {"image": photo(45, 70)[None]})
    assert labels.shape == (1, 45, 70)
