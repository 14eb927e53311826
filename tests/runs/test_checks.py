"""What a run needs of its teacher, looked at before anything is made."""

import pytest

from unetkd_core.errors import ConfigError
from unetkd_core.models.names import arch_of
from unetkd_core.runs import checks, jobs
from unetkd_core.training.config import RunConfig


def test_a_teacher_without_the_maps_that_a_term_reads_is_refused_before_anything_is_made(
    tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = type("Info", (), {"title": "M128 U-Net", "arch": arch_of("M128")})()
    monkeypatch.setattr(checks.references, "spec_of", lambda ref: None)
    monkeypatch.setattr(checks.references, "info_of", lambda ref: info)
    terms = [{"kind": "pair_wise", "level": "up8"}]
    config = tiny_config.with_(model={"name": "M256"}, teaching={"teacher": "small", "terms": terms})
    with pytest.raises(
        ConfigError, match="The teacher M128 U-Net has no maps at up8; its levels are up1, up2, up4, bridge"
    ):
        jobs.start(config)
    assert not jobs.folder.list_runs()
    fits = config.with_(teaching={"terms": [{"kind": "pair_wise", "level": "bridge"}]})
    assert checks.check(fits) is info
