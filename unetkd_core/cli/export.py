"""`unetkd export`: a network or a run as a file for elsewhere. ONNX for devices; a script or a page for readers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from unetkd_core.cli.evaluate import scenes_in_words
from unetkd_core.cli.options import AsJson
from unetkd_core.cli.output import counting, gain, percent, print_json, print_table, remark
from unetkd_core.cli.run_ids import as_reference, run_id
from unetkd_core.cli.teachers import reference
from unetkd_core.data import catalog
from unetkd_core.runs import folder
from unetkd_core.runs import report as runreport
from unetkd_core.runs import script as runscript
from unetkd_core.runs.folder import Run
from unetkd_core.zoo import export as exporting
from unetkd_core.zoo.export import Made, Quantising
from unetkd_core.zoo.references import RUN_PREFIX, info_of, load_model, mapping_warning

_ONNX = "ONNX"


def export(
    ref: Annotated[
        str, typer.Argument(metavar="REF", help="A checkpoint's or ensemble's name, run:ID, or an ensemble.json.")
    ],
    onnx: Annotated[bool, typer.Option("--onnx", help="The network as an ONNX file that takes photos.")] = False,
    script: Annotated[bool, typer.Option("--script", help="A run as a plain training script.")] = False,
    report: Annotated[bool, typer.Option("--report", help="A run as one HTML page.")] = False,
    int8: Annotated[bool, typer.Option("--int8", help="In 8-bit whole numbers.", rich_help_panel=_ONNX)] = False,
    calibrate: Annotated[
        str | None,
        typer.Option(
            "--calibrate",
            metavar="REF",
            help="Scenes that int8's ranges are measured on; left out: streets:train.",
            rich_help_panel=_ONNX,
        ),
    ] = None,
    check_on: Annotated[
        str | None,
        typer.Option(
            "--check-on",
            metavar="REF",
            help="Scenes that int8's loss is measured on; left out: streets:val.",
            rich_help_panel=_ONNX,
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="At most so many of these, evenly spaced.", rich_help_panel=_ONNX)
    ] = 50,
    with_data: Annotated[
        bool, typer.Option("--with-data", help="--script: write the scenes it trains on beside it.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Left out: named after what it is, here.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a file of that name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a network as ONNX, checked against PyTorch before anything is written; or a run as a script or a page."""
    ref = as_reference(ref)
    _check(onnx, script, int8=int8, calibrate=calibrate, check_on=check_on, with_data=with_data)
    _check_form({"--onnx": onnx, "--script": script, "--report": report})
    if script:
        _script(ref, out, with_data=with_data, replace=replace, as_json=as_json)
    elif report:
        _report(ref, out, replace=replace, as_json=as_json)
    else:
        quantising = Quantising(calibrate or "streets:train", check_on or "streets:val", limit) if int8 else None
        _onnx(ref, quantising, out, replace=replace, as_json=as_json)


def _check(
    onnx: bool, script: bool, *, int8: bool, calibrate: str | None, check_on: str | None, with_data: bool
) -> None:
    """Raise BadParameter for an option that says nothing about what is written."""
    if int8 and not onnx:
        raise typer.BadParameter("is for --onnx; say that too", param_hint="--int8")
    if not int8 and (calibrate or check_on):
        raise typer.BadParameter("is for --int8; say that too", param_hint="--calibrate" if calibrate else "--check-on")
    if with_data and not script:
        raise typer.BadParameter("is for --script; say that too", param_hint="--with-data")


def _check_form(forms: Mapping[str, bool]) -> None:
    """Raise BadParameter unless one form is asked for."""
    chosen = [option for option, wanted in forms.items() if wanted]
    if len(chosen) != 1:
        said = "say which one" if not chosen else "say which one; a file has one form"
        raise typer.BadParameter(said, param_hint=", ".join(chosen or forms))


def _run(ref: str) -> Run:
    if not ref.startswith(RUN_PREFIX):
        raise typer.BadParameter(
            f"{ref!r} is no run; expected run:ID, as `unetkd runs list` shows it", param_hint="REF"
        )
    return folder.open_run(run_id(ref))


def _script(ref: str, out: Path | None, *, with_data: bool, replace: bool, as_json: bool) -> None:
    run = _run(ref)
    path = out or Path(f"{run.id}.py")
    data = path.with_name(f"{path.stem}_data")
    exporting.check_target(path, replace=replace)
    text = runscript.script(run)
    if with_data:
        runscript.write_data(run.config, data, replace=replace)
    exporting.write(path, text.encode(), replace=replace)
    taught = run.config.teaching is not None
    if as_json:
        print_json({"ref": ref, "file": str(path), "data": str(data) if with_data else None, "teacher": taught})
        return
    typer.echo(f"python {path} {data if with_data else 'DATA'}{' --teacher FOLDER' if taught else ''}")
    if not with_data:
        remark("DATA is a folder with the run's scenes as four arrays; --with-data writes it.")
    if taught:
        assert run.config.teaching is not None
        remark(f"FOLDER is the checkpoint's of {run.config.teaching.teacher}.")


def _report(ref: str, out: Path | None, *, replace: bool, as_json: bool) -> None:
    run = _run(ref)
    path = out or Path(f"{run.id}.html")
    exporting.check_target(path, replace=replace)
    text = runreport.report(run)
    exporting.write(path, text.encode(), replace=replace)
    if as_json:
        print_json({"ref": ref, "file": str(path), "bytes": len(text.encode())})
        return
    typer.echo(f"{path}: {len(text.encode()) / 1e6:.1f} MB, opens anywhere without a network")


def _onnx(ref: str, int8: Quantising | None, out: Path | None, *, replace: bool, as_json: bool) -> None:
    exporting.require_packages()
    info = info_of(reference(ref))
    path = out or Path(f"{info.name}{'-int8' if int8 else ''}.onnx")
    exporting.check_target(path, replace=replace)
    if int8 is not None:
        catalog.open_source(int8.calibrate)
        warning = mapping_warning(info, catalog.open_source(int8.check_on))
        if warning:
            remark(warning)
    with counting(f"{info.name} on {int8.check_on if int8 else 'streets'}") as progress:
        made = exporting.make(load_model(reference(ref)), int8=int8, progress=progress)
    exporting.write(path, made.file, replace=replace)
    if as_json:
        print_json(_as_json(ref, path, made, int8))
        return
    _print(path, made, int8)


def _as_json(ref: str, path: Path, made: Made, int8: Quantising | None) -> dict[str, Any]:
    return {
        "ref": ref,
        "file": str(path),
        "bytes": len(made.file),
        "worst_probability": made.worst,
        "equal_labels": made.equal,
        "photos": [list(size) for size in made.sizes],
        "seconds": made.seconds,
        "threads": made.threads,
        "check_on": int8.check_on if int8 else None,
        "scores": {form: scores.to_json() for form, scores in made.scores.items()},
    }


def _print(path: Path, made: Made, int8: Quantising | None) -> None:
    sizes = ", ".join(f"{height}x{width}" for height, width in made.sizes)
    typer.echo(f"{path}: {len(made.file) / 1e6:.1f} MB")
    typer.echo(
        f"Beside PyTorch, on streets of {sizes}: probabilities within {made.worst:.1g}, {percent(made.equal)} of the "
        f"classes equal{' (fp32)' if int8 else ''}."
    )
    if int8 is not None:
        fp32, small = made.scores["fp32"].miou, made.scores["int8"].miou
        on = scenes_in_words(catalog.open_source(int8.check_on), int8.limit)
        kept = percent(made.scores["int8"].agreement)
        typer.echo(
            f"int8 on {on}: mIoU {percent(small)}, {gain(small, fp32)} against fp32 ({percent(fp32)}); {kept} of the "
            f"pixels keep their class."
        )
    height, width = made.sizes[0]
    rows = [(form, f"{1000 * seconds:.1f}") for form, seconds in made.seconds.items()]
    print_table((f"A photo of {height}x{width}", "#ms"), rows)
    typer.echo(f"Medians of calls in turn, {made.threads} thread{'' if made.threads == 1 else 's'} each.")
