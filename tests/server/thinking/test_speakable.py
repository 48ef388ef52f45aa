import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from talkover.server.thinking import Speakable
from talkover.server.thinking.speakable import MAX_CHARACTERS


def speak(text, size=1):
    speakable = Speakable()
    pieces = [speakable.feed(text[i : i + size]) for i in range(0, len(text), size)]
    return "".join(pieces) + speakable.flush()


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Hello there. How are you?", "Hello there. How are you?"),
        ("**Sure!** Use the `router` _now_.", "Sure! Use the router now."),
        ("Here is how:\n\n1. Unplug it\n2. Wait\n", "Here is how: Unplug it. Wait."),
        ("- one\n* two\n• three.", "one. two. three."),
        ("# Title\nText", "Title. Text"),
        ("> quoted", "quoted"),
        ("Great 😀👍🏽 news ❤️!", "Great news !"),
        ("Fine :) thanks ;-)", "Fine thanks"),
        ("See https://www.example.com/a/b?x=1.", "See example dot com."),
        ("www.foo.co.uk is it", "foo dot co dot uk is it"),
        ("[here](https://a.org/b), or [not there](x)", "here, or not there"),
        ("Mail joe.x@foo.org!", "Mail joe dot x at foo dot org!"),
        ("a <br> b <b>c</b>", "a b c"),
        ("<think>Hm,\nlet me see</think>It is five.", "It is five."),
        ("<think></think>Yes.", "Yes."),
        ("It is 20°C & 3*4 is 12 in snake_case.", "It is 20°C and 3 times 4 is 12 in snake_case."),
        ("It costs $5.99 (50% off) — ok?", "It costs $5.99 (50% off) — ok?"),
        ("5.", "5."),
        ("1. only", "only"),
        ("你好。很好。再见", "你好。很好。再见"),
        ("naïve café", "naïve café"),
        ("a\x00b\u200bc", "abc"),
        ("😀", ""),
        ("", ""),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_is_written_is_said(written, spoken, size):
    assert speak(written, size) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("I am here to help. I am here to help. I am", "I am here to help."),
        ("I like tea. I like milk. I like tea. I like rum.", "I like tea. I like milk."),
        ("no " * 40, "no " * 5 + "no"),
        ("go on " * 40, "go on " * 3 + "go"),
        ("I can help you " * 10, "I can help you I can help"),
        ("Sure. You can do it. You can do", "Sure. You can do it."),
    ],
)
def test_a_loop_is_left(written, spoken):
    assert speak(written) == spoken


@pytest.mark.parametrize(
    "text",
    [
        "Yes. Yes.",
        "It is five five five two.",
        "I like tea. I like milk.",
        "I know that you know that I know.",
        "Bye bye! Bye bye!",
    ],
)
def test_ordinary_repetition_is_said(text):
    speakable = Speakable()
    assert speakable.feed(text) + speakable.flush() == text
    assert not speakable.stopped


def test_it_tells_that_it_stopped():
    speakable = Speakable()
    speakable.feed("I am here. I am here. ")
    assert speakable.stopped
    assert speakable.feed("And now? ") == ""


def test_words_come_as_soon_as_they_are_whole():
    speakable = Speakable()
    assert speakable.feed("Hel") == ""
    assert speakable.feed("lo the") == "Hello"
    assert speakable.feed("re ") == " there"


@given(st.text(max_size=300) | st.text("ab 。\n", max_size=600), st.integers(1, 600))
@example("x" * 250 + " y", 600)
@example("x" * 121 + " y", 200)
@example("x" * 120 + "。y ", 121)
def test_pieces_do_not_matter(text, size):
    assert speak(text, size) == speak(text, 1)


@given(st.text(alphabet="a*_`#[]()<>|-1. \n😀:/w@é", max_size=200))
def test_nothing_unspeakable_gets_through(text):
    said = speak(text)
    assert not set(said) & set("*`#[]|\n😀")
    assert said == said.strip()
    assert "  " not in said


@given(st.text(alphabet="ab .", max_size=400))
def test_what_is_said_is_bounded(text):
    assert len(speak(text * 30, 7)) <= MAX_CHARACTERS


@pytest.mark.timeout(5)
def test_a_flood_without_a_blank_costs_nothing():
    assert speak("x@." * 200_000, 4096) == ""
    assert speak("www." * 200_000 + " ", 800_001) == ""
