"""The page: whole in itself, with every call to look at and to listen to."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from talkover.client.bench.duplex.measures import score
from talkover.client.bench.duplex.report import describe, write_html
from talkover.client.bench.duplex.report_lanes import envelope, lanes
from talkover.client.bench.duplex.scoring import outcomes, read_calls
from talkover.client.bench.duplex.types import Event, Kind, ServerEvent

from .made_calls import DIGITS, Made, recorded_digits


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


@pytest.fixture
def calls(prompts):
    digits = recorded_digits(prompts)
    made = Made(digits, name="back & forth/dev/0")
    made.say(1.0)
    stop = made.words[4][1] + 0.2
    made.hush(stop)
    made.say(stop + 1.2, DIGITS[4:], new=False)
    made.caller(stop - 0.3)
    text = "<b>mm-hm</b>"
    made.events.append(Event(Kind.BACKCHANNEL, stop - 0.3, stop, text=text, voice="espeak"))
    made.server.append(ServerEvent("BARGE_IN", stop, 0))
    calm = Made(digits, name="calm/dev/1")
    calm.say(1.0)
    return [calm.done(), made.done()]


@pytest.fixture
def page(calls, tmp_path):
    folder = tmp_path / "back & forth" / "dev"
    folder.mkdir(parents=True)
    (folder / "0.flac").write_bytes(b"")
    write_html(calls, score(calls), tmp_path / "page.html")
    return (tmp_path / "page.html").read_text("utf-8")


def test_the_page_is_well_formed_and_fetches_nothing(page):
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert not {"script", "link", "img", "iframe"} & set(tags.seen)
    assert tags.seen.count("svg") == 2
    assert not any(value and "http" in value for _, value in tags.attributes)
    assert "<b>mm-hm</b>" not in page
    assert "&lt;b&gt;mm-hm" in page


def test_recordings_are_pointed_to_beside_the_page(page):
    assert 'src="back%20%26%20forth/dev/0.flac"' in page
    assert page.count("<audio") == 1
    assert "is not beside this page" in page  # that of the other
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "media-src data: file: &#x27;self&#x27;" in policy


def test_calls_with_mistakes_come_first_and_open(page):
    first, second = re.findall(r"<details[^>]*>", page)
    assert "open" in first
    assert "open" not in second
    assert page.index("back &amp; forth/dev/0") < page.index("calm/dev/1")


def test_published_figures_stand_beside_ours(page):
    assert "gpt-realtime-1.5" in page
    assert "orientation" in page


def test_a_picture_shows_the_stop_and_the_resume(calls):
    picture = lanes(read_calls(calls)[1])
    assert picture.count('class="yield"') == 1
    assert picture.count('class="resume"') == 1
    assert 'class="span bad"' in picture
    assert "barge in" in picture


def test_pictures_stay_small(prompts):
    digits = recorded_digits(prompts)
    made = Made(digits, seconds=60.0)
    for number in range(6):
        made.say(1.0 + 9 * number, turn=number)
    picture = lanes(read_calls([made.done()])[0])
    assert len(picture) < 40_000


def test_an_envelope_is_of_peaks_and_silence_is_nothing():
    pcm = np.zeros(16_000, np.int16)
    pcm[8_000] = 32_767
    pixels = envelope(pcm, 16_000)
    assert len(pixels) == 50
    assert pixels[25] == pixels.max() == 40
    assert np.count_nonzero(pixels) == 1
    assert envelope(pcm[:10], 16_000).tolist() == []


def test_an_outcome_in_words(calls):
    (outcome,) = outcomes(calls[1])
    assert re.search(
        r"fell silent after 0\.\d\d s; went on after 1\.2\d s, at the word", describe(outcome)
    )
    assert outcomes(calls[0]) == []
