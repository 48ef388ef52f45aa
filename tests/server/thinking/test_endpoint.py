import asyncio
import contextlib
import json
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sights import RED, noise, plain, scene, sight

from talkover.core.errors import ConfigError, EndpointError
from talkover.server.thinking import EndpointBrain, Message
from talkover.server.thinking.endpoint import MAX_TEXT, _parse

CHAT = [Message("system", "Answer in one short sentence."), Message("user", "Who are you?")]
SECRET = "sk-very-secret"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def chunk(text, **choice):
    delta = {"choices": [{"index": 0, "delta": {"content": text}, **choice}]}
    return f"data: {json.dumps(delta)}\n\n".encode()


def answers(*parts, pause=0.0):
    async def answer(reader, writer):
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        writer.write_eof()

    return answer


async def hangs(reader, writer):
    await asyncio.sleep(60)


def says(then):
    async def answer(reader, writer):
        writer.write(STREAM + chunk("Well"))
        await then(reader, writer)

    return answer


async def keeps_alive(reader, writer):
    while True:
        writer.write(b": still here\n\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def floods(reader, writer):
    while True:
        writer.write(chunk("word " * 100))
        await writer.drain()


async def ask(url, *, patience=5.0, key=SECRET, shown=None, pictures=0, **how):
    brain = EndpointBrain(url, "small", api_key=key, patience=patience, pictures=pictures)
    how = {"max_tokens": 20, "temperature": 0.5, **how}
    try:
        async with contextlib.aclosing(brain.reply("c", CHAT, shown, **how)) as pieces:
            return [piece async for piece in pieces]
    finally:
        await brain.close()


async def test_the_request_and_its_answer(hostile):
    server = await hostile(
        answers(
            STREAM, chunk("")[:9], chunk("")[9:], chunk("I am "), chunk("you."), b"data: [DONE]\n\n"
        )
    )
    assert await ask(server.url, seed=3) == ["I am ", "you."]
    ((head, body),) = server.requests
    assert head.startswith("POST /v1/chat/completions HTTP/1.1")
    assert f"authorization: bearer {SECRET}" in head.lower()
    assert body == {
        "model": "small",
        "messages": [
            {"role": "system", "content": "Answer in one short sentence."},
            {"role": "user", "content": "Who are you?"},
        ],
        "max_tokens": 20,
        "temperature": 0.5,
        "stream": True,
        "seed": 3,
    }


async def test_a_model_with_eyes_is_shown_the_picture(hostile):
    server = await hostile(answers(STREAM, chunk("Red."), b"data: [DONE]\n\n"))
    assert await ask(server.url, shown=scene(sight(plain(RED))), pictures=2) == ["Red."]
    picture, words = server.requests[0][1]["messages"][-1]["content"]
    assert picture["image_url"]["url"].startswith("data:image/jpeg;base64,")
    assert words == {"type": "text", "text": "Who are you?"}


async def test_a_model_without_eyes_is_told_what_is_written(hostile):
    server = await hostile(answers(STREAM, chunk("Exit."), b"data: [DONE]\n\n"))
    assert await ask(server.url, shown=scene(sight(plain(RED), words=["EXIT"]))) == ["Exit."]
    content = server.requests[0][1]["messages"][-1]["content"]
    assert content == 'The picture says "top left: EXIT".\nWho are you?'


async def test_an_answer_about_a_picture_can_be_cancelled(hostile):
    server = await hostile(says(hangs))
    brain = EndpointBrain(server.url, "small", pictures=1)
    pieces = brain.reply("c", CHAT, scene(sight(noise((640, 640)))), max_tokens=9, temperature=0)
    assert await anext(pieces) == "Well"
    await pieces.aclose()
    await asyncio.wait_for(server.hung_up.wait(), 5)
    await brain.close()


async def test_no_key_no_header(hostile):
    server = await hostile(answers(STREAM, b"data: [DONE]\n\n"))
    assert await ask(server.url, key=None) == []
    assert "authorization" not in server.requests[0][0].lower()


async def test_an_answer_may_end_without_done(hostile):
    server = await hostile(answers(STREAM, chunk("Hi."), chunk("", finish_reason="stop")))
    assert await ask(server.url) == ["Hi."]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (301, "check brain.url"),
        (400, "brain.model"),
        (401, "TALKOVER_BRAIN__API_KEY"),
        (403, "key"),
        (404, "brain.url"),
        (429, "too often"),
        (500, "its log"),
        (503, "its log"),
    ],
)
async def test_a_refusal_names_its_cure(hostile, status, words):
    body = b"who are you said the caller"
    head = f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    server = await hostile(answers(head, body))
    with pytest.raises(EndpointError, match=words) as caught:
        await ask(server.url)
    assert str(status) in str(caught.value)
    assert "caller" not in str(caught.value)


@pytest.mark.parametrize(
    "wire",
    [
        STREAM + b"data: {oh no\n\n",
        STREAM + b"data: 5\n\n",
        STREAM + b'data: {"choices": 1}\n\n',
        STREAM + b'data: {"choices": [1]}\n\n',
        STREAM + b'data: {"choices": [{"delta": {"content": 7}}]}\n\n',
        STREAM + b'data: {"error": {"message": "who are you"}}\n\n',
        STREAM + b"data: " + b"[" * 50_000 + b"\n\n",
        STREAM + b"data: \xff\xfe\n\n",
        STREAM + b"x" * 100_000,
        STREAM,
        STREAM + chunk("Well"),
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 900\r\n\r\ndata",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    ],
)
async def test_nonsense_is_an_error_and_never_quoted(hostile, wire):
    server = await hostile(answers(wire))
    with pytest.raises(EndpointError) as caught:
        await ask(server.url)
    assert len(str(caught.value)) < 200
    assert "who are you" not in str(caught.value)


@pytest.mark.parametrize("answer", [hangs, says(hangs), says(keeps_alive)])
async def test_silence_is_an_error(hostile, answer):
    server = await hostile(answer)
    with pytest.raises(EndpointError, match=r"0\.3 s"):
        await ask(server.url, patience=0.3)
    await asyncio.wait_for(server.hung_up.wait(), 5)


async def test_a_flood_is_stopped(hostile):
    server = await hostile(says(floods))
    with pytest.raises(EndpointError, match=str(MAX_TEXT)):
        await ask(server.url)
    await asyncio.wait_for(server.hung_up.wait(), 5)


async def test_nobody_there():
    with pytest.raises(EndpointError, match="running"):
        await ask("http://127.0.0.1:9/v1")


async def test_a_cancelled_answer_hangs_up(hostile):
    server = await hostile(says(hangs))
    brain = EndpointBrain(server.url, "small")
    heard = asyncio.Event()

    async def listen():
        async for _ in brain.reply("c", CHAT, max_tokens=20, temperature=0):
            heard.set()

    task = asyncio.create_task(listen())
    await asyncio.wait_for(heard.wait(), 5)
    task.cancel()
    await asyncio.wait_for(server.hung_up.wait(), 5)
    with pytest.raises(asyncio.CancelledError):
        await task
    await brain.close()


async def test_a_closed_answer_hangs_up(hostile):
    server = await hostile(says(hangs))
    brain = EndpointBrain(server.url, "small")
    pieces = brain.reply("c", CHAT, max_tokens=20, temperature=0)
    assert await anext(pieces) == "Well"
    await pieces.aclose()
    await asyncio.wait_for(server.hung_up.wait(), 5)
    await brain.close()


async def test_the_key_is_nowhere_but_in_the_header(hostile, caplog):
    caplog.set_level(logging.DEBUG)
    server = await hostile(answers(STREAM, chunk("Hi."), b"data: [DONE]\n\n"))
    await ask(server.url)
    assert caplog.records
    assert SECRET not in caplog.text
    assert SECRET not in repr(vars(EndpointBrain(server.url, "m", api_key=SECRET)))


@pytest.mark.parametrize("key", ["two\r\nlines", "schlüssel", "tab\t"])
def test_an_impossible_key_is_refused_and_not_shown(key):
    with pytest.raises(ConfigError) as caught:
        EndpointBrain("http://127.0.0.1/v1", "m", api_key=key)
    assert key not in str(caught.value)


@pytest.mark.parametrize("url", ["", "localhost:80", "file:///etc", "ftp://x"])
def test_an_impossible_url_is_refused(url):
    with pytest.raises(ConfigError, match="http"):
        EndpointBrain(url, "m")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "content", "error", "finish_reason"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON.map(json.dumps) | st.text(max_size=30))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_event_is_understood_or_refused(event):
    with contextlib.suppress(EndpointError):
        delta = _parse(event)
        assert isinstance(delta.text, str)
        assert isinstance(delta.finished, bool)
