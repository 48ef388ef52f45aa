"""The endpoint that tells stories, asked as a server asks it."""

import json

import httpx
import pytest

from talkover.client.bench.duplex import stories
from talkover.client.bench.duplex.stories import ANSWERS, STORIES, answer, instructions, storyteller
from talkover.core.errors import ConfigError


def chat(style="long", seed=0, turns=1):
    messages = [{"role": "system", "content": instructions(style, seed)}]
    for turn in range(turns):
        messages += [{"role": "assistant", "content": "Yes."}] if turn else []
        messages.append({"role": "user", "content": f"Turn {turn}"})
    return messages


def test_texts_follow_from_style_seed_and_turns_alone():
    assert answer(chat()) == answer(chat())
    assert answer(chat(turns=2)) != answer(chat(turns=1))
    assert answer(chat(seed=1)) == answer(chat(turns=2))
    assert answer(chat("short")) in ANSWERS
    told = answer(chat("echo"))
    assert sum(story in told for story in STORIES) == 2


def test_a_call_without_instructions_gets_stories():
    assert answer([{"role": "user", "content": "hello"}]) in STORIES
    assert answer([]) in STORIES


def test_stories_are_long_enough_and_never_say_a_sentence_twice():
    for story in STORIES:
        assert 65 <= len(story.split()) <= 95
        sentences = story.split(". ")
        assert len(set(sentences)) == len(sentences)


async def said(url, messages):
    text, finished = "", False
    async with httpx.AsyncClient() as client:
        body = {"messages": messages, "stream": True, "model": "default"}
        async with client.stream("POST", f"{url}/chat/completions", json=body) as response:
            assert response.status_code == 200
            assert response.headers["content-type"] == "text/event-stream"
            async for line in response.aiter_lines():
                if line == "data: [DONE]":
                    finished = True
                elif line:
                    choice = json.loads(line.removeprefix("data: "))["choices"][0]
                    text += choice["delta"].get("content", "")
    return text, finished


async def test_it_streams_chat_completions():
    async with storyteller() as url:
        for messages in (chat("short", 3), chat("short", 4, turns=3)):
            assert await said(url, messages) == (answer(messages), True)


async def test_it_refuses_what_is_no_chat_and_goes_on():
    async with storyteller() as url, httpx.AsyncClient() as client:
        assert (await client.get(f"{url}/models")).status_code == 400
        assert (await client.post(f"{url}/chat/completions", json={"a": 1})).status_code == 400
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(f"{url}/chat/completions", content=b"not json")
        assert (await said(url, chat("short")))[1]


async def test_a_listener_that_hangs_up_does_no_harm():
    async with storyteller() as url:
        async with httpx.AsyncClient() as client:
            body = {"messages": chat()}
            async with client.stream("POST", f"{url}/chat/completions", json=body) as response:
                async for _ in response.aiter_bytes():
                    break
        assert (await said(url, chat("short")))[1]


async def test_the_pace_is_that_of_a_small_model(monkeypatch):
    monkeypatch.setattr(stories, "_PIECES", 1_000.0)
    async with storyteller() as url:
        text, finished = await said(url, chat())
    assert finished
    assert text in STORIES


async def test_a_port_in_use_names_itself():
    async with storyteller() as url:
        port = int(url.rpartition(":")[2].removesuffix("/v1"))
        with pytest.raises(ConfigError, match=str(port)):
            async with storyteller(port=port):
                pass
