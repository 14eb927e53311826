"""What may be typed for something on the Hub, and that nothing typed leaves its folder in the cache or its address."""

import json
from pathlib import Path

import pytest

from unetkd_core import settings
from unetkd_core.errors import CheckpointError
from unetkd_core.zoo import hub_cache, references
from unetkd_core.zoo.hub_refs import HubRef, make, parse

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("hf:owner/repo", HubRef("owner/repo")),
        ("owner/repo", HubRef("owner/repo")),
        ("hf:o-1/a.b_c/m128@v1.0", HubRef("o-1/a.b_c", "m128", "v1.0")),
        ("hf:owner/repo@refs/pr/3", HubRef("owner/repo", None, "refs/pr/3")),
        (f"hf:owner/repo@{COMMIT}", HubRef("owner/repo", None, COMMIT)),
    ],
)
def test_a_reference_is_taken_apart_and_put_together(text: str, ref: HubRef) -> None:
    assert parse(text) == ref == make(*ref)
    assert parse(str(ref)) == ref and str(ref).startswith("hf:")


HOSTILE = [
    "", "hf:", "hf:owner", "hf:/etc/passwd", "hf:../..", "hf:owner/..", "hf:../repo", "hf:owner/repo/..",
    "hf:owner/repo/../x", "hf:owner/repo/a/b", "hf:owner/repo/.git", "hf:owner/repo@", "hf:owner/repo@../../x",
    "hf:owner/repo@a/../b", "hf:owner/repo@a//b", "hf:owner/repo@/etc", "hf:owner/repo@a/", "hf:owner/repo@.hidden",
    "hf:owner/repo@a/.b", "hf:owner/repo@a.lock", "hf:own--er/repo", "hf:owner/re--po", "hf:own..er/repo",
    "hf:owner/repo.git", "hf:owner\\repo", "hf:owner/repo\n", "hf:owner/repo\0", "hf:öwner/repo", "hf:owner/repo?x=1",
    "hf:owner/repo#x", "hf:owner/re po", "hf:hf:owner/repo", "hf://owner/repo", "https://huggingface.co/owner/repo",
    "hf:owner/repo@%2e%2e", "hf:" + "a" * 200 + "/b", "hf:owner/repo@" + "a" * 200,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_anything_else_is_refused_before_a_path_is_made_of_it(text: str) -> None:
    with pytest.raises(CheckpointError, match="is no reference to the Hub"):
        parse(text)
    if text.startswith("hf:"):
        with pytest.raises(CheckpointError):
            references.resolve(text)


@pytest.mark.parametrize("parts", [("o/r", "a/b"), ("o/r@x", None), ("o/r/x", None), ("hf:o/r", None), ("o/r", "a@b")])
def test_parts_cannot_smuggle_other_parts(parts: tuple[str, str | None]) -> None:
    with pytest.raises(CheckpointError, match="is no reference to the Hub"):
        make(*parts)


def test_what_was_not_pulled_says_how_to(hub: object) -> None:
    with pytest.raises(CheckpointError, match="`unetkd pull owner/repo/m128@v1` downloads it"):
        references.resolve("hf:owner/repo/m128@v1")


def test_a_record_that_was_damaged_or_edited_points_nowhere_else(hub: object, tmp_path: Path) -> None:
    record = settings.hub_record()
    record.parent.mkdir(parents=True)
    outside = tmp_path / "hf-cache" / "models--o--r" / "elsewhere"
    outside.mkdir(parents=True)
    (outside / "config.json").write_text("{}")
    for text in ("[", "[]", '{"commits": 3}', json.dumps({"commits": {"hf:o/r": "../elsewhere", "../x": COMMIT}})):
        record.write_text(text)
        assert hub_cache.pulled() == [] and hub_cache.commit_of(HubRef("o/r")) is None


def test_what_another_tool_put_into_the_cache_is_found(hub: object, tmp_path: Path) -> None:
    repository = tmp_path / "hf-cache" / "models--o--r"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    snapshot = repository / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    assert references.resolve("hf:o/r") == snapshot
    assert references.pinned("hf:o/r") == f"hf:o/r@{COMMIT}"
    (repository / "refs" / "main").write_text("../../..")
    with pytest.raises(CheckpointError, match="not on this machine"):
        references.resolve("hf:o/r")
