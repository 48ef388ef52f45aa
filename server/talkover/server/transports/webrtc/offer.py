"""What an SDP offer may be: judged before anything of it reaches the media stack. Pure."""

import ipaddress
from dataclasses import dataclass
from typing import Final

from talkover.core.errors import ProtocolError

MAX_BYTES: Final = 64 << 10
MAX_SECTIONS: Final = 8
MAX_CANDIDATES: Final = 64
_MAX_LINE: Final = 2_000
_KINDS: Final = {"audio": 1, "video": 2, "application": 1}


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that was found good.

    Attributes:
        sdp: To be answered; candidates that must not be tried are gone.
        dropped: How many those were.
    """

    sdp: str
    dropped: int


def check_offer(raw: bytes, *, private_candidates: bool) -> Offer:
    """Judge a browser's offer.

    Args:
        raw: The body of the request.
        private_candidates: Whether the caller may name addresses of private networks. Trying them
            lets a caller make the server send packets into its own network.

    Raises:
        ProtocolError: it is too large, malformed, or offers what the agent has no use for.
    """
    if len(raw) > MAX_BYTES:
        raise ProtocolError(f"an offer over {MAX_BYTES} bytes; offer one microphone")
    try:
        lines = raw.decode("utf-8").replace("\r\n", "\n").rstrip("\n").split("\n")
    except UnicodeDecodeError:
        raise ProtocolError("an offer that is not UTF-8; send SDP") from None
    if lines[0] != "v=0" or any(len(line) < 2 or line[1] != "=" for line in lines):
        raise ProtocolError("not SDP; the body of the request is the offer, as application/sdp")
    if max(map(len, lines)) > _MAX_LINE:
        raise ProtocolError(f"a line of SDP over {_MAX_LINE} characters")
    _check_sections(lines)
    return _without_bad_candidates(lines, private_candidates=private_candidates)


def check_candidate(line: str, *, private_candidates: bool) -> bool:
    """Whether the candidate in ``candidate:...`` may be tried; garbage may not."""
    parts = line.removeprefix("a=").removeprefix("candidate:").split()
    if len(parts) < 8 or parts[2].lower() != "udp" or not parts[5].isdecimal():
        return False
    if not 0 < int(parts[5][:6]) < 65_536:
        return False
    host = parts[4]
    if host.endswith(".local"):  # a browser hides its address behind a name of multicast DNS
        return private_candidates
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if address.is_multicast or address.is_unspecified or address.is_reserved:
        return False
    return private_candidates or address.is_global


def _check_sections(lines: list[str]) -> None:
    media = [line for line in lines if line.startswith("m=")]
    if not media or len(media) > MAX_SECTIONS:
        raise ProtocolError(f"an offer has 1 to {MAX_SECTIONS} media sections")
    kinds = [line[2:].partition(" ")[0] for line in media]
    for kind in set(kinds):
        if kinds.count(kind) > _KINDS.get(kind, 0):
            raise ProtocolError("offer one microphone, at most two videos, and one data channel")
    if "audio" not in kinds or "application" not in kinds:
        raise ProtocolError("an offer needs a microphone and a data channel named events")
    if not any(line.lower().startswith("a=rtpmap:") and "opus/48000" in line for line in lines):
        raise ProtocolError("offer Opus; every browser has it")
    for needed in ("a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"):
        if not any(line.startswith(needed) for line in lines):
            raise ProtocolError(f"an offer without {needed[2:-1]}; make it with a browser")


def _without_bad_candidates(lines: list[str], *, private_candidates: bool) -> Offer:
    kept = []
    seen = dropped = 0
    for line in lines:
        if line.startswith("a=candidate:"):
            seen += 1
            good = check_candidate(line, private_candidates=private_candidates)
            if seen > MAX_CANDIDATES or not good:
                dropped += 1
                continue
        kept.append(line)
    return Offer("\r\n".join(kept) + "\r\n", dropped)
