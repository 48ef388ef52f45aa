"""Video tracks over WebRTC: each picture lands on the media clock where it was taken."""

import asyncio
import time

import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from av import VideoFrame
from clock_clip import BASE, FPS, Camera, number_of
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.clock import RATE
from talkover.core.errors import PictureError
from talkover.server.session.mediaclock import MediaClock
from talkover.server.transports.webrtc import seam
from talkover.server.transports.webrtc.pictures import Watcher
from talkover.server.transports.webrtc.videoclock import VideoClock


@given(
    st.integers(0, 1 << 40),
    st.integers(0, RATE * 100),
    st.lists(st.integers(0, RATE), min_size=1, max_size=100),
)
def test_a_picture_is_never_placed_after_it_came_and_the_least_delay_decides(begin, way, late):
    clock = VideoClock()
    for number, delay in enumerate(late):
        taken = number * RATE // FPS
        arrived = taken + way + delay
        placed = clock.place(begin + number * 90_000 // FPS, BASE, arrived)
        assert placed <= arrived
        least = min(late[max(0, number - 63) : number + 1])
        assert abs(placed - (taken + way + least)) <= 2


def test_a_track_that_jumps_begins_anew():
    clock = VideoClock()
    assert clock.place(0, BASE, 100) == 100
    assert clock.place(90_000, BASE, 100 + RATE) == 100 + RATE
    assert clock.place(90_000 * 500, BASE, 100 + 2 * RATE) == 100 + 2 * RATE
    assert clock.place(0, BASE, 3 * RATE) == 3 * RATE


class Session:
    """What a watcher shows pictures to; it is its own eyes."""

    def __init__(self):
        self.clock = MediaClock()
        self.seen = []
        self.wrong = []
        self.went_dark = []
        self.eyes = self

    @property
    def now(self):
        return self.clock.now()

    def show(self, made, at, source):
        try:
            self.seen.append((at, number_of(made()), source))
        except PictureError as error:
            self.wrong.append(error)

    def dark(self, at, source):
        self.went_dark.append((at, source))


async def test_a_camera_is_seen_when_it_was_and_then_not_any_more():
    here, there = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    session, camera = Session(), Camera(20)
    began = time.monotonic()
    here.addTrack(camera)
    await here.setLocalDescription(await here.createOffer())
    await there.setRemoteDescription(here.localDescription)
    (transceiver,) = there.getTransceivers()
    arrivals = seam.Arrivals(transceiver.receiver)
    watcher = Watcher(transceiver.receiver.track, arrivals, screen=False)
    await there.setLocalDescription(await there.createAnswer())
    await here.setRemoteDescription(there.localDescription)
    watching = asyncio.create_task(watcher.run(session))
    try:
        async with asyncio.timeout(25):
            while not session.went_dark:
                await asyncio.sleep(0.05)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await asyncio.gather(here.close(), there.close())
    assert not session.wrong
    assert len(session.seen) >= 12
    late = [at / RATE - (camera.taken[number] - began) for at, number, _ in session.seen]
    print(f"a picture is placed {np.median(late):.3f} s late, {max(late):.3f} s at most")
    assert max(late) < 1 / FPS  # within one picture of the moment it was taken
    assert min(late) > -0.02
    assert {source for _, _, source in session.seen} == {"camera"}
    assert session.went_dark[0][1] == "camera"


@pytest.mark.parametrize(("wide", "high"), [(8_192, 4_096), (4, 4)])
def test_a_video_of_a_size_that_nobody_shows_is_refused(wide, high):
    from talkover.server.transports.webrtc import pictures

    with pytest.raises(PictureError):
        pictures._pixels(VideoFrame(wide, high, "yuv420p"))


def test_a_large_video_is_made_smaller():
    from talkover.server.transports.webrtc import pictures

    frame = VideoFrame.from_ndarray(np.zeros((1_080, 1_920, 3), np.uint8), format="rgb24")
    assert pictures._pixels(frame).shape == (360, 640, 3)
