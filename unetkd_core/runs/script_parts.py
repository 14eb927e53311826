"""What a training script (script.py) is put together from: plain PyTorch, part by part, as text. Knows no run.

Each part says what its namesake in the package says, in the same order of operations, so that a script's numbers are
the run's: data/views.py and data/augment.py, models/unet.py, losses/, training/engine.py and schedule.py.
"""

from typing import Final

IMPORTS: Final = """
import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
"""

NETWORK: Final = '''
# ---- the network -------------------------------------------------------------------------------------------------


class UNet(nn.Module):
    """(N, 3, H, W) float in [0, 1] -> logits (N, 6, H, W): `levels` halvings, `width` filters at the first level."""

    def __init__(self, width, levels, norm):
        super().__init__()
        widths = [width << level for level in range(levels + 1)]
        upward = widths[-2::-1]
        self.encoder = nn.ModuleList(block(i, o, norm) for i, o in zip([3, *widths[:-2]], widths[:-1]))
        self.bridge = block(widths[-2], widths[-1], norm)
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, w, 2, stride=2) for b, w in zip([widths[-1], *upward], upward))
        self.decoder = nn.ModuleList(block(2 * w, w, norm) for w in upward)
        self.head = nn.Conv2d(width, CLASSES, 1)
        self.register_buffer("mean", torch.tensor((0.485, 0.456, 0.406)).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor((0.229, 0.224, 0.225)).view(1, 3, 1, 1), persistent=False)
        self.apply(first_weights)

    def forward(self, image):
        height, width = image.shape[-2:]
        unit = 1 << len(self.encoder)
        rows, columns = -height % unit, -width % unit
        top, left = rows // 2, columns // 2
        x = (image - self.mean) / self.std
        if rows or columns:
            x = F.pad(x, (left, columns - left, top, rows - top), mode="replicate")
        skips = []
        for encode in self.encoder:
            x = encode(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bridge(x)
        for up, decode, skip in zip(self.up, self.decoder, reversed(skips)):
            x = decode(torch.cat([skip, up(x)], dim=1))
        return self.head(x)[..., top : top + height, left : left + width]


def block(inputs, outputs, norm):
    """Two 3x3 convolutions with ReLU, batch normalisation before it where there is any."""
    layers = []
    for channels in (inputs, outputs):
        layers.append(nn.Conv2d(channels, outputs, 3, padding=1, bias=norm == "none"))
        if norm == "batch":
            layers.append(nn.BatchNorm2d(outputs))
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


def first_weights(module):
    """He et al. before a ReLU; elsewhere a deviation of 1/sqrt(inputs)."""
    if not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        return
    if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    else:
        nn.init.normal_(module.weight, std=module.in_channels**-0.5)
    if module.bias is not None:
        nn.init.zeros_(module.bias)
'''

DATA: Final = '''
# ---- data: its order, its views, its colours -----------------------------------------------------------------------


def load(folder, split):
    images, labels = (np.load(folder / f"{split}_{part}.npy", mmap_mode="r") for part in ("images", "labels"))
    if images.shape[1:] != (HEIGHT, WIDTH, 3) or labels.shape != images.shape[:3] or images.dtype != np.uint8:
        raise SystemExit(f"{split}: expected images (N, {HEIGHT}, {WIDTH}, 3) uint8 and labels (N, {HEIGHT}, {WIDTH})")
    return images, labels


def mixed(numbers, *salts):
    """Whole numbers -> well mixed 64 bits (SplitMix64's finaliser once a salt): every draw is a function of these."""
    state = np.asarray(numbers).astype(np.uint64)
    for salt in salts:
        state = state + np.uint64((salt + 1) * 0x9E3779B97F4A7C15 % 2**64)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    return state


def make_views():
    """Every view of a scene: (mirrored, top, left, share of each side). The whole scene comes first."""
    places = [(0.0, 0.0, 1.0)]
    for scale in SCALES:
        room = 1 - 1 / scale
        steps = [0.5] if CROP_GRID == 1 else [i / (CROP_GRID - 1) for i in range(CROP_GRID)]
        places += [(room * y, room * x, 1 / scale) for y in steps for x in steps]
    flips = (False, True) if FLIP else (False,)
    return list(dict.fromkeys((mirrored, *place) for mirrored in flips for place in places))


def choose_views(indices, epoch, count):
    """Which view each scene shows in this epoch."""
    if TURNS is None:  # by chance
        return (mixed(indices, SEED, epoch, 2) % np.uint64(count)).astype(np.int64)
    where = indices.astype(np.uint64)[:, None] * np.uint64(count) + np.arange(count, dtype=np.uint64)
    return np.argsort(mixed(where, 4), axis=1, kind="stable")[:, epoch % TURNS]  # in turn, whatever the seed


def show(images, labels, chosen):
    """uint8 scenes through their views -> image (B, 3, H, W) float in [0, 1], target (B, H, W) int64."""
    seen, targets = torch.empty_like(images), []
    for number, (mirrored, top, left, size) in enumerate(chosen):
        rows, columns = max(1, round(size * HEIGHT)), max(1, round(size * WIDTH))
        top, left = min(round(top * HEIGHT), HEIGHT - rows), min(round(left * WIDTH), WIDTH - columns)
        part = images[number : number + 1, top : top + rows, left : left + columns]
        if (rows, columns) != (HEIGHT, WIDTH):
            part = stretch(part)
        seen[number : number + 1] = part.flip(2) if mirrored else part
        y = top + ((np.arange(HEIGHT) + 0.5) * rows / HEIGHT).astype(np.int64)  # the label under each pixel's centre
        x = left + ((np.arange(WIDTH) + 0.5) * columns / WIDTH).astype(np.int64)
        x = torch.from_numpy((x[::-1] if mirrored else x).copy()).to(labels.device)
        targets.append(labels[number][torch.from_numpy(y).to(labels.device)][:, x])
    image = seen.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.preserve_format).mul_(1 / 255)
    return image, torch.stack(targets).long()


def stretch(part):
    planes = part.permute(0, 3, 1, 2)
    if part.device.type == "cpu":
        planes = F.interpolate(planes, (HEIGHT, WIDTH), mode="bilinear", align_corners=False)
    else:
        smooth = F.interpolate(planes.float(), (HEIGHT, WIDTH), mode="bilinear", align_corners=False)
        planes = smooth.round_().to(torch.uint8)
    return planes.permute(0, 2, 3, 1)


def jitter(image, indices, epoch):
    """Brightness, contrast and saturation, each by a factor of 1 - JITTER to 1 + JITTER of its own for each scene."""
    draws = np.stack([(mixed(indices, SEED, epoch, 3, k) >> np.uint64(11)) * 2.0**-53 for k in range(3)])
    factors = (1 + JITTER * (2 * draws - 1)).astype(np.float32)
    bright, contrast, saturation = torch.from_numpy(factors).to(image)[:, :, None, None]
    pixels = image.permute(0, 2, 3, 1).flatten(1, 2)
    luma = torch.tensor((0.299, 0.587, 0.114)).to(image)[:, None]
    matrix = saturation * contrast * bright * torch.eye(3).to(image) + (1 - saturation) * contrast * bright * luma
    offset = (1 - contrast) * bright * (pixels.mean(1, keepdim=True) @ luma)
    out = torch.baddbmm(offset.expand(-1, 1, 3), pixels, matrix).clamp_(0, 1)
    return out.view(len(image), HEIGHT, WIDTH, 3).permute(0, 3, 1, 2)


def batches(images, labels, epoch):
    """(clean image, jittered image, target, whether any pixel has a label), every scene once."""
    views = make_views()
    order = np.argsort(mixed(np.arange(len(images)), SEED, epoch, 1), kind="stable").astype(np.int64)
    for start in range(0, len(order), BATCH_SIZE):
        indices = order[start : start + BATCH_SIZE]
        chosen = [views[i] for i in choose_views(indices, epoch, len(views))]
        scenes, truth = torch.from_numpy(images[indices]).to(DEVICE), torch.from_numpy(labels[indices]).to(DEVICE)
        image, target = show(scenes, truth, chosen)
        yield image, jitter(image, indices, epoch) if JITTER else image, target, bool((truth < UNLABELLED).any())
'''

LABELS_LOSS: Final = '''
# ---- the loss ------------------------------------------------------------------------------------------------------


def class_weights(labels):
    """1/sqrt(share of pixels), scaled so that a pixel weighs 1 on average; or none."""
    if not WEIGHT_BY_CLASS:
        return None
    counts = sum(np.bincount(scene.ravel(), minlength=256)[:CLASSES] for scene in labels)
    shares = counts / max(counts.sum(), 1.0)
    inverse = 1.0 / np.sqrt(np.maximum(shares, 1e-3))
    mean = float((inverse * shares).sum() / max(float(shares.sum()), 1e-12))
    return torch.tensor(inverse / mean if mean > 0 else np.ones_like(inverse), dtype=torch.float32)


def pixel_weight(target, weight):
    """(N, H, W): the class weight of each labelled pixel, or 1; 0 for the others."""
    if weight is None:
        return (target < UNLABELLED).float()
    return F.pad(weight, (0, VOID + 1 - CLASSES))[target]


def cross_entropy(logits, target, weight=None):
    """Sum over labelled pixels of w * -log softmax, in nats, and the sum of w."""
    labels = target.masked_fill(target >= CLASSES, VOID)
    total = F.cross_entropy(logits.float(), labels, weight=weight, ignore_index=VOID, reduction="sum")
    return total, pixel_weight(labels, weight).sum()
'''

TAUGHT_LOSS: Final = '''

def distillation(student, teacher, target, weight):
    """Sum over pixels that are not VOID of w * KL at temperature T, and the sum of w."""
    q = torch.log_softmax(student.float() / TEMPERATURE, dim=1)
    p = torch.log_softmax(teacher.float() / TEMPERATURE, dim=1)
    if REVERSE:
        p, q = q, p
    divergence = (p.exp() * (p - q)).sum(dim=1)
    if weight is None:
        w = (target != VOID).float()
    else:  # a pixel without a label weighs as the teacher's class does
        unlabelled = (target >= CLASSES) & (target != VOID)
        w = pixel_weight(torch.where(unlabelled, teacher.max(dim=1).indices, target), weight)
    total = (torch.where(w > 0, divergence, 0.0) * w).sum()
    return total * TEMPERATURE**2 if TIMES_T_SQUARED else total, w.sum()


# ---- the teacher ---------------------------------------------------------------------------------------------------


def load_teacher(folder):
    """The checkpoint's network: frozen, in eval mode."""
    data = (folder / "model.safetensors").read_bytes()
    if hashlib.sha256(data).hexdigest() != TEACHER_SHA256:
        raise SystemExit(f"{folder} holds other weights than those that taught this run; its result would be another.")
    size = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8 : 8 + size]), data[8 + size :]
    kinds = {"F16": np.float16, "F32": np.float32, "I64": np.int64}
    state = {}
    for name, tensor in header.items():
        if name != "__metadata__":
            start, end = tensor["data_offsets"]
            array = np.frombuffer(body[start:end], kinds[tensor["dtype"]]).reshape(tensor["shape"])
            state[name] = torch.from_numpy(array.copy())
    with torch.random.fork_rng(devices=[]):  # the student's first weights do not depend on it
        network = UNet(**TEACHER)
    network.load_state_dict(state)
    return network.float().to(device=DEVICE, memory_format=MEMORY_FORMAT).eval().requires_grad_(False)


@torch.no_grad()
def ask(teacher, image):
    with torch.autocast(torch.device(DEVICE).type, torch.bfloat16, enabled=BFLOAT16):
        logits = teacher(image)
    logits = logits.float()
    if TEACHER_IN_HALF:  # as the run kept its answers: centred, which no softmax sees, in 16 bits
        logits = (logits - logits.mean(dim=1, keepdim=True)).clamp_(-6e4, 6e4).half()
    return logits
'''

SCORES: Final = '''
# ---- measuring -----------------------------------------------------------------------------------------------------


@torch.no_grad()
def validate(network, images, labels):
    """mIoU, each class's IoU (None where it is in neither), pixel accuracy and cross-entropy, at the packed size."""
    network.eval()
    confusion, loss, pixels = np.zeros((CLASSES, CLASSES), np.int64), 0.0, 0.0
    for start in range(0, len(images), BATCH_SIZE):
        scenes = torch.from_numpy(np.array(images[start : start + BATCH_SIZE])).to(DEVICE)
        image = (scenes.permute(0, 3, 1, 2).float() / 255.0).contiguous(memory_format=MEMORY_FORMAT)
        target = torch.from_numpy(np.array(labels[start : start + BATCH_SIZE])).to(DEVICE).long()
        logits = run(network, image).float()
        total, weight = cross_entropy(logits, target)
        loss, pixels = loss + float(total), pixels + float(weight)
        known = target < CLASSES
        pairs = target[known] * CLASSES + logits.max(dim=1).indices[known]
        confusion += torch.bincount(pairs, minlength=CLASSES**2).view(CLASSES, CLASSES).cpu().numpy()
    right, either = confusion.diagonal(), confusion.sum(0) + confusion.sum(1) - confusion.diagonal()
    iou = [float(r) / float(e) if e else None for r, e in zip(right, either)]
    there = [value for value in iou if value is not None]
    miou = sum(there) / len(there) if there else math.nan
    accuracy = float(right.sum()) / max(1, confusion.sum())
    return {"miou": miou, "iou": iou, "pixel_accuracy": accuracy, "loss_ce": loss / max(1.0, pixels)}


def save(network, path):
    """All weights as a safetensors file: a JSON header of names, types and places, then the numbers."""
    header, body = {}, b""
    for name, tensor in network.state_dict().items():
        array = tensor.detach().cpu().contiguous().numpy()
        kind = {"float32": "F32", "int64": "I64"}[str(array.dtype)]
        place = [len(body), len(body) + array.nbytes]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": place}
        body += array.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)
'''

TRAINING: Final = """
# ---- training ------------------------------------------------------------------------------------------------------


def learning_rate(step, total):
@@SCHEDULE@@

def run(network, image):
    with torch.autocast(torch.device(DEVICE).type, torch.bfloat16, enabled=BFLOAT16):
        return network(image)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with the four arrays")
@@TEACHER_OPTION@@    parser.add_argument("--out", type=Path, default=Path("trained"), help="for metrics and weights")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(THREADS)
    torch.set_flush_denormal(True)

    images, labels = load(options.data, "train")
    val_images, val_labels = load(options.data, "val")
    torch.manual_seed(SEED)
    network = UNet(**NETWORK).to(device=DEVICE, memory_format=MEMORY_FORMAT)
@@LOAD_TEACHER@@    weight = class_weights(labels)
    weight = None if weight is None else weight.to(DEVICE)
    optimizer = torch.optim.@@OPTIMIZER@@(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps, best = math.ceil(len(images) / BATCH_SIZE), -1.0
    log = (options.out / "metrics.jsonl").open("w")

    for epoch in range(EPOCHS):
        network.train()
        sums, seen = {}, {}
        for number, (clean, image, target, labelled) in enumerate(batches(images, labels, epoch)):
@@SKIP@@            for group in optimizer.param_groups:
                group["lr"] = learning_rate(epoch * steps + number, EPOCHS * steps)
@@LOSS@@            optimizer.zero_grad(set_to_none=True)
            loss.backward()
@@CLIP@@            optimizer.step()
            for name, value in parts.items():
                if labelled or name != "loss_ce":
                    sums[name] = sums.get(name, 0) + value.detach() * len(target)
                    seen[name] = seen.get(name, 0) + len(target)
        means = {name: float(value) / seen[name] for name, value in sums.items()}
        if not means or not all(map(math.isfinite, means.values())):
            raise SystemExit(f"Epoch {epoch + 1}: the loss is no number, or no batch had anything to learn from.")
        scores = validate(network, val_images, val_labels)
        log.write(json.dumps({"epoch": epoch + 1, **means, "val": scores}) + "\\n")
        log.flush()
        print(f"epoch {epoch + 1}: {means}, mIoU {scores['miou']:.4f}")
        if scores["miou"] >= best:
            best = scores["miou"]
            save(network, options.out / "best.safetensors")
    save(network, options.out / "last.safetensors")


if __name__ == "__main__":
    main()
"""
