"""Who asks: a key becomes its hash and nothing else, and what is the operator's is refused to visitors, in the core."""

from collections.abc import Callable
from pathlib import Path

import pytest

from unetkd_core import settings, visitors
from unetkd_core.data import catalog
from unetkd_core.errors import CheckpointError, ConfigError, NotAllowedError, UnetKDError
from unetkd_core.models import pretrained
from unetkd_core.runs import keep, offline_check, prune
from unetkd_core.zoo import ensemble_search, ensembles, export_apart, hub, references, shelf
from unetkd_core.zoo.ensembles import EnsembleSpec

KEY = "A" * 43


def spec() -> EnsembleSpec:
    return ensembles.parse({"members": ["m256-alone", "m128-alone"]})


REFUSED: dict[str, Callable[[Path], object]] = {
    "adding a folder": lambda path: catalog.register("mine", path),
    "forgetting one": lambda path: catalog.forget("camvid"),
    "looking at the Hub": lambda path: hub.look(hub.parse("owner/name")),
    "pulling": lambda path: hub.pull("owner/name"),
    "pushing": lambda path: hub.push("m128-from-vgg16", "owner/name"),
    "forgetting what was pulled": lambda path: hub.forget(hub.parse("owner/name")),
    "exporting": lambda path: export_apart.make("m128-from-vgg16"),
    "packing for a push": lambda path: hub.pack("m128-from-vgg16"),
    "keeping": lambda path: keep.keep("x", "mine", []),
    "deleting a network": lambda path: shelf.delete("m128-from-vgg16"),
    "keeping an ensemble": lambda path: ensembles.save(spec(), path / "mine"),
    "measuring a split": lambda path: ensemble_search.search(spec(), ["streets:val"], [(1.0, 1.0)]),
    "freeing space": lambda path: prune.carry_out([]),
    "looking through the machine": lambda path: list(offline_check.findings()),
}


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_PUBLIC", "1")


@pytest.mark.parametrize("what", REFUSED)
def test_a_visitor_is_refused_by_the_core_and_nothing_is_made(what: str, public: None, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(NotAllowedError, match="is for whoever runs this server"):
        REFUSED[what](tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("what", ["forgetting one", "keeping", "freeing space", "packing for a push"])
def test_the_operator_of_a_public_server_is_not_refused(what: str, public: None, tmp_path: Path) -> None:
    with visitors.acting_as(visitors.OPERATOR):
        try:
            REFUSED[what](tmp_path)
        except UnetKDError as error:
            assert not isinstance(error, NotAllowedError)
    assert visitors.asking() is None


def test_weights_are_not_downloaded_on_a_visitors_behalf(
    public: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNETKD_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(NotAllowedError, match="Downloading VGG16's ImageNet weights is for whoever"):
        pretrained.check("VGG16")


@pytest.mark.parametrize("ref", ["../../etc", "/etc/passwd", "run:../x", "hf:a/../../etc", "teacher-of:../x", "hf:a/b"])
def test_what_a_visitor_types_as_a_reference_leads_to_no_file(ref: str, public: None) -> None:
    with pytest.raises(CheckpointError):
        references.info_of(ref)


def test_visitors_see_of_the_hubs_cache_what_the_operator_pulled_alone(
    public: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref, commit = hub.parse("owner/name"), "0" * 40
    snapshot = tmp_path / "models--owner--name" / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    monkeypatch.setattr("unetkd_core.zoo.hub_cache._repository", lambda ref: tmp_path / "models--owner--name")
    here = ref.at(commit)
    with pytest.raises(CheckpointError, match="is not on this machine"):
        hub.hub_cache.folder_of(here)
    hub.hub_cache.remember({ref: commit})
    assert hub.hub_cache.folder_of(here) == snapshot


@pytest.mark.parametrize(
    "key", ["", None, 3, "short", "A" * 42, "A" * 44, "A" * 42 + "/", "../" + "A" * 40, KEY + "\n"]
)
def test_what_is_no_key_owns_nothing(key: object) -> None:
    assert visitors.owner_of(key) is None


def test_a_key_becomes_its_hash() -> None:
    owner = visitors.owner_of(KEY)
    assert owner is not None and len(owner) == 64 and KEY not in owner


@pytest.mark.parametrize("value", ["yes", "true", "2", "on"])
def test_a_mistyped_switch_opens_nothing(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_PUBLIC", value)
    with pytest.raises(ConfigError, match="expected 1 for a server"):
        settings.public()


def test_a_public_server_has_limits_where_a_private_one_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = (
        settings.max_queued_each, settings.max_training_each, settings.max_kept_each, settings.max_epochs,
        settings.max_pixels, settings.max_scenes, settings.max_batch, settings.max_cells, settings.max_hours,
        settings.max_disk_bytes, settings.max_sweeps, settings.max_sweeps_each,
    )  # fmt: skip
    assert [limit() for limit in limits] == [None] * len(limits)
    monkeypatch.setenv("UNETKD_PUBLIC", "1")
    assert all((limit() or 0) > 0 for limit in limits)
    monkeypatch.setenv("UNETKD_MAX_EPOCHS", "7")
    monkeypatch.setenv("UNETKD_MAX_DISK_GB", "0.5")
    assert settings.max_epochs() == 7 and settings.max_disk_bytes() == 500_000_000
