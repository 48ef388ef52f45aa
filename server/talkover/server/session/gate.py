"""The rules of the wire, as a pure state machine over what a caller sends.

Everything that can be judged without decoding is judged here, so that the session behind it only
sees messages in a legal order and of a legal size.
"""

from dataclasses import dataclass
from typing import Final

from talkover.core.audio import AudioFormat, Encoding
from talkover.core.errors import AudioError, ProtocolError
from talkover.v1 import agent_pb2, media_pb2

MAX_CHUNK_SECONDS: Final = 1
MAX_TEXT: Final = 2_000
MAX_INSTRUCTIONS: Final = 4_000
MAX_LANGUAGES: Final = 8
MAX_CALLER_ID: Final = 200
MAX_FRAME_BYTES: Final = 1 << 20

_REGION: Final = 3  # letters or digits of a country, at most
_ENCODINGS: Final = {
    media_pb2.AUDIO_ENCODING_PCM16: Encoding.PCM16,
    media_pb2.AUDIO_ENCODING_MULAW: Encoding.MULAW,
    media_pb2.AUDIO_ENCODING_ALAW: Encoding.ALAW,
}
_IMAGES: Final = (
    media_pb2.IMAGE_ENCODING_JPEG,
    media_pb2.IMAGE_ENCODING_PNG,
    media_pb2.IMAGE_ENCODING_WEBP,
)


def audio_format(message: media_pb2.AudioFormat) -> AudioFormat:
    """A wire format as ours.

    Raises:
        AudioError: the encoding or the rate is not one of those allowed.
    """
    encoding = _ENCODINGS.get(message.encoding)
    if encoding is None:
        raise AudioError("say how audio is encoded: PCM16, MULAW or ALAW")
    return AudioFormat(encoding, message.rate)


@dataclass(frozen=True, slots=True)
class Opening:
    """A session start that was found good."""

    audio: AudioFormat
    languages: tuple[str, ...]
    instructions: str
    consent: bool
    reports_playout: bool
    caller_id: str
    locale: str = ""
    """The tag that the caller named first, such as ``en-NG``; empty: they named none."""


class Gate:
    """Admits a caller's messages one by one."""

    def __init__(self) -> None:
        self.opening: Opening | None = None
        self._over = False
        self._played = 0

    def admit(self, request: agent_pb2.ConverseRequest) -> str:
        """Judge one message and name its kind.

        Raises:
            ProtocolError: out of order, too large, or empty.
            AudioError: an impossible format or a chunk that cannot be of it.
        """
        kind = request.WhichOneof("message")
        if kind is None:
            raise ProtocolError("a message without content; set one of its fields")
        if self._over:
            raise ProtocolError(f"{kind} after hang_up; a new call needs a new stream")
        if kind == "start":
            self._admit_start(request.start)
        elif self.opening is None:
            raise ProtocolError(f"{kind} before start; the first message opens the session")
        else:
            self._admit_rest(kind, request, self.opening)
        return kind

    def _admit_start(self, start: agent_pb2.SessionStart) -> None:
        if self.opening is not None:
            raise ProtocolError("a second start; one stream is one session")
        if len(start.languages) > MAX_LANGUAGES:
            raise ProtocolError(f"more than {MAX_LANGUAGES} languages")
        _bounded("instructions", start.instructions, MAX_INSTRUCTIONS)
        _bounded("caller_id", start.caller_id, MAX_CALLER_ID)
        self.opening = Opening(
            audio=audio_format(start.audio),
            languages=tuple(_language(tag) for tag in start.languages),
            instructions=start.instructions,
            consent=start.consent_to_record,
            reports_playout=start.reports_playout,
            caller_id=start.caller_id,
            locale=_locale(start.languages[0]) if start.languages else "",
        )

    def _admit_rest(self, kind: str, request: agent_pb2.ConverseRequest, opening: Opening) -> None:
        match kind:
            case "audio":
                check_chunk(request.audio.data, opening.audio, MAX_CHUNK_SECONDS)
            case "text":
                _bounded("text", request.text.text, MAX_TEXT)
                if not request.text.text.strip():
                    raise ProtocolError("an empty text; leave it out")
            case "correction":
                _bounded("correction", request.correction.text, MAX_TEXT)
                if request.correction.turn < 0:
                    raise ProtocolError("a correction of a turn below 0")
            case "video":
                self._admit_video(request.video)
            case "playout":
                if request.playout.played < self._played:
                    raise ProtocolError("played went down; it counts up through the session")
                self._played = request.playout.played
            case "hang_up":
                self._over = True

    @staticmethod
    def _admit_video(frame: media_pb2.VideoFrame) -> None:
        if frame.data and frame.encoding not in _IMAGES:
            raise ProtocolError("say how the picture is encoded: JPEG, PNG or WEBP")
        if len(frame.data) > MAX_FRAME_BYTES:
            raise ProtocolError(f"a picture over {MAX_FRAME_BYTES} bytes; send a smaller one")


def check_chunk(data: bytes, form: AudioFormat, longest: int) -> None:
    """Judge a chunk by its length.

    Args:
        data: As it came.
        form: What it should be.
        longest: Seconds.

    Raises:
        AudioError: empty, longer than ``longest``, or not a whole number of samples.
    """
    if not data:
        raise AudioError("an empty chunk; leave it out")
    if len(data) > form.rate * form.encoding.sample_bytes * longest:
        raise AudioError(f"a chunk over {longest} s; send 20 ms at a time")
    if len(data) % form.encoding.sample_bytes:
        raise AudioError("a chunk that ends in the middle of a sample")


def _bounded(name: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise ProtocolError(f"{name} of {len(text)} characters; at most {limit}")


def _locale(tag: str) -> str:
    """A tag as people write it, ``en-NG`` of ``EN-ng``; its language alone where it says more."""
    language, _, region = tag.partition("-")
    known = region.isascii() and region.isalnum() and len(region) <= _REGION
    return f"{language.lower()}-{region.upper()}" if known else language.lower()


def _language(tag: str) -> str:
    """The primary subtag: ``en`` of ``en-GB``."""
    primary = tag.partition("-")[0].lower()
    if not (primary.isascii() and primary.isalpha() and 2 <= len(primary) <= 3):
        raise ProtocolError("a language that is no BCP 47 tag; write it like en or en-GB")
    return primary
