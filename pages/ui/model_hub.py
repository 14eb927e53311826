"""The Hugging Face Hub on the page Models: look at a repository, pull it, push a network. Sizes are told first."""

import html
import ipaddress
from collections.abc import Iterator
from typing import Final

import streamlit as st

from pages.ui import kit, model_work, visitor
from pages.ui.background import Work
from pages.ui.model_list import Entry
from pages.ui.model_work import Action
from unetkd_core.errors import CheckpointError, UnetKDError
from unetkd_core.runs import forgetting
from unetkd_core.zoo import hub, references, relatives
from unetkd_core.zoo.hub import Offer, Pushed
from unetkd_core.zoo.hub_refs import PREFIX, HubRef
from unetkd_core.zoo.licences import is_free

PAGE: Final = "models"
_SECRET: Final = "HF_TOKEN"
_OFFER: Final = kit.key(PAGE, "offer")
state = st.session_state


def is_owner() -> bool:
    """Whether whoever looks sits at this machine, and no proxy in between: only then is its token theirs to use. On a
    public server nobody is taken for its owner, however near he seems.
    """
    return not visitor.is_public() and _is_here(st.context.ip_address) and "X-Forwarded-For" not in st.context.headers


def _is_here(address: str | None) -> bool:
    """Whether an address is this machine's own; Streamlit gives none for localhost, and what the socket says for
    127.0.0.1 where it listens to both protocols (::ffff:127.0.0.1).
    """
    if address is None:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback


def token() -> str | bool | None:
    """For the machine's owner the one of Streamlit's secrets, if there is one; else the client takes the environment's,
    or the login. For visitors none at all.
    """
    if not is_owner():
        return False
    try:
        found = st.secrets[_SECRET]
    except (KeyError, FileNotFoundError):
        return None
    return found if isinstance(found, str) else None


def pull() -> None:
    """A field for a repository; what it holds and how large that is; then the button that brings it here."""
    kit.section("From the Hugging Face Hub", "config, weights and card, nothing else")
    answer = st.container()  # above the field, which stands at the page's end: below it nobody would see it
    with st.form(kit.key(PAGE, "hub"), border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Repository", placeholder="owner/name, owner/name/folder or owner/name@revision",
            key=kit.key(PAGE, "repository"),
        )  # fmt: skip
        asked = st.form_submit_button("Look")
    with answer:
        model_work.say(model_work.HUB)
        if asked:
            _look(text.strip())
        offer = state.get(_OFFER)
        if isinstance(offer, Offer):
            _offered(offer)


def _look(text: str) -> None:
    state.pop(_OFFER, None)
    try:
        with st.spinner("Asking the Hub"):
            state[_OFFER] = hub.look(hub.parse(text), token=token())
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, "look"))


def _offered(offer: Offer) -> None:
    key = _pulls(offer)
    if model_work.is_going(key):
        model_work.going(key, _moved)
        return
    here = "all of it here already" if not offer.missing else f"{hub.megabytes(offer.missing)} to download"
    st.html(
        f'<p class="ukd-note"><b>{html.escape(str(offer.ref))}</b> at commit {offer.commit[:12]}: {len(offer.files)} '
        f"files, {hub.megabytes(offer.size)}, {here}.</p>"
    )
    if st.button("Pull it", type="primary", key=kit.key(PAGE, "pull")):
        given = token()
        model_work.start(
            key,
            bool(given),
            lambda tell: hub.fetch(offer, token=given, progress=tell) and offer,
            _pulled,
            failed="Pulling it",
        )


def _pulls(offer: Offer) -> tuple[str, str, str]:
    return model_work.HUB, str(offer.ref), offer.commit


def _pulled(offer: Offer) -> tuple[str, str | None]:
    if state.get(_OFFER) == offer:
        del state[_OFFER]
    ref = str(offer.ref)
    named = relatives.same(references.available(), ref)
    same = f" It has the weights of {named}, and is shown there." if named not in (None, ref) else ""
    return f"{ref} is here, and means commit {offer.commit[:12]} until it is pulled anew.{same}", ref


def actions(one: Entry) -> Iterator[Action]:
    """Pushing it, and forgetting what was pulled. Visitors have neither: it is the machine's token, and its cache."""
    if not is_owner():
        return
    key = ("push", one.ref)
    yield Action(key, "Push", "cloud_upload", lambda: _push_form(one, key), _uploading)
    pulled = [ref for ref in (one.ref, *one.also) if ref.startswith(PREFIX)]
    if pulled:
        yield Action(("forget", one.ref), "Forget", "cloud_off", lambda: _forget_form(one, pulled))


def _push_form(one: Entry, key: tuple[str, str]) -> None:
    place = st.text_input(
        "Repository to push to", placeholder="owner/name or owner/name/folder", key=kit.key(PAGE, f"to_{one.ref}"),
        help="With a folder several networks lie in one repository.",
    )  # fmt: skip
    try:
        ref = hub.parse(place.strip()) if place.strip() else None
        if ref is not None and ref.revision:
            raise CheckpointError("A push goes to a repository's main branch; leave the revision out.")
        parcel = hub.pack(one.ref, folder=ref and ref.folder)
    except UnetKDError as error:
        kit.problem(error, key=kit.key(PAGE, f"pack_{one.ref}"))
        return
    private = st.toggle("Private", True, key=kit.key(PAGE, f"private_{one.ref}"))
    warning = "" if private or is_free(one.info.licence) else " Public means that everyone may take it."
    st.html(
        f'<p class="ukd-note">{len(parcel.files)} files, {hub.megabytes(parcel.size)}. Licence: '
        f"{html.escape(one.info.licence)}.{warning} Files of these names that are there already are "
        "replaced. Pushing needs a token that may write, in HF_TOKEN or by <code>hf auth login</code>.</p>"
    )
    if st.button("Push it", type="primary", disabled=ref is None, key=kit.key(PAGE, f"push_now_{one.ref}")):
        assert ref is not None
        _push(one, key, ref, private, parcel.size)


def _push(one: Entry, key: tuple[str, str], to: HubRef, private: bool, size: int) -> None:
    given = token()

    def work(tell: model_work.Tell) -> Pushed:
        tell(0, size)
        return hub.push(one.ref, to.repo_id, folder=to.folder, private=private, token=given)

    model_work.start(key, (to.repo_id, to.folder, private), work, _pushed, failed="Pushing it")


def _forget_form(one: Entry, pulled: list[str]) -> None:
    for ref in pulled:
        size = f" {one.megabytes:.1f} MB are free again, unless something else means them." if one.megabytes else ""
        kit.note(
            f"{ref} is taken off this machine, an ensemble with its members.{size} Named copies stay, and it can be "
            "pulled again."
        )
        label = "Forget it" if len(pulled) == 1 else f"Forget {kit.plain(ref)}"
        name = kit.key(PAGE, f"forget_now_{ref}")
        st.button(label, key=name, type="primary", on_click=_forget, args=(ref,))


def _forget(ref: str) -> None:
    try:
        done = forgetting.forget(hub.parse(ref))
    except UnetKDError as error:
        model_work.refuse(error)
        return
    model_work.tell(str(done))


def _pushed(done: Pushed) -> tuple[str, str | None]:
    return f"Pushed as {done.ref}, {'private' if done.private else 'public'}.", None


def _uploading(work: Work) -> str:
    return f"Uploading {hub.megabytes(work.total)}" if work.total else "Uploading"


def _moved(work: Work) -> str:
    if not work.total:
        return "Asking the Hub"
    return f"{hub.megabytes(work.done)} of {hub.megabytes(work.total)}{model_work.left(work)}"
