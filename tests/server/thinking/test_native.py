"""The native brain on a tiny random model of the very classes that the real one has."""

import asyncio
import contextlib

import numpy as np
import pytest
from sights import BLUE, RED, noise, plain, scene, sight
from tiny_omni import SPECIAL, write_omni, write_tokenizer

from talkover.core.brain import Message, Sampling
from talkover.core.brain.tokens import ChatTokens
from talkover.core.errors import BusyError, ConfigError, ModelError
from talkover.core.settings import NativeSettings, load_settings
from talkover.server.inference import Worker
from talkover.server.thinking.native.prompt import Marks, build_prompt, unheard

CHAT = [Message("system", "Be kind."), Message("user", "What is this?")]
GREEDY = Sampling(0, repetition_penalty=1)


def tone(hertz, seconds=1.0):
    wave = np.sin(2 * np.pi * hertz * np.arange(round(seconds * 16_000)) / 16_000)
    return (wave * 8000).astype(np.int16)


SCENE = scene(sight(plain(RED, (90, 140)), 1.0), sight(noise((60, 60)), 3.0), sound=tone(300))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("torch")
    pytest.importorskip("accelerate")
    made = tmp_path_factory.mktemp("omni")
    write_omni(made)
    return made


@pytest.fixture(scope="module")
def runtime(folder):
    from talkover.server.thinking.native.runtime import NativeRuntime

    return NativeRuntime(NativeSettings(folder=folder, device_map="cpu", pictures=2))


def finish(reply):
    said = ""
    while not reply.done:
        said += reply.step()
    return said


def test_what_is_shown_and_heard_comes_before_the_words(tmp_path):
    ids = write_tokenizer(tmp_path)
    tokens = ChatTokens.load(tmp_path / "tokenizer.json")
    marks = Marks((1001, 1002, 1003), (2001, 2002, 2003))
    got = build_prompt(tokens, marks, CHAT, [("Now:", 3)], 2)
    told = [CHAT[0], Message("user", "Now:What is this?")]
    inserted = [1002, 1001, 1001, 1001, 1003, 2002, 2001, 2001, 2003]
    assert [one for one in got if one < 1000] == tokens.prompt(told)
    assert [one for one in got if one >= 1000] == inserted
    at = got.index(1002)
    assert got[at - 4 : at] == tokens.encode("Now:")
    assert got[-len("assistant\n") - 1] == ids["<|im_start|>"]


def test_no_words_make_a_mark(tmp_path):
    ids = write_tokenizer(tmp_path)
    tokens = ChatTokens.load(tmp_path / "tokenizer.json")
    got = build_prompt(
        tokens, Marks((0, 0, 0), (0, 0, 0)), [Message("user", "".join(SPECIAL))], [], 0
    )
    assert sum(one in ids.values() for one in got) == 3  # one message, and the answer's opening


def test_what_is_heard_is_not_told_as_well():
    chat = [Message("user", "I said before this?")]
    assert unheard(chat, scene()) == [Message("user", "I said before")]
    other = [Message("user", "Other words.")]
    assert unheard(other, scene()) == other


@pytest.mark.slow
def test_it_draws_what_transformers_own_loop_draws(runtime):
    import torch

    reply = runtime.open(CHAT, SCENE, sampling=GREEDY, max_tokens=12)
    inputs = dict(reply._inputs)
    finish(reply)
    assert {"pixel_values", "input_features"} <= inputs.keys()
    with torch.inference_mode():
        theirs = runtime._model.generate(**inputs, max_new_tokens=12, do_sample=False)
    assert reply.said == theirs[0, inputs["input_ids"].shape[1] :].tolist()


@pytest.mark.slow
def test_it_looks_and_it_hears(runtime):
    def first(shown):
        reply = runtime.open(CHAT, shown, sampling=GREEDY, max_tokens=1)
        return runtime.begin(reply._inputs, runtime.cache())[0]

    red, blue = (scene(sight(plain(one)), sound=tone(300)) for one in (RED, BLUE))
    high = scene(sight(plain(RED)), sound=tone(3000))
    assert not np.allclose(first(red), first(blue), atol=1e-3)
    assert not np.allclose(first(red), first(high), atol=1e-3)
    assert np.array_equal(first(red), first(red))


@pytest.mark.slow
def test_callers_do_not_mix(runtime):
    alone = [
        finish(runtime.open(CHAT, one, sampling=GREEDY, max_tokens=8)) for one in (SCENE, None)
    ]
    pair = [runtime.open(CHAT, one, sampling=GREEDY, max_tokens=8) for one in (SCENE, None)]
    said = ["", ""]
    while not all(one.done for one in pair):
        for index, one in enumerate(pair):
            said[index] += one.step()
    assert said == alone


@pytest.mark.slow
def test_what_does_not_fit_is_refused(runtime):
    with pytest.raises(ModelError, match="fewer pictures"):
        runtime.open([Message("user", "a" * 1200)], SCENE, sampling=GREEDY, max_tokens=8)


@pytest.mark.slow
async def test_a_closed_answer_stops_within_a_token(runtime):
    from talkover.server.thinking.native.brain import NativeBrain

    worker = Worker("native")
    brain = NativeBrain(runtime, worker, pictures=2)
    steps = []
    hook = runtime._model.model.register_forward_hook(lambda *_: steps.append(1))
    pieces = brain.reply("c", CHAT, SCENE, max_tokens=200, temperature=0.5, seed=1)
    assert await anext(pieces)
    await pieces.aclose()
    done = len(steps)
    assert done >= 1
    await asyncio.sleep(0.1)
    assert len(steps) <= done + 1
    hook.remove()

    task = asyncio.create_task(anext(brain.reply("c", CHAT, SCENE, max_tokens=9, temperature=0)))
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await brain.close()
    with pytest.raises(BusyError, match="shutting down"):
        await anext(brain.reply("c", CHAT, max_tokens=9, temperature=0))
    await worker.close()


@pytest.mark.slow
def test_precision_and_sharding_are_settings(folder, runtime):
    from talkover.server.thinking.native.runtime import NativeRuntime

    sharded = NativeRuntime(
        NativeSettings(
            folder=folder, dtype="bfloat16", device_map="auto", max_memory={"cpu": "1GiB"}
        )
    )
    assert str(sharded._model.dtype) == "torch.bfloat16"
    assert str(runtime._model.dtype) == "torch.float32"
    assert finish(sharded.open(CHAT, SCENE, sampling=GREEDY, max_tokens=2)) is not None


@pytest.mark.slow
def test_a_folder_without_weights_is_refused(tmp_path):
    from talkover.server.thinking.native.runtime import NativeRuntime

    with pytest.raises(ConfigError, match=r"tokenizer\.json"):
        NativeRuntime(NativeSettings(folder=tmp_path))
    write_tokenizer(tmp_path)
    with pytest.raises(ConfigError, match=r"brain\.native\.folder"):
        NativeRuntime(NativeSettings(folder=tmp_path))


def test_two_brains_are_one_too_many():
    with pytest.raises(ConfigError, match="not both"):
        load_settings(brain__url="http://127.0.0.1/v1", brain__native__folder="/models/omni")
