"""Counts made by hand, so that every figure can be worked out on paper."""

from dataclasses import replace

from talkover.trainer.evaluation.trained.clips import CLEAN, MIXED, NOISY, Clip, Read
from talkover.trainer.evaluation.trained.counts import Counts

ACCENTS = ("rp", "scottish", "indian", "irish")
PATTERNS = ("tag", "insertion")
EACH = 6
WORDS = 10


def clip(material, number, condition, sound=MIXED, words=WORDS, **fields):
    said = tuple((f"w{place}", "en") for place in range(words))
    return Clip(material, number, condition, sound, said, **fields)


def counted(one, errors, *, written="x", switch_errors=0, seconds=1.0):
    read = Read(one, written, complete=True, seconds=seconds)
    return Counts(
        read,
        len(one.words),
        substitutions=errors,
        phones=3 * len(one.words),
        phone_errors=2.0 * errors,
        apart=0.5 * errors,
        switch_errors=switch_errors,
        confused=(("v", "w"),) * errors + (("a", "a"),) * 4 + (("t", ""),) * errors,
    )


def dialects(errors):
    """Of each accent and pattern six clips; ``errors`` gives the wrong words of a condition."""
    found = []
    for number in range(EACH * len(errors)):
        condition = list(errors)[number % len(errors)]
        snr = [None, 25.0, 15.0, 5.0, -3.0][number % 5]
        one = clip("dialects17x5", number, condition, snr=snr)
        if condition in PATTERNS:
            said = (*one.words[:-1], ("hoy", "es"))
            one = clip_with(one, said)
        wrong = errors[condition]
        found.append(counted(one, wrong, switch_errors=wrong // 2 * (condition in PATTERNS)))
    return found


def clip_with(one, words):
    return Clip(one.material, one.number, one.condition, one.sound, words, snr=one.snr)


def engine(errors):
    return [counted(clip("engine", n, "rp"), errors) for n in range(EACH)]


def people(clean, noisy):
    """Three languages, clean and under noise."""
    found = []
    for number in range(EACH * 6):
        language = ("en", "es", "fr")[number % 6 // 2]
        sound = (CLEAN, NOISY)[number % 2]
        one = clip("real", number, language, sound, snr=5.0 if sound == NOISY else None)
        found.append(counted(one, clean if sound == CLEAN else noisy))
    return found


def nobody(texts):
    """Silence, noise and music by turns; of each what is written."""
    found = []
    for number in range(EACH * 3):
        kind = ("silence", "noise", "music")[number % 3]
        one = clip("silence", number, kind, CLEAN, words=0)
        silent = counted(one, 0, written=texts[kind])
        found.append(replace(silent, insertions=len(texts[kind].split())))
    return found
