"""What the Dockerfile and the README's front matter say fits the tree. The image itself is not built here."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
IGNORED = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]


def lines(word: str) -> list[str]:
    return re.findall(rf"^{word} (.+)$", DOCKERFILE, flags=re.M)


def copied() -> list[str]:
    return [source for line in lines("COPY") for source in line.split()[:-1]]


def front_matter() -> dict[str, str]:
    text = (ROOT / "README.md").read_text()
    assert text.startswith("---\n")
    return dict(re.findall(r"^(\w+): (.+)$", text.split("---\n")[1], flags=re.M))


@pytest.mark.parametrize("source", copied())
def test_what_is_copied_is_in_the_tree_and_not_ignored(source: str) -> None:
    assert (ROOT / source).exists() and "*" in IGNORED and f"!{source}" in IGNORED


def test_nothing_else_is_let_into_the_image() -> None:
    assert sorted(line[1:] for line in IGNORED if line.startswith("!")) == sorted(copied())


def test_everything_that_the_app_reads_of_its_checkout_is_copied() -> None:
    read: set[str] = set()
    for path in [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "unetkd_core").rglob("*.py")]:
        parts = re.findall(r'\bPROJECT_ROOT((?: / "[\w.]+")+)', path.read_text())
        read |= {"/".join(re.findall(r'"([\w.]+)"', part)) for part in parts}
    assert {"assets/app.css", "docs/definitions.md", "checkpoints"} <= read
    read -= {".unetkd", "pyproject.toml"}  # made at need; a sign of a checkout, of which the image is none
    missing = [one for one in read if not any((one + "/").startswith(f"{c}/") for c in copied())]
    assert missing == []


def test_it_runs_the_app_as_nobody_special_under_an_init_with_a_health_check() -> None:
    (command,), (entry,) = (list(map(json.loads, lines(word))) for word in ("CMD", "ENTRYPOINT"))
    assert command[:3] == ["streamlit", "run", "serve.py"] and entry[0] == "tini" and "tini" in " ".join(lines("RUN"))
    assert lines("USER") == ["unetkd"] and DOCKERFILE.index("USER unetkd") > DOCKERFILE.rindex("COPY ")
    (check,) = lines("HEALTHCHECK")
    port = next(word for word in command if "server.port" in word).rpartition("=")[2]
    assert f"127.0.0.1:{port}/_stcore/health" in check and lines("EXPOSE") == [port] == [front_matter()["app_port"]]
    environment = dict(word.split("=", 1) for line in lines("ENV") for word in line.split())
    assert environment["UNETKD_PUBLIC"] == "1" and environment["UNETKD_HOME"] == "/data"


def test_its_pytorch_is_the_one_that_the_requirements_keep() -> None:
    pins = re.findall(r"^torch(?:vision)?~=.+$", (ROOT / "requirements.txt").read_text(), flags=re.M)
    assert all(f'"{pin}"' in DOCKERFILE for pin in pins) and "/whl/cpu" in DOCKERFILE


def test_the_front_matter_is_a_docker_spaces() -> None:
    told = front_matter()
    assert told["sdk"] == "docker" and told["license"] == "mit" and told["title"] == "UNetKD"
    assert {told["colorFrom"], told["colorTo"]} <= {
        "red",
        "yellow",
        "green",
        "blue",
        "indigo",
        "purple",
        "pink",
        "gray",
    }
    assert len(told["short_description"]) <= 60


def test_every_limit_of_a_public_server_is_documented() -> None:
    code, said = (ROOT / "unetkd_core" / "settings.py").read_text(), (ROOT / "docs" / "server.md").read_text()
    names = {"UNETKD_PUBLIC", *re.findall(r'"(UNETKD_MAX_\w+)"', code)}
    assert len(names) > 8 and [name for name in sorted(names) if f"`{name}" not in said] == []
