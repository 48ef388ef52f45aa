"""The two halves of the material, and the scripts made of it."""

import random

import numpy as np
import pytest

from talkover.client.bench.duplex import texts
from talkover.client.bench.duplex.clips import LEVEL, Clip, levelled, middle_gap
from talkover.client.bench.duplex.material import Material, shared_recordings
from talkover.client.bench.duplex.scenarios import CALLS, plan_calls
from talkover.client.bench.duplex.speech import Synthetic, speak
from talkover.client.bench.duplex.types import Kind
from talkover.core.clock import RATE
from talkover.core.errors import ConfigError

DEV, HELDOUT = Material("dev"), Material("heldout")


@pytest.fixture(scope="module")
def material():
    try:
        for half in (DEV, HELDOUT):
            dice = random.Random(0)
            for speaker in [*half.readers(), *half.voices("en"), *half.actors()]:
                speaker.opening(dice)
            half.music(), half.strokes(), half.impacts(), half.broadcast(dice, 1.0)
    except ConfigError as error:
        pytest.skip(str(error))


def phrases(split):
    found = set(texts.TURNS[split]) | set(texts.HALF_WORDS[split]) | set(texts.SIDE_TALK[split])
    found |= set(texts.BROADCAST[split]) | set(texts.CARRIERS[split])
    for by_language in (texts.OPENINGS, texts.SHORT, texts.LONG, texts.BACKCHANNELS):
        found |= {text for some in by_language[split].values() for text in some}
    return {"".join(c for c in text.casefold() if c.isalnum()) for text in found}


def people(material):
    names = {reader.person for reader in material.readers()}
    return names | {actor.folder for actor in material.actors()}


def test_halves_share_no_text_and_no_voice():
    assert not phrases("dev") & phrases("heldout")
    assert not people(DEV) & people(HELDOUT)
    assert not {v.voice.name for v in DEV.voices()} & {v.voice.name for v in HELDOUT.voices()}


def test_both_halves_have_every_language_of_a_listener():
    for half in (DEV, HELDOUT):
        assert {v.language for v in half.voices()} >= {"en", "es", "fr", "de", "hi", "zh"}


@pytest.mark.usefixtures("material")
def test_halves_share_no_recording():
    assert shared_recordings() == {}
    assert not set(DEV.music()) & set(HELDOUT.music())
    assert not set(DEV.impacts()) & set(HELDOUT.impacts())
    # A key is recorded going down and coming up: both are on one side.
    assert not {p.stem.partition("-")[0] for p in DEV.strokes()} & {
        p.stem.partition("-")[0] for p in HELDOUT.strokes()
    }
    assert min(len(DEV.music()), len(HELDOUT.music())) >= 2
    assert min(len(DEV.strokes()), len(HELDOUT.strokes())) >= 40
    assert min(len(DEV.impacts()), len(HELDOUT.impacts())) >= 20


def flat(plans):
    return [
        (
            *(plan.name, plan.languages, plan.echo, plan.air, step.cue, step.marks),
            *(piece.at, piece.own, piece.clip.pcm.tobytes()),
        )
        for plan in plans
        for step in plan.steps
        for piece in step.pieces
    ]


@pytest.mark.usefixtures("material")
@pytest.mark.parametrize("scenario", CALLS)
def test_a_script_depends_on_its_seed_alone(scenario):
    first, again, other = (
        plan_calls(scenario, "heldout", seed=seed, calls=2, events=2) for seed in (3, 3, 4)
    )
    assert flat(first) == flat(again)
    assert flat(first) != flat(other)
    # More calls do not change those that were there.
    assert flat(plan_calls(scenario, "heldout", seed=3, calls=1, events=2)) == flat(first[:1])


@pytest.mark.slow
@pytest.mark.usefixtures("material")
@pytest.mark.parametrize("split", ["dev", "heldout"])
def test_a_full_run_has_enough_events(split):
    plans = [plan for name in CALLS for plan in plan_calls(name, split, seed=0)]
    marks = [mark for plan in plans for step in plan.steps for mark in step.marks]
    count = {kind: sum(mark.kind is kind for mark in marks) for kind in Kind}
    short = [m for m in marks if m.kind is Kind.PAUSE and m.end - m.start <= RATE]
    for kind in (Kind.TURN_END, Kind.DICTATION, Kind.BACKCHANNEL, Kind.INTERRUPTION):
        assert count[kind] >= 40, kind
    assert min(len(short), count[Kind.TIC], count[Kind.FALSE_INTERRUPTION]) >= 40
    assert count[Kind.SIDE_TALK] + count[Kind.TELEVISION] >= 40
    assert count[Kind.TWO_CALLERS] >= 40
    assert sum(step.listen for plan in plans for step in plan.steps) >= 600
    said = {m.language for m in marks if m.kind is Kind.BACKCHANNEL}
    assert said >= {"en", "es", "fr", "de", "hi", "zh"}
    assert all(
        mark.end > mark.start or plan.echo for plan in plans for s in plan.steps for mark in s.marks
    )


@pytest.mark.usefixtures("material")
def test_pauses_are_as_long_as_they_say():
    for plan in plan_calls("pause", "dev", seed=1, calls=3):
        for step in plan.steps[1:]:
            before, after = step.pieces
            pause = next(mark for mark in step.marks if mark.kind is Kind.PAUSE)
            assert (pause.start, pause.end) == (before.end, after.at)
            assert f"{(after.at - before.end) / RATE:.2g} s" in pause.detail


@pytest.mark.usefixtures("material")
def test_a_caller_is_one_voice():
    for scenario in ("tic", "backchannel", "interruption", "false_interruption"):
        for plan in plan_calls(scenario, "heldout", seed=0, calls=4):
            own = {p.clip.voice for step in plan.steps for p in step.pieces if p.own}
            assert len(own) == 1, (plan.name, own)


@pytest.mark.usefixtures("material")
def test_others_in_the_room_are_not_the_caller():
    for plan in plan_calls("side_talk", "heldout", seed=0):
        caller = plan.steps[0].pieces[0].clip.voice.partition(" (")[0]
        for step in plan.steps[1:]:
            assert not step.pieces[0].own
            assert not step.pieces[0].clip.voice.startswith(caller)


def test_a_missing_voice_names_the_cure(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ConfigError, match=r"bench_setup\.sh"):
        speak(Synthetic("flite", "nobody"), "hello")


def test_levelling_trims_and_sets_the_level():
    dice = np.random.default_rng(0)
    noise = dice.normal(0, 300, RATE)
    pcm = np.concatenate([np.zeros(4_000), noise, np.zeros(8_000)]).astype(np.int16)
    out = levelled(pcm)
    assert len(out) == RATE
    assert 20 * np.log10(np.sqrt(np.square(out / 32_768).mean())) == pytest.approx(LEVEL, abs=0.1)
    assert not len(levelled(np.zeros(RATE, np.int16)))


def test_a_cut_clip_ends_softly_and_says_nothing():
    clip = Clip(np.full(RATE, 5_000, np.int16), "words", "v").cut(0.5)
    assert len(clip.pcm) == RATE // 2
    assert clip.text == ""
    assert clip.pcm[-1] == 0
    assert clip.pcm[0] == 5_000


def test_a_gap_is_found_where_it_is():
    dice = np.random.default_rng(0)
    voice = dice.normal(0, 3_000, 8_000)
    pcm = np.concatenate([voice, np.zeros(1_600), voice]).astype(np.int16)
    first, second = middle_gap(pcm)
    assert abs(first - 8_000) <= 80
    assert abs(second - 9_600) <= 80
    first, second = middle_gap(dice.normal(0, 3_000, 16_000).astype(np.int16))
    assert first == second
