"""A person talks to the page: headless Chromium, a recording as its microphone."""

import base64
import re
import shutil
import time

import numpy as np
import pytest
from live_server import start_server, stop_server

from talkover.client.bench import measure
from talkover.core.audio import read_wav, write_wav

pytestmark = [pytest.mark.e2e, pytest.mark.bundle, pytest.mark.slow]

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
MIC_RATE = 48_000
FIRST = "Please enter your password followed by the pound key."
SECOND = "You are currently the only person in this conference."
SECOND_AT = range(15, 75, 7)
"""Seconds after the microphone is opened at which the second recording begins.

Again and again, since nobody knows how long a reply will be: one of them meets the agent talking.
"""

RECORDER = """
(() => {
  const Native = window.RTCPeerConnection;
  window.heard = { rate: 0, blocks: [] };
  window.RTCPeerConnection = class extends Native {
    constructor(...given) {
      super(...given);
      this.addEventListener("track", (event) => {
        if (event.track.kind !== "audio") return;
        const context = new AudioContext();
        window.heard.rate = context.sampleRate;
        const source = context.createMediaStreamSource(new MediaStream([event.track]));
        const tap = context.createScriptProcessor(4096, 1, 1);
        tap.onaudioprocess = (e) =>
          window.heard.blocks.push(new Float32Array(e.inputBuffer.getChannelData(0)));
        source.connect(tap);
        tap.connect(context.destination);
      });
    }
  };
})();
"""

TAKE = """
() => {
  const { rate, blocks } = window.heard;
  const all = new Int16Array(blocks.length * 4096);
  blocks.forEach((block, n) => block.forEach((x, i) => { all[n * 4096 + i] = x * 32767; }));
  const bytes = new Uint8Array(all.buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192)
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return [rate, btoa(text)];
}
"""


@pytest.fixture(scope="module")
def microphone(prompts, tmp_path_factory):
    """A recording that says one thing soon and another one later, several times."""
    if CHROMIUM is None:
        pytest.skip("no chromium; `sh scripts/test_setup.sh` says why")
    paths = {prompt.text.strip(): prompt.path for prompt in prompts}
    first, second = (read_wav(paths[text], rate=MIC_RATE) for text in (FIRST, SECOND))
    sound = np.zeros(MIC_RATE * 80, np.int16)
    sound[MIC_RATE : MIC_RATE + len(first)] = first
    for at in SECOND_AT:
        sound[MIC_RATE * at : MIC_RATE * at + len(second)] = second
    path = tmp_path_factory.mktemp("mic") / "mic.wav"
    write_wav(path, sound, rate=MIC_RATE)
    return path


@pytest.fixture(params=[1, 2], ids=["one-process", "two-workers"])
def page_server(request, bundle, tmp_path):
    live = start_server(tmp_path, bundle, "--workers", str(request.param))
    yield live
    stop_server(live)


@pytest.fixture
def page(microphone):
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-quic",
                "--disable-background-networking",
                "--disable-component-update",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={microphone}%noloop",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )
        context = browser.new_context(permissions=["microphone"])
        opened = context.new_page()
        opened.add_init_script(RECORDER)
        yield opened
        browser.close()


def kinds(page) -> list[str]:
    return page.evaluate(
        "() => window.talkover.events.filter((e) => e.turn).map((e) => e.turn.kind)"
    )


def wait_until(page, true, what: str, seconds: float) -> None:
    """Wait until what happened so far is as it should be."""
    deadline = time.monotonic() + seconds
    while not true(kinds(page)):
        if time.monotonic() > deadline:
            pytest.fail(f"no {what}; there were {kinds(page)}; {page.inner_text('body')}")
        page.wait_for_timeout(50)


def wait_for(page, kind: str, count: int, seconds: float) -> None:
    wait_until(page, lambda seen: seen.count(kind) >= count, kind, seconds)


def keep_talking(page, until: str, seconds: float) -> None:
    """Ask for a story whenever the agent is silent, until something happens."""
    deadline = time.monotonic() + seconds
    while until not in (seen := kinds(page)):
        if time.monotonic() > deadline:
            pytest.fail(f"no {until}; there were {seen}; {page.inner_text('body')}")
        if seen[-1] == "AGENT_FINISHED":
            page.fill("#say-text", "Tell me a long story about a dog, a cat and the wide sea.")
            page.press("#say-text", "Enter")
            wait_for(page, "AGENT_STARTED", seen.count("AGENT_STARTED") + 1, 15)
        page.wait_for_timeout(50)


def test_a_person_talks_to_the_page(page, page_server):
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(page_server.http)
    page.click("#talk")
    # The first reply may be so long that the caller's next words come over it.
    over = {"AGENT_FINISHED", "BARGE_IN"}
    wait_until(page, lambda seen: over & {*seen}, "end of the first reply", 20)
    words = set(re.findall(r"[a-z]+", page.inner_text("#transcript").lower()))
    assert words >= {"please", "enter", "password", "followed", "pound", "key"}

    # Keep it talking, and talk over it: it stops, and what was not heard is struck out.
    keep_talking(page, "BARGE_IN", 60)
    cut = kinds(page).index("BARGE_IN")
    wait_until(page, lambda seen: "AGENT_STARTED" in seen[cut:], "answer to it", 30)
    assert "conference" in page.inner_text("#transcript").lower()

    rate, text = page.evaluate(TAKE)
    heard = np.frombuffer(base64.b64decode(text), "<i2")
    assert measure.voice_seconds(heard, rate) > 1
    page.click("#talk")
    page.wait_for_timeout(500)
    assert not complaints
