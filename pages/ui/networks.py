"""Which networks Compare shows: the trio of teacher, student and twin, and up to three more; chosen by menus, kept in
the address as ?nets=A,B,C. Links that name ?teacher=, ?student= and ?twin= work too.

Knows menus and the address; what a network says is readings.py's business.
"""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from pages.ui import kit, trio
from pages.ui.readings import SHORT, role_of
from pages.ui.trio import NOBODY
from unetkd_core.zoo import relatives

MOST: Final = 6
"""Networks at once: a screen has room for no more."""
ADD: Final = "Add a network"
_MENU_WIDTH: Final = 172
state = st.session_state


def menus(page: str) -> list[str]:
    """Session-state keys of the menus, in the order of the pictures: the trio's, then the further ones'."""
    return [kit.key(page, role) for role in trio.ROLES] + [kit.key(page, f"net_{k}") for k in range(4, MOST + 1)]


def keys(page: str) -> dict[str, str]:
    """Address name -> session-state key."""
    return {"nets": kit.key(page, "nets"), **{role: kit.key(page, role) for role in trio.ROLES}}


def chosen(page: str) -> list[str]:
    """References in the order of the pictures, each once."""
    refs = [str(state.get(key) or NOBODY) for key in menus(page)]
    return [ref for ref in dict.fromkeys(refs) if ref != NOBODY]


def address(page: str) -> dict[str, str | None]:
    """What belongs into the address: one list; the three old names are for links and go."""
    return {"nets": ",".join(chosen(page)) or NOBODY, **dict.fromkeys(trio.ROLES)}


def settle(page: str, known: trio.Known, taken: set[str], dataset: str, before: str | None) -> list[str]:
    """Valid choices in session state before any menu is drawn; in words what had to be changed.

    taken: names that the address has just brought. dataset: the chosen one's name, before: the one until now; whoever
    never chose a network follows it to the networks that were trained on it.
    """
    told: list[str] = []
    if "nets" in taken:
        told = _take(page, known, str(state.get(keys(page)["nets"], "")))
        taken = {*taken, *trio.ROLES}
    elif taken & {*trio.ROLES}:
        _fill(page, [])  # a link to a trio means that trio alone
    wanted = {role: state.get(kit.key(page, role)) for role in trio.ROLES}
    more = [str(state.get(key) or NOBODY) for key in menus(page)[3:]]
    untouched = all(ref == NOBODY for ref in more)
    found, changed = trio.settle(known, dataset, wanted, taken, before if untouched else dataset)
    state.update({kit.key(page, role): ref for role, ref in found.items()})
    _fill(page, [ref for ref in dict.fromkeys(more) if ref in dict(known) and ref not in found.values()])
    state[keys(page)["nets"]] = ",".join(chosen(page))
    return told + changed


def _take(page: str, known: trio.Known, text: str) -> list[str]:
    """The address's list, each network to the menu of its role, the others behind; what is not here is named."""
    infos = dict(known)
    asked = [ref for ref in dict.fromkeys(text.split(",")) if ref and ref != NOBODY]
    here = [ref if ref in infos else relatives.same(known, ref) for ref in asked]
    told = [f"The network {ref} is not here." for ref, found in zip(asked, here, strict=True) if found is None]
    left = [ref for ref in dict.fromkeys(here) if ref is not None]
    if len(left) > MOST:
        told.append(f"The address names {len(left)} networks; these are the first {MOST}.")
    del left[MOST:]
    for role in trio.ROLES:
        fits = [ref for ref in left if role_of(infos[ref]) == role]
        fits += [ref for ref in left if role == "teacher" and role_of(infos[ref]) == "ensemble"]
        state[kit.key(page, role)] = fits[0] if fits else NOBODY
        left = [ref for ref in left if ref not in fits[:1]]
    _fill(page, left)
    return told


def _fill(page: str, refs: Sequence[str]) -> None:
    """The further menus in a row without gaps; who finds no room there takes a free one of the trio's."""
    free, further = list(refs), menus(page)[3:]
    for key in further:
        state[key] = free.pop(0) if free else NOBODY
    for key in menus(page)[:3]:
        if free and state.get(key) == NOBODY:
            state[key] = free.pop(0)


def toolbar(page: str, known: trio.Known) -> None:
    """A menu for each network, and one that adds another, in one row that scrolls on a phone."""
    infos = dict(known)
    with st.container(horizontal=True, wrap=False, key=kit.key(page, "tools"), vertical_alignment="bottom"):
        for place, key in enumerate(menus(page)):
            role = trio.ROLES[place] if place < len(trio.ROLES) else None
            if role is None and state.get(key, NOBODY) == NOBODY:
                continue
            ref = str(state.get(key))
            st.selectbox(
                _label(role_of(infos[ref]) if ref in infos else str(role)),
                trio.options(known, role) if role else [*infos, NOBODY],
                key=key,
                format_func=lambda ref, out=role is None: _name(known, ref, out),
                width=_MENU_WIDTH,
                persist_state="session",
            )
        rest = [ref for ref in infos if ref not in chosen(page)]
        if rest and len(chosen(page)) < MOST:
            st.selectbox(
                ADD,
                rest,
                index=None,
                key=kit.key(page, "add"),
                placeholder=ADD,
                format_func=lambda ref: f"{kit.ROLE[role_of(infos[ref])].marker} {trio.label(known, ref)}",
                on_change=_add,
                args=(page,),
                label_visibility="collapsed",
                width=_MENU_WIDTH,
            )


def _label(role: str) -> str:
    mark = kit.ROLE[role]
    return f":{mark.color}[**{mark.marker} {SHORT[role]}**]"


def _name(known: trio.Known, ref: str, out: bool) -> str:
    return "take it out" if out and ref == NOBODY else trio.label(known, ref)


def _add(page: str) -> None:
    """The chosen one into the first further menu that is free, else into one of the trio's."""
    added = kit.key(page, "add")
    ref = state.get(added)
    if ref:
        further = [str(state.get(key) or NOBODY) for key in menus(page)[3:]]
        _fill(page, [*(other for other in further if other != NOBODY), ref])
    state[added] = None
