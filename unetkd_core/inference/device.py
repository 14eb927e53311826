"""Which device `auto` means here, and that fp32 is fp32 on it. Knows no run."""

import torch

from unetkd_core import settings
from unetkd_core.errors import ConfigError


def full_precision() -> None:
    """No TF32 from now on, which keeps 10 bits of a float32's 23: PyTorch has it on in convolutions on NVIDIA GPUs."""
    torch.backends.cudnn.allow_tf32 = False


def pick_device(wanted: str) -> str:
    """cpu, mps, cuda or cuda:N. `auto` asks UNETKD_DEVICE, then takes the accelerator there is.

    Raises ConfigError when a device was named that this machine does not have.
    """
    wanted = settings.device() if wanted == "auto" else wanted
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if wanted == "auto":
        return "cuda" if cuda else "mps" if mps else "cpu"
    number = int(wanted[5:]) if wanted.startswith("cuda:") else 0
    if (wanted.startswith("cuda") and not (cuda and number < torch.cuda.device_count())) or (
        wanted == "mps" and not mps
    ):
        raise ConfigError(f"This machine has no device {wanted!r} that PyTorch can use; choose auto or cpu.")
    return wanted
