"""What the caller shows, and what the agent looked at, as the page has it."""

import pytest
from page_driver import TICKS, go_live, says, take, turn, until, wire

from talkover.v1 import agent_pb2, media_pb2

pytestmark = pytest.mark.browser

# A call that is open, as far as the page can tell: its connection goes nowhere.
DIAL = """async (kinds) => {
    const { app } = await import("/static/main.js");
    const { Call } = await import("/static/call.js");
    window.senders = {};
    Call.prototype.open = async function () {
        const started = { at: 0, kind: "started", body: { sessionId: "abc", rtpOrigin: 0 } };
        app.take(started);
    };
    const setVideo = Call.prototype.setVideo;
    Call.prototype.setVideo = function (which, track) {
        window.senders[which] = track && track.readyState;
        return setVideo.call(this, which, track);
    };
    await app.dial();
}"""
SCREEN = """
    navigator.mediaDevices.getDisplayMedia = () =>
        navigator.mediaDevices.getUserMedia({ video: true });
"""


def glance(**fields):
    fields.setdefault("source", media_pb2.VIDEO_SOURCE_CAMERA)
    return wire(glance=agent_pb2.Glance(**fields))


@pytest.fixture
def called(open_page, site):
    page = open_page(before=SCREEN)
    page.context.grant_permissions(["microphone", "camera"])
    page.evaluate(DIAL)
    until(page, "talkover.state.phase === 'live'")
    return page


@pytest.mark.parametrize("which", ["camera", "screen"])
def test_a_button_shows_and_hides_with_a_preview(called, which):
    page = called
    assert page.is_hidden(f"#{which}-preview")
    page.click(f"#{which}")
    until(page, f"document.querySelector('#{which}-preview').videoWidth > 0")
    assert page.is_visible(f"#{which}-preview")
    assert page.get_attribute(f"#{which}", "aria-pressed") == "true"
    assert page.evaluate(f"window.senders.{which}") == "live"
    page.click(f"#{which}")
    until(page, f"!talkover.state.{which}")
    assert page.is_hidden(f"#{which}-preview")
    assert page.evaluate(f"window.senders.{which}") is None


def test_both_can_be_shown_and_all_is_given_back_at_the_end(called):
    page = called
    for which in ("camera", "screen"):
        page.click(f"#{which}")
        until(page, f"talkover.state.{which} && window.senders.{which} === 'live'")
    tracks = "[...document.querySelectorAll('video')].map((v) => v.srcObject.getTracks()[0])"
    page.evaluate(f"window.tracks = {tracks}")
    page.click("#talk")
    until(page, "window.tracks.every((track) => track.readyState === 'ended')")
    assert page.evaluate("[talkover.state.camera, talkover.state.screen]") == [False, False]
    assert page.is_hidden("#camera-preview")


def test_a_camera_that_is_refused_is_told_and_the_call_goes_on(called):
    page = called
    page.evaluate(
        """() => {
            const refused = new DOMException("", "NotAllowedError");
            navigator.mediaDevices.getUserMedia = () => Promise.reject(refused);
        }"""
    )
    page.click("#camera")
    until(page, "!document.querySelector('#notice').hidden")
    assert "camera cannot be shown" in page.inner_text("#notice-text")
    assert page.evaluate("talkover.state.phase") == "live"
    assert page.get_attribute("#camera", "aria-pressed") == "false"


def test_a_reply_says_which_picture_it_speaks_of(open_page):
    page = open_page()
    go_live(page)
    take(page, glance(turn=0, taken_at=75 * TICKS + TICKS // 5, cue="this"))
    take(page, turn("AGENT_STARTED", 0), says(0, "A red cup", at=0))
    (looked,) = page.locator(".agent .looked").all_inner_texts()
    assert looked == "Looked at your camera at 1:15.2, as you said “this”."
    until(page, "document.querySelectorAll('.word:not(.ahead)').length === 3")
    take(page, turn("AGENT_FINISHED", 0))
    until(page, "document.querySelector('.agent .text').innerText === 'A red cup'")
    assert page.locator(".agent .looked").count() == 1


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"taken_at": 0}, "Looked at your camera at 0:00.0."),
        (
            {"taken_at": 8 * TICKS, "compared_at": 12 * TICKS, "cue": "before"},
            "Looked at your camera at 0:08.0 and 0:12.0, as you said “before”.",
        ),
        (
            {"taken_at": 12 * TICKS, "compared_at": 0, "source": media_pb2.VIDEO_SOURCE_SCREEN},
            "Looked at your screen at 0:00.0 and 0:12.0.",
        ),
        (
            {"taken_at": TICKS, "blank": True, "source": media_pb2.VIDEO_SOURCE_FILE},
            "Looked at your picture at 0:01.0: there is nothing to be seen.",
        ),
    ],
)
@pytest.mark.parametrize("at", [20, 21])
def test_it_is_said_in_plain_words(open_page, fields, text, at):
    page = open_page()
    go_live(page)
    event = agent_pb2.Glance(**{"source": media_pb2.VIDEO_SOURCE_CAMERA, **fields})
    take(page, wire(at=at, glance=event))
    assert page.inner_text(".looked") == text


def test_a_look_that_was_for_nothing_goes_with_its_reply(open_page):
    page = open_page()
    go_live(page)
    take(page, turn("CALLER_ENDED", 0), glance(turn=0, cue="<b>this</b>"))
    assert "<b>" in page.inner_text(".looked")
    take(page, turn("CALLER_CONTINUED", 0))
    assert page.locator(".looked").count() == 0
