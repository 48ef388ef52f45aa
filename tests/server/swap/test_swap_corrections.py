"""What callers corrected, counted."""

from talkover.server.swap import corrections
from talkover.server.swap.corrections import Corrected, Corrections

OLD, NEW = "a" * 64, "b" * 64


def tally(*turns: tuple[str, str, str, str]) -> Corrections:
    found = Corrections()
    for number, (locale, bundle, heard, said) in enumerate(turns):
        found.add("s", number, locale=locale, bundle=bundle, heard=heard, said=said)
    return found


def test_words_are_counted_by_locale_and_bundle():
    found = tally(
        ("en-NG", OLD, "the most empty", "The horse, hidden again!"),
        ("en-GB", OLD, "soup", "Soup."),
        ("en-NG", OLD, "", "It's late."),
        ("en-NG", NEW, "it is late", "It's late"),
    )
    assert found.table() == [
        Corrected("en-GB", OLD, 1, 1, 0),
        Corrected("en-NG", OLD, 2, 6, 5),
        Corrected("en-NG", NEW, 1, 2, 2),
    ]
    assert found.to_json()[0] == {
        "locale": "en-GB",
        "bundle": OLD,
        "turns": 1,
        "words": 1,
        "errors": 0,
    }


def test_a_loop_counts_as_much_as_its_words_and_nothing_said_not_at_all():
    (one,) = tally(("", OLD, "no no no no no no", "yes please"), ("", OLD, "x", " ...")).table()
    assert (one.turns, one.words, one.errors) == (1, 2, 2)


def test_the_last_word_on_a_turn_counts_and_the_oldest_turns_are_forgotten(monkeypatch):
    found = Corrections()
    for said in ("one two", "one"):
        found.add("s", 0, locale="en", bundle=OLD, heard="one", said=said)
    assert found.table() == [Corrected("en", OLD, 1, 1, 0)]
    monkeypatch.setattr(corrections, "_MOST", 3)
    for turn in range(9):
        found.add("t", turn, locale="en", bundle=NEW, heard="one", said="one two")
    assert found.table() == [Corrected("en", NEW, 3, 6, 3)]
