from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.server.speaking.clauses import MAX_CHARACTERS, ClauseSplitter

WORDS = st.sampled_from(
    [
        *("Well,", "Dr.", "Smith", "3.5", "U.S.", "and", "so", "I", "know.", "no?", "\n", "—"),
        *("$5.20,", "because", "something", "No.", "e.g.", '"quoted."', "x" * 350, "a;", "1."),
        *("…", " "),
    ]
)
TEXTS = st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=80).map(" ".join))


def split(*pieces: str) -> list[str]:
    splitter = ClauseSplitter()
    return [clause for piece in pieces for clause in splitter.feed(piece)] + splitter.flush()


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Sure. I can help.", ["Sure.", "I can help."]),
        ("Well, I am not sure, but yes.", ["Well,", "I am not sure, but yes."]),
        (
            "Ask Dr. Smith in the U.S. at 3.5 or 3:30 p.m. today.",
            ["Ask Dr. Smith", "in the U.S. at 3.5", "or 3:30 p.m. today."],
        ),
        ("Room No. 5 is free. No. Never.", ["Room No. 5", "is free.", "No.", "Never."]),
        ("First one\nsecond one", ["First one", "second one"]),
        (
            "You can find it on the second floor next to the big red door.",
            ["You can find", "it on the second floor next to the big red door."],
        ),
        (
            "We opened the new office last year because people asked for it.",
            ["We opened", "the new office last year", "because people asked for it."],
        ),
        ("It is on the way to the station.", ["It is on the way", "to the station."]),
        ("", []),
        (" \n ", []),
    ],
)
def test_clauses(text: str, clauses: list[str]) -> None:
    assert split(text) == clauses


def test_later_clauses_are_sentences() -> None:
    text = "Yes, of course. It is open on Monday, on Tuesday, and on Friday until six."
    assert split(text) == [
        "Yes,",
        "of course.",
        "It is open on Monday, on Tuesday, and on Friday until six.",
    ]


def test_a_long_sentence_is_cut_at_a_pause_then_before_a_phrase() -> None:
    long = "It is " + "very " * 14 + "long, " + "and far " * 6 + "away " * 10 + "and gone."
    clauses = split("Hello. " + long)
    assert clauses[1].endswith("long,")
    assert clauses[2].startswith("and far")
    assert all(len(clause.split()) <= 40 for clause in clauses)


def test_a_clause_is_released_as_soon_as_its_last_word_is_complete() -> None:
    splitter = ClauseSplitter()
    assert splitter.feed("Of course. I") == ["Of course."]
    assert splitter.feed(" can") == []
    assert splitter.flush() == ["I can"]


def test_flush_makes_it_ready_for_the_next_reply() -> None:
    splitter = ClauseSplitter()
    splitter.feed("One. ")
    splitter.flush()
    assert splitter.feed("It is true, but short. ") == ["It is true,", "but short."]


@given(TEXTS, st.data())
def test_chunking_changes_nothing_and_no_text_is_lost(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    edges = [0, *cuts, len(text)]
    pieces = [text[start:end] for start, end in pairwise(edges)]
    whole = split(text)
    assert split(*pieces) == whole == split(*text)
    assert "".join("".join(whole).split()) == "".join(text.split())
    assert all(0 < len(clause) <= MAX_CHARACTERS for clause in whole)
