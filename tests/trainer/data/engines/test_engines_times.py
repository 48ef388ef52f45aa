"""Whether sounds are where an engine says they are, by the audio itself."""

from itertools import pairwise

import numpy as np
import pytest

from talkover.core.clock import RATE
from talkover.trainer.data.accents import accent
from talkover.trainer.data.engines.available import available
from talkover.trainer.data.engines.speaking import Engines
from talkover.trainer.data.engines.voices import voice

TEXT = "Pay two keys for tea. Sam sat in the city passing soup. Six sisters sold soft soap."
TOLERANCE = 15.0
"""Milliseconds, at the median."""
_VOICING = (70, 350)  # Hz
_AROUND = (round(0.05 * RATE), round(0.08 * RATE))
_UNDER = 12  # dB below the vowel


@pytest.mark.parametrize("name", ["flite-slt", "flite-kal16", "festival-ked", "piper-joe"])
def test_vowels_begin_where_their_voice_sets_in(name):
    if voice(name) not in available():
        pytest.skip(f"there is no {name} here")
    with Engines() as engines:
        chosen = accent("general_american")
        said = engines.speak(voice(name), chosen, chosen.say(TEXT))
    phones = [phone for word in said.words for phone in word.phones]
    level = levels(said.pcm)
    errors = [
        onset(level, vowel.start) - vowel.start
        for before, vowel in pairwise(phones)
        if before.symbol in {"p", "t", "k", "s", "f"} and vowel.symbol[0] in "aeiouæɑɔɛɪʊʌɝ"
    ]
    assert len(errors) > 10
    assert np.median(np.abs(errors)) * 1_000 / RATE < TOLERANCE


def levels(pcm):
    """Of the voicing (dB), at every sample."""
    spectrum = np.fft.rfft(pcm, len(pcm) + RATE // 4)
    frequencies = np.fft.rfftfreq(len(pcm) + RATE // 4, 1 / RATE)
    spectrum[(frequencies < _VOICING[0]) | (frequencies > _VOICING[1])] = 0
    window = np.hanning(RATE // 100)
    power = np.convolve(np.fft.irfft(spectrum)[: len(pcm)] ** 2, window / window.sum(), "same")
    return 10 * np.log10(power + 1e-9)


def onset(level, at):
    """Where it last comes up to the vowel."""
    begin = max(0, at - _AROUND[0])
    around = level[begin : at + _AROUND[1]]
    loud = around > around.max() - _UNDER
    rises = np.flatnonzero(~loud[:-1] & loud[1:])
    rises = rises[rises < around.argmax()]
    return begin + int(rises[-1]) if len(rises) else begin
