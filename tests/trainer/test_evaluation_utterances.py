import pytest

from talkover.core.errors import ConfigError
from talkover.trainer.evaluation.utterances import (
    LANGUAGES,
    choose_utterances,
    draw,
    shares,
    utterance_of,
    words,
)

POOLS = {language: [f"{language}/{n}" for n in range(50)] for language in LANGUAGES}


@pytest.mark.parametrize("count", [1, 2, 3, 4, 24, 199, 200])
def test_half_is_english_and_the_rest_is_shared(count):
    split = shares(count, ["es", "fr"])
    assert sum(split.values()) == count
    assert split["en"] == (count + 1) // 2
    assert 0 <= split["es"] - split["fr"] <= 1


def test_the_same_seed_draws_the_same_and_nothing_twice():
    drawn = draw(POOLS, 40, seed=1)
    assert drawn == draw(POOLS, 40, seed=1)
    assert drawn != draw(POOLS, 40, seed=2)
    assert len(set(drawn)) == 40
    assert len({name[:2] for name in drawn[:12]}) == 3  # mixed


def test_too_few_recordings_name_the_cure():
    with pytest.raises(ConfigError, match=r"sh scripts/test_setup\.sh"):
        draw(POOLS | {"es": []}, 40, seed=1)


def test_words_hold_a_letter_or_a_digit():
    assert words("press 6 -- ... now!") == 3


def test_real_recordings_are_short_enough_and_come_at_16_khz(prompts):
    chosen = choose_utterances(12, seed=5)
    assert [u.name for u in chosen] == [u.name for u in choose_utterances(12, seed=5)]
    assert {u.language for u in chosen} == set(LANGUAGES)
    for utterance in chosen:
        assert words(utterance.text) >= 2
        assert utterance.seconds <= 24
        assert utterance.pcm.dtype == "float32"
        assert abs(utterance.pcm).max() <= 1
    by_name = {prompt.name: prompt for prompt in prompts}
    timed = utterance_of(3)
    assert timed.seconds == pytest.approx(3, abs=0.1)
    assert timed.seconds == pytest.approx(by_name[timed.name[3:]].seconds, abs=0.01)
