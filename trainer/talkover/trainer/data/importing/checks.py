"""What can be wrong with a recording and its transcript. Pure: no files, no decisions elsewhere.

The bounds are wide. Of 1,522 telephone prompts of three professional speakers
(``core.audio.prompts``, with digits accepted) they refuse 17: nine longer than half a minute, six
with ``#``, ``*`` or an address, and two whose transcript says more than the recording.
"""

import unicodedata
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.trainer.data.importing import scripts
from talkover.trainer.data.importing.entries import Entry, Finding, Reason

Sound = NDArray[np.float32]

_FRAME: Final = 0.020  # seconds
_SPEECH: Final = 0.05  # of the loudest frame's power: what is softer is no speech
_STEP: Final = 1.5 / 32_768  # two samples closer than this are the same in 16 bits
_RUN: Final = 3  # samples at the peak, one after another: the top was cut off
_FLOOR: Final = 1e-12  # -120 dBFS
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """What is accepted.

    Attributes:
        shortest: Seconds of an utterance.
        longest: Seconds of an utterance.
        lowest_rate: Hz.
        highest_rate: Hz.
        most_channels: Of a file.
        apart: Seconds that a source may be wrong about a length ...
        apart_share: ... or this share of it, whichever is more.
        quiet: Level of speech (dBFS).
        dead: Of a channel under the loudest one (dB).
        cancelled: Of the mean of channels under their own power (dB).
        clipped: Share of samples on a flat top.
        offset: Of the mean from zero (full scale 1).
        fastest: Letters a second.
        slowest: Letters a second.
        digits: Whether a text may have digits and signs that are read out.
    """

    shortest: float = 0.3
    longest: float = 30.0
    lowest_rate: int = 8_000
    highest_rate: int = 192_000
    most_channels: int = 16
    apart: float = 0.1
    apart_share: float = 0.02
    quiet: float = -45.0
    dead: float = -40.0
    cancelled: float = -12.0
    clipped: float = 0.002
    offset: float = 0.02
    fastest: float = 20.0
    slowest: float = 0.3
    digits: bool = False


def tidy(text: str) -> str:
    """A transcript in Unicode's composed form (NFC), its white space single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def text_findings(
    text: str, locale: str, limits: Limits, also: tuple[str, ...] = ()
) -> list[Finding]:
    """What is wrong with a transcript.

    Args:
        text: As the source has it.
        locale: Of the utterance.
        limits: What is accepted.
        also: Languages that are switched to.
    """
    found = []
    if not locale:
        found.append(Finding(Reason.NO_LOCALE, "give --locale"))
    if not scripts.letters(text) and not (limits.digits and scripts.read_out(text)):
        found.append(Finding(Reason.NO_TEXT))
    languages = [scripts.language_of(one) for one in (locale, *also) if one]
    suspects = {
        Reason.CONTROL: scripts.controls(text),
        Reason.MARKUP: scripts.markup(text),
        Reason.DIGITS: [] if limits.digits else scripts.read_out(text),
        Reason.SCRIPT: scripts.foreign(text, languages),
    }
    return found + [Finding(reason, _named(some)) for reason, some in suspects.items() if some]


def claim_findings(entry: Entry, seconds: float, rate: int, limits: Limits) -> list[Finding]:
    """Where a recording is not what its source says.

    Args:
        entry: What the source says.
        seconds: Of the whole recording.
        rate: Of the recording (Hz).
        limits: What is accepted.
    """
    found = []
    if not limits.lowest_rate <= rate <= limits.highest_rate:
        found.append(Finding(Reason.RATE, f"{rate} Hz"))
    if entry.rate is not None and entry.rate != rate:
        found.append(Finding(Reason.RATE, f"{rate} Hz, and {entry.rate} Hz by the source"))
    slack = max(limits.apart, limits.apart_share * seconds)
    if entry.claimed is not None and abs(entry.claimed - seconds) > slack:
        detail = f"{seconds:.2f} s, and {entry.claimed:.2f} s by the source"
        found.append(Finding(Reason.DURATION, detail))
    end = entry.begin + (entry.seconds or 0.0)
    if end > seconds + slack:
        found.append(Finding(Reason.DURATION, f"ends at {end:.2f} s of {seconds:.2f} s"))
    if entry.votes is not None and entry.votes[1] and entry.votes[1] >= entry.votes[0]:
        found.append(Finding(Reason.VOTES, f"{entry.votes[0]} for it, {entry.votes[1]} against"))
    return found


def length_findings(seconds: float, limits: Limits) -> list[Finding]:
    """Whether an utterance is too short or too long."""
    if seconds < limits.shortest:
        return [Finding(Reason.TOO_SHORT, f"{seconds:.3f} s")]
    if seconds > limits.longest:
        return [Finding(Reason.TOO_LONG, f"{seconds:.1f} s")]
    return []


def sound_findings(sound: Sound, rate: int, limits: Limits) -> list[Finding]:
    """What is wrong with a sound.

    Args:
        sound: float32 [n, channels], full scale 1.
        rate: Hz.
        limits: What is accepted.
    """
    if not np.isfinite(sound).all():
        share = 1.0 - float(np.isfinite(sound).mean())
        return [Finding(Reason.NOT_FINITE, f"{share:.2%} of its samples")]
    if not len(sound):
        return []
    mean = sound.mean(axis=1)
    level = speech_level(mean, rate)
    found = _channel_findings(sound, limits)
    if not found and level < limits.quiet:
        found.append(Finding(Reason.SILENT, f"{level:.0f} dBFS at most where it is loud"))
    if (share := max(map(_flat, sound.T))) > limits.clipped:
        found.append(Finding(Reason.CLIPPED, f"{share:.1%} of its samples on a flat top"))
    if (offset := float(np.abs(sound.mean(axis=0)).max())) > limits.offset:
        found.append(Finding(Reason.OFFSET, f"{offset:.3f} of full scale off zero"))
    return found


def pace_findings(text: str, seconds: float, limits: Limits) -> list[Finding]:
    """Whether somebody can have said this in this time."""
    pace = scripts.letters(text) / max(seconds, 1e-3)
    if pace > limits.fastest:
        return [Finding(Reason.TOO_FAST, f"{pace:.0f} letters a second")]
    if 0 < pace < limits.slowest:
        return [Finding(Reason.TOO_SLOW, f"{pace:.2f} letters a second")]
    return []


def speech_level(sound: Sound, rate: int) -> float:
    """Mean level of the frames that are speech if any are (dBFS).

    Args:
        sound: float32 [n].
        rate: Hz.
    """
    power = _powers(sound, rate)
    return _decibels(float(power[power >= power.max() * _SPEECH].mean()))


def signal_to_noise(sound: Sound, rate: int) -> float:
    """How far speech stands over what is there between words (dB).

    The level of the loud frames over the 10th percentile of all, after the signal-to-noise measure
    of the NIST speech tools (1990s): it needs pauses, and takes a fading vowel for noise.

    Args:
        sound: float32 [n].
        rate: Hz.
    """
    return speech_level(sound, rate) - _decibels(float(np.percentile(_powers(sound, rate), 10)))


def _powers(sound: Sound, rate: int) -> Sound:
    """Mean power of each 20 ms, or of all if that is less."""
    step = min(round(_FRAME * rate), len(sound))
    frames = sound[: len(sound) // step * step].reshape(-1, step)
    return np.asarray((frames**2).mean(axis=1), np.float32)


def _channel_findings(sound: Sound, limits: Limits) -> list[Finding]:
    if sound.shape[1] == 1:
        return []
    powers = (sound**2).mean(axis=0)
    levels = [_decibels(float(power)) for power in powers]
    loudest = int(np.argmax(powers))
    dead = [place for place, level in enumerate(levels) if level < levels[loudest] + limits.dead]
    if dead:
        which = ", ".join(map(str, dead))
        return [Finding(Reason.CHANNELS, f"channel {which} is dead; give --channel {loudest}")]
    together = _decibels(float((sound.mean(axis=1) ** 2).mean()))
    if together < _decibels(float(powers.mean())) + limits.cancelled:
        return [Finding(Reason.CHANNELS, "they cancel each other out; give --channel 0")]
    return []


def _flat(sound: Sound) -> float:
    """Share of samples in runs at the peak, as where a top was cut off, or beyond full scale."""
    size = np.abs(sound)
    top = size >= max(float(size.max()) - _STEP, _STEP)
    inside = np.convolve(top, np.ones(_RUN, np.int64)) == _RUN
    runs = float(np.convolve(inside, np.ones(_RUN, np.int64)).astype(bool).sum()) / len(sound)
    return max(runs, float((size > 1.0).mean()))


def _decibels(power: float) -> float:
    return 10.0 * float(np.log10(max(power, _FLOOR)))


def _named(found: list[str]) -> str:
    """The first few different ones; those outside of ASCII by code point: some cannot be seen."""
    kinds = list(dict.fromkeys(found))
    names = [
        one if one.isascii() and one.isprintable() else " ".join(f"U+{ord(c):04X}" for c in one)
        for one in kinds[:_SHOWN]
    ]
    return " ".join(names) + (" ..." if len(kinds) > _SHOWN else "")
