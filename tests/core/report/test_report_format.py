import io
import json
import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

from talkover.core.report import (
    Machine,
    Measure,
    Report,
    Section,
    print_table,
    this_machine,
    to_html,
    to_json,
)
from talkover.core.report.model import git_revision, number

MEASURES = (
    Measure("reply gap p50", 1.234, "s", 30, (1.1, 1.4), "<= 1.5", met=True),
    Measure("calls answered", 96.7, "%", 30, bar="100", met=False, note="one <b>hung</b> up"),
    Measure("voices heard", float("nan"), "", 0),
)
MACHINE = Machine("Linux x86_64", 2, ("avx2",), 8, "3.11.7")


def a_report(**changes):
    content = {
        "title": "latency & more",
        "measures": MEASURES,
        "bundle_id": "ab" * 32,
        "seed": 7,
        "revision": "c0ffee" * 6,
        "machine": MACHINE,
        "created": "2030-01-02T03:04:05+00:00",
    }
    return Report(**{**content, **changes})


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


def test_json_has_all_that_is_needed_to_judge_and_repeat():
    content = json.loads(to_json(a_report()))
    assert content["measures"][0] == {
        "name": "reply gap p50",
        "value": 1.234,
        "unit": "s",
        "n": 30,
        "interval": [1.1, 1.4],
        "bar": "<= 1.5",
        "met": True,
        "note": "",
    }
    assert content["measures"][2]["value"] is None
    assert content["bundle_id"] == "ab" * 32
    assert content["revision"] == "c0ffee" * 6
    assert content["machine"]["cores"] == 2
    assert {"seed", "quick", "created", "title"} <= content.keys()


def test_a_report_is_met_when_no_bar_is_missed():
    assert not a_report().met
    assert a_report(measures=[MEASURES[0], MEASURES[2]]).met


def test_the_table_says_everything_in_words():
    stream = io.StringIO()
    print_table(a_report(), Console(file=stream, width=160))
    text = stream.getvalue()
    for words in ("1.23 s", "1.10 to 1.40", "missed", "n/a", "one <b>hung</b> up", "seed 7"):
        assert words in text


def test_brackets_in_a_name_are_not_markup():
    stream = io.StringIO()
    report = a_report(measures=[Measure("gap [red]p50[/red]", 1, "s", 1)])
    print_table(report, Console(file=stream, width=160))
    assert "gap [red]p50[/red]" in stream.getvalue()


def test_the_page_is_complete_in_itself():
    text = to_html(a_report(), [Section("Gaps", "<svg></svg>")])
    page = Page(text)
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "img", "iframe")]
    assert not re.search(r"https?://", text)
    policies = [a["content"] for tag, a in page.tags if a.get("http-equiv")]
    assert policies == [
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:"
    ]
    assert ("svg", {}) in page.tags


def test_the_page_escapes_what_it_is_given():
    page = Page(to_html(a_report()))
    assert "one <b>hung</b> up" in page.words
    assert ("b", {}) not in page.tags
    assert "latency & more" in page.words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (30, "30"),
        (0.0123456, "0.0123"),
        (1.239, "1.24"),
        (96.66, "96.7"),
        (1234.5, "1,234"),
        (-0.08, "-0.0800"),
        (float("inf"), "n/a"),
    ],
)
def test_numbers_have_three_digits_that_mean_something(value, text):
    assert number(value) == text


def test_the_machine_has_no_name():
    import socket

    text = to_json(Report(title="t", measures=[]))
    assert this_machine().cores >= 1
    assert len(socket.gethostname()) < 3 or socket.gethostname() not in text


def test_the_revision_is_a_commit_or_nothing():
    assert re.fullmatch(r"([0-9a-f]{40,64}(\+changes)?)?", git_revision())
