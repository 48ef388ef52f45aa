"""A person shows the page something and asks: a clip as the camera, a recording as the voice."""

import shutil
import time

import numpy as np
import pytest
from av import VideoFrame
from clock_clip import FPS, HIGH, WIDE, picture
from live_server import start_server, stop_server

from talkover.core.audio import read_wav, write_wav
from talkover.core.clock import RATE

pytestmark = [pytest.mark.e2e, pytest.mark.bundle, pytest.mark.slow]

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
MIC_RATE = 48_000
SPOKEN = "Please enter your password followed by the pound key."
ASKED_AT = 6  # seconds after the microphone is opened: the camera is on by then


@pytest.fixture
def microphone(prompts, tmp_path):
    voice = read_wav({p.text.strip(): p.path for p in prompts}[SPOKEN], rate=MIC_RATE)
    sound = np.zeros(MIC_RATE * 60, np.int16)
    sound[MIC_RATE * ASKED_AT : MIC_RATE * ASKED_AT + len(voice)] = voice
    path = tmp_path / "mic.wav"
    write_wav(path, sound, rate=MIC_RATE)
    return path


@pytest.fixture
def camera(tmp_path):
    """Eight seconds of the clock, as Chromium reads a camera from a file."""
    path = tmp_path / "camera.y4m"
    with path.open("wb") as sink:
        sink.write(f"YUV4MPEG2 W{WIDE} H{HIGH} F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(8 * FPS):
            rgb = np.ascontiguousarray(picture(number, FPS))
            frame = VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
            sink.write(b"FRAME\n" + frame.to_ndarray().tobytes())
    return path


@pytest.fixture
def page_server(bundle, tmp_path):
    live = start_server(tmp_path, bundle)
    yield live
    stop_server(live)


@pytest.fixture
def page(microphone, camera):
    if CHROMIUM is None:
        pytest.skip("no chromium; `sh scripts/test_setup.sh` says why")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                *("--no-sandbox", "--disable-quic", "--disable-background-networking"),
                *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
                f"--use-file-for-fake-audio-capture={microphone}%noloop",
                f"--use-file-for-fake-video-capture={camera}",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )
        context = browser.new_context(permissions=["microphone", "camera"])
        yield context.new_page()
        browser.close()


def named(page, kind):
    """What the agent told, by the name of the event."""
    return page.evaluate(
        "(kind) => window.talkover.events.filter((e) => e[kind]).map((e) => e[kind])", kind
    )


def until(page, reached, seconds):
    deadline = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {page.inner_text('body')}")
        page.wait_for_timeout(50)


def kinds(page):
    return [turn["kind"] for turn in named(page, "turn")]


def test_a_person_shows_the_page_something(page, page_server):
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(page_server.http)
    page.click("#talk")
    until(page, lambda: page.is_enabled("#camera"), 20)
    page.click("#camera")
    until(page, lambda: page.is_visible("#camera-preview"), 10)
    until(page, lambda: "AGENT_STARTED" in kinds(page), 60)
    glance = named(page, "glance")[-1]
    assert (glance["source"], glance["blank"]) == ("CAMERA", False)
    assert "Looked at your camera at 0:" in page.locator(".looked").last.inner_text()
    words = page.inner_text("#transcript").lower()
    assert "password" in words
    assert glance["takenAt"] > RATE  # of the call, not of its beginning
    assert not named(page, "error")

    page.click("#camera")
    until(page, lambda: page.is_hidden("#camera-preview"), 10)
    page.wait_for_timeout(5_000)
    until(page, lambda: page.inner_text("#status-text") == "Listening", 60)
    before, replies = len(named(page, "glance")), kinds(page).count("AGENT_STARTED")
    page.fill("#say-text", "And what do you see now?")
    page.press("#say-text", "Enter")
    until(page, lambda: kinds(page).count("AGENT_STARTED") > replies, 60)
    assert len(named(page, "glance")) == before  # nothing is shown any more
    assert not complaints
