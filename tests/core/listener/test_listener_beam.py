"""A search that follows several beginnings, of which one text is wanted."""

import numpy as np
import pytest

from talkover.core.listener import ListenRequest


def hum(seed):
    return np.random.default_rng(seed).normal(0, 0.1, 24_000).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_it_finds_the_best_of_as_many_hypotheses(tiny, seed):
    pcm = hum(seed)
    (narrow,) = tiny.transcribe([ListenRequest(pcm, ("en",), beam=4, max_tokens=9)])
    (wide,) = tiny.transcribe([ListenRequest(pcm, ("en",), n_best=4, max_tokens=9)])
    assert narrow.hypotheses == wide.hypotheses[:1]


def test_as_many_are_followed_as_are_wanted():
    pcm = hum(1)
    assert ListenRequest(pcm, n_best=3, beam=2).width == 3
    assert ListenRequest(pcm, n_best=2, beam=5).width == 5
    assert ListenRequest(pcm, beam=5, temperature=1.0).width == 1
    assert ListenRequest(pcm).greedy
    assert not ListenRequest(pcm, beam=2).greedy
    assert ListenRequest(pcm, beam=2).single


@pytest.mark.bundle
def test_a_real_listener_finds_no_less_likely_a_text(int8, recording):
    for name in ("vm-leavemsg", "tt-weasels", "conf-getchannel"):
        pcm = recording(name)
        greedy, beam = (
            int8.transcribe([ListenRequest(pcm, ("en",), beam=beam)])[0].best for beam in (1, 5)
        )
        assert beam.mean_log_prob >= greedy.mean_log_prob - 0.02
        assert [word.text for word in beam.words] == beam.text.split()
