"""`unetkd cluster`: what the cluster of UNETKD_RAY_ADDRESS has, and whether a run would find all that it needs."""

import dataclasses

import typer

from unetkd_core import settings
from unetkd_core.cli.options import AsJson
from unetkd_core.cli.output import MISSING, print_json, print_table, remark
from unetkd_core.errors import ConfigError
from unetkd_core.runs import cluster_checks

app = typer.Typer(help="A Ray cluster that runs and sweeps go to.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """A group, though it has one command yet."""


@app.command()
def check(as_json: AsJson = False) -> None:
    """Ask every node for its packages, the shared storage and its resources; say the first thing that is wrong."""
    if settings.ray_address() is None:
        raise ConfigError("UNETKD_RAY_ADDRESS is not set; set it to the cluster's dashboard, as http://head:8265.")
    nodes, asks = cluster_checks.check(None, fresh=True), cluster_checks.resources()
    if as_json:
        print_json({"runs_at_once": cluster_checks.runs_at_once(), "nodes": [dataclasses.asdict(n) for n in nodes]})
        return
    rows = [
        (n.host, "head" if n.head else "node", n.cpus, n.gpus, n.package or MISSING, n.torch or MISSING, n.python)
        for n in nodes
    ]
    print_table(("Host", "What", "#CPUs", "#GPUs", "unetkd", "torch", "Python"), rows)
    remark(f"A run takes {asks.in_words}; room for {cluster_checks.runs_at_once()} at once. All is well.")
