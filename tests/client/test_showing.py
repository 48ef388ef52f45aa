"""Pictures from files, shown in a call at their times."""

import asyncio
import time

import numpy as np
import pytest

from talkover.client import connect
from talkover.client.showing import parse_showing, read_picture, shown
from talkover.core.audio import write_wav
from talkover.core.errors import ConfigError
from talkover.v1 import agent_pb2, media_pb2

from .scripted import audio, polite, serving, turn
from .test_cli import run

JPEG = b"\xff\xd8\xff" + bytes(100)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
def files(tmp_path):
    paths = tmp_path / "one.jpg", tmp_path / "two@home.png"
    for path, data in zip(paths, (JPEG, PNG), strict=True):
        path.write_bytes(data)
    return paths


def test_a_picture_and_its_time_are_named_in_one_word(files):
    one, two = files
    read = [parse_showing(text) for text in (f"{one}", f"{one}@2.5", f"{two}", f"{two}@0")]
    assert [(p.name, p.encoding, p.at) for p in read] == [
        ("one.jpg", "jpeg", 0.0),
        ("one.jpg", "jpeg", 2.5),
        ("two@home.png", "png", 0.0),
        ("two@home.png", "png", 0.0),
    ]
    assert read[0].data == JPEG


@pytest.mark.parametrize("seconds", ["-1", "inf", "nan"])
def test_a_time_that_never_comes_is_refused(files, seconds):
    with pytest.raises(ConfigError, match="seconds into the call"):
        parse_showing(f"{files[0]}@{seconds}")


@pytest.mark.parametrize(
    ("data", "cure"),
    [(None, "cannot be read"), (b"GIF89a", "convert it"), (JPEG + bytes(1 << 20), "smaller")],
)
def test_what_cannot_be_shown_is_told_before_the_call(tmp_path, data, cure):
    path = tmp_path / "picture"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ConfigError, match=cure):
        read_picture(path)


async def test_each_is_shown_at_its_time(files):
    one, two = files
    sent = []
    pictures = [read_picture(two, 0.3), read_picture(one)]
    async with serving(polite) as (server, url), connect(url) as call:
        began = time.monotonic()
        note = lambda picture: sent.append((picture.name, time.monotonic() - began))  # noqa: E731
        async with shown(call, pictures, note):
            await asyncio.sleep(0.6)
    assert [name for name, _ in sent] == ["one.jpg", "two@home.png"]
    assert sent[0][1] < 0.2
    assert sent[1][1] >= 0.3
    frames = [r.video for r in server.received if r.WhichOneof("message") == "video"]
    assert [frame.data for frame in frames] == [JPEG, PNG]
    assert {frame.source for frame in frames} == {media_pb2.VIDEO_SOURCE_FILE}


async def looks(server, requests, context):
    """Answers the first words, and says what it looks at."""
    await server.open(requests, context)
    while request := await server.take(requests):
        if request.WhichOneof("message") == "audio" and any(request.audio.data):
            break
    for kind in ("caller_started", "caller_ended"):
        await context.write(turn(kind))
    glance = agent_pb2.Glance(
        taken_at=8_000, source=media_pb2.VIDEO_SOURCE_FILE, cue="before", compared_at=24_000
    )
    await context.write(agent_pb2.ConverseResponse(glance=glance))
    await context.write(turn("agent_started"))
    await context.write(audio(b"\xd0\x07" * 320, 0, 0))
    await context.write(turn("agent_finished"))
    await server.until_hang_up(requests)
    await server.end(context)


async def test_the_command_shows_pictures_and_what_is_looked_at(tmp_path, files):
    wav, out = tmp_path / "caller.wav", tmp_path / "out.wav"
    write_wav(wav, np.full(8_000, 3_000, np.int16), rate=16_000)
    async with serving(looks) as (server, url):
        flags = ("--url", url, "--out", str(out), "--tail", "0.1", "--picture", str(files[0]))
        code, output = await run("call", "--wav", str(wav), *flags)
    assert "video" in server.kinds()
    assert code == 0, output
    assert 'looks at the file at 0.50 s, beside 1.50 s, for "before"' in output
    log = out.with_suffix(".jsonl").read_text()
    assert '"event": "picture"' in log
    assert '"event": "glance"' in log
