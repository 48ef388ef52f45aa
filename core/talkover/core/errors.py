"""Every error Talkover raises on purpose.

::

    TalkoverError
    ├── ConfigError            a setting is missing, contradictory or out of range
    ├── AudioError             a chunk cannot be what it says it is
    ├── PictureError           a picture cannot be what it says it is, or is too large to look at
    ├── ProtocolError          the peer broke the rules of the wire
    ├── AdmissionError         no place for another session
    ├── BusyError              a bounded queue is full
    ├── WeightsError
    │   ├── DownloadError      a part could not be fetched
    │   └── DamagedError       a file is not what its sha256 says
    ├── BundleError            a bundle is unfit to be loaded
    │   ├── OutdatedError      a part of it was made for another version of this code
    │   └── UntrustedError     nobody whose word counts vouches for it
    ├── ModelError             a loaded model refused its input
    ├── EndpointError          a remote model failed or answered nonsense
    ├── TraceError             a record cannot be stored or read
    ├── DataError              nothing can be learnt from this text, sound or recipe
    └── CallError              a caller's session ended against the caller's will

Each carries ``code``, the word that goes over the wire and into metrics, and a message that
names the cure. Messages never hold what somebody said.
"""

from typing import ClassVar


class TalkoverError(Exception):
    """The root of the tree."""

    code: ClassVar[str] = "INTERNAL"


class ConfigError(TalkoverError):
    """A setting is missing, contradictory or out of range."""

    code = "CONFIG"


class AudioError(TalkoverError):
    """A chunk of audio cannot be what it says it is."""

    code = "AUDIO"


class PictureError(TalkoverError):
    """A picture cannot be what it says it is, or is too large to look at."""

    code = "PICTURE"


class ProtocolError(TalkoverError):
    """The peer broke the rules of the wire."""

    code = "PROTOCOL"


class AdmissionError(TalkoverError):
    """There is no place for another session."""

    code = "FULL"


class BusyError(TalkoverError):
    """A bounded queue is full."""

    code = "BUSY"


class WeightsError(TalkoverError):
    """Base weights are missing or unusable."""

    code = "WEIGHTS"


class DownloadError(WeightsError):
    """A part could not be fetched."""


class DamagedError(WeightsError):
    """A file is not what its sha256 says."""


class BundleError(TalkoverError):
    """A bundle is unfit to be loaded."""

    code = "BUNDLE"


class OutdatedError(BundleError):
    """A part of a bundle was made for another version of this code."""


class UntrustedError(BundleError):
    """Nobody whose word counts vouches for a bundle."""


class ModelError(TalkoverError):
    """A loaded model refused its input."""

    code = "MODEL"


class EndpointError(TalkoverError):
    """A remote model failed or answered nonsense."""

    code = "ENDPOINT"


class TraceError(TalkoverError):
    """A record cannot be stored or read."""

    code = "TRACE"


class DataError(TalkoverError):
    """Nothing can be learnt from this text, sound or recipe."""

    code = "DATA"


class CallError(TalkoverError):
    """A caller's session ended against the caller's will."""

    code = "CALL"
