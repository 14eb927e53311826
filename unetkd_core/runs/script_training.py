"""The second half of a training script (script.py), as text: the losses, the teacher, the scores, and the loop, in
which `@@NAME@@` stands for one of the last pieces here. Knows no run.

As script_data.py's: losses/, training/frozen_teacher.py and teacher_cache.py, metrics.py, training/schedule.py.
"""

from typing import Final

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
    try:
        data = (folder / "model.safetensors").read_bytes()
    except OSError as error:
        raise SystemExit(f"{folder}/model.safetensors cannot be read ({error.strerror}); give the teacher's folder.")
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
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        log = (options.out / "metrics.jsonl").open("w")
    except OSError as error:
        raise SystemExit(f"{options.out} cannot be written into ({error.strerror}); choose another --out.")

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

ONE_CYCLE: Final = '''    """Cosine from peak/25 to the peak in 30 % of the steps, then cosine down to peak/250000."""
    low, end = LEARNING_RATE / 25, LEARNING_RATE / 25 / 1e4
    rise = max(1.0, 0.3 * total - 1)
    if step <= rise:
        return LEARNING_RATE + (low - LEARNING_RATE) * (1 + math.cos(math.pi * (step / rise))) / 2
    share = min(1.0, (step - rise) / max(1.0, total - 1 - rise))
    return end + (LEARNING_RATE - end) * (1 + math.cos(math.pi * share)) / 2
'''
CONSTANT: Final = "    return LEARNING_RATE\n"
SKIP: Final = """            if not labelled:
                continue  # nothing to learn from
"""
ALONE: Final = """            total, count = cross_entropy(run(network, image), target, weight)
            loss = total / count.clamp_min(1e-12)
            parts = {"loss_ce": loss}
"""
TAUGHT: Final = """            said = ask(teacher, clean)
            logits = run(network, image)
            total, count = cross_entropy(logits, target, weight)
            hard = total / count.clamp_min(1e-12)
            total, count = distillation(logits, said, target, weight if WEIGHT_SOFT_BY_CLASS else None)
            soft = total / count.clamp_min(1e-12)
            loss = ALPHA * hard + (1 - ALPHA) * soft
            parts = {"loss_ce": hard, "loss_kd": soft}
"""
CLIP: Final = "            torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)\n"
