"""Speech to practise on: what is heard when."""

import numpy as np

from talkover.trainer.data.accents import accent
from talkover.trainer.data.aligning.fit import labels
from talkover.trainer.data.aligning.practice import at_level, heard_as, heard_in
from talkover.trainer.data.clean import Clean
from talkover.trainer.data.mouths import mouth_of
from talkover.trainer.data.texts import Split
from talkover.trainer.data.timing import TimedPhone, TimedWord


def one(*words, engine="espeak", code="indian"):
    sound = np.zeros(1_600, np.float32)
    return Clean("n", Split.TRAIN, sound, "", words, accent=code, engine=engine)


def word(language, *phones):
    timed = tuple(TimedPhone(*phone) for phone in phones)
    return TimedWord("w", timed[0].start, timed[-1].end, timed, language)


def test_what_espeak_says_for_want_of_an_english_sound_is_what_is_heard():
    own, other = next(iter(mouth_of(accent("indian")).missing.items()))
    said = (word("en", (own, 0, 800)), word("es", (own, 800, 1_000)))
    assert [sound for sound, _, _ in heard_as(one(*said))] == [other, own]
    assert [sound for sound, _, _ in heard_as(one(*said, engine="flite"))] == [own, own]


def test_a_frame_is_labelled_by_its_middle():
    said = word("en", ("s", 230, 560), ("i", 560, 800), ("?", 800, 960))
    found = labels(one(said, engine="flite"), ("", "i", "s"))
    assert found.tolist() == [0, 2, 2, 1, 1, -1, 0, 0, 0, 0]


def test_noise_lies_over_all_and_is_the_same_each_time(quiet_recipe, said):
    noisy = at_level(quiet_recipe, 10.0)
    first, again = (heard_in(noisy, said, 0) for _ in range(2))
    assert np.array_equal(first, again)
    assert first.shape == said[0].pcm.shape
    noise = first - said[0].pcm
    assert np.abs(noise).min() < np.abs(noise).max()
    assert not np.array_equal(first, heard_in(noisy, said, 0, epoch=1))
