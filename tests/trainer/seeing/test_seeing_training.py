"""A tiny brain that is taught to see coloured squares, from its lessons to its graph."""

from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from talkover.core.brain import BrainRuntime, Message, Sampling  # noqa: E402
from talkover.core.brain.build import build_brain  # noqa: E402
from talkover.core.brain.delta import About, read_sight  # noqa: E402
from talkover.core.brain.sight import Sight  # noqa: E402
from talkover.core.brain.tokens import ChatTokens, make_tokenizer  # noqa: E402
from talkover.core.brain.weights import GgufWeights  # noqa: E402
from talkover.core.errors import DataError  # noqa: E402
from talkover.core.seer.types import Seen, Word  # noqa: E402
from talkover.core.weights.disk import sha256_of  # noqa: E402
from talkover.trainer.policy.checkpoint import latest  # noqa: E402
from talkover.trainer.policy.tuning import Tuning  # noqa: E402
from talkover.trainer.seeing.lessons import BLOCK, Lessons  # noqa: E402
from talkover.trainer.seeing.model import Seer  # noqa: E402
from talkover.trainer.seeing.questions.question import Kind, Placed, Question, Split  # noqa: E402
from talkover.trainer.seeing.recipe import SeerRecipe  # noqa: E402
from talkover.trainer.seeing.run import DELTA_FILE, STAGE, WARMING, SeerRun  # noqa: E402
from talkover.trainer.seeing.school import chats, examine, in_parts, order  # noqa: E402
from talkover.trainer.seeing.train import LOOKING, Class, Teacher  # noqa: E402
from talkover.trainer.seeing.warming import (  # noqa: E402
    Glance,
    Names,
    Warming,
    glances_of,
    place_of,
    warm,
)
from talkover.trainer.stages.run import read_metrics  # noqa: E402

SIGHT = Sight(grid=(4, 4), features=3)
COLOURS = {"red": (200, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 200)}
RECIPE = """
[model]
rank = 4
hidden = 16
[lessons]
questions = 48
held = 16
[pace]
steps = 30
examples = 8
micro = 4
rate = 2e-2
warmup = 2
chat = 3
look = 15
keep = 10
"""


class Squint:
    """Eyes that see the mean colour of each place, and one word."""

    def __init__(self, word="hello"):
        self.looked = 0
        self.word = word

    def see(self, rgb):
        self.looked += 1
        places = rgb.reshape(4, 8, 4, 8, 3).mean((1, 3)).reshape(16, 3) / 255
        word = Word(self.word, (0.0, 0.0, 0.1, 0.1), 0.9)
        return Seen(places.astype(np.float32), (4, 4), (word,), blank=False)


def ask(number, split=Split.TRAIN):
    random = np.random.default_rng([number, list(Split).index(split)])
    name = sorted(COLOURS)[int(random.integers(3))]
    rgb = np.full((32, 32, 3), 128, np.uint8)
    top, left = random.integers(0, 16, 2)
    rgb[top : top + 16, left : left + 16] = COLOURS[name]
    return Question(number, Kind.COLOURS, "the?", name, (), (rgb,), (0.0,), 0.0, split)


@pytest.fixture(scope="module")
def weights(tiny_gguf):
    return GgufWeights(tiny_gguf)


@pytest.fixture(scope="module")
def tokens(weights):
    return ChatTokens(make_tokenizer(weights.vocabulary()))


@pytest.fixture(scope="module")
def lessons(tmp_path_factory):
    return Lessons(tmp_path_factory.mktemp("lessons"), "train", Squint(), ask)


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    eyes, folder = Squint(), tmp_path_factory.mktemp("held")
    return Lessons(folder, "held", eyes, partial(ask, split=Split.VALIDATION))


def seer(weights, *, rank=4):
    return Seer(weights, SIGHT, Tuning(rank, 2.0), hidden=16)


def unnamed(features):
    """Of pictures in which nothing is named."""
    return ("",) * len(features)


def learnt(model):
    return {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}


def teacher(folder, gguf, weights, tokens, lessons, held, recipe=RECIPE):
    run = SeerRun(
        folder, SeerRecipe.read(recipe, "tiny"), seed=3, base=sha256_of(gguf), eyes="squint"
    )
    return Teacher(run, seer(weights), Class(tokens, lessons, held))


def test_a_picture_is_looked_at_once(tmp_path, lessons):
    eyes = Squint()
    fresh = Lessons(tmp_path, "train", eyes, ask)
    first = fresh.get(5)
    assert eyes.looked == BLOCK
    again = Lessons(tmp_path, "train", eyes, ask).get(5)
    assert eyes.looked == BLOCK
    assert again.told == first.told
    assert again.told.notes == ("top left: hello",)
    np.testing.assert_array_equal(again.features, lessons.get(5).features)


def test_other_questions_are_looked_at_anew_and_damage_is_named(tmp_path):
    eyes = Squint()
    Lessons(tmp_path, "train", eyes, ask).get(0)
    changed = Lessons(tmp_path, "train", eyes, partial(ask, split=Split.TEST))
    assert changed.get(0).told.question == "the?"
    assert eyes.looked == 2 * BLOCK
    (path,) = tmp_path.glob("*.safetensors")
    path.write_bytes(b"nothing")
    with pytest.raises(DataError, match="damaged"):
        Lessons(tmp_path, "train", eyes, ask).get(0)


def test_every_question_comes_once_before_any_comes_again():
    first = [one for step in range(6) for one in order(step, 8, 48, seed=1)]
    assert sorted(first) == list(range(48))
    second = [one for step in range(6, 12) for one in order(step, 8, 48, seed=1)]
    assert sorted(second) == list(range(48))
    assert first != second


def test_an_untaught_model_is_the_brain_itself(weights, tiny_folder, tokens):
    model = seer(weights)
    ids = tokens.prompt([Message("user", "the hello")])
    runtime = BrainRuntime(tiny_folder, threads=1)
    logits = runtime._cache.take("a", [], len(ids)).buffers.run(ids, 0)
    with torch.no_grad():
        mine = model._head(model._states([ids], ()))[0, -1].numpy()
    np.testing.assert_allclose(mine, logits, atol=2e-4)


def test_padding_changes_nothing(weights, tokens, lessons):
    model = seer(weights)
    some = [lessons.get(n).asked(tokens, SIGHT.positions, unnamed) for n in range(6)]
    blind = lessons.get(7).asked(tokens, SIGHT.positions, unnamed, blind=True)
    assert min(blind.prompt) >= 0
    with torch.no_grad():
        together = model([*some, blind]).loss
        alone = [model([one]).loss for one in (*some, blind)]
    torch.testing.assert_close(together, torch.stack(alone).mean(), atol=1e-5, rtol=1e-4)
    assert sum(len(part) for part in in_parts(some, 4)) == 6


def test_only_additions_and_the_projector_learn(weights, tokens, lessons):
    model = seer(weights)
    model([lessons.get(0).asked(tokens, SIGHT.positions, unnamed)]).loss.backward()
    moved = {n for n, p in model.named_parameters() if p.grad is not None and p.grad.abs().sum()}
    assert any(name.startswith("projection.") for name in moved)
    assert any(name.endswith(".up") for name in moved)
    assert not any(".base." in name or "embed" in name for name in moved)
    assert not any("mean" in name or "spread" in name for name in moved)


def test_in_bfloat16_it_learns_nearly_the_same(weights, tokens, lessons):
    losses, moves = [], []
    for bf16 in (False, True):
        model = Seer(weights, SIGHT, Tuning(4, 2.0), hidden=16, bf16=bf16)
        judged = model([lessons.get(n).asked(tokens, SIGHT.positions, unnamed) for n in range(4)])
        judged.loss.backward()
        losses.append(float(judged.loss.detach()))
        learnt = [p.grad for p in model.parameters() if p.requires_grad and p.grad is not None]
        assert all(one.dtype == torch.float32 for one in learnt)
        moves.append(torch.cat([one.flatten() for one in learnt]))
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    assert float(torch.cosine_similarity(*moves, dim=0)) > 0.99


def test_chat_is_where_it_was_until_something_is_added(weights, tokens):
    model = seer(weights)
    texts = chats(tokens, step=0, seed=0)
    assert float(model.chat_loss(texts).detach()) == pytest.approx(0, abs=1e-5)
    for name, value in model.named_parameters():
        if name.endswith(".up"):
            torch.nn.init.normal_(value, std=0.05)
    loss = model.chat_loss(texts)
    assert float(loss.detach()) > 1e-4
    loss.backward()


@pytest.fixture(scope="module")
def whole(tmp_path_factory, tiny_gguf, weights, tokens, lessons, held):
    folder = tmp_path_factory.mktemp("runs") / "whole"
    taught = teacher(folder, tiny_gguf, weights, tokens, lessons, held)
    assert taught.go()
    return folder, taught._model


def test_it_learns_what_it_sees_and_the_graph_says_the_same(
    tmp_path, whole, tiny_gguf, tokens, held
):
    run, model = whole
    lines = read_metrics(run)
    assert lines[-1]["loss"] < 0.5 * lines[0]["loss"]
    exam = examine(model, tokens, held, 16)
    assert exam.right >= 0.9
    assert exam.blind <= exam.majority + 0.01 < exam.right
    assert "the most frequent answer" in (run / "card.md").read_text()

    delta = read_sight(run / DELTA_FILE)
    assert delta.about.accuracy == exam.right
    for precision, least in (("fp32", 1.0), ("int8", 0.9)):
        folder = tmp_path / precision
        build_brain(tiny_gguf, folder, precision=precision, delta=delta)
        runtime = BrainRuntime(folder, threads=1)
        same = [said(runtime, held, n) == spoken(model, tokens, held, n) for n in range(16)]
        assert np.mean(same) >= least


def said(runtime, held, number):
    """What the graph answers."""
    lesson = held.get(number)
    seen = Seen(lesson.features[0].astype(np.float32), (4, 4), Squint().see(GREY).words, False)
    message = Message("user", lesson.told.question, (runtime.show(seen),))
    greedy = Sampling(temperature=0, repetition_penalty=1)
    reply = runtime.open(f"{number}", [message], sampling=greedy, max_tokens=6)
    while not reply.done:
        reply.step()
    return reply.said


def spoken(model, tokens, held, number):
    """What the model answers, token by token."""
    asked = held.get(number).asked(tokens, SIGHT.positions, unnamed)
    ids = list(asked.prompt)
    found = []
    with torch.no_grad():
        while len(found) < 6:
            token = int(model._head(model._states([ids], [asked]))[0, -1].argmax())
            if token in (0, 1, 2):
                break
            found.append(token)
            ids.append(token)
    return found


GREY = np.full((32, 32, 3), 128, np.uint8)


def test_an_interrupted_run_goes_on_as_if_it_had_not_been(
    tmp_path, whole, tiny_gguf, weights, tokens, lessons, held
):
    given = (tiny_gguf, weights, tokens, lessons, held)

    def kill(phase, done, _total, _figures):
        if phase == STAGE and done == 14:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        teacher(tmp_path / "broken", *given).go(kill)
    assert latest(tmp_path / "broken" / "checkpoints").stem == "step-00000010"
    second = teacher(tmp_path / "broken", *given)
    assert second.go()
    for name, value in learnt(whole[1]).items():
        assert torch.equal(value, learnt(second._model)[name]), name
    steps = [line["step"] for line in read_metrics(tmp_path / "broken")]
    assert steps == sorted(set(steps))
    assert second.go()


def test_it_tells_how_far_each_phase_is(tmp_path, tiny_gguf, weights, tokens, lessons, held):
    told = []

    def stop(phase, done, total, _figures):
        told.append((phase, done, total))
        if phase == STAGE:
            raise InterruptedError

    given = (tiny_gguf, weights, tokens, lessons, held)
    recipe = RECIPE + "[warm]\nsteps = 6\n"
    with pytest.raises(InterruptedError):
        teacher(tmp_path / "run", *given, recipe=recipe).go(stop)
    looked = [(LOOKING, number, 48) for number in (16, 32, 48)]
    warmed = [(WARMING, number, 6) for number in range(1, 7)]
    assert told == [*looked, *warmed, (STAGE, 1, 30)]


def test_a_projector_learns_to_look_without_the_brain(tmp_path, weights, tokens, lessons):
    glances = glances_of(lessons, tokens, range(48))
    assert len(glances) == 48
    written = Lessons(tmp_path, "written", Squint(word="red"), ask)
    rest = [one for one in range(BLOCK) if written.get(one).told.answer != "red"]
    assert len(glances_of(written, tokens, range(BLOCK))) == len(rest) < BLOCK
    model = seer(weights)
    table = model.llama.embed_tokens.weight
    before = model.projection.weights()["out.weight"].copy()
    how = Warming(examples=16, rate=5e-3, seed=0)
    figures = list(warm(model.projection, table, glances, tokens, 40, how))
    assert figures[-1]["loss warming"] < 0.7 * figures[0]["loss warming"]
    assert np.mean([one["right warming"] for one in figures[-5:]]) > 0.9
    assert np.abs(model.projection.weights()["out.weight"] - before).max() > 0.01
    few = [next(warm(seer(weights).projection, table, glances, tokens, 40, how)) for _ in range(2)]
    assert few == [figures[0]] * 2


def test_a_run_of_something_else_is_refused(tmp_path, tiny_gguf):
    recipe = SeerRecipe.read(RECIPE, "tiny")
    SeerRun(tmp_path / "run", recipe, seed=0, base="0" * 64, eyes="a")
    with pytest.raises(DataError, match="another seed and eyes"):
        SeerRun(tmp_path / "run", recipe, seed=1, base="0" * 64, eyes="b")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter").write_text("dear")
    with pytest.raises(DataError, match="not empty"):
        SeerRun(tmp_path / "other", recipe, seed=0, base="0" * 64, eyes="a")


def test_what_is_learnt_fits_into_its_file(weights):
    about = About(base="0" * 64, eyes="squint", sight=SIGHT, run="x", accuracy=0)
    model = seer(weights)
    delta = model.delta(about)
    assert len(delta.changes) == 2 * 7
    assert set(delta.projector) >= {"join.weight", "rows"}


def test_rows_come_near_to_the_words_for_what_is_in_their_places(weights, tokens):
    """Two things in four places, of which a feature each tells the name, and one the colour."""
    random = np.random.default_rng(0)
    sight = Sight(grid=(4, 4), features=4, pool=2)
    names, colours, places = ["cup", "key"], ["red", "blue"], [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8)]
    glances = []
    for _ in range(64):
        features = torch.zeros(4, 4, 4)
        placed = []
        for name in random.permutation(2):
            colour, (x, y) = int(random.integers(2)), places[len(placed) + int(random.integers(2))]
            at = (slice(int(y * 4) // 2 * 2, int(y * 4) // 2 * 2 + 2), int(x * 4))
            features[(*at, int(name))], features[(*at, 2 + colour)] = 1, 1
            placed.append(Placed(names[name], colours[colour], x, y, 0.3))
        features = features.flatten(0, 1).to(torch.float16)
        glances.append(Glance(features, (3, 4), 5, tuple(placed)))
    model = Seer(weights, sight, Tuning(4, 2.0), hidden=64)
    table = model.llama.embed_tokens.weight
    figures = list(warm(model.projection, table, glances, tokens, 300, Warming(16, 1e-2, 0)))
    assert figures[-1]["loss warming"] < 0.5 * figures[0]["loss warming"]
    named, coloured = Names(["nothing", *names], tokens, table), Names(colours, tokens, table)
    assert place_of(Placed("cup", "red", 1.0, -0.1, 0.3), (2, 2)) == 1
    with torch.no_grad():
        rows = model.projection(torch.stack([one.features for one in glances]).float())
    right = []
    for row, one in zip(rows, glances, strict=True):
        said = {place_of(some, (2, 2)): some for some in one.placed}
        for cell in range(4):
            name = said[cell].name if cell in said else "nothing"
            right.append(int((named.table @ row[cell]).argmax()) == named.numbers[name])
        for cell, some in said.items():
            likely = int((coloured.table @ row[cell]).argmax())
            right.append(likely == coloured.numbers[some.colour])
    assert np.mean(right) > 0.95
