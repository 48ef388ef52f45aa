"""Code-switched speech: one voice, exact times, sounds that were meant."""

import numpy as np
import pytest

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.accents import accent
from talkover.trainer.data.mouths import Utterance
from talkover.trainer.data.rules import Phone
from talkover.trainer.data.switching.foreign import foreign
from talkover.trainer.data.switching.joining import joined, loudness
from talkover.trainer.data.switching.mouth import breaths, say
from talkover.trainer.data.switching.patterns import draw
from talkover.trainer.data.switching.reading import read
from talkover.trainer.data.switching.templates import speaker
from talkover.trainer.data.switching.tokens import PAIRS, Pattern, SwitchText, Token
from talkover.trainer.data.texts import Split, Theme
from talkover.trainer.data.throat import Throat
from talkover.trainer.data.timing import TimedPhone, TimedWord

AMERICAN = accent("general_american")


class Listening(Throat):
    """Keeps what it heard itself say."""

    def __init__(self):
        super().__init__()
        self.heard = []

    def utter(self, text, manner):
        uttered = super().utter(text, manner)
        self.heard += [name for _, name in uttered.phones if name and not name.startswith("(")]
        return uttered


@pytest.fixture(scope="module")
def throat():
    with Listening() as throat:
        yield throat


def tokens(written):
    return tuple(Token(word[3:], word[:2]) for word in written.split())


def switch(written, pair, pattern=Pattern.ALTERNATION):
    made = tokens(written)
    return SwitchText(made, pair, pattern, made[0].language, Theme.EVERYDAY)


@pytest.mark.parametrize("pattern", [Pattern.TAG, Pattern.INSERTION, Pattern.BORROWED])
@pytest.mark.parametrize("pair", PAIRS)
def test_words_are_heard_where_they_are_said_in_their_language(throat, pair, pattern):
    text = draw(pair, pattern, Split.TRAIN, np.random.default_rng(4))
    said = say(text, throat, accent=AMERICAN, variant="m3")
    assert [(w.text, w.language) for w in said.words] == [(t.text, t.language) for t in text.tokens]
    edges = [edge for word in said.words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert edges[-1] <= len(said.pcm)
    level = np.sqrt(np.mean(said.pcm**2))
    for word in said.words:
        assert word.phones, word.text
        assert 0.03 < (word.end - word.start) / RATE < 1.2, word.text
        assert np.sqrt(np.mean(said.pcm[word.start : word.end] ** 2)) > level * 0.1, word.text


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("matrix", [0, 1])
def test_the_sounds_are_those_of_each_language_and_not_of_the_other(throat, pair, matrix):
    frame = pair.split("-")[matrix]
    random = np.random.default_rng(5)
    for _ in range(2):
        text = draw(pair, Pattern.ALTERNATION, Split.TRAIN, random, matrix=frame)
        throat.heard.clear()
        said = say(text, throat, accent=AMERICAN)
        meant = [phone.symbol for word in said.words for phone in word.phones]
        # A table's own name for a sound may differ in its marks: its kind does not.
        same = [Phone(a).vowel == Phone(b).vowel for a, b in zip(meant, throat.heard, strict=False)]
        assert abs(len(meant) - len(throat.heard)) <= 2, text.text
        if len(meant) == len(throat.heard):
            assert all(same), text.text


def test_a_guest_word_does_not_change_the_words_around_it(throat):
    """What eSpeak is given brings it back to its own phonemes at the end of each clause."""
    mixed = say(switch("en:The en:parcel en:goes en:to de:Köln.", "de-en"), throat, accent=AMERICAN)
    throat.heard.clear()
    plain = say(switch("en:The en:parcel en:goes en:to en:town.", "de-en"), throat, accent=AMERICAN)
    for one, other in zip(mixed.words[:3], plain.words[:3], strict=True):
        assert [p.symbol for p in one.phones] == [p.symbol for p in other.phones]
        assert (
            abs(len(one.phones) and (one.end - one.start) - (other.end - other.start)) < 0.05 * RATE
        )
    assert "aɪ" not in throat.heard


def test_the_same_words_sound_the_same_whatever_was_said_before(throat):
    text = draw("zh-en", Pattern.ALTERNATION, Split.TRAIN, np.random.default_rng(6))
    first = say(text, throat, accent=AMERICAN, variant="f2", pitch=60)
    say(draw("fr-en", Pattern.TAG, Split.TRAIN, np.random.default_rng(7)), throat, accent=AMERICAN)
    second = say(text, throat, accent=AMERICAN, variant="f2", pitch=60)
    assert np.array_equal(first.pcm, second.pcm)
    assert first.words == second.words


def test_both_languages_are_as_loud_as_one_another_where_they_are_joined(throat):
    text = switch("zh:我 zh:在 zh:等 zh:吴娜 en:because en:it en:rained.", "zh-en")
    said = say(text, throat, accent=AMERICAN)
    edge = said.words[3].end
    chinese, english = loudness(said.pcm[:edge]), loudness(said.pcm[edge:])
    assert abs(20 * np.log10(chinese / english)) < 1.0
    gap = said.pcm[edge : said.words[4].start]
    assert 0.02 < len(gap) / RATE < 0.2
    assert np.abs(np.diff(said.pcm[edge - 8 : said.words[4].start + 8])).max() < 0.02


def test_a_speaker_of_the_other_language_has_an_accent():
    def phones(language, word):
        return "".join(p.symbol for p in foreign(language).say(word)[0].phones)

    assert phones("es", "stop") == "estop"
    assert phones("es", "very").startswith("b")
    assert phones("fr", "think").startswith("s")
    assert phones("fr", "house")[0] == "a"
    assert phones("de", "west").startswith("v")
    assert phones("de", "good").endswith("t")
    assert phones("zh", "very").startswith("w")
    assert foreign("hi") is accent("indian")
    with pytest.raises(DataError, match="'it' speakers is not described"):
        foreign("it")


def test_breaths_are_sentences_and_chinese_breathes_apart():
    def said(text):
        return [("".join(t.text for t in b.tokens), b.matrix) for b in breaths(text)]

    assert said(switch("es:Llueve. en:Come en:in es:Ana.", "es-en")) == [
        ("Llueve.", "es"),
        ("ComeinAna.", "es"),
    ]
    assert said(switch("zh:我 zh:的 en:order zh:到 zh:了。", "zh-en")) == [
        ("我的", "zh"),
        ("order", "en"),
        ("到了。", "zh"),
    ]


@pytest.mark.parametrize("language", ["es", "fr", "hi", "de", "zh"])
def test_every_word_that_may_be_drawn_is_read_as_a_word_of_its_language(language):
    lists = speaker(f"{language}-en").files[language]["lists"].values()
    words = [Token(word, language) for some in lists for entry in some for word in entry.split()]
    for begin in range(0, len(words), 60):
        said = read(words[begin : begin + 60], AMERICAN)
        assert all(word.phones for word in said.words)


def test_weak_words_and_liaisons_are_read_as_in_a_sentence():
    les, enfants = read(tokens("fr:les fr:enfants"), AMERICAN).words
    assert [phone.symbol for phone in les.phones] == ["l", "e", "z"]
    assert enfants.phones[0].symbol == "ɑ̃"
    la, tienda = read(tokens("es:la es:tienda"), AMERICAN).words
    assert max(phone.stress for phone in la.phones) == 0
    assert max(phone.stress for phone in tienda.phones) == 1


def test_pieces_keep_their_times_and_have_soft_edges():
    def piece(level, seconds=0.2):
        pcm = np.full(round(seconds * RATE), level, np.float32)
        phones = (TimedPhone("a", 10, 20),)
        return Utterance(pcm, (TimedWord("a", 10, 20, phones, "es"),))

    both = joined([(piece(0.2), 0.1), (piece(0.1), 5.0)])
    assert len(both.pcm) == round(0.5 * RATE)
    assert both.words[1] == TimedWord("a", 4_810, 4_820, (TimedPhone("a", 4_810, 4_820),), "es")
    assert both.pcm[0] == both.pcm[3_200] == both.pcm[4_800] == 0.0
    assert both.pcm[1_600] == pytest.approx(both.pcm[6_400], rel=1e-5)
    with pytest.raises(DataError, match="nothing to join"):
        joined([])
