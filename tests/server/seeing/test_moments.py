"""Which moment a question means: the time of the word decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.clock import RATE
from talkover.core.errors import ConfigError
from talkover.server.seeing.cues import cues, languages_known, parse
from talkover.server.seeing.moments import Moment, moment_of
from talkover.server.thinking.scene import TimedWord

WORD = RATE // 4
LATE = 1_000 * RATE


def spoken(text, start=RATE):
    """Words of a quarter of a second each."""
    return [
        TimedWord(word, start + i * WORD, start + (i + 1) * WORD)
        for i, word in enumerate(text.split())
    ]


def asked(text, *languages, now=LATE):
    return moment_of(spoken(text), cues(languages or ("en",)), now)


def middle(place):
    return RATE + place * WORD + WORD // 2


@pytest.mark.parametrize(
    ("text", "place", "when", "cue"),
    [
        ("What does this say, please?", 2, "then", "this"),
        ("What is on the table now?", 5, "then", "now"),
        ("This is my cat. What colour is it?", 0, "then", "this"),
        ("What colour is the car?", 4, "then", ""),
        ("What did it say before?", 4, "before", "before"),
        ("What was this a moment ago?", 3, "before", "a moment ago"),
        ("Before I forget, what is this?", 5, "then", "this"),
        ("What has changed here?", 1, "change", "has changed"),
        ("I called this morning, what do you see?", 7, "then", "see"),
    ],
)
def test_the_word_that_points_tells_the_moment(text, place, when, cue):
    assert asked(text) == Moment(middle(place), when, cue, None)


@pytest.mark.parametrize(
    ("text", "place", "cue"),
    [
        ("Who is that in the red coat?", 2, "is that"),
        ("Can you see that red light?", 3, "see that"),
        ("Is the thing that you see a dog, can you read that?", 11, "that"),
        ("My wife says that the oven is on, is this right?", 9, "this"),
        ("Is this broken, or is that a silly question?", 1, "this"),
        ("That looks like rust, does it say so?", 0, "that"),
        ("What is on here, now that it is dark?", 3, "here"),
        ("What kind of tree is this, and will it grow here?", 5, "this"),
        ("Read it to me, I cannot see the letters.", 0, "read"),
        ("So he changed the colour, is this good?", 6, "this"),
        ("Would you say that door is open, or not?", 3, "say that"),
        ("Would you say that these are good?", 4, "these"),
        ("I wonder if that moth bites.", 3, "if that"),
        ("Could you weigh that parcel, and read it?", 3, "you weigh that"),
        ("Here, would you say that the milk is off?", 0, "here"),
        ("I know that that boat is old, is it safe?", 3, "that that"),
        ("Read me the last line before I say yes.", 0, "read"),
        ("Um, can you look at my plate and see what I eat?", 3, "look"),
    ],
)
def test_a_word_that_mostly_points_at_nothing_goes_behind_one_that_does(text, place, cue):
    found = asked(text)
    assert (found.at, found.when, found.cue) == (middle(place), "then", cue)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("What was on the table before?", "before"),
        ("Who is this, have we met before?", "then"),
        ("What is this, before I go?", "then"),
        ("Have you ever been there, and what was here before?", "before"),
        ("What is this, or was it made before the war?", "then"),
        ("What was it?", "before"),
    ],
)
def test_the_past_is_asked_about_only_where_the_question_says_so(text, when):
    assert asked(text).when == when


@pytest.mark.parametrize(
    ("text", "language", "when"),
    [
        ("Was steht hier?", "de", "then"),
        ("Was stand da vorher?", "de", "before"),
        ("¿Qué dice esto?", "es", "then"),
        ("¿Qué decía antes?", "es", "before"),
        ("Qu'est-ce que c'est, ça ?", "fr", "then"),
        ("Qu'est-ce qui a changé ?", "fr", "change"),
        ("इसमें क्या लिखा है?", "hi", "then"),
        ("पहले क्या था?", "hi", "before"),
        ("这是什么?", "zh", "then"),
        ("刚才写的是什么?", "zh", "before"),
    ],
)
def test_other_languages_have_their_own_words(text, language, when):
    found = asked(text, language)
    assert (found.when, bool(found.cue)) == (when, True)


@pytest.mark.parametrize(
    ("text", "language", "seconds", "place"),
    [
        ("What was on the sign five seconds ago?", "en", 5, 6),
        ("What was here 3 seconds ago?", "en", 3, 4),
        ("Was war da vor fünf Sekunden?", "de", 5, 5),
        ("五秒前是什么?", "zh", 5, 0),
    ],
)
def test_a_stated_time_is_counted_back(text, language, seconds, place):
    far = [TimedWord(w.text, w.start + 60 * RATE, w.end + 60 * RATE) for w in spoken(text)]
    found = moment_of(far, cues((language,)), LATE)
    assert found.at == middle(place) + (60 - seconds) * RATE
    assert found.when == "then"


@pytest.mark.parametrize(
    ("text", "source"),
    [("What is on my screen?", "screen"), ("What am I holding?", "camera"), ("And this?", None)],
)
def test_words_may_tell_what_it_is_shown_by(text, source):
    assert asked(text).source == source


@given(
    st.lists(st.sampled_from(["this", "before", "changed", "what", "cat", "five", "seconds",
                              "ago", "…", "now", "screen"]), max_size=12),
    st.integers(0, 100 * RATE),
    st.integers(0, 200 * RATE),
)  # fmt: skip
def test_a_moment_is_never_in_the_future_and_never_before_the_call(texts, start, now):
    words = spoken(" ".join(texts), start)
    found = moment_of(words, cues(("en",)), now)
    assert 0 <= found.at <= max(now, 0)
    if not any(text in ("this", "before", "changed", "now", "ago") for text in texts):
        assert not found.cue


@given(st.lists(st.sampled_from(["what", "is", "the", "this", "cat"]), min_size=1, max_size=9))
def test_the_last_word_that_points_holds(texts):
    places = [i for i, text in enumerate(texts) if text == "this"] or [len(texts) - 1]
    found = moment_of(spoken(" ".join(texts)), cues(("en",)), LATE)
    assert found.at == middle(places[-1])


def test_a_typed_question_is_about_now():
    assert moment_of((), cues(("en",)), 77) == Moment(77)


def test_every_language_has_every_meaning():
    for code in languages_known():
        listed = cues((code,))
        assert {cue.means for some in listed.moments.values() for cue in some} >= {
            "this",
            "before",
            "ago",
            "change",
        }
        assert set(listed.sources.values()) == {"camera", "screen"}
        assert len(listed.numbers) >= 10


def test_a_language_that_nobody_wrote_down_takes_all():
    assert set(cues(("xx",)).moments) > set(cues(("en",)).moments)


@pytest.mark.parametrize(
    "content",
    [
        "[[cue]]\nmeans = 'soon'\nphrases = ['x']",
        "[[cue]]\nmeans = 'this'\nphrases = ['…']",
        "[[cue]]\nmeans = 'ago'\nphrases = ['x']",
        "[[cue]]\nmeans = 'this'\nwhere = 'middle'\nphrases = ['x']",
        "[[source]]\nshown = 'mirror'\nphrases = ['x']",
        "nothing",
    ],
)
def test_a_broken_file_is_told(content):
    with pytest.raises(ConfigError, match="mend its data file"):
        parse("xx", content)
