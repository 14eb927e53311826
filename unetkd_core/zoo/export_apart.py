"""Exporting in a process of its own, for servers: the exporter takes a gigabyte, is silenced by what belongs to a whole
process, and would share its threads with every page.

The child says how far it is and how it ended in lines of JSON on its stdout; the file lies in a folder that both know.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any, Final

from unetkd_core import settings, visitors
from unetkd_core.errors import ExportError, UnetKDError
from unetkd_core.metrics import Scores
from unetkd_core.zoo import export
from unetkd_core.zoo.export import Made, Progress, Quantising

_ONE_AT_A_TIME: Final = threading.Lock()
"""Two exporters at once would take two gigabytes of a server."""


def make(ref: str, *, int8: Quantising | None = None, progress: Progress | None = None) -> Made:
    """As export.make, of a reference. Raises ExportError also when the process ends without a word,
    NotAllowedError for a visitor of a public server.
    """
    visitors.refuse("Making an ONNX file")
    export.require_packages()
    with _ONE_AT_A_TIME, tempfile.TemporaryDirectory(prefix="unetkd-export-") as folder:
        errors, out = Path(folder) / "stderr", Path(folder) / "made.onnx"
        asked = {"ref": ref, "int8": None if int8 is None else asdict(int8), "out": str(out)}
        with errors.open("wb") as said, _child(asked, said) as process:
            try:
                answer = _listen(process, progress)
            except BaseException:
                process.kill()
                raise
        return _made(answer, process.returncode, out, errors)


def _child(asked: dict[str, Any], stderr: IO[bytes]) -> "subprocess.Popen[str]":
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "unetkd_core.zoo.export_apart", json.dumps(asked)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": settings.python_path()},
        )
    except OSError as error:
        raise ExportError(
            f"No process could be started to export ({error.strerror or error}). Try again when less is running."
        ) from error


def _listen(process: "subprocess.Popen[str]", progress: Progress | None) -> dict[str, Any]:
    """The child's last word; nothing where it had none."""
    answer: dict[str, Any] = {}
    assert process.stdout is not None
    for line in process.stdout:
        try:
            said = json.loads(line)
        except ValueError:
            continue  # a library that talks
        if not isinstance(said, dict):
            continue
        if "done" not in said:
            answer = said
        elif progress is not None:
            progress(said["done"], said["total"])
    return answer


def _made(answer: dict[str, Any], code: int, file: Path, errors: Path) -> Made:
    if "problem" in answer:
        raise ExportError(answer["problem"])
    if "made" not in answer:
        last = (errors.read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1][:200]
        why = "was ended from outside, often for want of memory" if code < 0 else f"failed ({last})"
        raise ExportError(f"The process that exports {why}. Close other programs and try it once more.")
    made = answer["made"]
    return Made(
        file.read_bytes(),
        made["worst"],
        made["equal"],
        tuple((height, width) for height, width in made["sizes"]),
        made["seconds"],
        made["threads"],
        {form: Scores.from_json(scores) for form, scores in made["scores"].items()},
    )


def main() -> None:
    """The child: `python -m unetkd_core.zoo.export_apart JSON`."""
    asked = json.loads(sys.argv[1])
    stdout = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # libraries that talk, in C too, must not talk in between

    def say(**what: Any) -> None:
        print(json.dumps(what), file=stdout, flush=True)

    try:
        from unetkd_core.zoo.references import load_model

        int8 = None if asked["int8"] is None else Quantising(**asked["int8"])
        with visitors.acting_as(visitors.OPERATOR):  # whoever may not was refused before this process began
            made = export.make(
                load_model(asked["ref"]), int8=int8, progress=lambda done, total: say(done=done, total=total)
            )
        Path(asked["out"]).write_bytes(made.file)
    except UnetKDError as error:
        say(problem=str(error))
        return
    scores = {form: scores.to_json() for form, scores in made.scores.items()}
    say(made={**asdict(replace(made, file=b"", scores={})), "file": None, "scores": scores})


if __name__ == "__main__":
    main()
