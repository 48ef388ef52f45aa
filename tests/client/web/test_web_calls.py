"""How a call of the page comes about, or does not."""

import json

import pytest
from page_driver import go_live, heard, phase, step, take, until, wire

from talkover.server.transports.webrtc.offer import check_offer
from talkover.v1 import agent_pb2

pytestmark = pytest.mark.browser

REFUSED = "the server responded with a status of"  # what Chromium says of any 4xx and 5xx


def test_an_offer_is_what_the_server_wants_and_a_full_server_is_said(open_page, site):
    page = open_page(expected=[REFUSED])
    page.focus("#talk")
    page.keyboard.press("Enter")
    page.wait_for_selector("#notice:not([hidden])")
    assert phase(page) == "error"
    assert page.inner_text("#notice-text") == "All lines are taken. Try again in 7 s."
    assert page.inner_text("#notice-action") == "Try again"
    [(headers, body)] = site.offers
    assert headers["Content-Type"] == "application/sdp"
    assert "Authorization" not in headers
    offer = check_offer(body, private_candidates=True).sdp
    kinds = [line[2:].split()[0] for line in offer.split("\r\n") if line.startswith("m=")]
    assert kinds == ["audio", "video", "video", "application"]
    assert offer.count("a=sendonly") == 2
    page.click("#notice-action")
    until(page, "talkover.events.filter((e) => e.phase === 'error').length === 2")
    assert len(site.offers) == 2


def test_a_token_is_asked_for_kept_in_the_tab_and_sent(open_page, site):
    site.refusal = (401, "TOKEN")
    page = open_page(width=390, height=844, expected=[REFUSED])
    page.click("#talk")
    page.wait_for_selector("#notice:not([hidden])")
    assert "token" in page.inner_text("#notice-text")
    page.click("#notice-action")
    assert page.evaluate("document.activeElement.id") == "token"
    page.keyboard.type("s3cret")
    page.keyboard.press("Enter")
    page.click("#talk")
    until(page, "talkover.events.filter((e) => e.phase === 'error').length === 2")
    assert site.offers[-1][0]["Authorization"] == "Bearer s3cret"
    assert page.evaluate("[sessionStorage.length, localStorage.length]") == [1, 0]
    assert "s3cret" not in page.url
    assert "s3cret" not in json.dumps(page.evaluate("talkover.events"))


@pytest.mark.parametrize(
    ("name", "told"),
    [("NotAllowedError", "blocked"), ("NotFoundError", "No microphone was found")],
)
def test_a_microphone_that_cannot_be_had_is_said(open_page, name, told):
    page = open_page(
        before=f"""navigator.mediaDevices.getUserMedia = () =>
            Promise.reject(new DOMException("", "{name}"));"""
    )
    page.click("#talk")
    page.wait_for_selector("#notice:not([hidden])")
    assert told in page.inner_text("#notice-text")
    assert phase(page) == "error"


def test_consent_is_off_and_fixed_while_a_call_lasts(open_page):
    page = open_page()
    assert not page.is_checked("#consent")
    go_live(page)
    assert page.is_disabled("#consent")
    step(page, "hangUp")
    assert page.is_enabled("#consent")


def test_a_new_session_after_a_loss_says_that_it_is_new(open_page):
    page = open_page()
    go_live(page)
    take(page, heard(0, "Remember this"))
    step(page, "lost")
    take(page, wire(at=0, started=agent_pb2.SessionStarted(session_id="def")))
    assert phase(page) == "live"
    assert "does not remember" in page.inner_text(".note .text")
    take(page, heard(0, "Something new"))  # turns count from 0 again
    assert page.locator(".entry.caller").count() == 2
