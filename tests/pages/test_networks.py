"""Which networks Compare shows: the address's list, adding and taking out, and how two of one role are told apart."""

import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import agreement, readings
from pages.ui import networks as choice
from tests.pages.compare_app import networks, opened, quick_streets, text, trio_folder
from tests.pages.trio_folder import make_trio
from tests.zoo.hub_here import hub
from tests.zoo.hub_server import Hub, Repo
from unetkd_core.zoo import checkpoints, references
from unetkd_core.zoo import hub as the_hub

__all__ = ["hub", "networks", "quick_streets", "trio_folder"]
pytestmark = pytest.mark.usefixtures("networks")


def shown(at: AppTest) -> list[str]:
    """Rows of the price table, as they are named."""
    table = next(h.value for h in at.html if '<table class="ukt' in h.value and "MACs" in h.value)
    rows = table.split('scope="row">')[1:]
    return [row.split("<b")[1].split(">")[1].split("<")[0] for row in rows]


def test_the_address_lists_every_network_in_the_pictures_order() -> None:
    at = opened(nets="alone,taught,ztaught,big")
    assert [at.selectbox(key=f"overlays_{role}").value for role in ("teacher", "student", "twin")] == [
        "big",
        "taught",
        "alone",
    ]
    assert at.selectbox(key="overlays_net_4").value == "ztaught"
    assert at.query_params["nets"] == "big,taught,alone,ztaught"


def test_two_of_one_role_are_told_apart_by_name_and_keep_their_roles_colour() -> None:
    at = opened(nets="big,taught,alone,ztaught")
    assert shown(at) == ["Teacher", "M128 taught", "Twin", "zM128 taught"]
    table = next(h.value for h in at.html if "MACs" in h.value and "<table" in h.value)
    assert table.count("ukd-m-student") == 2 and table.count("ukd-m-twin") == 1


def test_a_network_is_added_and_taken_out_again() -> None:
    at = opened()
    at.selectbox(key="overlays_add").set_value("zbig").run()
    assert not at.exception
    assert at.selectbox(key="overlays_net_4").value == "zbig" and at.selectbox(key="overlays_add").value is None
    assert at.query_params["nets"] == "big,taught,alone,zbig"
    at.selectbox(key="overlays_add").set_value("ztaught").run()
    at.selectbox(key="overlays_net_4").set_value(choice.NOBODY).run()
    assert not at.exception
    assert at.query_params["nets"] == "big,taught,alone,ztaught"


def test_six_are_the_most() -> None:
    at = opened(nets="big,taught,alone,zbig,ztaught,zalone")
    assert len(shown(at)) == choice.MOST and "overlays_add" not in [box.key for box in at.selectbox]


def test_what_the_address_names_and_is_not_here_is_said() -> None:
    at = opened(nets="big,long-gone,taught")
    assert "The network long-gone is not here." in text(at)
    assert at.query_params["nets"] == "big,taught"


def test_what_was_pulled_from_the_hub_is_a_network_like_any_other(hub: Hub, tmp_path: Path) -> None:
    make_trio(tmp_path / "theirs", seed=1)
    repo = hub.repos["owner/big"] = Repo()
    commit = repo.commit({file.name: file.read_bytes() for file in (tmp_path / "theirs" / "big").iterdir()})
    references_before = [ref for ref, _ in references.available()]
    the_hub.pull("owner/big")
    assert [ref for ref, _ in references.available()] == [*references_before, "hf:owner/big"]
    at = opened(nets=f"hf:owner/big@{commit},taught,alone")
    assert at.selectbox(key="overlays_teacher").value == "hf:owner/big"
    assert at.query_params["nets"] == "hf:owner/big,taught,alone" and len(shown(at)) == 3


def test_a_link_to_a_trio_shows_that_trio_alone() -> None:
    at = opened(nets="big,taught,alone,ztaught")
    at.query_params.clear()
    for role, ref in (("teacher", "zbig"), ("student", "ztaught"), ("twin", "zalone")):
        at.query_params[role] = ref
    at.run()
    assert at.query_params["nets"] == "zbig,ztaught,zalone"


def test_whoever_teaches_judges_where_there_is_no_truth() -> None:
    known = checkpoints.list_named()
    cast = readings.cast(known, ["taught", "big", "big", "nobody-knows"])
    assert [(r.ref, r.role, r.title, r.detail) for r in cast] == [
        ("taught", "student", "Student, taught", "M128"),
        ("big", "teacher", "Teacher", "M256"),
    ]
    assert readings.judge(cast) is None  # nobody has read anything yet


def test_who_agrees_with_whom_is_a_half_table_numbered_where_shapes_do_not_tell() -> None:
    cast = readings.cast(checkpoints.list_named(), ["big", "taught", "alone"])
    shares = np.array([[1, 0.9, 0.8], [0.9, 1, 0.75], [0.8, 0.75, 1]])
    shown = agreement.table(cast, shares)
    assert re.findall(r"<td>(.*?)</td>", shown) == ["90.0", "", "80.0", "75.0"] and "ukt-place" not in shown
    twins = readings.cast(checkpoints.list_named(), ["big", "taught", "ztaught"])
    shown = agreement.table(twins, shares)
    assert re.findall(r"<td>(.*?)</td>", shown) == ["", "", "90.0", "", "80.0", "75.0"]
    assert shown.count("ukt-place") == 5
