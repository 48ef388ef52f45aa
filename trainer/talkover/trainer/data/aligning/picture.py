"""A picture of an alignment: waveform, spectrogram, and a bar for each word and sound. Pure."""

import zlib
from base64 import b64encode
from html import escape
from io import BytesIO
from struct import pack
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from talkover.core.audio import to_int16
from talkover.core.clock import RATE
from talkover.trainer.data.aligning.aligner import Alignment
from talkover.trainer.data.aligning.spectrum import spectrum

STYLE: Final = """<style>
.aligned { max-width: none; display: block; font: 11px system-ui, sans-serif; }
.aligned .wave { fill: light-dark(#2f6fb3, #7db4ee); }
.aligned rect { fill: light-dark(#2f6fb31f, #7db4ee2b); stroke: light-dark(#2f6fb3, #7db4ee); }
.aligned rect.unsure { fill: light-dark(#b3261e2b, #ff8a8040); stroke: var(--bad, #b3261e); }
.aligned line { stroke: light-dark(#2f6fb388, #7db4ee88); stroke-dasharray: 2 2; }
.aligned text { fill: light-dark(#1c2024, #e6e8eb); text-anchor: middle; }
.aligned text.time { fill: light-dark(#5b6570, #9aa4ae); text-anchor: start; }
</style>"""
"""For a page, once; the picture alone has it inside."""
UNSURE: Final = 0.4
"""A word that is less sure is marked."""
_SECOND: Final = 260  # pixels
_WAVE: Final = 30  # pixels, to each side
_BAND: Final = 2.2  # pixels
_BAR: Final = 20
_POINT: Final = 80  # samples of a point of the waveform
_LETTER: Final = 6.5  # pixels


def picture(pcm: NDArray[np.float32], found: Alignment, title: str) -> str:
    """An SVG.

    Args:
        pcm: float32 [n] at 16 kHz.
        found: Its words.
        title: For those who cannot see it.
    """
    seen = spectrum(pcm)
    tall = seen.shape[1] * _BAND
    width = max(len(pcm) / RATE * _SECOND, 1.0)
    middle, top = _WAVE, 2 * _WAVE
    bars = top + tall
    height = bars + 2 * _BAR + 16
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.1f} {height:.1f}"'
    place = f'x="0" y="{top}" width="{width:.1f}" height="{tall:.1f}" preserveAspectRatio="none"'
    parts = [
        f'<svg class="aligned" xmlns="http://www.w3.org/2000/svg" role="img" {size}>',
        f"<title>{escape(title)}</title>{STYLE}",
        _wave(pcm, middle),
        f'<image {place} href="data:image/png;base64,{_grey(seen)}"/>',
    ]
    for word, sure, sounds in zip(found.words, found.words_sure, found.phones_sure, strict=True):
        parts.append(_bar(word.start, word.end, bars, word.text, sure))
        parts += [
            f'<line x1="{_x(at):.1f}" x2="{_x(at):.1f}" y1="0" y2="{bars:.1f}"/>'
            for at in (word.start, word.end)
        ]
        parts += [
            _bar(phone.start, phone.end, bars + _BAR, phone.symbol, each)
            for phone, each in zip(word.phones, sounds, strict=True)
        ]
    parts += [
        f'<text class="time" x="{second * _SECOND}" y="{height - 4:.1f}">{second} s</text>'
        for second in range(int(len(pcm) / RATE) + 1)
    ]
    return "".join([*parts, "</svg>"])


def player(pcm: NDArray[np.float32]) -> str:
    """An audio element with the sound in it: float32 [n] at 16 kHz."""
    file = BytesIO()
    soundfile.write(file, to_int16(pcm), RATE, format="FLAC")
    data = b64encode(file.getvalue()).decode()
    return f'<audio controls preload="none" src="data:audio/flac;base64,{data}"></audio>'


def _x(samples: int) -> float:
    return samples / RATE * _SECOND


def _bar(start: int, end: int, top: float, text: str, sure: float) -> str:
    wide = _x(end) - _x(start)
    marked = ' class="unsure"' if sure < UNSURE else ""
    told = escape(text)
    shown = told if len(text) * _LETTER <= wide else ""
    return (
        f"<g><title>{told} {start / RATE:.3f} to {end / RATE:.3f} s, {sure:.2f}</title>"
        f'<rect{marked} x="{_x(start):.1f}" y="{top:.1f}" width="{wide:.1f}" height="{_BAR}"/>'
        f'<text x="{_x(start) + wide / 2:.1f}" y="{top + _BAR - 6:.1f}">{shown}</text></g>'
    )


def _wave(pcm: NDArray[np.float32], middle: float) -> str:
    points = pcm[: len(pcm) // _POINT * _POINT].reshape(-1, _POINT)
    most = max(float(np.abs(pcm).max(initial=0.0)), 1e-6)
    step = _x(_POINT)
    sides = [
        [(place * step, middle - value / most * _WAVE) for place, value in enumerate(side)]
        for side in (points.max(axis=1, initial=0.0), points.min(axis=1, initial=0.0))
    ]
    around = [*sides[0], *reversed(sides[1])]
    return f'<path class="wave" d="M{" L".join(f"{x:.1f} {y:.1f}" for x, y in around)}z"/>'


def _grey(seen: NDArray[np.float32]) -> str:
    """A spectrogram as PNG, dark where it is loud, low bands at the bottom."""
    low, high = (np.percentile(seen, q) if seen.size else 0.0 for q in (5, 99.5))
    shade = 255 - np.clip((seen - low) / max(high - low, 1e-6), 0, 1) * 255
    rows = np.ascontiguousarray(shade.T[::-1].astype(np.uint8))
    raw = b"".join(b"\0" + row.tobytes() for row in rows)  # each row without a filter
    head = pack(">IIBBBBB", rows.shape[1], rows.shape[0], 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    content = b"".join(
        pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b64encode(b"\x89PNG\r\n\x1a\n" + content).decode()
