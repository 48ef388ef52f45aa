import asyncio
import contextlib
from dataclasses import replace

import numpy as np
import pytest
from sights import RED, plain, scene, sight

from talkover.core.brain import BrainRuntime, Sampling, Shown
from talkover.core.errors import BusyError, ModelError
from talkover.core.seer.decoding import fit
from talkover.core.seer.runtime import SeerRuntime
from talkover.server.inference import Worker
from talkover.server.thinking import History, Message, OnnxBrain, build_messages
from talkover.server.thinking.embedded import STYLE, sentence_ends, showing, styled
from talkover.trainer.seeing.questions.asking import question
from talkover.trainer.seeing.questions.question import Kind, Split

SYSTEM = Message("system", "Be kind.")
HOW = {"max_tokens": 40, "temperature": 0.0}


def user(text):
    return [SYSTEM, Message("user", text)]


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("It is five.", True),
        ("Really?", True),
        ('She said "no."', True),
        ("It is 3.", False),
        ("Ask Dr.", False),
        ("At 5 p.m.", False),
        ("J.", False),
        ("Well,", False),
        ("", False),
    ],
)
def test_where_sentences_end(text, ends):
    assert sentence_ends(text) is ends


def test_examples_come_after_the_instructions():
    assert styled(user("Hi")) == [SYSTEM, *STYLE, Message("user", "Hi")]
    assert styled([Message("user", "Hi")]) == [*STYLE, Message("user", "Hi")]


def test_of_a_cut_answer_its_whole_sentences_are_shown():
    chat = [*user("Hi"), Message("assistant", "Hello. What can I —"), Message("user", "Wait")]
    assert styled(chat)[-2:] == [Message("assistant", "Hello."), Message("user", "Wait")]


def test_an_answer_without_a_whole_sentence_is_not_shown():
    chat = [*user("Hi"), Message("assistant", "What can I —"), Message("user", "Wait")]
    assert styled(chat)[-1] == Message("user", "Hi Wait")
    assert len(styled(chat)) == len(STYLE) + 2


SHOWN = (Shown(np.zeros((4, 8), np.float32), "top: EXIT"),)


def test_a_picture_is_shown_with_the_callers_words_alone():
    asked = showing(user("What is it?"), SHOWN, lambda _: True)
    assert asked == [Message("user", "What is it?", SHOWN)]


def test_a_picture_can_be_read_before_the_words_come():
    assert showing([SYSTEM], SHOWN, lambda _: True) == [Message("user", "", SHOWN)]


def test_of_pictures_that_do_not_fit_the_last_stays():
    other = Shown(np.ones((4, 8), np.float32))
    asked = showing(user("Hm?"), (*SHOWN, other), lambda chat: len(chat[0].shown) < 2)
    assert asked == [Message("user", "Hm?", (other,))]
    assert showing(user("Hm?"), SHOWN, lambda _: False) == [Message("user", "Hm?", SHOWN)]


@pytest.fixture
async def brain(bundle):
    worker = Worker("brain")
    runtime = await worker.run(lambda: BrainRuntime(bundle / "brain"))
    made = OnnxBrain(runtime, worker)
    yield made
    await made.close()
    await worker.close()


def idle(brain, conversation="c"):
    return not brain._runtime._cache.busy(conversation)


async def listen(brain, text, conversation="c"):
    return [piece async for piece in brain.reply(conversation, user(text), **HOW)]


@pytest.mark.bundle
async def test_it_answers_in_a_sentence(brain):
    pieces = await listen(brain, "What is the capital of France?")
    assert len(pieces) > 3
    assert all(pieces)
    assert "".join(pieces) == "The capital of France is Paris."
    assert idle(brain)


@pytest.mark.bundle
async def test_it_reads_what_is_written_in_view(brain, bundle):
    asked = question(1, Split.TEST, Kind.DIGITS)
    seen = SeerRuntime(bundle / "seer").see(fit(asked.pictures[0]))
    shown = scene(replace(sight(plain(RED)), seen=seen))
    pieces = brain.reply("c", user(asked.question), shown, **HOW)
    assert asked.answer in "".join([piece async for piece in pieces])


@pytest.mark.bundle
async def test_callers_take_turns(brain):
    order = []

    async def call(name):
        async for _ in brain.reply(name, user("Tell me about your day."), **HOW):
            order.append(name)  # noqa: PERF401 - the order over all calls is what counts

    await asyncio.gather(call("a"), call("b"))
    first_of_b = order.index("b")
    assert first_of_b < len(order) - order[::-1].index("a") - 1
    assert order.count("a") == order.count("b")


@pytest.mark.bundle
async def test_warming_is_used(brain):
    history = History()
    history.add_caller("Hello?")
    history.add_agent("Hello! How can I help you?", cut=False)
    await brain.warm("c", build_messages(history))
    known = len(brain._runtime._cache._entries["c"].tokens)
    assert known > 100
    history.add_caller("My internet is down.")
    generation = brain._runtime.open(
        "c", styled(build_messages(history)), sampling=Sampling(), max_tokens=1
    )
    assert generation.reused == known
    generation.close()


@pytest.mark.bundle
@pytest.mark.parametrize("after", [0.0, 0.01, 0.1, 0.3, 0.6])
async def test_cancelling_stops_within_a_step(brain, after):
    async def call():
        async for _ in brain.reply("c", user("Tell me a long story. " * 20), **HOW):
            pass

    task = asyncio.create_task(call())
    await asyncio.sleep(after)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await brain._worker.run(lambda: None)  # what had begun is over
    assert idle(brain)
    assert brain._worker.waiting == 0


@pytest.mark.bundle
async def test_nothing_runs_while_nobody_asks(brain):
    pieces = brain.reply("c", user("Tell me a story."), **HOW)
    await anext(pieces)
    await brain._worker.run(lambda: None)
    known = len(brain._runtime._cache._entries["c"].tokens)
    await asyncio.sleep(0.2)
    assert len(brain._runtime._cache._entries["c"].tokens) == known
    await pieces.aclose()
    assert idle(brain)


@pytest.mark.bundle
async def test_warming_can_be_cancelled_and_leaves_a_reply_alone(brain):
    warm = asyncio.create_task(brain.warm("c", user("word " * 400)))
    await asyncio.sleep(0.05)
    warm.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await warm
    pieces = brain.reply("c", user("Tell me a story."), **HOW)
    first = await anext(pieces)
    await brain.warm("c", user("Something else"))
    rest = [piece async for piece in pieces]
    assert rest
    assert first


@pytest.mark.bundle
async def test_what_does_not_fit_is_refused(brain):
    with pytest.raises(ModelError, match="shorten"):
        await listen(brain, "1234567890" * 300)
    assert idle(brain)


@pytest.mark.bundle
async def test_the_budget_fits_in_any_language(brain):
    history = History(max_characters=10_000)
    history.add_caller("\N{SNOWMAN}" * (brain.budget // 3 - 20))
    messages = build_messages(history, instructions="x", budget=brain.budget)
    prompt = brain._runtime.tokens.prompt(styled(messages))
    assert len(prompt) > 1000
    assert len(prompt) + HOW["max_tokens"] < brain._runtime.config.architecture.context


@pytest.mark.bundle
async def test_a_forgotten_conversation_is_gone(brain):
    await listen(brain, "Hello?")
    await brain.forget("c")
    assert "c" not in brain._runtime._cache._entries


@pytest.mark.bundle
async def test_a_closed_brain_says_so(brain):
    await brain.close()
    with pytest.raises(BusyError, match="shutting down"):
        await listen(brain, "Hello?")
