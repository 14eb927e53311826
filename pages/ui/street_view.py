"""A made-up street in the layers that its generator knows: picture, labels, depth, and light alone.

Asks the caches for the scene and hands it to the viewer.
"""

from collections.abc import Callable

import numpy as np
import streamlit as st

from pages.ui import caches, depth_map, kit, street_light
from pages.ui.places import Place
from pages.ui.viewer import Layer, Plate, Quantity, viewer
from unetkd_core.data import streets
from unetkd_core.data.streets import StreetScene

ALL = "All four"
LAYERS = (ALL, "Picture", "Labels", "Depth", "Light")


def menu(page: str) -> str:
    """Which layer is looked at."""
    return st.segmented_control(
        "Layers", LAYERS, default=ALL, required=True, label_visibility="collapsed", key=kit.key(page, "layer")
    )


def show(page: str, place: Place, index: int, light: street_light.Light, layer: str, *, withheld: bool) -> StreetScene:
    """Draw the chosen layers. `withheld`: training gets no labels of this split. Returns the scene."""
    scene = caches.street(place.split, index, *light)
    said = street_light.words(light, streets.conditions(streets.SPLIT_SEEDS[place.split], index))
    labels_note = "withheld in training" if withheld else "exact"
    metres = Quantity(scene.depth, "m", "sky")
    read = (scene.labels, metres) if layer != ALL else (None, None)

    def plate(title: str, note: str, image: np.ndarray | None, alt: str) -> Plate:
        return Plate(title, note, image, alt, *read)

    makers: dict[str, Callable[[], Layer | Plate]] = {
        "Picture": lambda: plate("Picture", said, None, f"A made-up street, {said}"),
        "Labels": lambda: Layer(
            "plate", "Labels", labels_note, scene.labels, alt="The class of each pixel", quantity=read[1]
        ),
        "Depth": lambda: Plate(
            "Depth", "near is bright", depth_map.picture(scene.depth), "How far each pixel is", read[0], metres
        ),
        "Light": lambda: plate(
            "Light", "all of one grey", caches.street_light(place.split, index, *light), "Light and shadow alone"
        ),
    }
    shown = [make() for name, make in makers.items() if layer in (ALL, name)]
    viewer(
        scene.image,
        shown,
        mode="grid",
        key=kit.key(page, "street"),
        opacity=0.75,
        show_opacity=layer == "Labels",
        report=False,
    )
    if layer in (ALL, "Depth"):
        st.html(depth_map.key_html())
    return scene
