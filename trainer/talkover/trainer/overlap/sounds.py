"""Sounds that nobody speaks, made from formulas: hums, coughs, laughter, clicks, noise, music."""

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import RATE

Sound = NDArray[np.float32]
"""Mono at 16 kHz, of any level."""
Random = np.random.Generator


def hum(random: Random) -> Sound:
    """A hummed "mm-hm" or "mm": harmonics through a closed mouth, falling off above 300 Hz."""
    parts = int(random.integers(1, 3))
    base = float(random.uniform(90, 240))
    pieces: list[NDArray[np.float64]] = []
    for part in range(parts):
        count = int(random.uniform(0.12, 0.3) * RATE)
        rise = random.uniform(-0.15, 0.1) if part == 0 else random.uniform(0.0, 0.35)
        pitch = base * 2.0 ** np.linspace(0, rise, count)
        pieces.append(_voiced(pitch, random.uniform(1.4, 2.4), random) * _swell(count))
        if part + 1 < parts:
            gap = int(random.uniform(0.03, 0.1) * RATE)
            breath = random.standard_normal(gap) * 0.05 if random.random() < 0.5 else np.zeros(gap)
            pieces.append(breath)
    return np.concatenate(pieces).astype(np.float32)


def cough(random: Random) -> Sound:
    """One to three bursts of breath, sharp at the start, the last part sometimes voiced."""
    pieces: list[NDArray[np.floating]] = []
    for _ in range(int(random.integers(1, 4))):
        count = int(random.uniform(0.15, 0.35) * RATE)
        burst = coloured(count, random.uniform(0.0, 1.2), random)
        burst *= np.exp(-np.linspace(0, random.uniform(3, 7), count))
        if random.random() < 0.6:
            pitch = np.linspace(random.uniform(180, 320), random.uniform(90, 160), count)
            burst += _voiced(pitch, 1.0, random) * np.hanning(count) * random.uniform(0.2, 0.8)
        pieces += [burst, np.zeros(int(random.uniform(0.05, 0.25) * RATE))]
    return np.concatenate(pieces[:-1]).astype(np.float32)


def laughter(random: Random) -> Sound:
    """Voiced bursts with breath between them, four to six a second, falling."""
    period = random.uniform(0.16, 0.26)
    base = random.uniform(140, 420)
    pieces = []
    for number in range(int(random.integers(3, 9))):
        count = int(period * random.uniform(0.4, 0.6) * RATE)
        pitch = base * 0.95**number * 2.0 ** np.linspace(0.1, -0.15, count)
        burst = _voiced(pitch, random.uniform(0.6, 1.2), random) * np.hanning(count)
        breath = coloured(int(period * RATE) - count, 0.5, random) * random.uniform(0.05, 0.3)
        pieces += [burst * 0.93**number, breath * 0.93**number]
    return np.concatenate(pieces).astype(np.float32)


def clicks(random: Random) -> Sound:
    """Keys or knocks: short decaying rings."""
    sound = np.zeros(int(random.uniform(0.3, 2.0) * RATE))
    for _ in range(int(random.integers(1, 12))):
        count = int(random.uniform(0.01, 0.08) * RATE)
        time = np.arange(count) / RATE
        ring = np.sin(2 * np.pi * random.uniform(150, 4000) * time) + random.standard_normal(count)
        place = int(random.integers(0, max(1, len(sound) - count)))
        sound[place : place + count] += (
            ring * np.exp(-time * random.uniform(60, 400)) * random.uniform(0.3, 1)
        )[: len(sound) - place]
    return sound.astype(np.float32)


def burst(random: Random) -> Sound:
    """Coloured noise with a sharp or a soft edge: a door, a tap, a chair, wind."""
    count = int(random.uniform(0.08, 2.0) * RATE)
    noise = coloured(count, random.uniform(0.0, 2.0), random)
    edge = min(count // 2, int(random.uniform(0.002, 0.3) * RATE))
    noise[:edge] *= np.linspace(0, 1, edge)
    fading = np.exp(-np.linspace(0, random.uniform(0, 5), count))
    sound: Sound = (noise * fading).astype(np.float32)
    return sound


def music(random: Random) -> Sound:
    """Three seconds of chords and a beat."""
    count, beat = 3 * RATE, int(random.uniform(0.2, 0.6) * RATE)
    time = np.arange(count) / RATE
    sound = np.zeros(count)
    for start in range(0, count, beat):
        root = 110 * 2.0 ** (random.integers(0, 24) / 12)
        length = min(int(beat * random.uniform(0.8, 2)), count - start)
        for step in (0, *random.choice([3, 4, 7, 10, 12], 2, replace=False)):
            pitch = np.full(length, root * 2.0 ** (step / 12))
            tone = _voiced(pitch, random.uniform(1, 2), random)
            sound[start : start + length] += tone * np.exp(-time[:length] * random.uniform(1, 6))
        if random.random() < 0.6:
            drum = random.standard_normal(min(beat, 1600, count - start))
            sound[start : start + len(drum)] += drum * np.exp(-np.arange(len(drum)) / 300)
    return sound.astype(np.float32)


def coloured(count: int, slope: float, random: Random) -> Sound:
    """Noise [count] of RMS 1 whose power falls by ``slope`` times 3 dB an octave."""
    spectrum = np.fft.rfft(random.standard_normal(max(count, 2)))
    spectrum /= np.maximum(np.arange(len(spectrum)), 20.0) ** (slope / 2)
    noise = np.fft.irfft(spectrum, max(count, 2))[:count]
    sound: Sound = (noise / (noise.std() + 1e-9)).astype(np.float32)
    return sound


def echoes(seconds: float, random: Random) -> NDArray[np.float64]:
    """What a room gives back of a click: noise that loses 60 dB in so long (Polack 1988)."""
    count = max(1, int(seconds * RATE))
    return random.standard_normal(count) * np.exp(-6.9 * np.arange(count) / count)


def convolved(sound: Sound, response: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a room with this response makes of a sound: [n + len(response)]."""
    count = len(sound) + len(response)
    size = quick_size(count)
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)[:count]


def quick_size(count: int) -> int:
    """A length not under ``count`` that Fourier transforms are quick at: a power of two."""
    return 1 << max(count - 1, 0).bit_length()


def _voiced(pitch: NDArray[np.float64], tilt: float, random: Random) -> NDArray[np.float64]:
    """Harmonics up to 4 kHz of a pitch a sample (Hz); the n-th is n to the -``tilt``."""
    jitter = 1 + 0.01 * np.interp(
        np.arange(len(pitch)), np.arange(0, len(pitch) + 800, 400),
        random.standard_normal(len(range(0, len(pitch) + 800, 400))),
    )  # fmt: skip
    phase = 2 * np.pi * np.cumsum(pitch * jitter) / RATE
    harmonics = range(1, max(2, min(25, int(4000 / pitch.max()) + 1)))
    sound = np.zeros(len(pitch))
    for harmonic in harmonics:
        sound += np.sin(harmonic * phase) * harmonic**-tilt * random.uniform(0.5, 1.5)
    return sound


def _swell(count: int) -> NDArray[np.float64]:
    edge = max(1, count // 4)
    shape = np.ones(count)
    shape[:edge] = np.linspace(0, 1, edge)
    shape[-edge:] = np.linspace(1, 0, edge)
    return shape
