"""What the paper prints: the numbers of Tables II to VII as they stand there, and what it leaves open. Data alone.

mIoU and loss in percent, gains in points. "M1024*" is the network without normalisation; where Tables IV to VI say
M1024, their text means that one.
"""

from dataclasses import dataclass
from typing import Final

ENSEMBLE: Final = "Ensemble"
LARGEST: Final = "M1024*"
"""Who teaches where Tables IV to VII print M1024: "unless specified otherwise", the one without normalisation."""


@dataclass(frozen=True)
class Printed:
    """One row. teacher: none where nobody teaches. train, val: mIoU. gain: "mIoU improvement", as printed.

    article: whose work it is, where it is not the paper's own. open: keys of OPEN.
    """

    student: str
    teacher: str | None = None
    alpha: float | None = None
    temperature: float | None = None
    train: float | None = None
    val: float | None = None
    train_loss: float | None = None
    val_loss: float | None = None
    gain: float | None = None
    article: str = ""
    open: tuple[str, ...] = ()


def _alone(student: str, train: float, val: float, train_loss: float, val_loss: float, *open: str) -> Printed:
    return Printed(
        student, train=train, val=val, train_loss=train_loss, val_loss=val_loss, open=(*open, "epochs", "split")
    )


def _taught(teacher: str, student: str, train: float, val: float, *open: str) -> Printed:
    return Printed(student, teacher, 0.1, 10.0, train, val, open=open)


TITLES: Final = {
    2: "Networks alone",
    3: "Networks with pretrained encoders, alone",
    4: "Taught by one network",
    5: "Taught by three networks",
    6: "The best α and T for each student",
    7: "Other methods",
}
ROMAN: Final = {2: "II", 3: "III", 4: "IV", 5: "V", 6: "VI", 7: "VII"}

TABLES: Final[dict[int, tuple[Printed, ...]]] = {
    2: (
        _alone("M128", 72.69, 66.86, 31.64, 38.54),
        _alone("M256", 80.69, 77.74, 22.82, 27.45),
        _alone("M512", 83.19, 80.36, 19.19, 24.60),
        _alone("M1024", 83.42, 80.57, 18.96, 22.89, "star"),
        _alone("M1024*", 82.84, 79.70, 19.89, 23.99, "star"),
    ),
    3: (
        _alone("VGG16", 89.84, 88.08, 11.03, 14.73),
        _alone("ResNet50", 90.82, 87.72, 10.13, 15.05),
        _alone("MobileNetV2", 90.90, 89.05, 9.98, 13.10),
    ),
    4: (
        _taught("M256", "M128", 72.30, 65.64),
        _taught("M512", "M128", 73.68, 68.65),
        _taught("M512", "M256", 80.76, 78.62),
        _taught(LARGEST, "M128", 77.22, 72.10, "star"),
        _taught(LARGEST, "M256", 80.51, 77.55, "star"),
        _taught(LARGEST, "M512", 81.55, 78.96, "star"),
        _taught("VGG16", "M128", 70.29, 69.75),
        _taught("VGG16", "M256", 81.82, 79.09),
        _taught("VGG16", "M512", 81.69, 78.31),
        _taught("ResNet50", "M128", 73.98, 72.68),
        _taught("ResNet50", "M256", 79.73, 78.02),
        _taught("ResNet50", "M512", 83.16, 79.93),
        _taught("MobileNetV2", "M128", 74.84, 75.50),
        _taught("MobileNetV2", "M256", 79.25, 78.14),
        _taught("MobileNetV2", "M512", 83.59, 78.27, "m512"),
    ),
    5: (
        _taught(ENSEMBLE, "M128", 74.26, 72.86, "two_m128", "search"),
        _taught(ENSEMBLE, "M256", 81.51, 77.86, "search"),
        _taught(ENSEMBLE, "M512", 82.84, 80.30, "two_m512", "search"),
    ),
    6: (
        Printed("M128", LARGEST, 0.3, 10.0, 77.54, gain=4.85, open=("star", "rounded_m128")),
        Printed("M256", LARGEST, 0.3, 10.0, 81.83, gain=1.14, open=("star",)),
        Printed("M256", "VGG16", 0.1, 10.0, 81.82, gain=1.13),
        Printed("M512", LARGEST, 0.5, 5.0, 83.20, gain=0.01, open=("star",)),
        Printed("M512", "MobileNetV2", 0.1, 10.0, 83.59, gain=0.17, open=("m512",)),
        Printed("M128", ENSEMBLE, 0.1, 10.0, 76.01, gain=3.32, open=("two_m128", "search")),
        Printed("M256", ENSEMBLE, 0.1, 10.0, 81.51, gain=0.82, open=("search",)),
        Printed("M512", ENSEMBLE, 0.1, 10.0, 83.10, open=("two_m512", "search")),
    ),
    7: (
        Printed("M128", LARGEST, 0.3, 10.0, 77.54, gain=4.85, open=("star", "rounded_m128")),
        Printed("M128", ENSEMBLE, 0.1, 10.0, 76.01, gain=3.32, open=("two_m128", "search")),
        Printed("ResNet18", "ResNet18 (0.5)", gain=6.2, article="Structured KD", open=("others",)),
        Printed("ResNet18", "ResNet18 (1.0)", gain=5.74, article="Structured KD", open=("others",)),
        Printed("ResNet18", "ESPNet-C", gain=6.6, article="Structured KD", open=("others",)),
        Printed("ResNet18", "ResNet101", train=70.51, gain=1.41, article="IFV KD (KD loss)", open=("others",)),
        Printed("ResNet18", "ResNet101", train=74.54, gain=5.44, article="IFV KD", open=("others",)),
    ),
}

OPEN: Final = {
    "star": "Table II prints M1024 with normalisation and M1024* without. Tables IV to VII print M1024 and mean, by "
    "their text, the one without: that one teaches here.",
    "m512": "The text says that MobileNetV2 gains M512 0.4 points; Table VI says 0.17, which is 83.59 less M1024’s "
    "83.42. Less M512’s own 83.19 it is 0.40.",
    "rounded_m128": "The text says 4.88 points, the table 4.85: 77.54 less M128’s 72.69 is 4.85.",
    "two_m128": "The ensemble’s M128 at α 0.1 and T 10 has 74.26 in Table V and 76.01 in Table VI. The text’s gain of "
    "1.59 points goes with the first (74.26 less 72.69 is 1.57), the table’s 3.32 with the second.",
    "two_m512": "The ensemble’s M512 at α 0.1 and T 10 has 82.84 in Table V and 83.10 in Table VI; both are below "
    "M512 alone, 83.19.",
    "search": "As printed, the search for the ensemble’s weights would always keep the largest. Here it is the usual "
    "one: every triple of 0 to 4, scored by validation mIoU.",
    "epochs": "20 epochs at a learning rate of 1e-4; the paper gives no picture size and no augmentation, and does not "
    "define its loss in percent: here it is cross-entropy times 100.",
    "split": "The labels of Cityscapes’ test split are not public, so a Cityscapes result is one on validation.",
    "others": "Structured KD and IFV KD stand with their authors’ own numbers, as the paper quotes them: of other "
    "networks under another protocol, so nothing is subtracted.",
}
"""Where the paper is silent or at odds with itself -> what it says, and what is done here."""


def alone(network: str) -> Printed | None:
    """Its row in Table II or III; none for the ensemble and for others' networks."""
    return next((row for row in (*TABLES[2], *TABLES[3]) if row.student == network), None)


def gain(row: Printed, on: str) -> float | None:
    """What teaching gained by the paper's own numbers, in points: the row less Table II's. on: train or val.

    What Tables VI and VII print as improvement is one of train, and stands as it is; none where a number is missing.
    """
    if row.val is None:
        return row.gain if on == "train" else None
    before, now = alone(row.student), getattr(row, on)
    was = None if before is None or row.teacher is None else getattr(before, on)
    return None if was is None or now is None else round(now - was, 2)
