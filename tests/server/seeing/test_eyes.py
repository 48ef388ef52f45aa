"""A session's eyes: pictures in, the sight of the moment out; what is bad is told and forgotten."""

import asyncio
import io
import random
import struct
import time
import zlib

import numpy as np
import pytest
from clock_clip import encoded, number_of, picture
from PIL import Image

from talkover.core.clock import RATE
from talkover.core.errors import ModelError, PictureError, ProtocolError
from talkover.core.seer.types import Seen, Word
from talkover.server.inference import Seat, Worker
from talkover.server.seeing.eyes import Eyes
from talkover.server.thinking.scene import TimedWord
from talkover.v1 import media_pb2

JPEG, PNG, WEBP = (
    media_pb2.IMAGE_ENCODING_JPEG,
    media_pb2.IMAGE_ENCODING_PNG,
    media_pb2.IMAGE_ENCODING_WEBP,
)
CAMERA, FILE = media_pb2.VIDEO_SOURCE_CAMERA, media_pb2.VIDEO_SOURCE_FILE
PICTURES_A_SECOND = 5


class Counter:
    """A seer that tells which picture it saw, and how often it was asked."""

    def __init__(self, *, fails=False):
        self.saw = []
        self._fails = fails

    def see(self, rgb):
        self.saw.append(number_of(rgb))
        if self._fails:
            raise ModelError("no")
        words = (Word(f"word{self.saw[-1]}", (0.0, 0.0, 1.0, 1.0), 0.9),)
        return Seen(np.full((1, 1), self.saw[-1], np.float32), (1, 1), words, blank=False)


class Caller:
    """What a session gives to its eyes."""

    def __init__(self):
        self.clock = 0
        self.turn = None
        self.seer = None
        self.told = []
        self.tasks = []
        self.eyes = Eyes(
            ("en",),
            now=lambda: self.clock,
            turn=lambda: self.turn,
            seer=lambda: self.seer,
            tell=self.told.append,
            spawn=self._spawn,
        )

    def _spawn(self, work, name):
        task = asyncio.create_task(work, name=name)
        self.tasks.append(task)
        return task

    async def shows(self, data, encoding=JPEG, *, at=0, source=CAMERA):
        frame = media_pb2.VideoFrame(encoding=encoding, data=data, taken_at=at, source=source)
        self.clock = max(self.clock, at)
        self.eyes.take(frame, self.clock)
        await self.settle()

    async def settle(self):
        while self.tasks:
            await self.tasks.pop()


@pytest.fixture
async def caller():
    made = Caller()
    yield made
    await made.eyes.close()


@pytest.fixture
async def seat():
    worker = Worker("seer")
    yield lambda model: Seat(model, worker)
    await worker.close()


def word(text, middle):
    return TimedWord(text, middle - 800, middle + 800)


async def seen_at(caller, middle, text="this", **more):
    view = caller.eyes.view([word(text, middle)], caller.clock)
    if view is None:
        return None
    (sight,) = await caller.eyes.look(view, more.get("seer"), 1)
    return number_of(sight.picture.rgb)


async def test_the_frame_used_is_the_frame_of_the_moment(caller):
    """Measured on a clip of a minute with a clock in it, questions of four seconds at any time."""
    rate, seconds, draw = PICTURES_A_SECOND, 60, random.Random(8)
    jitter = [draw.randrange(RATE // 20) for _ in range(rate * seconds)]
    right = near = asked = 0
    for number in range(rate * seconds):
        at = number * RATE // rate + jitter[number]
        await caller.shows(encoded(picture(number, rate)), at=max(1, at))
        if number % 20 == 19:  # a turn of four seconds is over; its word was anywhere in it
            for _ in range(8):
                moment = draw.randrange(at - 4 * RATE, at)
                shown = max(
                    (n for n in range(number + 1) if n * RATE // rate + jitter[n] <= moment),
                    default=0,
                )
                used = await seen_at(caller, moment)
                asked += 1
                right += used == shown
                near += used is not None and abs(used - shown) <= 1
    print(f"alignment: {right} of {asked} right, {near} within one picture")
    assert right >= 0.98 * asked
    assert near == asked
    assert not caller.told


async def test_what_shows_the_same_is_kept_once_and_looked_at_once(caller, seat):
    model = Counter()
    caller.seer = seer = seat(model)
    for number, at in ((3, 1), (3, RATE), (3, 2 * RATE), (4, 3 * RATE)):
        await caller.shows(encoded(picture(number, 1)), at=at)
    for _ in range(3):
        assert await seen_at(caller, 2 * RATE, seer=seer) == 3
    assert await seen_at(caller, 3 * RATE, seer=seer) == 4
    assert model.saw == [3, 4]


async def test_while_the_caller_speaks_it_looks_ahead(caller, seat):
    model = Counter()
    caller.seer = seer = seat(model)
    await caller.shows(encoded(picture(1, 1)), at=1)
    assert model.saw == []
    caller.turn = RATE
    caller.eyes.wake()
    await caller.settle()
    assert model.saw == [1]
    await caller.shows(encoded(picture(2, 1)), at=2 * RATE)
    assert model.saw == [1, 2]
    assert caller.eyes.looked(caller.eyes.view((), 2 * RATE).shot, seer)
    assert not caller.eyes.looked(caller.eyes.view((), 2 * RATE).shot, None)
    assert await seen_at(caller, 2 * RATE, seer=seer) == 2
    assert model.saw == [1, 2]


async def test_words_in_view_are_those_of_the_last_two_looks(caller, seat):
    assert caller.eyes.written() == ()
    caller.seer, caller.turn = seat(Counter()), 1
    await caller.shows(encoded(picture(1, 1)), at=RATE)
    assert caller.eyes.written() == ("word1",)
    for number in (2, 3):
        await caller.shows(encoded(picture(number, 1)), at=number * RATE)
    assert caller.eyes.written() == ("word3", "word2")


async def test_what_a_seer_fails_at_is_no_word_in_view(caller, seat):
    caller.seer, caller.turn = seat(Counter(fails=True)), 1
    await caller.shows(encoded(picture(1, 1)), at=RATE)
    assert caller.eyes.written() == ()


async def test_a_question_about_before_gives_both_pictures(caller):
    for number in (1, 2):
        await caller.shows(encoded(picture(number, 1)), at=number * 4 * RATE)
    view = caller.eyes.view([word("before", 9 * RATE)], caller.clock)
    sights = await caller.eyes.look(view, None, 2)
    assert [number_of(sight.picture.rgb) for sight in sights] == [1, 2]
    assert [sight.picture.time for sight in sights] == [4 * RATE, 8 * RATE]
    assert view.shot.time == 4 * RATE


async def test_whoever_stops_waiting_does_not_stop_the_look(caller, seat):
    model = Counter()
    seer = seat(model)
    await caller.shows(encoded(picture(7, 1)), at=1)
    view = caller.eyes.view((), 1)
    waiting = asyncio.create_task(caller.eyes.look(view, seer, 1))
    await asyncio.sleep(0)
    waiting.cancel()
    assert await seen_at(caller, 1, seer=seer) == 7
    assert model.saw == [7]


async def test_a_seer_that_fails_is_told_and_the_pixels_are_there(caller, seat):
    await caller.shows(encoded(picture(9, 1)), at=1)
    assert await seen_at(caller, 1, seer=seat(Counter(fails=True))) == 9
    assert [type(error) for error in caller.told] == [ModelError]


async def test_black_is_blank_and_nothing_is_nothing(caller):
    assert caller.eyes.view((), 0) is None
    await caller.shows(encoded(np.zeros((240, 320, 3), np.uint8)), at=1)
    assert caller.eyes.view((), 1).shot.blank
    await caller.shows(b"", 0, at=RATE)
    assert caller.eyes.view((), RATE) is None
    assert not caller.told


def bomb(side):
    """A PNG of a few bytes that says it is enormous."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1_000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


GOOD = picture(5, 1)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"no picture", PNG),
        (encoded(GOOD)[:2_000], JPEG),
        (encoded(GOOD, "PNG")[:-40], PNG),
        (encoded(GOOD, "PNG"), JPEG),
        (encoded(GOOD, "GIF"), PNG),
        (encoded(GOOD, "BMP"), WEBP),
        (bomb(10_000), PNG),
        (bomb(60_000), PNG),
        (encoded(GOOD[:4, :4]), JPEG),
    ],
    ids=["text", "cut", "cut-png", "other", "gif", "bmp", "100MP", "3600MP", "tiny"],
)
async def test_a_bad_picture_is_told_at_once_and_the_next_is_taken(caller, data, encoding):
    begin = time.monotonic()
    await caller.shows(data, encoding, at=1)
    assert time.monotonic() - begin < 2
    assert [type(error) for error in caller.told] == [PictureError]
    assert caller.eyes.view((), 1) is None
    await caller.shows(encoded(GOOD), at=2 * RATE)
    assert await seen_at(caller, 2 * RATE) == 5


async def test_of_an_animation_the_first_picture_counts(caller):
    sink = io.BytesIO()
    frames = [Image.fromarray(picture(number, 1)) for number in (6, 7)]
    frames[0].save(sink, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    await caller.shows(sink.getvalue(), WEBP, at=1)
    assert await seen_at(caller, 1) == 6


async def test_a_flood_of_bad_pictures_is_told_once_a_second(caller):
    for at in range(1, RATE, RATE // 20):
        await caller.shows(b"x", PNG, at=at)
    assert len(caller.told) == 1


async def test_a_picture_from_the_future_is_told(caller):
    await caller.shows(encoded(GOOD), at=1)
    frame = media_pb2.VideoFrame(encoding=JPEG, data=encoded(GOOD), taken_at=2 * RATE)
    caller.eyes.take(frame, 1)
    assert [type(error) for error in caller.told] == [ProtocolError]


async def test_more_than_can_be_looked_through_drops_the_oldest(caller):
    for number in range(1, 31):
        frame = media_pb2.VideoFrame(
            encoding=JPEG, data=encoded(picture(number, 1)), taken_at=number, source=FILE
        )
        caller.eyes.take(frame, 30)
    caller.clock = 30
    await caller.settle()
    assert await seen_at(caller, 30) == 30
    assert await seen_at(caller, 10) == 23  # what came into view next
