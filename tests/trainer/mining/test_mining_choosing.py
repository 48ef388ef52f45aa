"""What must hold of a choice whatever was heard."""

from collections import Counter
from math import ceil

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from talkover.core.errors import ConfigError
from talkover.trainer.data.texts import Split, sentence_of, split_of
from talkover.trainer.mining.choosing import Dropped, choose
from talkover.trainer.mining.confusions import Mistaken
from talkover.trainer.mining.listened import Listened
from talkover.trainer.mining.notes import Notes
from talkover.trainer.mining.scoring import hardness, scores
from talkover.trainer.mining.settings import MineSettings
from talkover.trainer.mining.withheld import Withheld

TEXTS = [f"Line {number} of the list" for number in range(40)]
JUDGED = Withheld(frozenset({sentence_of(TEXTS[0])}), frozenset({"judge"}), frozenset({"guard"}))
MISTAKEN = st.builds(
    Mistaken, st.sampled_from(["sheep", "ship"]), st.just("shape"), st.just("en"), st.floats(0, 1)
)
HEARD = st.lists(
    st.builds(
        Listened,
        number=st.integers(0, 99),
        epoch=st.integers(0, 1),
        name=st.text("ab", max_size=3),
        text=st.sampled_from(TEXTS),
        speaker=st.sampled_from(["ann", "bob", "cid", "judge", ""]),
        accent=st.sampled_from(["irish", "welsh", "tag"]),
        trust=st.floats(0, 1),
        error=st.one_of(st.just(0.0), st.floats(0, 3)),
        mistaken=st.lists(MISTAKEN, max_size=2).map(tuple),
        sounds=st.sampled_from("abcdefghijkl"),
        pcm=st.sampled_from(["one", "two", "guard"]),
    ),
    max_size=40,
    unique_by=lambda one: (one.number, one.epoch, one.name),
)
SETTINGS = st.builds(
    MineSettings,
    keep=st.integers(1, 12),
    per_speaker=st.floats(0.05, 1),
    least_trust=st.sampled_from([0.0, 0.5]),
    least_error=st.sampled_from([0.0, 0.1]),
)


def chosen(heard, settings):
    scored = scores(heard, {}, settings)
    return choose(heard, scored, JUDGED, settings), scored


@given(HEARD, SETTINGS)
@tries(max_examples=40)
def test_what_is_kept_is_fit_and_what_is_not_has_a_reason(heard, settings):
    choice, scored = chosen(heard, settings)
    kept = [heard[place] for place in choice.kept]
    assert sorted([*choice.kept, *choice.dropped]) == list(range(len(heard)))
    assert len(kept) <= settings.keep
    speakers = Counter(one.speaker for one in kept)
    assert all(n <= ceil(settings.per_speaker * settings.keep) for n in speakers.values())
    assert len({sentence_of(one.text) for one in kept}) == len(kept)
    assert len({one.sounds for one in kept}) == len(kept)
    for one in kept:
        assert not JUDGED.why(one.text, one.speaker, one.pcm)
        assert split_of(one.text) is Split.TRAIN
        assert one.trust >= settings.least_trust
        assert one.error > 0
    assert [scored[n] for n in choice.kept] == sorted(
        (scored[n] for n in choice.kept), reverse=True
    )


@given(HEARD, SETTINGS)
@tries(max_examples=40)
def test_what_is_dropped_for_another_lost_to_a_higher_score(heard, settings):
    choice, scored = chosen(heard, settings)
    for place, why in choice.dropped.items():
        one = heard[place]
        better = [n for n in choice.kept if scored[n] >= scored[place]]
        if why is Dropped.SAME_TEXT:
            assert any(sentence_of(heard[n].text) == sentence_of(one.text) for n in better)
        if why is Dropped.SAME_SOUNDS:
            assert any(heard[n].sounds == one.sounds for n in better)
        if why is Dropped.SPEAKER:
            cap = ceil(settings.per_speaker * settings.keep)
            assert sum(heard[n].speaker == one.speaker for n in better) == cap
        if why is Dropped.FULL:
            assert len(better) == settings.keep


@given(HEARD, SETTINGS, st.randoms(use_true_random=False))
@tries(max_examples=40)
def test_order_decides_nothing(heard, settings, random):
    mixed = random.sample(heard, len(heard))
    names = [
        {(some[n].number, some[n].epoch, some[n].name) for n in chosen(some, settings)[0].kept}
        for some in (heard, mixed)
    ]
    scored = chosen(heard, settings)[1]
    if len(set(scored)) == len(scored):  # sums in another order may tell equals apart
        assert names[0] == names[1]


@given(HEARD)
@tries(max_examples=40)
def test_an_accent_is_as_hard_as_all_where_little_was_heard_of_it(heard):
    firm, loose = (MineSettings(prior=prior) for prior in (1e9, 1e-9))
    assert all(value == pytest.approx(1, abs=1e-5) for value in hardness(heard, firm).values())
    if any(one.error for one in heard):
        means = hardness(heard, loose)
        counts = Counter(one.accent for one in heard)
        whole = sum(means[code] * counts[code] for code in counts) / len(heard)
        assert whole == pytest.approx(1, abs=1e-5)


@given(HEARD)
@tries(max_examples=40)
def test_trust_and_closeness_raise_a_score_and_what_is_right_has_none(heard):
    settings = MineSettings()
    plain = scores(heard, {}, settings)
    close = scores(heard, {("sheep", "en"): 1.0, ("ship", "en"): 1.0}, settings)
    for one, before, after in zip(heard, plain, close, strict=True):
        assert 0 <= before <= after
        assert (before == 0) == (one.error == 0 or one.trust == 0) or before < 1e-300


def heard_once():
    mistaken = (Mistaken("a", "b", "en", 0.5),)
    return Listened(3, 1, "n", "Tú", "s", "irish", 0.5, 0.2, mistaken, "x", "y")


def test_notes_are_gone_on_with_and_half_a_batch_is_heard_again(tmp_path):
    path, head = tmp_path / "heard.jsonl", {"of": "x"}
    notes = Notes(path, head)
    notes.add([heard_once(), heard_once()])
    notes.add([])
    notes.add([heard_once()])
    assert Notes(path, head).batches == [[heard_once()] * 2, [], [heard_once()]]
    path.write_bytes(path.read_bytes()[:-5])
    again = Notes(path, head)
    assert again.batches == [[heard_once()] * 2, []]
    again.add([heard_once()])
    assert Notes(path, head).batches == [[heard_once()] * 2, [], [heard_once()]]
    assert Notes(path, {"of": "y"}).batches == []


@pytest.mark.parametrize(
    "wrong",
    [
        *({"keep": 0}, {"replay": 1.0}, {"by": "magic"}),
        *({"per_speaker": 0}, {"prior": 0}, {"rate": -1e-5}),
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigError, match=f"mine: {next(iter(wrong))} = "):
        MineSettings(**wrong)
