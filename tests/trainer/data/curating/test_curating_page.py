"""The page of a set."""

import json
import re
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO

import pytest
import soundfile
from typer.testing import CliRunner

from talkover.trainer.data.cli import app
from talkover.trainer.data.curating.charts import bars, histogram

from .made_manifest import line, with_audio


class Tags(HTMLParser):
    """All tags, and whether they are closed in order."""

    VOID = ("meta", "br", "path", "rect")

    def __init__(self):
        super().__init__()
        self.seen, self.open, self.attributes = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    accents = ("scottish", "<b>welsh</b>")
    first = with_audio(
        folder / "a/manifest.jsonl", [line(n, accent=accents[n % 2]) for n in range(8)]
    )
    second = with_audio(
        folder / "b/manifest.jsonl", [line(50, locale="es-MX", languages=["es"], accent="")]
    )
    (folder / "b/audio/50.flac").write_bytes(b"no sound")
    arguments = ["stats", str(first), str(second), "--target-hours", "5"]
    outputs = ["--html", str(folder / "page.html"), "--json", str(folder / "page.json")]
    result = CliRunner().invoke(app, [*arguments, *outputs], env={"COLUMNS": "150"})
    assert result.exit_code == 0, result.output
    return result.output, (folder / "page.html").read_text("utf-8"), folder / "page.json"


def test_the_page_is_well_formed_and_needs_nothing_else(done):
    tags = Tags()
    tags.feed(done[1])
    assert tags.open == []
    assert not {"script", "link", "img", "iframe", "b"} & set(tags.seen)
    assert not any(value and "http" in value for _, value in tags.attributes)
    assert tags.seen.count("svg") >= 5


def test_examples_are_in_the_page_as_sound(done):
    sounds = re.findall(r'src="data:audio/mpeg;base64,([^"]*)"', done[1])
    assert len(sounds) == 4  # two of each accent
    for sound in sounds:
        pcm, rate = soundfile.read(BytesIO(b64decode(sound)))
        assert len(pcm) / rate == pytest.approx(2.0, abs=0.2)
    assert "no sound" in done[1]  # of the damaged one


def test_flags_stand_beside_their_locales(done):
    section = done[1].partition("<h2>Flags")[2].partition("</section>")[0]
    assert "<td>es-MX</td>" in section
    assert "&gt;= 5" in section
    assert "missed" in done[0]


def test_json_has_the_counts(done):
    content = json.loads(done[2].read_text("utf-8"))
    assert content["seconds"]["locale"] == {"en-GB": 16.0, "es-MX": 2.0}
    assert any(one["met"] is False for one in content["measures"])


def test_bars_are_as_long_as_what_they_stand_for():
    chart = bars("Title", [("a & b", 4.0, "4"), ("c", 1.0, "1")], left_out=3)
    first, second = (float(w) for w in re.findall(r'width="([\d.]+)" height="14"', chart))
    assert first == pytest.approx(4 * second)
    assert "a &amp; b" in chart
    assert "and 3 more" in chart


def test_columns_are_as_tall_as_what_they_stand_for():
    chart = histogram("Title", [("0", 0.0), ("1", 2.0), ("2", 1.0)], "h")
    tall = [float(h) for h in re.findall(r'height="([\d.]+)" rx="1"', chart)]
    assert tall == pytest.approx([0, 150, 75])
