"""Guard sets of real recordings, read on the way."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.clock import RATE  # noqa: E402 - after the libraries it needs
from talkover.core.listener import LONGEST  # noqa: E402
from talkover.trainer.data.texts import Split, sentence_of, split_of  # noqa: E402
from talkover.trainer.stages.guards import Counts  # noqa: E402
from talkover.trainer.stages.people import People, prompts_of  # noqa: E402
from talkover.trainer.stages.step import Verdict  # noqa: E402
from talkover.trainer.stages.tables import GuardSettings, WindowSettings  # noqa: E402
from talkover.trainer.stages.watch import (  # noqa: E402
    Guarded,
    GuardWatch,
    from_json,
    guard_sets,
    read_sets,
    stock_rule,
    to_json,
)

WINDOWS = WindowSettings(shortest=(3.0, 2.0), margins=(1.0, 0.5), longest=4.0, holds=1)
FREE = GuardSettings(every=2, languages=("en",), clean=100, noisy=100, deletions=100, repetitions=1)


@pytest.fixture(scope="module")
def utterances():
    random = np.random.default_rng(0)
    return [
        Guarded(f"en/{sound}", "en", "the cat", random.normal(0, 0.1, length).astype(np.float32))
        for sound in ("clean", "noisy")
        for length in (RATE, 3 * RATE)
    ]


@pytest.fixture
def stock(make, utterances):
    return read_sets(make(), utterances, WINDOWS.rule(0))


def test_it_looks_now_and_then_and_windows_become_shorter(make, utterances, stock):
    watch = GuardWatch(make(), utterances, stock, FREE, WINDOWS)
    assert (watch.windows.shortest, watch.windows.margin) == (3 * RATE, RATE)
    assert watch.look(1, {}, last=False).verdict is Verdict.GO
    look = watch.look(2, {}, last=False)
    assert look.verdict is Verdict.GOOD
    assert set(look.figures) == {
        "guard wer en/clean",
        "guard wer en/noisy",
        "guard deletions",
        "guard loops",
    }
    assert (watch.windows.shortest, watch.windows.longest) == (2 * RATE, 4 * RATE)
    assert watch.proven == 0
    again = GuardWatch(make(), utterances, stock, FREE, WINDOWS)
    again.load_state_dict(watch.state_dict())
    assert again.windows == watch.windows
    assert again.look(3, {}, last=True).verdict is Verdict.GOOD
    assert again.proven == 1


def test_a_stage_begins_with_the_windows_that_the_one_before_has_proven(make):
    watch = GuardWatch(make(), (), {}, FREE, WINDOWS, start=1)
    assert watch.windows.shortest == 2 * RATE
    assert watch.proven == 1


def test_it_sends_back_a_policy_that_forgot_and_says_why(make, utterances):
    best = {group: Counts(4, 0, 0, 2, 2) for group in ("en/clean", "en/noisy")}
    strict = GuardSettings(every=1, clean=1, noisy=1, strikes=1)
    look = GuardWatch(make(), utterances, best, strict, WINDOWS).look(1, {}, last=False)
    assert look.verdict is Verdict.STOP
    assert "en/clean: +" in look.reason


def test_who_has_to_learn_the_windows_first_is_not_sent_back_before(make, utterances):
    best = {group: Counts(4, 0, 0, 2, 2) for group in ("en/clean", "en/noisy")}
    strict = GuardSettings(every=1, after=3, clean=1, noisy=1, strikes=1)
    watch = GuardWatch(make(), utterances, best, strict, WINDOWS)
    early = watch.look(2, {}, last=False)
    assert early.verdict is Verdict.GO
    assert "en/clean: +" in early.reason
    assert "guard wer en/clean" in early.figures
    assert watch.look(3, {}, last=False).verdict is Verdict.STOP
    short = GuardWatch(make(), utterances, best, strict, WINDOWS)
    assert short.look(1, {}, last=True).verdict is Verdict.STOP, "the end is always judged"


def test_nobody_looks_where_nobody_is_to(make):
    watch = GuardWatch(make(), (), {}, GuardSettings(every=0), WINDOWS)
    assert watch.look(200, {}, last=True).verdict is Verdict.GO


def test_what_is_read_does_not_depend_on_the_order(make, utterances, stock):
    assert read_sets(make(), utterances[::-1], WINDOWS.rule(0)) == stock
    assert {counts.texts for counts in stock.values()} == {2}
    assert from_json(to_json(stock)) == stock


def test_the_stock_model_reads_on_one_long_window():
    rule = stock_rule(GuardSettings(stock=15.0))
    assert rule.window(3 * RATE) == 15 * RATE
    assert rule.window(12 * RATE) == LONGEST


@pytest.mark.usefixtures("prompts")
def test_nothing_is_learnt_from_what_guards_and_nothing_of_either_is_for_evaluation():
    settings = GuardSettings(count=5)
    guards = guard_sets(settings)
    assert len(guards) == 2 * 3 * 5
    languages = settings.languages
    heard = People(languages)
    learnt = [heard.make(number, 0).clean for number in range(0, heard.count, 40)]
    assert {one.split for one in learnt} == {Split.TRAIN}
    assert {split_of(one.text) for one in guards} == {Split.VALIDATION}
    sentences = {
        split: {sentence_of(one.text) for code in languages for one in prompts_of(code, split)}
        for split in Split
    }
    assert all(len(some) > 20 for some in sentences.values())
    assert sum(map(len, sentences.values())) == len(set.union(*sentences.values()))


@pytest.mark.usefixtures("prompts")
def test_guard_sets_are_the_same_every_time_and_the_second_is_noisy():
    first, again = (guard_sets(GuardSettings(count=3, snr=5.0)) for _ in range(2))
    for one, same in zip(first, again, strict=True):
        assert (one.pcm == same.pcm).all()
    for clean, noisy in zip(first[::2], first[1::2], strict=True):
        noise = noisy.pcm - clean.pcm
        assert len(noise) == len(clean.pcm)
        assert 0.05 < (noise**2).mean() / (clean.pcm**2).mean() < 1
