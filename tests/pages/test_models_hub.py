"""Models and the Hub, through app.py: the real client against a Hub on this machine."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import background, model_hub
from tests.pages.lab_app import lab, text
from tests.pages.test_models import opened, trio
from tests.zoo.hub_here import hub
from tests.zoo.hub_server import TOKEN, Hub, Repo
from unetkd_core.zoo import hub as the_hub
from unetkd_core.zoo import references, shelf
from unetkd_core.zoo.hub_refs import parse

__all__ = ["hub", "lab", "trio"]


@pytest.fixture(autouse=True)
def owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_hub, "is_owner", lambda: True)


FILES = ("config.json", "model.safetensors", "README.md")


@pytest.fixture
def offered(hub: Hub, trio: Path) -> Hub:
    """me/big holds the teacher, which is not here any more."""
    hub.repos["me/big"] = Repo()
    hub.repos["me/big"].commit({name: (trio / "big" / name).read_bytes() for name in FILES})
    for path in (trio / "big").iterdir():
        path.unlink()
    (trio / "big").rmdir()
    return hub


def asked(at: AppTest, repository: str) -> AppTest:
    at.text_input(key="models_repository").set_value(repository)
    return next(b for b in at.button if b.label == "Look").click().run()


def offers(at: AppTest) -> str:
    """The row of what can be done with the chosen network."""
    return " ".join(at.button_group(key=f"models_do_{at.query_params['net']}").options)


def ended(at: AppTest) -> str:
    """What the page says until its background work is over, and then; an end is told once."""
    said = text(at)
    background.wait()
    return said + text(at.run())


def test_a_network_is_looked_at_then_pulled_and_chosen(offered: Hub) -> None:
    at = asked(opened(), "me/big")
    commit = offered.repos["me/big"].revisions["main"][:12]
    assert f"me/big at commit {commit}: 3 files, " in text(at).replace("hf:", "") and "to download" in text(at)
    assert not any(one.path.endswith("model.safetensors") for one in offered.asked), "nothing is downloaded by looking"
    at.button(key="models_pull").click().run()
    assert f"means commit {commit}" in ended(at) and at.query_params["net"] == "hf:me/big"
    assert "M256 big" in at.dataframe[0].value["name"].tolist()
    assert not any(b.key == "models_delete_now_hf:me/big" for b in at.button), "what is pulled lies in the shared cache"


def test_what_the_hub_refuses_is_one_sentence_and_the_page_stays(offered: Hub) -> None:
    for repository, said in (("me/nothing", "me/nothing"), ("../etc", "owner/"), ("", "owner/")):
        at = asked(opened(), repository)
        assert said in text(at) and len(at.dataframe[0].value) == 2 and not at.exception


def test_a_network_is_pushed_with_the_secret_that_is_never_shown(hub: Hub) -> None:
    at = opened(net="taught")
    at.secrets[model_hub._SECRET] = TOKEN
    at.session_state["models_do_taught"] = "push"
    at.run()
    assert "3 files, " in text(at) and "Licence: " in text(at)
    at.text_input(key="models_to_taught").set_value("me/taught").run()
    at.button(key="models_push_now_taught").click().run()
    said = ended(at)
    assert hub.repos["me/taught"].private and "Pushed as hf:me/taught, private" in said
    assert TOKEN not in said and hub.repos["me/taught"].files.keys() >= set(FILES)


def test_several_networks_are_pushed_into_folders_of_one_repository(hub: Hub) -> None:
    for name in ("taught", "alone"):
        at = opened(net=name)
        at.secrets[model_hub._SECRET] = TOKEN
        at.session_state[f"models_do_{name}"] = "push"
        at.run()
        at.text_input(key=f"models_to_{name}").set_value(f"me/zoo/{name}").run()
        at.button(key=f"models_push_now_{name}").click().run()
        assert f"Pushed as hf:me/zoo/{name}, private" in ended(at)
    assert {f"{name}/config.json" for name in ("taught", "alone")} <= hub.repos["me/zoo"].files.keys()


def test_a_push_to_a_revision_or_a_path_is_refused_where_it_is_typed(hub: Hub) -> None:
    at = opened(net="taught")
    at.session_state["models_do_taught"] = "push"
    at.run()
    for place, said in (("me/zoo@v1", "Leave the revision out"), ("../etc/x", "is no reference to the Hub")):
        at.text_input(key="models_to_taught").set_value(place).run()
        assert said in text(at) and "models_push_now_taught" not in [b.key for b in at.button]
    assert not hub.asked


def test_what_was_pulled_is_forgotten_from_the_page(offered: Hub) -> None:
    at = asked(opened(), "me/big")
    at.button(key="models_pull").click().run()
    ended(at)
    at.session_state["models_do_hf:me/big"] = "forget"
    at.run()
    at.button(key="models_forget_now_hf:me/big").click().run()
    assert "Forgotten: hf:me/big; " in text(at) and "are free again" in text(at)
    assert "M256 big" not in at.dataframe[0].value["name"].tolist() and not at.exception


def test_what_was_pulled_beside_a_named_copy_is_seen_chosen_and_forgotten_there(offered: Hub) -> None:
    the_hub.pull("me/big")
    the_hub.keep(parse("me/big"), "copy")
    at = opened(net="hf:me/big")
    assert at.query_params["net"] == "copy" and "Also here ashf:me/big" in text(at)
    assert at.dataframe[0].value["name"].tolist().count("M256 big") == 1
    at.session_state["models_do_copy"] = "forget"
    at.run()
    at.button(key="models_forget_now_hf:me/big").click().run()
    assert "Forgotten: hf:me/big; " in text(at) and "Also here as" not in text(at) and "Forget" not in offers(at)
    assert references.info_of("copy").title == "M256 big" and the_hub.known() == []


def test_pulling_what_is_here_by_a_name_says_where_it_is_shown(offered: Hub) -> None:
    the_hub.pull("me/big")
    the_hub.keep(parse("me/big"), "copy")
    at = asked(opened(), "me/big")
    at.button(key="models_pull").click().run()
    assert "It has the weights of copy, and is shown there." in ended(at) and at.query_params["net"] == "copy"


def test_what_was_pulled_and_then_damaged_is_told(offered: Hub) -> None:
    the_hub.pull("me/big")
    lying = references.resolve("hf:me/big") / "config.json"
    lying.resolve().write_text("{")
    shown = text(opened())
    assert "hf:me/big: " in shown and "config.json is damaged" in shown
    assert [ref for ref, _ in shelf.damaged()] == ["hf:me/big"]


def test_without_a_token_pushing_says_what_it_needs(hub: Hub) -> None:
    at = opened(net="taught")
    at.session_state["models_do_taught"] = "push"
    at.run()
    at.text_input(key="models_to_taught").set_value("me/taught").run()
    at.button(key="models_push_now_taught").click().run()
    assert "did not accept the access token (401)" in ended(at).replace("\n", " ")
    assert not hub.repos.get("me/taught", Repo()).commits


@pytest.mark.parametrize(
    ("address", "here"),
    [(None, True), ("127.0.0.1", True), ("::ffff:127.0.0.1", True), ("::1", True), ("192.0.2.7", False), ("x", False)],
)
def test_whoever_sits_at_this_machine_is_known_by_its_addresses(address: str | None, here: bool) -> None:
    assert model_hub._is_here(address) is here


def test_a_visitor_neither_pushes_nor_comes_with_the_machines_token(
    hub: Hub, trio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_hub, "is_owner", lambda: False)
    hub.repos["me/hidden"] = Repo(private=True)
    hub.repos["me/hidden"].commit({name: (trio / "big" / name).read_bytes() for name in FILES})
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    at = asked(opened(net="taught"), "me/hidden")
    assert "me/hidden" in text(at) and "to download" not in text(at)
    assert not any(one.authorization for one in hub.asked)
    assert "Push" not in offers(at)
