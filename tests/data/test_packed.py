"""Packing: exact arrays, built once, by one process of two, whole or not at all."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from unetkd_core import classes
from unetkd_core.data import packing
from unetkd_core.data.catalog import register
from unetkd_core.data.packed import PackedSet, load, open_packed, pack, spaced
from unetkd_core.data.source import Scene
from unetkd_core.errors import DataError


class CountedSource:
    """Scene i is all (i, i, i), its labels all i % 6; the first column is void. Counts how often it is read."""

    name, split, mapping, licence, ref = "counted", "train", "classes", "MIT", "counted:train"
    rendered = False

    def __init__(self, count: int = 7, version: int = 0, labelled: bool = True) -> None:
        self.count, self.version, self.labelled, self.reads = count, version, labelled, 0

    def __len__(self) -> int:
        return self.count

    def stem(self, index: int) -> str:
        return f"s{index}"

    def read(self, index: int) -> Scene:
        return self.read_at(index, 16, 24)

    def read_at(self, index: int, height: int, width: int) -> Scene:
        self.reads += 1
        labels = np.full((height, width), index % 6, dtype=np.uint8)
        labels[:, 0] = classes.VOID
        return Scene(np.full((height, width, 3), index, dtype=np.uint8), labels if self.labelled else None)

    def fingerprint(self) -> str:
        return f"counted {self.count} {self.version} {self.labelled}"

    def content_hash(self) -> str:
        return self.fingerprint()

    def check(self) -> None:
        pass


def left_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.glob("*") if p.suffix != ".lock")


def test_a_pack_holds_every_scene_in_order() -> None:
    packed = pack(CountedSource(), 16, 24)
    assert packed.images.shape == (7, 16, 24, 3)
    assert packed.images[:, 3, 3, 1].tolist() == list(range(7))
    assert packed.labels[:, 3, 3].tolist() == [0, 1, 2, 3, 4, 5, 0]
    assert packed.stems == [f"s{i}" for i in range(7)]
    assert (packed.mapping, packed.licence, packed.ref) == ("classes", "MIT", "counted:train")
    assert not packed.images.flags.writeable


def test_class_shares_are_of_the_labelled_pixels() -> None:
    shares = pack(CountedSource(7), 16, 24).class_shares()
    assert shares == pytest.approx(np.array([2, 1, 1, 1, 1, 1]) / 7)
    assert pack(CountedSource(labelled=False), 16, 24).class_shares().tolist() == [0.0] * 6


def test_scenes_without_labels_are_packed_as_unlabelled() -> None:
    assert (pack(CountedSource(labelled=False), 16, 24).labels == classes.UNLABELLED).all()


def test_a_second_pack_reads_nothing_again_and_a_changed_source_does() -> None:
    source = CountedSource()
    first = pack(source, 16, 24)
    assert pack(source, 16, 24).folder == first.folder
    assert source.reads == 7
    assert pack(CountedSource(version=1), 16, 24).folder != first.folder
    assert pack(source, 16, 32).folder != first.folder


def test_a_changed_file_is_packed_anew(folder_root: Path) -> None:
    register("mine", folder_root)
    assert load(["mine"], 24, 32).gather(np.array([2]))[1].max() == 1
    from PIL import Image

    Image.fromarray(np.full((24, 32), 3, dtype=np.uint8)).save(folder_root / "masks/s2.png")
    os.utime(folder_root / "masks/s2.png", ns=(1, 1))
    assert load(["mine"], 24, 32).gather(np.array([2]))[1].max() == 3


def test_a_packs_hash_is_of_what_it_holds_whatever_it_came_from() -> None:
    first = pack(CountedSource(), 16, 24)
    again = pack(CountedSource(version=1), 16, 24)
    assert again.folder != first.folder and again.sha256 == first.sha256
    others = [
        pack(CountedSource(6), 16, 24),
        pack(CountedSource(labelled=False), 16, 24),
        pack(CountedSource(), 16, 12),
        pack(CountedSource(), 24, 16),
    ]
    assert len({first.sha256, *(other.sha256 for other in others)}) == 5
    assert PackedSet([first, others[0]]).contents == (first.sha256, others[0].sha256)


def test_a_limit_takes_scenes_spread_over_the_split() -> None:
    assert spaced(10, 4) == [0, 2, 5, 7]
    assert spaced(3, 5) == spaced(3, None) == [0, 1, 2]
    assert pack(CountedSource(), 16, 24, limit=3).stems == ["s0", "s2", "s4"]


def test_progress_counts_up_to_all() -> None:
    seen: list[tuple[int, int]] = []
    pack(CountedSource(), 16, 24, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen][:7] == list(range(1, 8))
    assert seen[-1] == (7, 7)
    seen.clear()
    pack(CountedSource(), 16, 24, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(7, 7)]


def test_progress_over_several_datasets_counts_them_together(folder_root: Path, camvid_root: Path) -> None:
    register("mine", folder_root)
    register("town", camvid_root)
    seen: list[tuple[int, int]] = []
    both = load(["mine", "town:val"], 24, 32, progress=lambda done, total: seen.append((done, total)))
    assert {total for _, total in seen} == {7}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert (len(both), both.refs, both.mappings) == (7, ("mine:train", "town:val"), ("classes", "camvid"))
    assert len(both.licences) == 2


def test_gather_over_several_packs_keeps_the_order_asked_for() -> None:
    both = PackedSet([pack(CountedSource(4), 16, 24), pack(CountedSource(6), 16, 24)])
    wanted = np.array([9, 0, 4, 3, 4])
    images, labels = both.gather(wanted)
    assert images[:, 5, 5, 0].tolist() == [5, 0, 0, 3, 0]
    assert labels[:, 5, 5].tolist() == [5, 0, 0, 3, 0]
    assert [both.stems[i] for i in wanted] == ["s5", "s0", "s0", "s3", "s0"]


@pytest.mark.parametrize("parts", [1, 2])
def test_gathered_batches_are_their_own_memory_and_bad_indices_raise(parts: int) -> None:
    packs = [pack(CountedSource(4), 16, 24)] * parts
    images, labels = PackedSet(packs).gather(np.array([1, 2]))
    images[:], labels[:] = 99, 99
    assert packs[0].images.max() < 99
    for bad in (-1, 4 * parts):
        with pytest.raises(IndexError):
            PackedSet(packs).gather(np.array([bad]))


def test_packing_trouble_names_the_file_and_leaves_nothing(folder_root: Path, unetkd_home: Path) -> None:
    register("mine", folder_root)
    path = folder_root / "images/s4.png"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"mine.images.s4\.png is cut short"):
        load(["mine"], 24, 32)
    (folder_root / "masks/s1.png").unlink()
    with pytest.raises(DataError, match=r"s1\.png has no label map"):
        load(["mine"], 24, 32)
    assert left_in(unetkd_home / "packed") == []


def test_every_reference_is_checked_before_the_first_is_packed(folder_root: Path, unetkd_home: Path) -> None:
    register("mine", folder_root)
    with pytest.raises(DataError, match="nowhere"):
        load(["mine", "nowhere:train"], 24, 32)
    assert not (unetkd_home / "packed").exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_is_said_and_nothing_is_left(
    code: int, unetkd_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(code, "no space")

    monkeypatch.setattr(packing.os, "fsync", full)
    with pytest.raises(DataError, match=r"The disk is full: packed data needs .* MB in .*UNETKD_HOME"):
        pack(CountedSource(), 16, 24)
    assert left_in(unetkd_home / "packed") == []


def test_too_little_room_is_said_before_any_scene_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    source = CountedSource()
    with pytest.raises(DataError, match="The disk is full"):
        pack(source, 16, 24)
    assert source.reads == 0


def test_a_stop_asked_by_the_progress_callback_leaves_nothing(unetkd_home: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(CountedSource(), 16, 24, progress=stop)
    assert left_in(unetkd_home / "packed") == []


def test_the_rest_of_a_killed_builder_is_cleared_away(unetkd_home: Path) -> None:
    folder = pack(CountedSource(), 16, 24).folder
    dead = folder.with_name(f"{folder.name}.part")
    folder.rename(dead)
    (dead / "packed.json").unlink()
    assert (pack(CountedSource(), 16, 24).images[6] == 6).all()
    assert left_in(unetkd_home / "packed") == [folder.name]


@pytest.mark.parametrize("harm", ["about", "cut", "version"])
def test_a_damaged_pack_says_which_folder_to_delete(harm: str) -> None:
    folder = pack(CountedSource(), 16, 24).folder
    about = folder / "packed.json"
    if harm == "about":
        about.write_text("{")
    elif harm == "version":
        about.write_text(json.dumps({**json.loads(about.read_text()), "format_version": 99}))
    else:
        os.truncate(folder / "images.npy", 1000)
    with pytest.raises(DataError, match=rf"{folder.name} cannot be read .*Delete that folder"):
        open_packed(folder)


def test_a_source_that_fails_its_check_is_not_read() -> None:
    source = CountedSource()
    source.check = lambda: (_ for _ in ()).throw(DataError("s3.png has no label map"))  # type: ignore[method-assign]
    with pytest.raises(DataError, match=r"s3\.png"):
        pack(source, 16, 24)
    assert source.reads == 0


def test_an_empty_source_is_refused() -> None:
    with pytest.raises(DataError, match="counted:train has no scenes"):
        pack(CountedSource(0), 16, 24)


BUILDER = """
import json, sys, time
from pathlib import Path
from unetkd_core.data.packed import load

me, other = Path(sys.argv[1]), Path(sys.argv[2])
me.touch()
while not other.exists():
    time.sleep(0.005)
seen = []

def slowly(done, total):
    seen.append(done)
    time.sleep(0.1)

packed = load(["mine"], 24, 32, progress=slowly)
print(json.dumps({"seen": seen, "labels": int(packed.gather(range(5))[1].sum())}))
"""


def test_of_two_processes_one_builds_and_both_get_the_whole(
    tmp_path: Path, folder_root: Path, unetkd_home: Path
) -> None:
    register("mine", folder_root)
    names = [str(tmp_path / "first"), str(tmp_path / "second")]
    starts = [[sys.executable, "-c", BUILDER, *names], [sys.executable, "-c", BUILDER, *names[::-1]]]
    both = [subprocess.Popen(start, stdout=subprocess.PIPE, text=True) for start in starts]
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in both]
    assert [answer["labels"] for answer in answers] == [5 * 24 * 32] * 2
    built = [answer["seen"][:5] == [1, 2, 3, 4, 5] for answer in answers]
    assert sorted(built) == [False, True]
    assert set(answers[built.index(False)]["seen"]) <= {0, 5}
    assert len(left_in(unetkd_home / "packed")) == 1


def test_whoever_waits_for_another_builder_hears_of_it(unetkd_home: Path) -> None:
    from filelock import FileLock

    folder = pack(CountedSource(), 16, 24).folder
    shutil.rmtree(folder)

    def heard(done: int, total: int) -> None:
        raise TimeoutError(f"{done} of {total}")

    with FileLock(folder.parent / f"{folder.name}.lock"), pytest.raises(TimeoutError, match="0 of 7"):
        pack(CountedSource(), 16, 24, progress=heard)


REAL = os.environ.get("UNETKD_CAMVID")


@pytest.mark.skipif(not REAL, reason="UNETKD_CAMVID is not set: the real CamVid is not packed")
def test_the_real_camvids_classes_have_the_shares_of_its_own_table() -> None:
    shares = load(["camvid:train"], 72, 96, limit=120).class_shares()
    # In % of all pixels of train, 3.95 of them unlabelled: road, pavement, car, pole and sign together.
    assert shares[1:5] * 96.05 == pytest.approx([31.66, 4.49, 5.87, 2.15], rel=0.15)
