"""A person shows the page something and asks: a clip as the camera, a recording as the voice."""

import shutil
import time
from contextlib import contextmanager

import numpy as np
import pytest
from av import VideoFrame
from clock_clip import FPS, picture
from live_server import start_server, stop_server

from talkover.core.audio import read_wav, write_wav
from talkover.core.clock import RATE
from talkover.core.voice.runtime import VoiceRuntime
from talkover.trainer.seeing.questions.asking import question
from talkover.trainer.seeing.questions.question import Kind, Split
from talkover.trainer.seeing.questions.scoring import is_right

pytestmark = [pytest.mark.e2e, pytest.mark.bundle, pytest.mark.slow]

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
MIC_RATE = 48_000
SPOKEN = "Please enter your password followed by the pound key."
ASKED = 5  # number of the question that is asked
ASKED_AT = 6  # seconds after the microphone is opened: the camera is on by then


def microphone(path, voice, rate):
    """A minute in which a voice begins at ``ASKED_AT``, as Chromium reads it from a file."""
    sound = np.zeros(rate * 60, np.int16)
    sound[rate * ASKED_AT : rate * ASKED_AT + len(voice)] = voice
    write_wav(path, sound, rate=rate)
    return path


def camera(path, pictures):
    """Pictures, five a second, as Chromium reads a camera from a file, again and again."""
    high, wide, _ = pictures[0].shape
    with path.open("wb") as sink:
        sink.write(f"YUV4MPEG2 W{wide} H{high} F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
        for rgb in pictures:
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            sink.write(b"FRAME\n" + frame.reformat(format="yuv420p").to_ndarray().tobytes())
    return path


@pytest.fixture
def page_server(bundle, tmp_path):
    live = start_server(tmp_path, bundle)
    yield live
    stop_server(live)


@contextmanager
def browser_page(voice, shown):
    """A page whose microphone and camera are files."""
    if CHROMIUM is None:
        pytest.skip("no chromium; `sh scripts/test_setup.sh` says why")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                *("--no-sandbox", "--disable-quic", "--disable-background-networking"),
                *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
                f"--use-file-for-fake-audio-capture={voice}%noloop",
                f"--use-file-for-fake-video-capture={shown}",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )
        context = browser.new_context(permissions=["microphone", "camera"])
        yield context.new_page()
        browser.close()


@pytest.fixture
def page(prompts, tmp_path):
    """A recorded person asks for a password before a camera in which a clock runs."""
    voice = read_wav({p.text.strip(): p.path for p in prompts}[SPOKEN], rate=MIC_RATE)
    clock = [picture(number, FPS) for number in range(8 * FPS)]
    mic = microphone(tmp_path / "mic.wav", voice, MIC_RATE)
    with browser_page(mic, camera(tmp_path / "camera.y4m", clock)) as made:
        yield made


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


def test_a_person_is_answered_what_the_camera_shows(page_server, bundle, tmp_path):
    """A question of the test split in a voice that speaks, and a right answer, spoken."""
    asked = question(ASKED, Split.TEST, Kind.OBJECTS)
    voice = VoiceRuntime(bundle / "voice", threads=2)
    clause = voice.synthesise(asked.question, seed=0)
    mic = microphone(tmp_path / "mic.wav", clause.pcm, voice.rate)
    shown = camera(tmp_path / "camera.y4m", [asked.pictures[0]] * FPS)
    with browser_page(mic, shown) as page:
        page.goto(page_server.http)
        page.click("#talk")
        until(page, lambda: page.is_enabled("#camera"), 20)
        page.click("#camera")
        until(page, lambda: "AGENT_FINISHED" in kinds(page), 90)
        texts = named(page, "agentText")
        said = " ".join(word["text"] for text in texts for word in text["words"])
        assert is_right(asked, said), (asked.question, asked.answer, said)
        assert not named(page, "error")
