"""The house's layout: imports go down only, what needs no torch loads none, and the README agrees with the code."""

import ast
import fnmatch
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "unetkd_core"

# A unit may import from itself and from units that stand lower; units of one line do not know each other.
LAYERS = (
    {"errors"},
    {"settings", "classes", "outside"},
    {"visitors", "versioned"},
    {"data", "models", "losses"},
    {"metrics"},
    {"inference"},
    {"zoo"},
    {"training"},
    {"runs"},
    {"cli"},
    {"__main__"},
)
RANK = {unit: rank for rank, units in enumerate(LAYERS) for unit in units}

NO_TORCH = (
    "__init__.py", "*/__init__.py", "errors.py", "classes.py", "settings.py", "outside.py", "versioned.py",
    "visitors.py", "metrics.py",
    "data/*.py", "models/names.py", "models/levels.py", "models/complexity.py", "models/convolution.py",
    "models/backbones.py", "models/weighting.py", "models/pretrained.py", "inference/sizes.py", "inference/overlay.py",
    "inference/gate.py", "inference/searched.py", "inference/side_by_side.py",
    "zoo/checkpoints.py", "zoo/ensembles.py", "zoo/ensemble_search.py", "zoo/folders.py",
    "zoo/references.py", "zoo/relatives.py", "zoo/cards.py", "zoo/hub*.py", "zoo/limits.py", "zoo/licences.py",
    "zoo/shelf.py", "zoo/marks.py", "zoo/run_epochs.py",
    "zoo/export.py",
    "zoo/export_apart.py",
    "training/config.py", "training/terms.py", "training/presets.py",
    "training/plan.py", "training/answers.py", "training/room.py", "training/pointer.py",
    "runs/*.py", "cli/*.py",
)  # fmt: skip
"""These load without torch, and pages import only from these at their top. The one exception: data/augment.py."""


def sources(*folders: str) -> list[Path]:
    found = [p for folder in folders for p in sorted((ROOT / folder).rglob("*.py"))]
    return [p for p in found if "__pycache__" not in p.parts]


def needs_torch(path: Path) -> bool:
    relative = path.relative_to(CORE)
    return str(relative) == "data/augment.py" or not any(
        fnmatch.fnmatch(str(relative), pattern) for pattern in NO_TORCH
    )


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imported(tree: ast.AST, *, top_level_only: bool = False) -> Iterator[str]:
    """Names of the modules that a file imports; `from a import b` gives a.b. Without what only type checkers see."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}: write the whole name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif not is_type_checking(node):
            function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if not (function and top_level_only):
                yield from imported(node, top_level_only=top_level_only)


def unit(module: str) -> str:
    """unetkd_core.runs.folder.Run -> runs"""
    return module.split(".")[1] if "." in module else ""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", sources("unetkd_core"), ids=lambda p: str(p.relative_to(CORE)))
def test_core_imports_go_down_only(path: Path) -> None:
    here = unit(module_name(path))
    names = list(imported(ast.parse(path.read_text())))
    assert not [n for n in names if n.split(".")[0] in {"streamlit", "pages", "app", "tests", "benchmarks"}]
    for name in names:
        there = unit(name) if name.split(".")[0] == "unetkd_core" else ""
        if there in RANK and there != here:
            assert RANK[there] < RANK[here], f"{here} must not import {name}"


def test_every_part_of_the_core_has_its_place_in_the_layers() -> None:
    parts = {p.stem for p in CORE.iterdir() if (p.is_dir() and (p / "__init__.py").exists()) or p.suffix == ".py"}
    assert parts - {"__init__"} <= set(RANK)


def test_modules_that_need_no_torch_do_not_load_it() -> None:
    paths = [p for p in sources("unetkd_core") if not needs_torch(p)]
    code = """if True:
        import importlib, sys
        for name in sys.argv[1:]:
            importlib.import_module(name)
            assert "torch" not in sys.modules, name
    """
    done = subprocess.run(
        [sys.executable, "-c", code, *map(module_name, paths)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("path", [*sources("pages"), *ROOT.glob("app.py")], ids=lambda p: str(p.relative_to(ROOT)))
def test_pages_reach_torch_only_inside_functions(path: Path) -> None:
    heavy = {module_name(p) for p in sources("unetkd_core") if needs_torch(p)}
    for name in imported(ast.parse(path.read_text()), top_level_only=True):
        assert name.split(".")[0] not in {"torch", "torchvision", "torchmetrics", "accelerate"}
        assert name not in heavy and name.rpartition(".")[0] not in heavy, (
            f"import {name} inside the function that needs it"
        )


@pytest.mark.parametrize(
    "path",
    [*ROOT.glob("*.py"), *sources("unetkd_core", "pages", "benchmarks", "tests")],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_every_file_says_what_it_is_for(path: Path) -> None:
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "no module docstring"


def commands_in_readme() -> list[str]:
    blocks = re.findall(r"```\n(.*?)\n```", (ROOT / "README.md").read_text(), flags=re.S)
    return [b for b in blocks if b.startswith("python3 -m venv .venv && ") and "requirements" in b]


def test_the_readme_has_two_commands_that_do_everything_and_ci_runs_the_second() -> None:
    app, tests = commands_in_readme()
    assert app.endswith("streamlit run app.py") and tests.endswith("pytest")
    assert "\n" not in app + tests
    assert tests in (ROOT / ".ci/run").read_text().splitlines()


def test_the_readmes_cpu_build_is_the_one_that_the_requirements_keep() -> None:
    pins = re.findall(r"^torch(?:vision)?~=.+$", (ROOT / "requirements.txt").read_text(), flags=re.M)
    line = next(x for x in (ROOT / "README.md").read_text().splitlines() if "download.pytorch.org" in x)
    assert len(pins) == 2 and all(f'"{pin}"' in line for pin in pins)


def test_every_command_is_documented() -> None:
    from unetkd_core.cli.main import command_names

    documents = "\n".join(p.read_text() for p in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
    names = command_names()
    assert {"train", "distill", "data pack", "runs list"} <= set(names)
    assert [n for n in names if f"`unetkd {n}`" not in documents] == []


def test_nothing_is_kept_or_read_outside_the_settings() -> None:
    readers = [p for p in sources("unetkd_core", "pages") if re.search(r"environ[^\n]*UNETKD_|getenv", p.read_text())]
    assert [str(p.relative_to(ROOT)) for p in readers if p.name != "settings.py"] == []
