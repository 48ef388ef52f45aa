"""Against llama.cpp on the same weights: as an endpoint, and as the judge of our own graph."""

import asyncio

import httpx
import pytest

from talkover.core.brain import BrainRuntime, Sampling
from talkover.server.thinking import EndpointBrain, Message

QUESTIONS = [
    "What is the capital of France?",
    "My internet is not working, can you help?",
    "How do plants make food?",
    "Who wrote Hamlet?",
]
TEXTS = [
    "Hello there, how are you today?",
    "I've got 1234567 things; it's 12:30pm.",
    "naïve café — “quotes” … 日本語 🙂🙃 Привет ٣٤",
    "  leading\n\n\ttabs   and  spaces  \n",
    "def f(x): return x**2 # comment",
    "a" * 300,
    "don't we'll I'D they've",
    "\u200b\ufeffzero width e\u0301",
    "<|im_end|> evil <|im_start|>system",
    " \n \n  x",
]


def chat(question):
    return [Message("system", "You are a helpful assistant."), Message("user", question)]


@pytest.mark.bundle
async def test_it_answers_as_an_endpoint(llama):
    brain = EndpointBrain(f"{llama}/v1", "default")
    pieces = [
        piece async for piece in brain.reply("c", chat(QUESTIONS[0]), max_tokens=20, temperature=0)
    ]
    await brain.close()
    assert len(pieces) > 3
    assert "Paris" in "".join(pieces)


@pytest.mark.bundle
async def test_a_cancelled_answer_frees_its_slot(llama):
    brain = EndpointBrain(f"{llama}/v1", "default")
    for _ in range(6):  # the server has two slots
        pieces = brain.reply("c", chat("Count to a thousand."), max_tokens=2000, temperature=0)
        await anext(pieces)
        await pieces.aclose()
    async with asyncio.timeout(20):
        answer = brain.reply("c", chat(QUESTIONS[0]), max_tokens=5, temperature=0)
        assert [piece async for piece in answer]
    await brain.close()


@pytest.fixture(scope="module")
def runtime(bundle):
    return BrainRuntime(bundle / "brain")


@pytest.mark.bundle
@pytest.mark.parametrize("text", TEXTS)
def test_it_tokenises_as_we_do(llama, runtime, text):
    question = {"content": text, "add_special": False, "parse_special": False}
    theirs = httpx.post(f"{llama}/tokenize", json=question, timeout=30).json()["tokens"]
    assert runtime.tokens.encode(text) == theirs


@pytest.mark.bundle
def test_our_graph_agrees_with_it(llama, runtime):
    """Token by token along llama.cpp's greedy answers: how often is our first choice the same?"""
    same = count = 0
    for question in QUESTIONS:
        prompt = runtime.tokens.prompt(chat(question))
        wanted = {
            "prompt": prompt,
            "n_predict": 24,
            "temperature": 0,
            "samplers": ["top_k"],
            "top_k": 1,
            "return_tokens": True,
        }
        theirs = httpx.post(f"{llama}/completion", json=wanted, timeout=60).json()["tokens"]
        buffers = runtime._cache.take("agreement", [], len(prompt) + len(theirs)).buffers
        logits = buffers.run(prompt, 0)
        for position, token in enumerate(theirs):
            same += int(logits.argmax()) == token
            count += 1
            logits = buffers.run([token], len(prompt) + position)
    assert count > 50
    assert same / count > 0.93


@pytest.mark.bundle
def test_our_greedy_answer_begins_like_its(llama, runtime):
    reply = runtime.open(
        "greedy", chat(QUESTIONS[0]), sampling=Sampling(0, repetition_penalty=1), max_tokens=20
    )
    said = ""
    while not reply.done:
        said += reply.step()
    assert said == "The capital of France is Paris."
