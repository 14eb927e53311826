"""Saving and loading: the same network back, or one sentence saying why not."""

import json
import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.zoo.conftest import SMALL, make_info, make_model
from unetkd_core.errors import CheckpointError
from unetkd_core.models.names import m_arch
from unetkd_core.zoo import checkpoints, folders, weights
from unetkd_core.zoo.checkpoints import CARD, CONFIG, WEIGHTS, list_damaged, list_named, load, read_info, save


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save(make_model(), tmp_path / "tiny", make_info())
    return tmp_path / "tiny"


def edit(folder: Path, **changes: Any) -> None:
    data = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps({**data, **changes}))


def reseal(folder: Path, content: bytes) -> None:
    """Other weights with a config that vouches for them: damage that the sha256 does not show."""
    (folder / WEIGHTS).write_bytes(content)
    edit(folder, sha256=weights.sha256(content))


# ---- what is written


def test_a_float32_checkpoint_comes_back_exactly(tmp_path: Path) -> None:
    model = make_model().eval()
    info = save(model, tmp_path / "tiny", make_info(), half=False)
    again, read = load(tmp_path / "tiny")
    assert read == info == read_info(tmp_path / "tiny")
    image = torch.rand(1, 3, 32, 48)
    assert torch.equal(again(image), model(image))
    assert not again.training and {p.dtype for p in again.parameters()} == {torch.float32}


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_half_precision_rounds_parameters_and_keeps_statistics(tmp_path: Path, norm: str) -> None:
    model = make_model({**SMALL, "norm": norm})
    for name, buffer in model.named_buffers():
        if name.endswith("running_var"):
            buffer.fill_(1e-9)  # 0 in float16
    save(model, tmp_path / "tiny", make_info(arch={**SMALL, "norm": norm}))
    stored = load_file(tmp_path / "tiny" / WEIGHTS)
    assert {stored[name].dtype for name, _ in model.named_parameters()} == {torch.float16}
    again, _ = load(tmp_path / "tiny")
    for name, value in again.state_dict().items():
        parameter = name in dict(model.named_parameters())
        assert torch.equal(value, model.state_dict()[name].half().float() if parameter else model.state_dict()[name])


def test_saving_fills_in_what_it_can_count(tmp_path: Path) -> None:
    info = save(make_model(), tmp_path / "tiny", make_info())
    assert info.parameters == sum(p.numel() for p in make_model().parameters())
    assert info.macs > 0
    assert info.sha256 == weights.sha256((tmp_path / "tiny" / WEIGHTS).read_bytes())
    assert sorted(p.name for p in (tmp_path / "tiny").iterdir()) == sorted([CARD, CONFIG, WEIGHTS])


def test_config_json_holds_no_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        save(make_model(), tmp_path / "tiny", make_info().model_copy(update={"metrics": {"miou": float("nan")}}))
    assert list(tmp_path.iterdir()) == []


def test_loading_leaves_the_random_generator_alone(saved: Path) -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    load(saved)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    ("value", "words"), [(float("nan"), "not finite"), (1e6, "too large for float16; save with half=False")]
)
def test_weights_that_cannot_be_kept_are_refused_before_anything_is_written(
    tmp_path: Path, value: float, words: str
) -> None:
    model = make_model()
    with torch.no_grad():
        next(model.parameters()).fill_(value)
    with pytest.raises(CheckpointError, match=words):
        save(model, tmp_path / "tiny", make_info())
    assert list(tmp_path.iterdir()) == []


# ---- what is refused


def damage_config(text: str | bytes) -> Callable[[Path], None]:
    content = text.encode() if isinstance(text, str) else text
    return lambda folder: (folder / CONFIG).write_bytes(content) and None


def edited(**changes: Any) -> Callable[[Path], None]:
    return lambda folder: edit(folder, **changes)


def without(key: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        data = json.loads((folder / CONFIG).read_text())
        del data[key]
        (folder / CONFIG).write_text(json.dumps(data))

    return change


CONFIG_DAMAGE = {
    "missing": (lambda f: (f / CONFIG).unlink(), "has no config.json"),
    "a folder": (lambda f: ((f / CONFIG).unlink(), (f / CONFIG).mkdir()), "cannot be read|has no config.json"),
    "empty": (damage_config(""), "not JSON"),
    "cut short": (damage_config('{"format_version": 1,'), "not JSON"),
    "not text": (damage_config(b"\xff\xfe\x00\x80"), "not JSON"),
    "a list": (damage_config("[1]"), "holds a list, expected a JSON object"),
    "deep": (damage_config("[" * 100_000), "not JSON"),
    "nan": (damage_config('{"format_version": NaN}'), "not JSON"),
    "huge": (damage_config(" " * (5 * 1024 * 1024)), "larger than 4 MB"),
    "of the future": (edited(format_version=2, more="things"), "format version 2, this release reads 1"),
    "without version": (without("format_version"), "format version None"),
    "version true": (edited(format_version=True), "format version True"),
    "missing field": (without("arch"), "arch: Field required"),
    "unknown field": (edited(pickle="x"), "pickle: Extra inputs"),
    "wrong type": (edited(height="tall"), "height: .*integer"),
    "size 0": (edited(height=0), "height"),
    "a name with a way out": (edited(name="../x"), "name"),
    "other classes": (edited(classes=["cat", "dog"]), "classes cat, dog; expected Table I's: background, road"),
    "unknown architecture": (edited(arch={"type": "transformer"}), "transformer"),
    "architecture lacks a field": (edited(arch={"type": "unet"}), "cannot be built"),
    "architecture of text": (edited(arch={**SMALL, "levels": "many"}), "cannot be built"),
    "giant architecture": (edited(arch={**SMALL, "base_width": 10**9}), "outside 0 to 4096"),
    "deepest architecture": (edited(arch={**SMALL, "levels": 4096}), "no whole number from 1 to 12"),
    "other size": (edited(arch=m_arch("M1024")), "cannot be a network of 31"),
    "no weights": (lambda f: (f / WEIGHTS).unlink(), "has no model.safetensors"),
}


@pytest.mark.parametrize("case", CONFIG_DAMAGE)
def test_a_damaged_config_gets_one_sentence(saved: Path, case: str) -> None:
    change, words = CONFIG_DAMAGE[case]
    change(saved)
    with pytest.raises(CheckpointError, match=words) as caught:
        load(saved)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600
    assert "tiny" in str(caught.value)


def header(claim: int, text: bytes, body: bytes) -> bytes:
    return struct.pack("<Q", claim) + text + body


def wire(tensors: dict[str, tuple[str, list[int], int, int]], body: bytes) -> bytes:
    """A safetensors file from its header's entries: name -> (type, shape, begin, end)."""
    text = json.dumps(
        {n: {"dtype": d, "shape": s, "data_offsets": [a, b]} for n, (d, s, a, b) in tensors.items()}
    ).encode()
    return header(len(text), text, body)


BODY = b"\0" * 30_000
WEIGHT_DAMAGE = {
    "not safetensors": BODY,
    "a pickle": pickle.dumps({"head.weight": list(range(20_000))}),
    "a zip as torch.save writes": b"PK\x03\x04" + BODY,
    "header longer than the file": header(10**6, b"{}", BODY),
    "header of 2**63": header(2**63, b"{}", BODY),
    "header larger than allowed": header(3 * 2**19, b" " * (3 * 2**19), BODY),
    "header is no JSON": header(9, b"not json!", BODY),
    "header is a list": header(4, b"[1] ", BODY),
    "offsets beyond the end": wire({"a": ("F32", [10_000], 0, 40_000)}, BODY),
    "offsets backwards": wire({"a": ("F32", [1], 8, 4)}, BODY),
    "offsets that overlap": wire({"a": ("F32", [2], 0, 8), "b": ("F32", [2], 4, 12)}, BODY),
    "shape and length differ": wire({"a": ("F32", [3], 0, 30_000)}, BODY),
    "unknown type": wire({"a": ("X9", [1], 0, 30_000)}, BODY),
    "negative shape": wire({"a": ("F32", [-1], 0, 30_000)}, BODY),
}


@pytest.mark.parametrize("case", WEIGHT_DAMAGE)
def test_a_hostile_weights_file_gets_one_sentence_even_when_its_hash_is_right(saved: Path, case: str) -> None:
    reseal(saved, WEIGHT_DAMAGE[case])
    with pytest.raises(CheckpointError, match=r"tiny/model\.safetensors is damaged") as caught:
        load(saved)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("keep", [0, 7, 100, -1])
def test_truncated_weights_are_refused(saved: Path, keep: int) -> None:
    content = (saved / WEIGHTS).read_bytes()
    (saved / WEIGHTS).write_bytes(content[:keep])
    with pytest.raises(CheckpointError, match="truncated"):
        load(saved)


def test_one_changed_bit_is_noticed(saved: Path) -> None:
    content = bytearray((saved / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (saved / WEIGHTS).write_bytes(content)
    with pytest.raises(CheckpointError, match="sha256 differs"):
        load(saved)


def test_a_huge_weights_file_is_refused_unread(saved: Path) -> None:
    with (saved / WEIGHTS).open("r+b") as file:
        file.truncate(10**12)  # sparse: takes no room
    with pytest.raises(CheckpointError, match="1,000,000,000,000 bytes"):
        load(saved)


def drop(t: dict[str, torch.Tensor]) -> None:
    del t["head.bias"]


def add(t: dict[str, torch.Tensor]) -> None:
    t["neck.weight"] = torch.zeros(2)


def reshape(t: dict[str, torch.Tensor]) -> None:
    t["head.bias"] = torch.zeros(7)


def retype(t: dict[str, torch.Tensor]) -> None:
    t["head.bias"] = torch.zeros(6, dtype=torch.int64)


def poison(t: dict[str, torch.Tensor]) -> None:
    t["head.bias"] = torch.full((6,), torch.inf)


def rename(t: dict[str, torch.Tensor]) -> None:
    for key in list(t):
        t[f"module.{key}"] = t.pop(key)


STRICT = [
    (drop, r"lacks head\.bias"),
    (add, r"has unexpected neck\.weight"),
    (reshape, r"head\.bias is \(7,\), expected \(6,\)"),
    (retype, r"head\.bias has type torch\.int64"),
    (poison, r"head\.bias has values that are not finite"),
    (rename, r"lacks bridge.*and \d+ more; has unexpected module\."),
]


@pytest.mark.parametrize(("change", "words"), STRICT, ids=lambda v: getattr(v, "__name__", ""))
def test_every_tensor_must_fit(saved: Path, change: Callable[[dict[str, torch.Tensor]], None], words: str) -> None:
    tensors = load_file(saved / WEIGHTS)
    change(tensors)
    save_file(tensors, saved / WEIGHTS)
    reseal(saved, (saved / WEIGHTS).read_bytes())
    with pytest.raises(CheckpointError, match=words) as caught:
        load(saved)
    assert len(str(caught.value)) < 600


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint 'nowhere'"):
        read_info(tmp_path / "nowhere")


# ---- replacing


def test_saving_again_replaces_the_whole_folder_and_leaves_nothing_beside(saved: Path) -> None:
    (saved / "stray.txt").write_text("old")
    info = save(make_model(seed=1), saved, make_info(title="Second"))
    assert read_info(saved) == info and info.title == "Second"
    assert not (saved / "stray.txt").exists()
    assert [p.name for p in saved.parent.iterdir()] == ["tiny"]


@pytest.mark.parametrize("failing", ["rename", "fsync"])
def test_a_save_that_fails_leaves_the_old_checkpoint(
    saved: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    before = read_info(saved)
    real = getattr(os, failing)

    def fail(*args: Any) -> None:
        if failing == "rename" and ".new-" not in str(args[0]):
            return real(*args)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(CheckpointError, match="tiny cannot be written: No space left on device"):
        save(make_model(seed=1), saved, make_info(title="Second"))
    monkeypatch.undo()
    assert load(saved)[1] == before
    assert [p.name for p in saved.parent.iterdir()] == ["tiny"]


@pytest.mark.parametrize("point", ["writing", "between the renames", "after the renames"])
def test_a_writer_killed_at_any_point_leaves_the_old_or_the_new(saved: Path, point: str) -> None:
    before = read_info(saved)
    code = (
        "import os, sys, pathlib\nfrom unetkd_core.zoo import folders\n"
        "folder, point = pathlib.Path(sys.argv[1]), sys.argv[2]\n"
        "real, count = os.rename, []\n"
        "def rename(a, b):\n    real(a, b); count.append(1)\n"
        "    if len(count) == {'between the renames': 1, 'after the renames': 2}.get(point): os._exit(9)\n"
        "os.rename = rename\n"
        "if point == 'writing': os.fsync = lambda fd: os._exit(9)\n"
        "folders.replace(folder, {p.name: p.read_bytes() for p in folder.iterdir()})"
    )
    assert subprocess.run([sys.executable, "-c", code, str(saved), point]).returncode == 9
    assert load(saved)[1] == before
    info = save(make_model(seed=1), saved, make_info(title="Second"))  # and the next save goes on
    assert load(saved)[1] == info


def test_half_written_folders_of_dead_writers_are_cleared_away(saved: Path) -> None:
    stale, fresh = saved.parent / ".tiny.new-old", saved.parent / ".tiny.new-young"
    stale.mkdir(), fresh.mkdir()
    os.utime(stale, (0, 0))
    save(make_model(), saved, make_info())
    assert not stale.exists() and fresh.exists()


def test_a_reader_beside_a_writer_always_finds_a_whole_checkpoint(saved: Path) -> None:
    contents = []
    for seed in (1, 2):
        save(make_model(seed=seed), saved, make_info(seed=seed))
        contents.append({p.name: p.read_bytes() for p in saved.iterdir()})
    hashes = {json.loads(c[CONFIG])["sha256"] for c in contents}
    done = threading.Event()

    def write() -> None:
        for i in range(40):
            folders.replace(saved, contents[i % 2])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    reads = 0
    while not done.is_set():
        assert load(saved)[1].sha256 in hashes
        reads += 1
    writer.join()
    assert reads > 0


def test_a_reader_whose_folder_steps_aside_finds_it_there(saved: Path) -> None:
    asked: list[Path] = []

    def read(place: Path) -> str:
        asked.append(place)
        if len(asked) == 1:
            saved.rename(saved.with_name(f".{saved.name}.previous"))  # a writer is between its two renames
        return (place / CONFIG).read_text()

    assert json.loads(folders.read_whole(saved, read))["name"]
    assert len(asked) == 2 and asked[0] != asked[1]


# ---- listing


def test_listing_gives_the_readable_by_name_and_the_damaged_with_their_reason(checkpoints_dir: Path) -> None:
    assert list_named() == [] and list_damaged() == []
    for name in ("b", "a", "c"):
        save(make_model(), checkpoints_dir / name, make_info(name=name))
    (checkpoints_dir / "c" / CONFIG).write_text("{")
    (checkpoints_dir / ".hidden").mkdir()
    (checkpoints_dir / "notes.txt").write_text("")
    assert [(name, info.name) for name, info in list_named()] == [("a", "a"), ("b", "b")]
    assert [(name, "not JSON" in str(error)) for name, error in list_damaged()] == [("c", True)]


def test_reading_and_listing_need_no_torch(saved: Path) -> None:
    code = (
        "import sys\nimport unetkd_core.zoo.checkpoints as c, unetkd_core.zoo.references as r\n"
        "c.read_info(sys.argv[1]); c.list_named(); r.available()\nassert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(saved)], check=True)


def test_no_reader_of_weights_can_unpickle() -> None:
    for module in (checkpoints, weights, folders):
        source = Path(str(module.__file__)).read_text()
        assert "torch.load" not in source and "import pickle" not in source


def test_scores_of_other_weights_are_not_written_into_a_card(tmp_path: Path) -> None:
    info = save(make_model(), tmp_path / "a", make_info())
    checkpoints.add_scores(tmp_path / "a", {"x:val": {"miou": 0.5}}, info.sha256)
    checkpoints.add_scores(tmp_path / "a", {"y:val": {"miou": 0.6}}, info.sha256)
    assert {"x:val", "y:val"} <= {*read_info(tmp_path / "a").metrics}
    newer = save(make_model(seed=1), tmp_path / "a", make_info())
    with pytest.raises(CheckpointError, match="a was replaced while it was scored"):
        checkpoints.add_scores(tmp_path / "a", {"z:val": {"miou": 0.7}}, info.sha256)
    assert read_info(tmp_path / "a") == newer
