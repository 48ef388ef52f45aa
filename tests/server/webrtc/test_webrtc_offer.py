import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.errors import ProtocolError
from talkover.server.transports.webrtc.offer import (
    MAX_BYTES,
    MAX_CANDIDATES,
    Offer,
    check_candidate,
    check_offer,
)

HEAD = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
SECRETS = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef012345\r\na=fingerprint:sha-256 AA:BB\r\n"
AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n" + SECRETS
DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n"
VIDEO = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n"
GOOD = HEAD + AUDIO + DATA
PUBLIC = "candidate:1 1 udp 2122260223 93.184.216.34 54321 typ host"


def check(text: str, *, private: bool = True) -> Offer:
    return check_offer(text.encode(), private_candidates=private)


def test_a_browsers_offer_is_taken_as_it_is():
    assert check(GOOD) == Offer(GOOD, 0)
    assert check(HEAD + AUDIO + VIDEO + VIDEO + DATA).dropped == 0
    assert check(GOOD.replace("\r\n", "\n")).sdp == GOOD


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        ("", "not SDP"),
        ("hello", "not SDP"),
        ("v=0\r\nx", "not SDP"),
        (HEAD, "media sections"),
        (HEAD + DATA, "microphone"),
        (HEAD + AUDIO, "data channel"),
        (HEAD + AUDIO + AUDIO + DATA, "one microphone"),
        (HEAD + AUDIO + VIDEO * 3 + DATA, "two videos"),
        (HEAD + AUDIO + DATA * 300, "media sections"),
        (HEAD + AUDIO + DATA + "m=text 9 RTP/AVP 98\r\n", "one microphone"),
        (GOOD.replace("opus/48000/2", "PCMU/8000"), "Opus"),
        (GOOD.replace("a=fingerprint", "a=footprint"), "fingerprint"),
        (GOOD.replace("a=ice-ufrag", "a=ice-nothing"), "ice-ufrag"),
        (GOOD + "a=" + "x" * 3_000 + "\r\n", "line"),
        (GOOD + "a=x\r\n" * MAX_BYTES, "over"),
    ],
)
def test_what_is_no_offer_of_ours_is_refused(offer, why):
    with pytest.raises(ProtocolError, match=why):
        check(offer)


def test_what_is_not_text_is_refused():
    with pytest.raises(ProtocolError, match="UTF-8"):
        check_offer(b"v=0\r\n\xff\xfe", private_candidates=True)


@pytest.mark.parametrize(
    ("address", "anywhere", "public"),
    [
        ("93.184.216.34", True, True),
        ("2606:2800:220:1:248:1893:25c8:1946", True, True),
        ("192.168.1.20", True, False),
        ("10.1.2.3", True, False),
        ("127.0.0.1", True, False),
        ("169.254.169.254", True, False),
        ("fe80::1", True, False),
        ("f3b2a1c0-1111-2222-3333-444455556666.local", True, False),
        ("0.0.0.0", False, False),
        ("224.0.0.1", False, False),
        ("example.org", False, False),
        ("", False, False),
    ],
)
def test_where_packets_may_be_sent(address, anywhere, public):
    line = f"candidate:1 1 udp 2122260223 {address} 54321 typ host"
    assert check_candidate(line, private_candidates=True) == anywhere
    assert check_candidate(line, private_candidates=False) == public


@pytest.mark.parametrize(
    "line",
    [
        "candidate:",
        PUBLIC.replace("54321", "0"),
        PUBLIC.replace("54321", "65536"),
        PUBLIC.replace("54321", "-1"),
        PUBLIC.replace("54321", "9" * 50),
        PUBLIC.replace("udp", "tcp"),
        "candidate:1 1 udp 1 93.184.216.34",
    ],
)
def test_garbage_is_no_candidate(line):
    assert not check_candidate(line, private_candidates=True)


def test_bad_and_too_many_candidates_are_dropped():
    lines = f"a={PUBLIC}\r\n" * (MAX_CANDIDATES + 10) + f"a={PUBLIC}\r\n".replace("udp", "tcp") * 5
    offer = check(GOOD + lines)
    assert offer.dropped == 15
    assert offer.sdp.count("a=candidate") == MAX_CANDIDATES


@given(st.binary(max_size=400))
def test_random_bytes_are_refused(data):
    with pytest.raises(ProtocolError):
        check_offer(data, private_candidates=True)


@given(st.lists(st.text(max_size=60), max_size=30))
def test_random_lines_are_taken_or_refused(lines):
    try:
        offer = check(GOOD + "".join(f"a={line}\r\n" for line in lines))
    except ProtocolError:
        return
    assert offer.sdp.endswith("\r\n")


@given(st.text(max_size=120))
def test_random_candidates_never_crash(text):
    assert check_candidate("candidate:" + text, private_candidates=True) in (True, False)
