"""The HTTP side of a real server: the page, bad offers, health and metrics."""

import random

import httpx
import pytest
from live_server import start_server, stop_server
from prometheus_client.parser import text_string_to_metric_families

pytestmark = [pytest.mark.e2e, pytest.mark.bundle]

SDP = {"Content-Type": "application/sdp"}
HEAD = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
SECRETS = (
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef012345\r\n"
    "a=fingerprint:sha-256 " + ":".join(["AA"] * 32) + "\r\na=setup:actpass\r\n"
)
AUDIO = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\n"
    "a=rtpmap:111 opus/48000/2\r\n" + SECRETS
)
DATA = (
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n"
    "a=sctp-port:5000\r\n" + SECRETS
)
GOOD = HEAD + AUDIO + DATA


@pytest.fixture
def http(server):
    with httpx.Client(base_url=server.http, timeout=20) as client:
        yield client


def test_the_page_comes_with_a_policy_and_all_its_parts(http):
    page = http.get("/")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    for part in ("style.css", "main.js", "app.js", "icon.svg"):
        assert http.get(f"/static/{part}").status_code == 200
    for hidden in ("/static/../cli.py", "/static/%2e%2e/cli.py", "/static/nothing.js", "/etc"):
        assert http.get(hidden).status_code == 404


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", SDP, 400, "PROTOCOL"),
        (b"hello", SDP, 400, "PROTOCOL"),
        (b"\xff\xfe", SDP, 400, "PROTOCOL"),
        (GOOD.encode(), {"Content-Type": "text/plain"}, 415, "PROTOCOL"),
        (GOOD.encode(), {**SDP, "Origin": "https://example.org"}, 403, "ORIGIN"),
        (b"v=0\r\n" + b"a=x\r\n" * 50_000, SDP, 413, "PROTOCOL"),
        ((HEAD + DATA * 20).encode(), SDP, 400, "PROTOCOL"),
        ((HEAD + AUDIO + "m=audio x y z\r\n" + DATA).encode(), SDP, 400, "PROTOCOL"),
    ],
)
def test_a_bad_offer_is_refused_with_a_code(http, body, headers, status, code):
    answer = http.post("/whip", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"]


def test_a_good_offer_is_answered_and_can_be_taken_back(http):
    answer = http.post(
        "/whip", content=GOOD, headers={**SDP, "Origin": str(http.base_url).rstrip("/")}
    )
    assert answer.status_code == 201
    assert answer.headers["Content-Type"].startswith("application/sdp")
    assert "a=candidate" in answer.text
    place = answer.headers["Location"]
    trickle = {"Content-Type": "application/trickle-ice-sdpfrag"}
    candidate = "a=mid:0\r\na=candidate:1 1 udp 1 192.168.1.9 4000 typ host\r\n"
    assert http.patch(place, content=candidate, headers=trickle).status_code == 204
    assert http.patch(place, content="a=candidate:rubbish", headers=trickle).status_code == 204
    assert http.patch(place, content=candidate * 100, headers=trickle).status_code == 400
    assert http.patch(place, content="", headers=SDP).status_code == 415
    assert http.delete(place).status_code == 200
    for _ in range(50):
        if http.delete(place).status_code == 404:
            break
    assert http.patch(place, content="", headers=trickle).status_code == 404


def test_mangled_offers_never_break_the_server(http):
    mangle = random.Random(1)
    for _ in range(30):
        text = list(GOOD)
        for _ in range(mangle.randint(1, 40)):
            text[mangle.randrange(len(text))] = chr(mangle.randrange(1, 256))
        answer = http.post("/whip", content="".join(text).encode(), headers=SDP)
        assert answer.status_code in (201, 400, 429), answer.text
        if answer.status_code == 201:
            http.delete(answer.headers["Location"])
    assert http.get("/healthz").json() == {"status": "alive"}


def test_offers_come_at_a_bounded_rate(http):
    codes = {http.post("/whip", content=b"x", headers=SDP).status_code for _ in range(120)}
    assert codes == {400, 429}


def test_metrics_have_help_and_units(http):
    families = list(text_string_to_metric_families(http.get("/metrics").text))
    assert all(family.documentation for family in families)
    names = {family.name for family in families}
    assert {"talkover_open_sessions", "talkover_reply_seconds", "talkover_asyncio_tasks"} <= names
    assert http.get("/readyz").json()["status"] == "ready"


def test_signalling_needs_the_token(bundle, tmp_path):
    live = start_server(tmp_path, bundle, "--token", "secret")
    try:
        with httpx.Client(base_url=live.http) as http:
            assert http.get("/config.json").json()["token_required"] is True
            assert http.get("/generations").status_code == 401
            refused = http.post("/whip", content=GOOD, headers=SDP)
            assert (refused.status_code, refused.json()["code"]) == (401, "TOKEN")
            bearer = {**SDP, "Authorization": "Bearer secret"}
            answer = http.post("/whip", content=GOOD, headers=bearer)
            assert answer.status_code == 201
            assert http.delete(answer.headers["Location"]).status_code == 401
            assert http.delete(answer.headers["Location"], headers=bearer).status_code == 200
    finally:
        stop_server(live)


def test_a_full_server_says_so(bundle, tmp_path):
    live = start_server(tmp_path, bundle, TALKOVER_SERVER__MAX_SESSIONS="1")
    try:
        with httpx.Client(base_url=live.http) as http:
            first = http.post("/whip", content=GOOD, headers=SDP)
            assert first.status_code == 201
            second = http.post("/whip", content=GOOD, headers=SDP)
            assert (second.status_code, second.json()["code"]) == (503, "FULL")
            assert int(second.headers["Retry-After"]) > 0
    finally:
        stop_server(live)
