"""Names from anybody stay words: no mark-up of theirs is in a report, a network's facts or a card's front matter."""

import json
from html.parser import HTMLParser
from typing import Final

import numpy as np
from huggingface_hub import ModelCard
from hypothesis import given
from hypothesis import strategies as st

from pages.ui import kit, model_details
from pages.ui.model_list import Entry
from tests.fuzz.cases import answer, cases
from tests.fuzz.test_checkpoints import INFO
from unetkd_core.errors import in_one_line
from unetkd_core.runs import folder, panel, report, report_parts
from unetkd_core.training.config import RunConfig, TeachingConfig
from unetkd_core.zoo import cards

MARKS: Final = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</style><svg onload=1>", "\"><a href='javascript:1'>",
    "&lt;b&gt;", "<!--", "]]>", "'\"`", "<iframe src=//a.example>", "\n---\nlicense: mit\n---\n", "{{7*7}}", "$(id)",
)  # fmt: skip
names: Final = st.builds("{}{}".format, st.sampled_from(MARKS), st.text(max_size=12))


class _Tags(HTMLParser):
    """Names of the tags, and of their attributes, that a browser would see."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def harmless(source: str) -> None:
    """No tag that runs or fetches something, no handler, no link."""
    seen = _Tags(source)
    assert not seen.tags & {"script", "iframe", "object", "embed", "link", "base", "form", "a"}
    assert not {name for name in seen.attributes if name.startswith("on") or name == "href"}


@cases("names")
@given(name=names, other=names)
def test_names_stay_words_in_a_report_and_on_a_page(name: str, other: str) -> None:
    run = folder.create(RunConfig(name=name[:80], teaching=TeachingConfig(teacher=other)))
    val = {"miou": 0.5, "iou": [0.5] * 6, "pixel_accuracy": 0.5}
    line = {"epoch": 1, "loss": 1.0, "loss_ce": 1.0, "loss_kd": 1.0, "loss_terms": {name: 0.5}, "val": val}
    (run.run_dir / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    run.add_to_meta("note", {name: other})
    labels = np.zeros((1, 16, 16), np.uint8)
    panel.write_scenes(run.run_dir / "panel", np.zeros((1, 16, 16, 3), np.uint8), labels, [name])
    panel.write_epoch(run.run_dir / "panel", 1, labels)
    page, ours = report.report(run), f"<script>{report_parts.script()}</script>"
    assert page.count(ours) == 1
    harmless(page.replace(ours, ""))
    info = INFO.model_copy(update={"title": name, "licence": other, "data": [name]})
    entry = Entry("hf:a/b", info, name)
    harmless("".join(value for _, value in model_details.facts(entry, None)) + kit.role_html("teacher", name))
    said = ModelCard(cards.card(info)).data
    assert (said.license, said.datasets) == ("other", [in_one_line(name.split(":")[0].lower())])
    answer(run.delete)
