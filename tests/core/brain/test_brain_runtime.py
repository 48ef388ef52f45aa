import numpy as np
import pytest

from talkover.core.brain import BrainRuntime, Message, Sampling
from talkover.core.brain.runtime import CHUNK
from talkover.core.errors import BusyError, ModelError

GREEDY = Sampling(temperature=0, repetition_penalty=1)


def chat(*turns, system="hello"):
    roles = ["user", "assistant"] * len(turns)
    return [
        Message("system", system),
        *(Message(role, text) for role, text in zip(roles, turns, strict=False)),
    ]


def finish(generation):
    text = ""
    while not generation.done:
        text += generation.step()
    return text


def open_(runtime, name, messages, max_tokens=12, sampling=GREEDY):
    return runtime.open(name, messages, sampling=sampling, max_tokens=max_tokens)


def test_a_cached_prefix_changes_nothing(tiny, tiny_folder):
    first = open_(tiny, "a", chat("the hello the"))
    finish(first)
    longer = chat("the hello the", "x", "hello?")
    reused = open_(tiny, "a", longer)
    fresh = open_(BrainRuntime(tiny_folder, threads=1), "a", longer)
    finish(reused)
    finish(fresh)
    assert reused.reused > fresh.reused == 0
    assert reused.said == fresh.said
    assert first.said


def test_warming_reads_and_says_nothing(tiny, tiny_folder):
    history = chat("the hello the", "hello")
    warm = tiny.warm("a", history)
    assert finish(warm) == ""
    assert finish(tiny.warm("a", history)) == ""
    reply = open_(tiny, "a", [*history, Message("user", "the")])
    cold = open_(BrainRuntime(tiny_folder), "a", [*history, Message("user", "the")])
    finish(reply)
    finish(cold)
    assert reply.reused == len(tiny.tokens.prompt(history, reply=False))
    assert reply.said == cold.said


def test_the_same_prompt_again_reads_one_token(tiny):
    finish(open_(tiny, "a", chat("the")))
    again = open_(tiny, "a", chat("the"))
    assert again.reused == len(tiny.tokens.prompt(chat("the"))) - 1


def test_a_new_conversation_copies_the_instructions(tiny, tiny_folder):
    system = "You answer in one short sentence."
    first = open_(tiny, "a", chat("hello", system=system))
    finish(first)
    other = open_(tiny, "b", chat("the", system=system))
    cold = open_(BrainRuntime(tiny_folder), "b", chat("the", system=system))
    finish(other)
    finish(cold)
    assert other.reused > 16
    assert other.said == cold.said


def test_conversations_that_take_turns_do_not_disturb_each_other(tiny, tiny_folder):
    chats = [chat("the hello"), chat("0123 456"), chat("zebra")]
    alone = [open_(BrainRuntime(tiny_folder), "x", messages) for messages in chats]
    for generation in alone:
        finish(generation)
    together = [open_(tiny, str(i), messages) for i, messages in enumerate(chats)]
    while not all(generation.done for generation in together):
        for generation in together:
            generation.step()
    assert [g.said for g in together] == [g.said for g in alone]


def test_a_long_prompt_is_read_in_chunks_and_can_be_left(tiny):
    long = chat("0123456789" * 10)
    size = len(tiny.tokens.prompt(long))
    generation = open_(tiny, "a", long)
    generation.step()
    assert not generation.said
    generation.close()
    assert generation.done
    assert generation.step() == ""
    again = open_(tiny, "a", long)
    assert again.reused == CHUNK
    steps = 0
    while not again.said and not again.done:
        again.step()
        steps += 1
    assert steps == -(-(size - CHUNK) // CHUNK)


def test_a_newer_reply_takes_the_place_of_an_older_one(tiny):
    older = open_(tiny, "a", chat("hello"))
    older.step()
    newer = open_(tiny, "a", chat("hello", "the"))
    assert older.done
    assert older.step() == ""
    assert not newer.done


def test_warming_leaves_an_open_reply_alone(tiny):
    reply = open_(tiny, "a", chat("hello"), max_tokens=50)
    reply.step()
    assert tiny.warm("a", chat("hello")) is None
    reply.close()
    assert tiny.warm("a", chat("hello")) is not None


def test_a_reply_has_at_most_the_tokens_it_may_have(tiny):
    generation = open_(tiny, "a", chat("the hello"), max_tokens=3)
    finish(generation)
    assert len(generation.said) <= 3


def test_sampling_repeats_with_its_seed(tiny):
    said = []
    for seed in (1, 1, 2, 3, 4):
        sampling = Sampling(temperature=1.5, top_p=1, repetition_penalty=1, seed=seed)
        generation = open_(tiny, f"{len(said)}", chat("hello"), sampling=sampling, max_tokens=20)
        finish(generation)
        said.append(generation.said)
    assert said[0] == said[1]
    assert any(other != said[0] for other in said[2:])


def test_a_chat_that_is_too_long_is_refused(tiny):
    with pytest.raises(ModelError, match="shorten"):
        open_(tiny, "a", chat("0" * 300))


def test_a_reply_ends_with_the_context(tiny):
    room = 256 - len(tiny.tokens.prompt(chat("")))
    generation = open_(tiny, "a", chat("7" * (room - 4)), max_tokens=100)
    finish(generation)
    assert len(generation.said) <= 4


def test_too_many_open_replies_are_refused(tiny_folder):
    runtime = BrainRuntime(tiny_folder, cache_conversations=2)
    replies = [open_(runtime, name, chat("the")) for name in "ab"]
    with pytest.raises(BusyError):
        open_(runtime, "c", chat("the"))
    replies[0].close()
    assert not open_(runtime, "c", chat("the")).done


def test_memory_is_bounded_in_bytes(tiny_folder):
    position = 2 * 2 * 2 * 16 * 4
    runtime = BrainRuntime(tiny_folder, cache_bytes=position * 120)
    for name in "abcdefgh":
        finish(open_(runtime, name, chat("the hello the"), max_tokens=4))
    assert 1 < len(runtime._cache) < 8
    assert runtime._cache.reserved <= 120


def test_a_forgotten_conversation_starts_anew(tiny):
    finish(open_(tiny, "a", chat("the")))
    tiny.forget("a")
    assert open_(tiny, "a", chat("the")).reused == 0


@pytest.mark.bundle
def test_the_real_brain_knows_paris(brain):
    question = chat("What is the capital of France?", system="You are a helpful assistant.")
    reply = open_(brain, "paris", question, max_tokens=20)
    assert finish(reply) == "The capital of France is Paris."


@pytest.mark.bundle
def test_the_real_brain_reuses_what_it_read(brain):
    question = chat("My internet is not working.", "Since when?", "Since Tuesday.")
    cold = open_(brain, "cold", question)
    finish(cold)
    brain.forget("cold")
    finish(brain.warm("warm", question[:-1]))
    reply = open_(brain, "warm", question)
    assert reply.reused == len(brain.tokens.prompt(question[:-1], reply=False))
    finish(reply)
    # int8 activations round differently in a different chunk; the first choice must not.
    assert reply.said[:3] == cold.said[:3]


@pytest.mark.bundle
def test_chunks_of_the_real_brain_agree(brain):
    ids = brain.tokens.prompt(chat("Tell me about the weather in spring, please."))
    logits = []
    for chunk in (1, 7, len(ids)):
        brain.forget("chunks")
        buffers = brain._cache.take("chunks", [], len(ids)).buffers
        for start in range(0, len(ids), chunk):
            found = buffers.run(ids[start : start + chunk], start)
        odds = np.exp(found - found.max())
        logits.append(odds / odds.sum())
    for other in logits[1:]:
        assert np.abs(other - logits[0]).sum() < 0.2
