"""Checkpoints and ensembles from anybody: what can be described, or one sentence; no pickle, no flood."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pages.ui import model_list
from tests.fuzz.cases import answer, cases, changed_bytes, damaged_text, texts, values
from unetkd_core import settings
from unetkd_core.models.names import m_arch
from unetkd_core.models.registry import build
from unetkd_core.zoo import cards, checkpoints, ensembles, hub_offer, hub_refs, references, shelf, weights
from unetkd_core.zoo.checkpoints import CheckpointInfo
from unetkd_core.zoo.ensembles import EnsembleSpec

ARCH: Final = {**m_arch("M128"), "base_width": 2, "levels": 1}
ENCODER: Final = {
    "type": "backbone_unet", "name": "x", "backbone": "mobilenet_v2", "decoder": [8, 8, 8, 8], "norm": "batch",
    "num_classes": 6,
}  # fmt: skip
INFO: Final = CheckpointInfo(
    name="a", title="A small one", role="student", arch=ARCH, mapping=["camvid"], height=32, width=64,
    metrics={"packed": {"miou": 0.5, "iou": [0.5] * 6, "pixel_accuracy": 0.6}, "camvid:val": {"miou": None}},
    data=["streets:train"], licence="MIT", run={"optim": {"epochs": 2}, "teaching": {"teacher": {"members": ["x"]}}},
    created="2026-03-01T10:15:00+00:00", commit="c" * 40,
)  # fmt: skip
WEIGHTS: Final = weights.to_bytes(build(ARCH), half=True)
WHOLE: Final = {**INFO.to_json(), "sha256": weights.sha256(WEIGHTS), "parameters": 500}
SPEC: Final = EnsembleSpec(members=("a", "b"), weighting="fixed", weights=(1, 2), title="Both").model_dump(mode="json")
BY_CLASS: Final = {**SPEC, "weighting": "per_class", "weights": None, "class_weights": [[1] * 6, [2] * 6]}


def folder(name: str) -> Path:
    made = settings.checkpoints_dir() / name
    made.mkdir(parents=True, exist_ok=True)
    (made / "model.safetensors").write_bytes(WEIGHTS)
    (made / "config.json").write_text(json.dumps({**WHOLE, "name": name}))
    return made


@pytest.fixture(autouse=True)
def shelf_of_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNETKD_CHECKPOINTS", str(tmp_path / "checkpoints"))
    return folder("a").parent if folder("b") else tmp_path


@cases("checkpoints")
@given(raw=st.sampled_from((WHOLE, {**WHOLE, "arch": ENCODER})).flatmap(damaged_text))
def test_any_config_is_a_checkpoint_or_one_sentence(raw: bytes) -> None:
    place = settings.checkpoints_dir() / "a"
    (place / "config.json").write_bytes(raw)
    info = answer(lambda: checkpoints.read_info(place))
    assert {name for name, _ in [*checkpoints.list_named(), *checkpoints.list_damaged()]} == {"a", "b"}
    if info is not None:
        assert info.parameters < 2**63 and cards.card(info).encode() and info.dumps().encode()
        assert json.loads(info.dumps()) == info.to_json()
        answer(lambda: checkpoints.load(place))
    for entry in model_list.entries("kept"):
        assert entry.name and isinstance(entry.work, int)
        for on in model_list.splits([entry]):
            entry.miou(on)
            entry.iou(on)
    answer(lambda: references.info_of("a"))
    answer(references.available)


@cases("ensembles")
@given(raw=st.sampled_from((SPEC, BY_CLASS)).flatmap(damaged_text))
def test_any_ensemble_is_one_or_one_sentence(raw: bytes) -> None:
    place = settings.checkpoints_dir() / "both"
    place.mkdir(exist_ok=True)
    (place / "ensemble.json").write_bytes(raw)
    spec = answer(lambda: ensembles.read_file(place / "ensemble.json"))
    if spec is not None:
        assert ensembles.parse(json.loads(spec.dumps())) == spec
        ensembles.weights_in_words(spec)
        answer(lambda: hub_offer.check_members(spec.members, hub_refs.parse("hf:a/b")))
    info = answer(lambda: references.info_of("both"))
    if info is not None:
        cards.card(info).encode()
        answer(lambda: references.load_model("both"))
    answer(references.available)
    assert [name for name, _ in shelf.damaged()] == ([] if info is not None else ["both"])


def header(text: bytes, size: int | None = None) -> bytes:
    return struct.pack("<Q", len(text) if size is None else size) + text


SIZE: Final = int.from_bytes(WEIGHTS[:8], "little")
TENSORS: Final = json.loads(WEIGHTS[8 : 8 + SIZE])
sizes = st.one_of(st.sampled_from((0, 1, 8, 2**20, 2**20 + 1, 10**11, 2**63, 2**64 - 1)), st.integers(0, 2**64 - 1))
tensor_files = st.one_of(
    changed_bytes(WEIGHTS),
    changed_bytes(WEIGHTS[: 8 + SIZE]).map(lambda raw: raw + WEIGHTS[8 + SIZE :]),
    damaged_text(TENSORS).map(lambda text: header(text) + WEIGHTS[8 + SIZE :]),
    st.builds(lambda size: header(WEIGHTS[8:], size), sizes),
    st.binary(max_size=100),
)


@cases("safetensors")
@given(raw=tensor_files)
def test_any_weights_are_the_network_or_one_sentence(raw: bytes) -> None:
    model = answer(lambda: weights.to_model(raw, ARCH, where="a/model.safetensors"))
    if model is not None:
        assert all(bool(tensor.isfinite().all()) for tensor in model.state_dict().values())
    place = settings.checkpoints_dir() / "a"
    (place / "model.safetensors").write_bytes(raw)
    assert answer(lambda: checkpoints.load(place)) is None or raw == WEIGHTS


words = st.one_of(
    texts,
    st.builds("{}{}".format, st.sampled_from(("run:", "hf:", "teacher-of:", "hf:a/", "hf:a/b/", "hf:a/b@")), texts),
    st.builds("{}/{}".format, texts, texts),
    st.sampled_from(("a", "both", "../a", "a/../b", "./a", "a\\b", "A", "a ", "a\n", "hf:a/b@../x", "hf:a--b/c")),
)


@cases("references", 0.7)
@given(ref=words)
def test_any_reference_is_a_network_or_one_sentence(ref: str) -> None:
    for read in (references.resolve, references.info_of, references.spec_of, references.weight_bytes, hub_refs.parse):
        answer(lambda read=read: read(ref))
    place = answer(lambda: references.resolve(ref))
    if place is not None:
        assert settings.checkpoints_dir() in place.parents
    answer(lambda: shelf.dependants(ref))
    answer(lambda: references.check_name(ref))


@cases("references", 0.3)
@given(record=damaged_text({"format_version": 1, "commits": {"hf:a/b": "0" * 40}}), ref=values)
def test_any_record_of_the_hub_is_read_or_passed_over(record: bytes, ref: Any) -> None:
    settings.hub_record().parent.mkdir(exist_ok=True)
    settings.hub_record().write_bytes(record)
    assert references.pulled() == []
    answer(lambda: references.info_of("hf:a/b"))
    answer(lambda: hub_refs.parse(str(ref)))


LIMITED: Final = """
import sys
from pathlib import Path
import numpy
from unetkd_core.errors import UnetKDError
from unetkd_core.zoo import checkpoints, ensembles
for read in (checkpoints.read_info, lambda folder: ensembles.read_file(folder / "ensemble.json")):
    try:
        print(read(Path(sys.argv[1]).parent).name)
    except UnetKDError as error:
        print(error)
"""


@pytest.mark.parametrize(
    "change",
    [
        {"arch": {**ARCH, "base_width": 4096, "levels": 4096}}, {"arch": {**ARCH, "levels": "100000000"}},
        {"arch": {**ARCH, "base_width": "9" * 4000}}, {"arch": {"type": "ensemble", "members": [ARCH] * 10_000}},
        {"arch": {**ENCODER, "decoder": [4096] * 100_000}}, {"metrics": {str(k): {} for k in range(100_000)}},
        {"title": "x" * 3_000_000}, {"classes": ["x"] * 500_000}, {"mapping": ["x" * 1000] * 3000},
    ],
)  # fmt: skip
def test_a_config_of_a_giant_takes_no_memory(change: dict, in_little_memory: Callable, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({**WHOLE, **change}))
    (tmp_path / "model.safetensors").write_bytes(WEIGHTS)
    (tmp_path / "ensemble.json").write_text(json.dumps({**SPEC, "members": ["x"] * 200_000}))
    in_little_memory(LIMITED)


def test_a_header_of_100_gigabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    place = settings.checkpoints_dir() / "a"
    with (place / "model.safetensors").open("wb") as file:
        file.write(header(b"{", 10**11))
        file.truncate(10**11 + 8)  # sparse: it takes no room
    assert answer(lambda: checkpoints.load(place)) is None


def test_a_pickle_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "went off",)

    file = settings.checkpoints_dir() / "a" / "model.safetensors"
    torch.save({"head.weight": Bomb()}, file)
    assert answer(lambda: references.load_model("a")) is None
    assert answer(lambda: weights.to_model(file.read_bytes(), ARCH, where="a")) is None
    assert not (tmp_path / "went off").exists()


def test_links_out_of_the_roots_lead_to_no_other_kind_of_file(tmp_path: Path) -> None:
    place = settings.checkpoints_dir() / "a"
    for name, target in (
        ("config.json", "/dev/zero"),
        ("model.safetensors", "/etc/passwd"),
        ("README.md", "/dev/zero"),
    ):
        (place / name).unlink(missing_ok=True)
        (place / name).symlink_to(target)
    assert answer(lambda: references.load_model("a")) is None
    folder("b")
    (settings.checkpoints_dir() / "b" / "model.safetensors").unlink()
    (settings.checkpoints_dir() / "b" / "model.safetensors").symlink_to("/dev/zero")
    assert answer(lambda: references.load_model("b")) is None
    assert [name for name, _ in checkpoints.list_damaged()] == ["a", "b"]
