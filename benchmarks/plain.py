"""The plain way to distil, as a typical training script does it: what `training_step` is compared with.

Files decoded in every epoch by a Dataset behind a DataLoader (no workers), fp32, NCHW, the teacher run at every step,
KL by F.kl_div. Nothing is slowed down on purpose: the teacher runs under inference_mode, and it augments less than ours
(flips only).
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from unetkd_core.data.source import Source


def write_files(source: Source, folder: Path, count: int) -> None:
    """The first `count` scenes at native size: NAME.jpg (quality 92) and NAME.png (class numbers)."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        scene = source.read(index)
        Image.fromarray(scene.image).save(folder / f"{index:05d}.jpg", quality=92)
        assert scene.labels is not None, "streets are labelled"
        Image.fromarray(scene.labels).save(folder / f"{index:05d}.png")


class StreetFiles(Dataset[tuple[Tensor, Tensor]]):
    """(image (3, H, W) float32 in [0, 1], target (H, W) int64) from files; flipped at random."""

    def __init__(self, folder: Path, height: int, width: int) -> None:
        self.images = sorted(folder.glob("*.jpg"))
        self.size = (width, height)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        path = self.images[index]
        image = np.asarray(Image.open(path).convert("RGB").resize(self.size, Image.Resampling.BILINEAR))
        labels = np.asarray(Image.open(path.with_suffix(".png")).resize(self.size, Image.Resampling.NEAREST))
        if torch.rand(()) < 0.5:
            image, labels = image[:, ::-1], labels[:, ::-1]
        tensor = torch.from_numpy(image.copy()).permute(2, 0, 1).contiguous().float() / 255
        return tensor, torch.from_numpy(labels.copy()).long()


class PlainSide:
    """One student, one teacher, one optimizer, and their step."""

    def __init__(
        self, student: nn.Module, teacher: nn.Module, files: StreetFiles, *, batch_size: int, device: torch.device
    ) -> None:
        self.device = device
        self.student = student.to(device).train()
        self.teacher = teacher.to(device).eval()
        self.optimizer = torch.optim.AdamW(self.student.parameters(), lr=1e-3)
        self.loader = DataLoader(files, batch_size=batch_size, shuffle=True, drop_last=True)
        self.batches = self._endless()
        self.alpha, self.temperature = 0.1, 4.0

    def _endless(self) -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            yield from self.loader

    def load(self) -> tuple[Tensor, Tensor]:
        """The next batch, on the device: decoding, resizing, flipping, collating."""
        image, target = next(self.batches)
        return image.to(self.device), target.to(self.device)

    def teach(self, image: Tensor) -> Tensor:
        """The teacher's logits."""
        with torch.inference_mode():
            logits: Tensor = self.teacher(image)
        return logits.clone()

    def loss(self, student: Tensor, teacher: Tensor, target: Tensor) -> Tensor:
        """alpha * CE + (1 - alpha) * T² * KL, the KL a mean over pixels: batchmean divided by H·W."""
        soft = F.kl_div(
            F.log_softmax(student / self.temperature, dim=1),
            F.softmax(teacher / self.temperature, dim=1),
            reduction="batchmean",
        ) / (student.shape[2] * student.shape[3])
        hard = F.cross_entropy(student, target, ignore_index=255)
        return self.alpha * hard + (1 - self.alpha) * self.temperature**2 * soft

    def update(self, image: Tensor, grad: Tensor) -> None:
        """The student's part alone: forward, backward from a given gradient of its logits, optimizer."""
        self.optimizer.zero_grad(set_to_none=True)
        self.student(image).backward(grad)
        self.optimizer.step()

    def step(self) -> None:
        """One whole training step."""
        image, target = self.load()
        teacher = self.teach(image)
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(self.student(image), teacher, target).backward()
        self.optimizer.step()
