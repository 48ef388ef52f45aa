"""Audio as it comes and goes: encodings, rates, frames and files."""

from talkover.core.audio.codec import Samples, decode, encode, to_float, to_int16
from talkover.core.audio.duck import DUCKED, faded, levelled
from talkover.core.audio.files import read_wav, write_wav
from talkover.core.audio.formats import RATES, AudioFormat, Encoding
from talkover.core.audio.resample import Reframer, StreamResampler

__all__ = [
    "DUCKED",
    "RATES",
    "AudioFormat",
    "Encoding",
    "Reframer",
    "Samples",
    "StreamResampler",
    "decode",
    "encode",
    "faded",
    "levelled",
    "read_wav",
    "to_float",
    "to_int16",
    "write_wav",
]
