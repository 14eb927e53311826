"""Environment variables are read at each call, and a malformed one is said with its name and what was expected."""

import pytest

from unetkd_core import settings
from unetkd_core.errors import ConfigError


@pytest.mark.parametrize(
    ("value", "cpu", "first_card", "second_card"),
    [("", 2, 1, 1), ("3", 3, 1, 1), ("cpu=4, cuda:0=2", 4, 2, 1), ("cuda=3", 2, 3, 1), ("1,cuda:1=2", 1, 1, 2)],
)
def test_slots_are_a_number_for_the_cpu_or_named_by_device(
    value: str, cpu: int, first_card: int, second_card: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "cores", lambda: 8)
    monkeypatch.setenv("UNETKD_SLOTS", value)
    assert settings.slots() == settings.slots("cpu") == cpu
    assert settings.slots("cuda") == settings.slots("cuda:0") == first_card
    assert settings.slots("cuda:1") == second_card and settings.slots("mps") == 1
    assert settings.threads_per_slot() == 8 // cpu


@pytest.mark.parametrize("value", ["none", "0", "257", "-1", "cpu", "tpu=1", "cpu=1,cpu=2", "cuda=1,cuda:0=1", "²"])
def test_malformed_slots_are_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETKD_SLOTS", value)
    with pytest.raises(ConfigError, match="UNETKD_SLOTS is"):
        settings.slots()


def test_limits_are_none_but_the_queues_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.max_queued() == 100
    assert (settings.max_epochs(), settings.max_pixels(), settings.max_hours()) == (None, None, None)
    for name, value in (("QUEUED", "3"), ("EPOCHS", "20"), ("PIXELS", "32768"), ("HOURS", "0.5")):
        monkeypatch.setenv(f"UNETKD_MAX_{name}", value)
    assert settings.max_queued() == 3
    assert (settings.max_epochs(), settings.max_pixels(), settings.max_hours()) == (20, 32768, 0.5)


@pytest.mark.parametrize("name", ["queued", "epochs", "pixels", "hours"])
@pytest.mark.parametrize("value", ["0", "-1", "many", "nan"])
def test_a_malformed_limit_is_refused_by_name(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"UNETKD_MAX_{name.upper()}", value)
    with pytest.raises(ConfigError, match=f"UNETKD_MAX_{name.upper()} is '{value}'"):
        getattr(settings, f"max_{name}")()


def test_what_a_run_takes_of_a_cluster_has_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.ray_address() is None
    assert (settings.ray_cpus(), settings.ray_gpus(), settings.ray_hosts(), settings.ray_retries()) == (2, 0, 1, 3)
    for name, value in (
        ("ADDRESS", "http://head:8265/"),
        ("CPUS", "8"),
        ("GPUS", "0"),
        ("HOSTS", "4"),
        ("RETRIES", "0"),
    ):
        monkeypatch.setenv(f"UNETKD_RAY_{name}", value)
    assert settings.ray_address() == "http://head:8265"
    assert (settings.ray_cpus(), settings.ray_gpus(), settings.ray_hosts(), settings.ray_retries()) == (8, 0, 4, 0)
    monkeypatch.setenv("UNETKD_CORES", "3")
    assert settings.cores() == 3


@pytest.mark.parametrize("name", ["ray_cpus", "ray_gpus", "ray_hosts", "ray_retries", "cores"])
@pytest.mark.parametrize("value", ["-1", "many", "1.5"])
def test_a_malformed_number_of_the_cluster_is_refused_by_name(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"UNETKD_{name.upper()}", value)
    with pytest.raises(ConfigError, match=f"UNETKD_{name.upper()} is '{value}'"):
        getattr(settings, name)()
