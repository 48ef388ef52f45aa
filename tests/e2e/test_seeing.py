"""Callers show something and ask about it: which picture the answer speaks of."""

import asyncio

import numpy as np
import pytest
from clock_clip import FPS, Camera, encoded, picture
from webrtc_caller import webrtc_call

from talkover.client import AgentAudio, AgentText, Glance, Problem, Transcript, Turn, connect
from talkover.client import TurnKind as Kind
from talkover.core.audio import read_wav
from talkover.core.clock import RATE

pytestmark = [pytest.mark.e2e, pytest.mark.bundle]

SPOKEN = "Please enter your password followed by the pound key."


async def answered(call):
    """The events of a call up to the end of a reply."""
    events = []
    async with asyncio.timeout(60):
        async for event in call:
            events.append(event)
            if isinstance(event, Turn) and event.kind is Kind.AGENT_FINISHED:
                return events
    raise AssertionError(events)


def only(events, kind):
    return [event for event in events if isinstance(event, kind)]


async def test_an_answer_says_which_picture_it_speaks_of(server):
    async with connect(f"grpc://{server.url}") as call:
        await call.send_frame(encoded(picture(1, 1)), source="file")
        await asyncio.sleep(1.0)
        await call.send_frame(encoded(picture(2, 1)), source="file")
        await asyncio.sleep(0.5)
        await call.send_text("What does this say?")
        events = await answered(call)
        (now,) = only(events, Glance)
        assert (now.source, now.blank, now.cue, now.compared_at) == ("file", False, "", None)
        kinds = [type(event) for event in events]
        assert kinds.index(Glance) < kinds.index(AgentText)
        await call.hide("file")
        await call.send_text("And now?")
        assert not only(await answered(call), Glance)
        await call.send_frame(encoded(np.zeros((240, 320, 3), np.uint8)))
        await asyncio.sleep(0.3)
        await call.send_text("And now?")
        (black,) = only(await answered(call), Glance)
        assert (black.source, black.blank) == ("camera", True)


async def test_bad_pictures_stall_neither_words_nor_sound(server):
    good = encoded(picture(1, 1))
    async with connect(f"grpc://{server.url}") as call:
        await call.send_text("Tell me a story about a dog.")
        showing = asyncio.create_task(bad_pictures(call, good))
        events = await answered(call)
        await showing
    assert {problem.code for problem in only(events, Problem)} <= {"PICTURE"}
    ends = [audio.starts_at for audio in only(events, AgentAudio)]
    late = [audio.received - events[0].received for audio in only(events, AgentAudio)]
    assert ends == sorted(ends)
    gaps = np.diff(late) - np.diff(ends) / RATE
    assert max(gaps) < 0.25  # a frame comes when its time has come


async def bad_pictures(call, good):
    for _ in range(8):
        for data in (b"x", good[:500], b"\x89PNG\r\n\x1a\n" + bytes(99), bytes(1 << 20)):
            await call.send_frame(data, encoding="png" if data[0] == 0x89 else "jpeg")
        await asyncio.sleep(0.2)


async def test_the_picture_is_that_of_the_word(server, prompts):
    """A spoken turn beside a camera: the picture of the last word, to within one picture."""
    pcm = read_wav({p.text.strip(): p.path for p in prompts}[SPOKEN], rate=RATE)
    sound = np.concatenate([np.zeros(RATE, np.int16), pcm, np.zeros(3 * RATE, np.int16)])
    async with connect(f"grpc://{server.url}", languages=["en"]) as call:
        talking = asyncio.create_task(talk(call, sound))
        events = await answered(call)
        talking.cancel()
    glance = only(events, Glance)[-1]  # of a caller who went on there is another before
    heard = [event for event in only(events, Transcript) if event.final][-1]
    assert glance.turn == heard.turn
    last = heard.words[-1]
    assert last.starts_at <= glance.asked_at <= last.ends_at
    late = glance.asked_at - glance.taken_at
    assert 0 <= late < 1.5 * RATE / FPS  # five a second as they are sent, not quite as they come


async def talk(call, sound):
    """Speak in real time, and show a picture five times a second."""
    loop = asyncio.get_running_loop()
    began, frame = loop.time(), RATE // 50
    for number in range(len(sound) // frame):
        await asyncio.sleep(max(0.0, began + number / 50 - loop.time()))
        await call.send_audio(sound[number * frame : (number + 1) * frame])
        if number % (50 // FPS) == 0:
            await call.send_frame(encoded(picture(number * FPS // 50, FPS)))


async def test_a_camera_over_webrtc_is_looked_at_until_it_is_off(server):
    camera = Camera(20)
    async with webrtc_call(server.http, video=camera, languages=["en"]) as caller:
        await asyncio.sleep(2.5)
        caller.say(text={"text": "What is this?"})
        await caller.until(lambda: caller.named("glance"))
        (glance,) = caller.named("glance")
        assert glance["source"] == "VIDEO_SOURCE_CAMERA"
        late = int(glance["askedAt"]) - int(glance["takenAt"])
        # A picture is decoded when the next one comes, and nothing was waited for.
        assert -RATE // FPS < late < 3 * RATE // FPS
        await caller.until(lambda: finished(caller) == 1)
        await asyncio.sleep(5.0)
        caller.say(text={"text": "And now?"})
        await caller.until(lambda: finished(caller) == 2)
        assert len(caller.named("glance")) == 1


def finished(caller):
    kinds = [event["kind"] for event in caller.named("turn")]
    return kinds.count("TURN_EVENT_KIND_AGENT_FINISHED")
