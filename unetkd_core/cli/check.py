"""`unetkd check`: whether everything that a talk needs is on this machine, without asking a network."""

import typer

from unetkd_core.cli.options import AsJson
from unetkd_core.cli.output import print_json
from unetkd_core.runs import offline_check


def check(as_json: AsJson = False) -> None:
    """Whether all that a talk needs is here: torch, networks, streets, Home, fonts, disk. Connects to nothing."""
    found = []
    for finding in offline_check.findings():
        found.append(finding)
        if not as_json:
            typer.echo(f"{'ok ' if finding.ok else 'NO '} {finding.name}: {finding.told} {finding.remedy}".rstrip())
    if as_json:
        print_json([finding.to_json() for finding in found])
    if not all(finding.ok for finding in found):
        raise typer.Exit(1)
