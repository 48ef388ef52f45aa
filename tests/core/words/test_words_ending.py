import bisect
import re
import timeit
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.audio.prompts import find_prompts
from talkover.core.words import completeness, floor

PIECES = ["a", "b", "1", "two", "uh", "my", "number", "is", ".", "?"]
PHONE = "What is your phone number?"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I want to", "en"), ("my name is", "en"), ("I would like a pizza and.", "en"),
        ("because", "en"), ("So, uh", "en"), ("I need...", "en"), ("Yes but.", "en"),
        ("let me", "en"), ("quiero un", "es"), ("y", "es"), ("je voudrais le", "fr"),
        ("c'est à", "fr"), ("ich möchte", "de"), ("mit der", "de"), ("मेरा", "hi"),
        ("main ghar se", "hi"), ("我想要", "zh"), ("因为", "zh"), ("我的", "zh"),
    ],
)  # fmt: skip
def test_open_sentences_are_unfinished(text: str, language: str) -> None:
    assert completeness(text, language) < 0.3


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Yes.", "en"), ("no", "en"), ("Okay", "en"), ("John", "en"), ("stop", "en"),
        ("Where are you from?", "en"), ("What time do you open", "en"), ("I don't know.", "en"),
        ("I would like to order a pizza", "en"), ("Can I have a table for two tonight?", "en"),
        ("sí", "es"), ("no", "es"), ("¿Dónde está la estación?", "es"), ("oui", "fr"),
        ("je voudrais deux billets pour demain", "fr"), ("nein", "de"), ("Wie geht es?", "de"),
        ("ich möchte morgen zwei Karten kaufen", "de"), ("नहीं", "hi"), ("मुझे पानी चाहिए", "hi"),
        ("不", "zh"), ("是的", "zh"), ("我的订单到了吗", "zh"),
    ],
)  # fmt: skip
def test_closed_sentences_are_finished(text: str, language: str) -> None:
    assert completeness(text, language) > 0.6


@pytest.mark.parametrize("text", ["my order is", "I would like to order a pizza", "yes", "555 1"])
def test_a_full_stop_decides_nothing(text: str) -> None:
    assert completeness(text + ".", "en") == completeness(text, "en")
    assert completeness(text + "...", "en") <= completeness(text, "en")


@pytest.mark.parametrize("text", ["", "...", "(music)", "♪"])
def test_no_words_say_nothing(text: str) -> None:
    assert completeness(text, "en") == 0.5


@pytest.mark.parametrize(
    ("text", "language", "context"),
    [
        ("my number is", "en", ""), ("my number is 555 123", "en", ""), ("555", "en", PHONE),
        ("it's nine one seven double five", "en", PHONE), ("five five five, uh", "en", PHONE),
        ("five five five one", "en", ""), ("555-1234", "en", PHONE), ("B as in", "en", ""),
        ("it's spelled M C", "en", ""), ("J-O", "en", "Can you spell your name?"),
        ("march third", "en", "What is your date of birth?"), ("my address is", "en", ""),
        ("my email is john at", "en", ""), ("1234 5678", "en", "And your card number?"),
        ("mi número es seis uno dos", "es", ""), ("c'est le 06 12", "fr", "Votre téléphone ?"),
        ("meine Nummer ist null eins fünfundzwanzig", "de", ""),
        ("mera number hai nau aath", "hi", ""), ("मेरा नंबर है ९८७", "hi", ""),
        ("我的号码是一三八", "zh", ""), ("三八零零", "zh", "请问您的手机号码？"),
    ],
)  # fmt: skip
def test_half_a_number_holds_the_floor(text: str, language: str, context: str) -> None:
    found = floor(text, [language], context)
    assert found.dictating
    assert found.completeness <= 0.45


@pytest.mark.parametrize(
    ("text", "language", "context"),
    [
        ("my number is 555 123 4567", "en", ""), ("917 555 0199, thanks", "en", PHONE),
        ("march third nineteen eighty five", "en", "What is your date of birth?"),
        ("4242 4242 4242 4242", "en", "And your card number?"),
        ("my email is john at gmail dot com", "en", ""), ("12 Main Street Springfield", "en",
        "What is your address?"), ("c'est le 06 12 34 56 78", "fr", "Votre téléphone ?"),
        ("我的号码是一三八一二三四五六七八", "zh", ""), ("why do you need it?", "en", PHONE),
        ("25", "en", "How old are you?"), ("Tuesday", "en", PHONE), ("John", "en", PHONE),
    ],
)  # fmt: skip
def test_a_whole_number_or_another_answer_does_not(text: str, language: str, context: str) -> None:
    found = floor(text, [language], context)
    assert found.completeness > 0.6
    assert not found.dictating or found.completeness > 0.8


@pytest.mark.parametrize(
    ("text", "language"),
    [("I have three dogs", "en"), ("it was in 1985", "en"), ("twenty five", "en"),
     ("five hundred", "en"), ("il y a", "fr"), ("you and I", "en"), ("y a", "es")],
)  # fmt: skip
def test_numbers_and_letters_in_a_sentence_are_no_dictation(text: str, language: str) -> None:
    assert not floor(text, [language]).dictating


def test_a_number_is_finished_digit_by_digit() -> None:
    digits = [*["nine", "one", "seven", "five"], *["five", "five", "oh", "one", "nine", "nine"]]
    found = [floor(" ".join(digits[:n]), ["en"], PHONE).completeness for n in range(1, 11)]
    assert found == sorted(found)
    assert found[5] < 0.3
    assert found[9] > 0.9


@pytest.mark.parametrize("text", ["um", "I think, uh", "well so", "So, um."])
def test_hesitation_holds_the_floor(text: str) -> None:
    found = floor(text, ["en"])
    assert found.hesitating
    assert found.completeness <= 0.1


def _sentences(language: str) -> Iterator[str]:
    for prompt in find_prompts(language):
        if not prompt.text.startswith(("...", "…")):
            for sentence in re.split(r"(?<=[.!?])\s+", prompt.text.strip()):
                whole = re.search(r"[^.…][.!?]$", sentence)
                if whole and len(sentence.split()) >= 3:
                    yield sentence


@pytest.mark.parametrize(("language", "least"), [("en", 0.75), ("es", 0.75), ("fr", 0.8)])
def test_sentences_are_told_from_their_beginnings(language: str, least: float) -> None:
    sentences = sorted(set(_sentences(language)))
    if not sentences:
        pytest.skip("no recordings; `sh scripts/test_setup.sh` says why")
    whole, cut = [], []
    for sentence in sentences:
        words = sentence.rstrip(".!? ").split()
        whole.append(completeness(sentence, language))
        for place in range(1, len(words)):
            text = " ".join(words[:place]).rstrip(",;:") + "."
            cut.append(completeness(text, language))
    cut.sort()
    below = sum(bisect.bisect_left(cut, w) + bisect.bisect_right(cut, w) for w in whole) / 2
    area = below / len(cut) / len(whole)
    print(f"{language}: {len(whole)} sentences, {len(cut)} cuts, area under the curve {area:.3f}")
    assert area > least


@given(
    st.text(max_size=300) | st.lists(st.sampled_from(PIECES)),
    st.text(max_size=100),
    st.sampled_from(["en", "es", "fr", "de", "hi", "zh", "ja"]),
)
def test_any_text_is_judged(text: str | list[str], context: str, language: str) -> None:
    joined = text if isinstance(text, str) else " ".join(text)
    assert 0.0 <= floor(joined, [language], context).completeness <= 1.0


@given(st.sampled_from(["a ", "1 ", "my number is ", "嗯", "x", "uh ", "J-", "(", "dot a"]))
def test_long_texts_take_bounded_time(piece: str) -> None:
    text = (piece * 10_000)[:10_000]
    assert min(timeit.repeat(lambda: floor(text, [], text), number=1, repeat=3)) < 0.2
