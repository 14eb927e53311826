"""A Hub that refuses, breaks off, lies or holds other things: one clear sentence each, and nothing broken stays."""

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.zoo.conftest import checkpoint_files
from tests.zoo.hub_server import TOKEN, Hub, Repo
from unetkd_core.errors import CheckpointError, HubError
from unetkd_core.zoo import hub as the_hub
from unetkd_core.zoo import hub_offer, references
from unetkd_core.zoo.hub_refs import parse

Files = dict[str, bytes]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return checkpoint_files(tmp_path)


@pytest.fixture
def repo(hub: Hub, files: Files) -> Repo:
    made = hub.repos["owner/repo"] = Repo()
    made.commit(files)
    return made


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client waits up to half a minute between its tries."""
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)


ANSWERS = [
    (
        401,
        {"X-Error-Message": "Invalid credentials in Authorization header"},
        r"did not accept the access token \(401\)",
    ),
    (403, {}, r"forbids it \(403\): the token may not read owner/repo"),
    (403, {"X-Error-Code": "GatedRepo"}, "owner/repo is gated: ask for access"),
    (404, {"X-Error-Code": "RepoNotFound"}, "shows no repository owner/repo"),
    (404, {"X-Error-Code": "RevisionNotFound"}, "has no revision 'main'; expected a branch, tag or commit"),
    (404, {}, r"knows no owner/repo \(404\)"),
    (429, {"ratelimit": '"api";r=0;t=55'}, r"too many requests \(429\); wait 55 s\. .*work as ever"),
    (429, {"Retry-After": "120"}, "wait 120 s"),
    (429, {}, "wait a few minutes"),
    (500, {}, r"out of order just now \(500\)"),
    (503, {}, r"out of order just now \(503\); try again later"),
    (418, {}, r"refused owner/repo \(418\)"),
]


@pytest.mark.parametrize(("status", "headers", "sentence"), ANSWERS)
def test_each_refusal_is_a_sentence(hub: Hub, repo: Repo, status: int, headers: dict[str, str], sentence: str) -> None:
    hub.fault = lambda method, path: (status, headers)
    with pytest.raises(HubError, match=sentence) as caught:
        the_hub.pull("owner/repo", token=TOKEN)
    assert caught.value.temporary == (status == 429 or status >= 500)
    assert TOKEN not in str(caught.value) and "\n" not in str(caught.value)
    assert the_hub.known() == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_fault_that_comes_while_downloading_is_a_sentence_too(
    hub: Hub, repo: Repo, status: int, no_waiting: None
) -> None:
    hub.fault = lambda method, path: (status, {}) if "/large/" in path or "safetensors" in path else None
    with pytest.raises(HubError, match=f"{status}"):
        the_hub.pull("owner/repo")
    hub.fault = lambda method, path: None
    the_hub.pull("owner/repo")
    assert [p for p in hub.downloads() if p.endswith("config.json")] == [
        "/owner/repo/resolve/" + repo.revisions["main"] + "/config.json"
    ]


def test_a_cut_connection_is_resumed_where_it_was_cut(
    hub: Hub, repo: Repo, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 512)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    hub.cuts = 2
    told: list[int] = []
    the_hub.pull("owner/repo", progress=lambda done, total: told.append(done))
    ranges = [a.range for a in hub.asked if a.method == "GET" and a.path.startswith("/large/")]
    assert ranges[0] is None and len(ranges) == 3
    starts = [int(str(r).removeprefix("bytes=").removesuffix("-")) for r in ranges[1:]]
    assert 0 < starts[0] < starts[1] < len(files["model.safetensors"])
    assert told == sorted(told) and references.load_model("hf:owner/repo").info.name == "tiny"


def test_a_connection_that_stays_cut_leaves_nothing_half(
    hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    hub.cuts = 100
    with pytest.raises(HubError, match="was cut while owner/repo was under way; try again: whole files are kept"):
        the_hub.pull("owner/repo")
    with pytest.raises(CheckpointError, match=r"no model.safetensors|not on this machine"):
        references.load_model("hf:owner/repo")
    assert list((tmp_path / "hf-cache").rglob("*.incomplete")) == [] and the_hub.known() == []
    hub.cuts = 0
    the_hub.pull("owner/repo")
    assert references.load_model("hf:owner/repo").info.name == "tiny"


def test_a_file_that_arrives_changed_is_thrown_away(hub: Hub, repo: Repo) -> None:
    hub.lie = lambda path, content: content[:-1] + bytes([content[-1] ^ 1]) if path.endswith("safetensors") else content
    with pytest.raises(HubError, match=r"did not arrive as it was saved .*thrown away"):
        the_hub.pull("owner/repo")
    assert the_hub.known() == []
    hub.lie = lambda path, content: content
    the_hub.pull("owner/repo")  # not the changed one from the cache
    assert references.load_model("hf:owner/repo").info.name == "tiny"


def test_weights_that_are_not_those_of_the_config_are_not_downloaded(hub: Hub, repo: Repo, files: Files) -> None:
    weights = files["model.safetensors"]
    repo.commit({**files, "model.safetensors": weights[:-1] + b"\1"})
    with pytest.raises(HubError, match=r"is not the file that its config.json names"):
        the_hub.pull("owner/repo")
    assert not [p for p in hub.downloads() if "/large/" in p]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"arch": {"type": "transformer"}}, "hf:owner/repo: config.json: .*'transformer'"),
        ({"format_version": 9}, "format version 9, this release reads 1"),
        ({"classes": ["a", "b"]}, "has the classes a, b"),
        ({"arch": {"type": "unet", "base_width": 10**9}}, "number outside 0 to 4096"),
    ],
)
def test_another_architecture_is_refused_before_its_weights(
    hub: Hub, repo: Repo, files: Files, change: dict[str, object], sentence: str
) -> None:
    repo.commit({**files, "config.json": json.dumps({**json.loads(files["config.json"]), **change}).encode()})
    with pytest.raises(CheckpointError, match=sentence):
        the_hub.pull("owner/repo")
    assert not [p for p in hub.downloads() if "/large/" in p]


def test_another_kind_of_model_is_named(hub: Hub, repo: Repo, files: Files) -> None:
    repo.commit({**files, "config.json": b'{"model_type": "bert"}'})
    with pytest.raises(HubError, match=r"another kind of model \('bert'\), no checkpoint of UNetKD"):
        the_hub.pull("owner/repo")
    repo.commit({**files, "config.json": b"[" * 100_000})
    with pytest.raises(CheckpointError, match="is not JSON"):
        the_hub.pull("owner/repo")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pkl", "last.ckpt"])
def test_a_repository_with_pickles_only_is_refused_unseen(hub: Hub, repo: Repo, files: Files, name: str) -> None:
    repo.commit({"config.json": files["config.json"], name: b"cos\nsystem\n"})
    with pytest.raises(HubError, match=r"a pickle only, which may run anything .* Nothing was downloaded"):
        the_hub.pull("owner/repo")
    assert hub.downloads() == []


def test_a_repository_without_any_of_it_says_what_it_lacks(hub: Hub, repo: Repo, files: Files) -> None:
    repo.commit({"README.md": b"# hello"})
    with pytest.raises(HubError, match=r"it has no config\.json and model\.safetensors"):
        the_hub.pull("owner/repo")


def told_larger(name: str, size: int) -> Callable[[list[dict[str, object]]], list[dict[str, object]]]:
    def listing(siblings: list[dict[str, object]]) -> list[dict[str, object]]:
        for one in siblings:
            if one["rfilename"] == name:
                one["size"] = size
                if isinstance(lfs := one.get("lfs"), dict):
                    lfs["size"] = size
        return siblings

    return listing


@pytest.mark.parametrize(
    ("name", "size"),
    [("config.json", 5_000_000), ("README.md", 2_000_000), ("model.safetensors", 10**12), ("config.json", -1)],
)
def test_what_is_too_large_is_not_downloaded(hub: Hub, repo: Repo, name: str, size: int) -> None:
    hub.listing = told_larger(name, size)  # type: ignore[assignment]
    with pytest.raises(HubError, match=rf"{name} of owner/repo has {size:,} bytes; expected"):
        the_hub.pull("owner/repo")
    assert hub.downloads() == []


def test_weights_too_large_for_their_network_are_not_downloaded(hub: Hub, repo: Repo) -> None:
    hub.listing = told_larger("model.safetensors", 50_000_000)  # type: ignore[assignment]
    with pytest.raises(HubError, match=r"50,000,000 bytes, which cannot be a network of .* It was not downloaded"):
        the_hub.pull("owner/repo")
    assert not [p for p in hub.downloads() if "/large/" in p]


def test_more_than_was_told_is_broken_off(
    hub: Hub, repo: Repo, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 512)
    hub.listing = told_larger("model.safetensors", len(files["model.safetensors"]) - 2000)  # type: ignore[assignment]
    told: list[int] = []
    with pytest.raises(HubError, match="not as large as the Hub said"):
        the_hub.pull("owner/repo", progress=lambda done, total: told.append(done))
    assert max(told) <= len(files["config.json"]) + len(files["model.safetensors"]) - 2000
    assert not list((tmp_path / "hf-cache").rglob("model.safetensors"))


def test_names_that_lead_elsewhere_are_never_asked_for(hub: Hub, repo: Repo, tmp_path: Path) -> None:
    evil = ["../../evil/config.json", "/etc/model.safetensors", "..\\model.safetensors", "a/../../model.safetensors"]
    hub.listing = lambda siblings: [*siblings, *({"rfilename": name, "size": 3} for name in evil)]
    offer = the_hub.look(parse("owner/repo"))
    assert set(offer.files) == {"config.json", "model.safetensors", "README.md"}
    assert hub_offer.look_at(parse("owner/repo")).folders() == []
    the_hub.fetch(offer)
    assert not any("evil" in a.path or "etc" in a.path for a in hub.asked)
    assert not (tmp_path / "evil").exists()


def test_a_commit_that_is_none_is_refused(hub: Hub, repo: Repo) -> None:
    files = repo.commits.pop(repo.revisions["main"])
    repo.commits["../../../x"] = files
    repo.revisions["main"] = "../../../x"
    with pytest.raises(HubError, match="names no commit"):
        the_hub.pull("owner/repo")


def test_something_that_is_no_hub_is_a_sentence(hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.fault = lambda method, path: (200, {"Content-Type": "text/html"})
    with pytest.raises(HubError, match=r"names no commit|does not speak as the Hub does"):
        the_hub.pull("owner/repo")


def test_a_token_is_in_no_error_no_log_and_no_file(
    hub: Hub, repo: Repo, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("huggingface_hub").setLevel(logging.DEBUG)
    repo.private = True
    the_hub.pull("owner/repo", token=TOKEN)
    for bad in (f"{TOKEN}\nX-Evil: 1", f"{TOKEN} {TOKEN}", f"{TOKEN}é", f"{TOKEN}wrong"):
        with pytest.raises(HubError, match="access token") as caught:
            the_hub.pull("owner/repo", token=bad)
        assert TOKEN not in str(caught.value)
    the_hub.pull("owner/repo", token=f" {TOKEN}\n")
    logging.getLogger("huggingface_hub").setLevel(logging.WARNING)
    said = capfd.readouterr()
    assert TOKEN not in caplog.text + said.out + said.err
    written = [p for p in tmp_path.rglob("*") if p.is_file() and TOKEN.encode() in p.read_bytes()]
    assert written == []


def test_a_cache_that_cannot_be_written_is_a_sentence(
    hub: Hub, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(HubError, match=r"cache cannot be used \(Not a directory\); check HF_HOME"):
        the_hub.pull("owner/repo")


def test_a_hub_that_does_not_answer_is_not_waited_for(hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_offer, "TIMEOUT_SECONDS", 0.1)

    over, answered = threading.Event(), []

    def waits(method: str, path: str) -> None:
        over.wait(20)
        answered.append(path)

    hub.fault = waits
    try:
        with pytest.raises(HubError, match="cannot be reached"):
            the_hub.pull("owner/repo")
        assert not answered
    finally:
        over.set()
