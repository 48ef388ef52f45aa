"""What a supervised step learns from, and how much."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.clock import RATE  # noqa: E402 - after the libraries it needs
from talkover.core.errors import DataError  # noqa: E402
from talkover.trainer.policy.written import Written  # noqa: E402
from talkover.trainer.stages.example import Example  # noqa: E402
from talkover.trainer.stages.feed import Fed  # noqa: E402
from talkover.trainer.stages.sft import Supervised, tokens_of  # noqa: E402
from talkover.trainer.stages.step import Moment  # noqa: E402
from talkover.trainer.stages.tables import SftSettings  # noqa: E402

SETTINGS = SftSettings(micro=2, teacher=2.0, limit=4)
NOW = Moment(0, 0)


def example(text="the cat", seconds=0.5, seed=0, **known):
    pcm = np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)
    words = tuple((word, "en") for word in text.split())
    return Example("one", pcm, words, "en", text=text, **known)


def fed(*examples):
    return Fed(examples, 2 * RATE)


@pytest.fixture
def step(make):
    policy = make()
    return Supervised(policy, SETTINGS, make().requires_grad_(False))


def loss_of(step, *examples):
    return sum(float(part.loss.detach()) for part in step(fed(*examples), NOW))


def test_parts_add_up_to_the_mean_over_examples(step):
    some = [example("the cat", seed=1), example("a dog", seed=2), example("the end", seed=3)]
    alone = [loss_of(step, one) for one in some]
    assert len(list(step(fed(*some), NOW))) == 2
    tokens = [len(tokens_of(step._policy, one)) for one in some]
    first = (alone[0] * tokens[0] + alone[1] * tokens[1]) / (tokens[0] + tokens[1])
    assert loss_of(step, *some) == pytest.approx(2 / 3 * first + alone[2] / 3, rel=1e-4)


def test_words_count_as_much_as_they_are_trusted(step):
    sure, unsure = (loss_of(step, example(trust=trust)) for trust in (1.0, 0.25))
    assert unsure == pytest.approx(sure / 4)


def test_references_may_hold_what_is_suppressed(step):
    text = '"#'  # tokens 1 and 2
    assert {1, 2} & set(tokens_of(step._policy, example(text)))
    assert np.isfinite(loss_of(step, example(text)))


def test_speech_without_words_is_learnt_from_the_stock_model(step):
    unwritten = example("")
    (part,) = step(fed(unwritten), NOW)
    assert part.figures["distil"] == pytest.approx(0, abs=1e-5)  # nothing was learnt yet
    assert "cross_entropy" not in part.figures
    with torch.no_grad():
        for weight in step._policy.parameters():
            weight.add_(0.05 * torch.randn(weight.shape))
    (part,) = step(fed(unwritten), NOW)
    assert part.figures["distil"] > 1e-3
    part.loss.backward()
    learnt = [one for one in step._policy.parameters() if one.requires_grad]
    assert any(one.grad.abs().max() > 0 for one in learnt)
    assert all(one.grad is None for one in step._teacher.parameters())


def test_both_kinds_lie_in_one_batch(step):
    (part,) = step(fed(example(""), example("the cat")), NOW)
    assert {"distil", "cross_entropy", "loss"} <= set(part.figures)
    assert part.figures["cross_entropy"] / 2 == pytest.approx(part.figures["loss"], abs=1e-4)


def test_without_a_teacher_there_is_nothing_to_learn_without_words(make):
    with pytest.raises(DataError, match="teacher"):
        list(Supervised(make(), SETTINGS)(fed(example("")), NOW))


def test_a_text_that_is_too_long_is_left_out_and_told(step):
    (part,) = step(fed(example("word " * 500)), NOW)
    assert part.loss is None
    assert part.figures == {"too_long": 1.0}
    (part,) = step(fed(example("word " * 500), example()), NOW)
    assert part.figures["too_long"] == 0.5


def test_a_text_becomes_tokens_with_its_end(step, tokens):
    found = tokens_of(step._policy, example("the cat"))
    assert tokens.text(found) == "the cat"
    assert found[-1] == tokens.end
    assert tokens.written("the cat") == tokens.written("  the cat ")
    assert tokens.written("\u4f60\u597d")[0] != tokens.written(" \u00e9")[0]
    assert tokens.text(tokens.written("\u4f60\u597d")) == "\u4f60\u597d"


def test_where_nobody_speaks_the_end_alone_is_learnt(step):
    silent = example("", silent=True)
    assert tokens_of(step._policy, silent) == [step._policy.tokens.end]
    (part,) = step(fed(silent), NOW)
    assert "distil" not in part.figures
    heard = step._policy.hear(step._policy.see([silent.pcm], 2 * RATE), ["en"])
    end = torch.tensor([[step._policy.tokens.end]])
    written = Written(torch.tensor([0]), end, torch.ones_like(end, dtype=torch.bool))
    sure = step._policy.score(heard, written, suppressed=False).log_probs.detach()
    assert part.figures["cross_entropy"] == pytest.approx(-float(sure), rel=1e-4)
