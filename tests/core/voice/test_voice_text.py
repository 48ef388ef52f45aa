import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.voice.text import STOPS, stop_after, tokenise


def spoken(text: str) -> str:
    return " ".join(token.spoken for token in tokenise(text, english=True) if token.spoken)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("It costs $5.20.", "It costs 5 dollars and 20 cents"),
        ("$1 or $0.01", "1 dollar or 1 cent"),
        ("£2.50", "2 pounds and 50 pence"),
        ("$1,200", "1,200 dollars"),
        ("$1.5 million now", "1.5 million dollars now"),
        ("at 3:30pm", "at 3 30 PM"),
        ("at 3:05", "at 3 oh 5"),
        ("at 3:00", "at 3 o'clock"),
        ("at 15:00", "at 15 hundred"),
        ("at 9 am", "at 9 A.M."),
        ("I am here", "I am here"),
        ("Dr. Smith vs. Prof. Jones", "Dr Smith versus professor Jones"),
        ("No. 5", "number 5"),
        ("No. Never.", "No Never"),
        ("the U.S. army", "the U.S. army"),
        ("a well-known fact", "a well known fact"),
        ("call 555-1234", "call 5 5 5 1 2 3 4"),
        ("3-4 days", "3 to 4 days"),
        ("salt & pepper", "salt and pepper"),
        ("**bold** and `code`", "bold and code"),
        ("12345678901234", "1 2 3 4 5 6 7 8 9 0 1 2 3 4"),
        ("你好 hello 🎉", "hello"),
        ("naïve café", "naïve café"),
        ("... — !!!", ""),
    ],
)
def test_what_is_said_for_english_words(written: str, said: str) -> None:
    assert spoken(written) == said


@pytest.mark.parametrize(
    ("word", "stop"),
    [
        ("Dr.", ""),
        ("U.S.", ""),
        ("J.", ""),
        ("1.", ""),
        ("3.5", ""),
        ("3:30", ""),
        ("end.", "."),
        ('"end."', "."),
        ("what?!", "?"),
        ("wait…", "."),
        ("Smith,", ","),
        ("Dr.,", ","),
        ("one;", ";"),
        ("well-", ""),
        ("-", ","),
        ("—", ","),
        ("word—", ","),
    ],
)
def test_stops(word: str, stop: str) -> None:
    assert stop_after(word, last=False) == stop


def test_an_abbreviation_that_ends_the_text_ends_its_sentence() -> None:
    assert stop_after("p.m.", last=True) == "."


@given(st.text(max_size=200), st.booleans())
def test_every_written_word_is_one_token(text: str, english: bool) -> None:
    tokens = tokenise(text, english=english)
    assert [token.text for token in tokens] == text.split()
    for token in tokens:
        assert token.stop == "" or token.stop in STOPS
        assert token.spoken == " ".join(token.spoken.split())
        assert "\0" not in token.spoken
        token.spoken.encode()  # nothing that the phonemiser's C cannot be given
