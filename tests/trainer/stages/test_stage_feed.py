"""What is heard: several sources at their shares, the same after every kill."""

import json
import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from talkover.core.clock import FRAME, RATE  # noqa: E402 - after the libraries it needs
from talkover.core.errors import DataError  # noqa: E402
from talkover.trainer.data.recipe import Recipe  # noqa: E402
from talkover.trainer.data.studio import Studio  # noqa: E402
from talkover.trainer.data.texts import Split  # noqa: E402
from talkover.trainer.policy.windows import Windows  # noqa: E402
from talkover.trainer.stages.example import Example  # noqa: E402
from talkover.trainer.stages.feed import Fed, Feed  # noqa: E402
from talkover.trainer.stages.sources import data_sha256  # noqa: E402
from talkover.trainer.stages.tables import DataSettings, SourceSettings  # noqa: E402

WINDOWS = Windows(2 * RATE, 4 * RATE, RATE // 2)


def taken(feed, batches, size=4):
    return [feed.take(size, WINDOWS) for _ in range(batches)]


def told(batches):
    return [
        (batch.window, [(one.name, one.pcm.sum().item()) for one in batch.examples])
        for batch in batches
    ]


@pytest.fixture
def data(recipe):
    return recipe().data


def test_shares_are_kept_and_every_recording_comes_up(data):
    with Feed(data, seed=1) as feed:
        examples = [one for batch in taken(feed, 40, 8) for one in batch.examples]
    unwritten = sum(not one.words for one in examples) / len(examples)
    assert 0.2 < unwritten < 0.3
    often = Counter(one.name for one in examples if one.words)
    assert len(often) == 8
    assert max(often.values()) - min(often.values()) <= 1
    assert all(one.text == "" for one in examples if not one.words)
    assert {one.words for one in examples} > {(("the", "en"), ("cat", "en"))}


def test_after_a_kill_the_next_batch_is_the_same(data):
    with Feed(data, seed=1) as feed:
        taken(feed, 7)
        state = json.loads(json.dumps(feed.state_dict()))
        following = told(taken(feed, 5))
    assert all(isinstance(value, int) for value in state.values())
    with Feed(data, seed=1) as feed:
        taken(feed, 2)  # wherever it was
        feed.load_state_dict(state)
        assert told(taken(feed, 5)) == following


def test_other_seeds_and_ranks_hear_other_things(data):
    found = []
    for seed, rank in ((1, 0), (1, 1), (2, 0)):
        with Feed(data, seed=seed, rank=rank, ranks=2) as feed:
            found.append(told(taken(feed, 3)))
    assert found[0] != found[1] != found[2] != found[0]


def test_windows_are_drawn_between_what_the_speech_asks_for_and_the_longest(data):
    with Feed(data, seed=1) as feed:
        batches = taken(feed, 40)
    assert len({batch.window for batch in batches}) > 20
    for batch in batches:
        assert max(map(len, batch.sounds)) + WINDOWS.margin <= batch.window <= WINDOWS.longest


def test_words_alone_can_be_asked_for(data):
    with Feed(data, seed=1, written=True) as feed:
        assert all(one.words for batch in taken(feed, 20) for one in batch.examples)
    unwritten = {"unwritten": data.sources["unwritten"]}
    with pytest.raises(DataError, match="has words"):
        Feed(replace(data, sources=unwritten), written=True)


def test_what_is_too_long_is_left_out(data):
    with Feed(replace(data, longest=0.6), seed=1) as feed:
        examples = [one for batch in taken(feed, 20) for one in batch.examples]
    assert {len(one.pcm) for one in examples} == {RATE // 4, RATE // 2}
    with (
        Feed(replace(data, longest=0.1), seed=1) as feed,
        pytest.raises(DataError, match="in a row"),
    ):
        feed.take(1, WINDOWS)


def test_another_stage_goes_on_with_what_was_not_heard(data):
    alone = replace(data, sources={"written": data.sources["written"]})
    with Feed(data, seed=1) as feed:
        batches = taken(feed, 1)
        before = [one.name for one in batches[0].examples if one.words]
        state = feed.state_dict()
    with Feed(alone, seed=1) as feed:
        feed.go_past(state)
        after = [one.name for one in feed.take(8 - len(before), WINDOWS).examples]
    assert sorted(before + after) == sorted(f"r{number}" for number in range(8))


def test_a_state_of_other_sources_is_refused(data):
    alone = replace(data, sources={"written": data.sources["written"]})
    with (
        Feed(data) as feed,
        Feed(alone) as other,
        pytest.raises(DataError, match="other sources"),
    ):
        other.load_state_dict(feed.state_dict())


def test_a_set_is_known_again_by_what_it_holds(data, recordings, tmp_path):
    same = data_sha256(data, seed=0)
    assert data_sha256(data, seed=0) == same
    changed = tmp_path / "written.jsonl"
    changed.write_text((recordings / "written.jsonl").read_text() + "\n")
    source = replace(data.sources["written"], manifest=str(changed))
    assert data_sha256(replace(data, sources={"written": source}), seed=0) != same
    gone = replace(source, manifest=str(tmp_path / "none.jsonl"))
    with pytest.raises(DataError, match=r"source written: .* cannot be read"):
        data_sha256(replace(data, sources={"written": gone}), seed=0)


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="no espeak-ng")
def test_chosen_utterances_are_heard_with_the_noise_that_they_were_chosen_with(tmp_path):
    chosen = tmp_path / "chosen.jsonl"
    chosen.write_text('{"number": 4, "epoch": 2, "score": 0.5}\n{"number": 1}\n')
    source = SourceSettings(recipe="three_accents", chosen=str(chosen))
    with Feed(DataSettings(sources={"mined": source}), seed=1) as feed:
        heard = {one.name: one for one in feed.take(2, WINDOWS).examples}
    with Studio(Recipe.load("three_accents", seed=1), Split.TRAIN) as studio:
        for number, epoch in ((4, 2), (1, 0)):
            made = studio.utterance(number, epoch=epoch)
            assert (heard[made.clean.name].pcm == made.pcm).all()
            assert heard[made.clean.name].snr == made.snr
            assert heard[made.clean.name].text == made.clean.text
    chosen.write_text("nothing")
    with pytest.raises(DataError, match="mine it again"):
        Feed(DataSettings(sources={"mined": source}))


def test_short_examples_come_first_and_are_shown_no_more_silence_than_long_ones(data):
    with Feed(data, seed=1) as feed:
        batches = taken(feed, 20, 8)
    shorter = 0
    for batch in batches:
        lengths = [len(one.pcm) for one in batch.examples]
        assert lengths == sorted(lengths)
        first, last = batch.parts(4)
        assert last.window == batch.window
        assert max(first.sounds, key=len).shape[0] <= first.window <= batch.window
        assert first.window >= WINDOWS.shortest
        if first.window > WINDOWS.shortest:
            after = [part.window - len(part.examples[-1].pcm) for part in (first, last)]
            assert abs(after[0] - after[1]) <= FRAME
        shorter += first.window < last.window
    assert shorter > 10


def test_examples_that_may_be_shown_one_window_alone_are():
    long, short = (Example(str(n), np.zeros(n, np.float32), (), "en") for n in (RATE, RATE // 2))
    assert [part.window for part in Fed((short, long), 2 * RATE).parts(1)] == [2 * RATE] * 2


def test_in_some_examples_nobody_speaks():
    data = DataSettings(sources={"nobody": SourceSettings(wordless=True)})
    with Feed(data, seed=1) as feed:
        examples = [one for batch in taken(feed, 4) for one in batch.examples]
    assert all(one.silent and not one.words and not one.text for one in examples)
    assert {one.language for one in examples} == {"en", "es", "fr"}
    assert len({one.pcm.tobytes() for one in examples}) == len(examples)
    assert all(RATE <= len(one.pcm) <= 10 * RATE for one in examples)
