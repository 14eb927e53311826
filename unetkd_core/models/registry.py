"""From an arch (a JSON object) to a module with fresh weights. A new family of networks is one more entry here."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from unetkd_core.errors import CheckpointError
from unetkd_core.models.unet import UNet


def _backbone_unet(**fields: Any) -> nn.Module:
    from unetkd_core.models.backbone_unet import BackboneUNet  # torchvision takes a second to import

    return BackboneUNet(**fields)


_FAMILIES: dict[str, Callable[..., nn.Module]] = {"unet": UNet, "backbone_unet": _backbone_unet}


def build(arch: Mapping[str, Any]) -> nn.Module:
    """The network that `arch` describes, initialised from torch's global generator.

    Raises CheckpointError for an unknown type or for fields that its family does not have.
    """
    fields = dict(arch)
    kind = fields.pop("type", None)
    if kind not in _FAMILIES:
        raise CheckpointError(
            f"The network's type is {kind!r}; this release can build {', '.join(sorted(_FAMILIES))} only."
        )
    try:
        return _FAMILIES[kind](**fields)
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"The description of this {kind} cannot be built: {error}.") from None
