"""A brain that was taught to see, behind its worker: tiny and random, but of the real graphs."""

import asyncio

import numpy as np
import pytest
from sights import BLUE, RED, plain, scene
from tiny_brain import WIDTH, write_gguf

from talkover.core.brain import BrainRuntime, Message, Sampling
from talkover.core.brain.build import build_brain
from talkover.core.brain.delta import About, SightDelta
from talkover.core.brain.projector import shapes_of
from talkover.core.brain.sight import Sight as Projected
from talkover.core.seer.types import Picture, Seen, Word, digest_of
from talkover.core.weights.disk import sha256_of
from talkover.server.inference import Worker
from talkover.server.thinking import OnnxBrain, Sight

EYES = Projected(grid=(4, 6), features=5)
HOW = {"max_tokens": 6, "temperature": 0.0, "seed": 1}
CHAT = [Message("system", "Be kind."), Message("user", "What?")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("sighted")
    gguf = write_gguf(made / "tiny.gguf")
    random = np.random.default_rng(5)
    weights = {
        name: random.normal(0, 0.5, shape).astype(np.float32)
        for name, shape in shapes_of(EYES, 12, WIDTH).items()
    }
    weights["spread"] = np.abs(weights["spread"]) + 0.5
    about = About(
        base=sha256_of(gguf), eyes="tiny", sight=EYES, run="tiny", accuracy=0.5, card="# tiny\n"
    )
    build_brain(gguf, made / "brain", precision="fp32", delta=SightDelta(about, {}, weights))
    return made / "brain"


@pytest.fixture
async def brain(folder):
    worker = Worker("brain")
    made = OnnxBrain(await worker.run(lambda: BrainRuntime(folder, threads=1)), worker)
    yield made
    await made.close()
    await worker.close()


def look(colour, words=()):
    rgb = plain(colour)
    random = np.random.default_rng(sum(colour))
    found = tuple(Word(text, (0.1, 0.1, 0.2, 0.2), 0.9) for text in words)
    seen = Seen(random.normal(0, 3, (24, 5)).astype(np.float32), (4, 6), found, blank=False)
    return Sight(Picture(rgb, 16_000, "camera", digest_of(rgb)), seen)


async def answer(brain, shown, name, chat=CHAT):
    return "".join([piece async for piece in brain.reply(name, chat, shown, **HOW)])


def prompt_of(brain, name):
    return brain._runtime._pictures._entries[name].tokens


async def test_it_is_shown_what_the_caller_shows(brain):
    await answer(brain, scene(look(RED)), "red")
    await answer(brain, scene(look(BLUE)), "blue")
    red, blue = (prompt_of(brain, name) for name in ("red", "blue"))
    assert sum(token < 0 for token in red) == EYES.positions
    assert [token for token in red if token < 0] != [token for token in blue if token < 0]


async def test_a_picture_is_projected_once(brain):
    for name in "ab":
        await answer(brain, scene(look(RED)), name)
    assert len(brain._shown) == 1
    for shade in range(12):
        await answer(brain, scene(look((shade, 0, 0))), "many")
    assert len(brain._shown) == 8


async def test_a_picture_can_be_read_while_the_caller_speaks(brain):
    shown = scene(look(RED, ["EXIT"]))
    await brain.warm("c", CHAT[:1], shown)
    known = list(prompt_of(brain, "c"))
    assert sum(token < 0 for token in known) == EYES.positions
    generation = brain._runtime.open(
        "c", brain._chat(CHAT, shown), sampling=Sampling(0), max_tokens=1
    )
    assert generation.reused > len(known) - 8  # all but the end of a message without words
    generation.close()


async def test_of_two_full_pages_the_last_is_read(brain):
    pages = [look(colour, ["words"] * 24) for colour in (RED, BLUE)]
    await answer(brain, scene(*pages), "two")
    await answer(brain, scene(pages[1]), "one")
    assert sum(token < 0 for token in prompt_of(brain, "two")) == EYES.positions
    assert prompt_of(brain, "two") == prompt_of(brain, "one")


async def test_an_answer_about_a_picture_stops_within_a_step(brain):
    task = asyncio.create_task(answer(brain, scene(look(RED)), "c"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await brain._worker.run(lambda: None)
    assert not brain._runtime._pictures.busy("c")
