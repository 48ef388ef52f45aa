"""The whole comparison, short, with the real bundle, the real weights and real recordings."""

from collections.abc import Sequence

import pytest
from rich.console import Console

from talkover.core.clock import RATE
from talkover.core.errors import WeightsError
from talkover.core.listener import ListenerConfig
from talkover.core.report import progress_bar
from talkover.core.settings import load_settings
from talkover.core.weights import find_part
from talkover.core.weights.state import require
from talkover.trainer.evaluation import listener
from talkover.trainer.evaluation.merged import merged_delta
from talkover.trainer.evaluation.readings import Cause
from talkover.trainer.evaluation.stock import StockWhisper
from talkover.trainer.evaluation.utterances import choose_utterances, utterance_of

pytestmark = pytest.mark.bundle


@pytest.fixture(scope="module")
def sides(bundle, prompts):
    try:
        weights = require(load_settings().data_dir, find_part("whisper-base"))
    except WeightsError as error:
        pytest.skip(str(error))
    return listener.Sides(StockWhisper(weights, merged_delta(bundle)), bundle / "listener")


def run(sides, utterances, **plan):
    findings = listener.Findings()
    plan = listener.Plan(len(utterances), **{"full": 1, "repeats": 1, "windows": (), **plan})
    timed = utterance_of(1.5)
    with progress_bar(Console(quiet=True)) as progress:
        try:
            listener.run(sides, utterances, timed, plan, findings, progress)
        except KeyboardInterrupt:
            return findings, True
    return findings, False


@pytest.mark.slow
def test_the_exported_listener_writes_the_tokens_of_stock_whisper(sides, bundle):
    findings, _ = run(sides, choose_utterances(4, seed=11), windows=(10 * RATE,))
    assert [one.cause for one in findings.comparisons] == [Cause.SAME] * 4
    assert [one.cause for one in findings.full] == [Cause.SAME]
    assert findings.full[0].window == 30 * RATE
    sizes = ListenerConfig.read(bundle / "listener").window.sizes
    assert {one.window for one in findings.comparisons} <= {*sizes} - {30 * RATE}
    for score in findings.scores:
        assert score.texts["stock"] == score.texts["fp32"] != ""
    measures = {measure.name: measure for measure in listener.summarise(findings)}
    assert measures["same tokens as stock, fp32"].met
    assert measures["word error rate, pooled, stock"].value < 50
    assert "word error rate, int8 minus fp32" in measures
    assert measures["texts not ended by itself, stock"].value == 0
    times = [measure.value for measure in measures.values() if measure.unit == "ms"]
    assert len(times) == len(findings.timings) == 6
    assert min(times) > 1
    assert not listener.differing(findings).rows
    assert all(int(row[2]) < int(row[3]) for row in listener.losing(findings).rows)


class StoppedAfterTwo(Sequence):
    """Utterances whose listing is interrupted, as by Ctrl-C."""

    def __init__(self, utterances):
        self._utterances = utterances

    def __len__(self):
        return len(self._utterances)

    def __getitem__(self, index):
        if index == 2:
            raise KeyboardInterrupt
        return self._utterances[index]


def test_stopping_early_keeps_what_was_measured(sides):
    utterances = StoppedAfterTwo(choose_utterances(4, seed=12))
    findings, stopped = run(sides, utterances)
    assert stopped
    assert len(findings.comparisons) == len(findings.scores) == 2
    measures = listener.summarise(findings)
    assert measures[0].n == 2
    assert not [measure for measure in measures if measure.unit == "ms"]


def test_the_stock_model_prefers_what_it_wrote(sides):
    (utterance,) = choose_utterances(1, seed=13)
    pcm, language, window = utterance.pcm, utterance.language, 15 * RATE
    own = sides.stock.read(pcm, language, window)
    other = listener.Reading((*own.tokens[:-1], own.tokens[0]), window)
    assert own.complete
    assert sides.stock.gap(pcm, language, own, own) is None
    assert sides.stock.gap(pcm, language, own, other) > 0
