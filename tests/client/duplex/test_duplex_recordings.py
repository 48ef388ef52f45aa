"""From a call to a recording, to the disk and back."""

import dataclasses

import numpy as np
import pytest

from talkover.client._events import AgentAudio, AgentText, Turn, TurnKind, Word
from talkover.client.bench.duplex import storage
from talkover.client.bench.duplex.caller import anchors, place_words
from talkover.client.bench.duplex.run import Run, plan_run
from talkover.client.bench.duplex.types import CallRecording, Event, Kind, ServerEvent
from talkover.client.player import Player
from talkover.core.clock import FRAME
from talkover.core.errors import ConfigError


def audio(lane_position, starts_at):
    pcm = np.full(FRAME, 100, np.int16)
    return AgentAudio(at=0, received=0, pcm=pcm, lane_position=lane_position, starts_at=starts_at)


def words(*spans, turn=0):
    said = tuple(Word(f"w{begin}", begin, end, 1.0) for begin, end in spans)
    return AgentText(at=0, received=0, turn=turn, words=said, lane_position=0, first=0)


def test_words_lie_where_they_were_heard():
    # Two replies; of the first 40 ms are thrown away, so lane positions come twice.
    player = Player()
    events = [
        words((16_000, 16_400), (16_500, 17_000)),
        *(audio(i * 320, 16_000 + i * 320) for i in range(4)),
    ]
    for event in events[1:]:
        player.push(event.pcm, lane_position=event.lane_position, starts_at=event.starts_at)
    for _ in range(10):
        player.play()
    later = [
        words((48_000, 48_320), turn=1),
        *(audio(4 * 320 + i * 320, 48_000 + i * 320) for i in range(3)),
    ]
    for event in later[1:]:
        player.push(event.pcm, lane_position=event.lane_position, starts_at=event.starts_at)
    for _ in range(6):
        player.play()
    first, second = player.spans
    placed = place_words(events + later, anchors(events + later, player.spans))
    assert [word for word, _, _ in placed] == ["w16000", "w16500", "w48000"]
    assert placed[0][1] == pytest.approx(first.heard_at / 16_000)
    assert placed[1][1] - placed[0][1] == pytest.approx(500 / 16_000)
    assert placed[2][1] == pytest.approx(second.heard_at / 16_000)
    assert placed[2][2] - placed[2][1] == pytest.approx(0.02)


def test_words_that_were_taken_back_stay_where_they_would_have_been():
    player = Player()
    events = [
        words((16_000, 16_320), (40_000, 41_000)),
        *(audio(i * 320, 16_000 + i * 320) for i in range(3)),
    ]
    for event in events[1:]:
        player.push(event.pcm, lane_position=event.lane_position, starts_at=event.starts_at)
    for _ in range(8):
        player.play()
    placed = place_words(events, anchors(events, player.spans))
    assert placed[1][1] - placed[0][1] == pytest.approx(24_000 / 16_000)


def test_without_a_sound_words_keep_their_media_times():
    turn = Turn(at=0, received=0, kind=TurnKind.AGENT_STARTED, turn=0)
    assert place_words([turn, words((8_000, 16_000))], []) == (("w8000", 0.5, 1.0),)


@pytest.fixture
def call():
    dice = np.random.default_rng(0)
    lanes = [dice.integers(-9_000, 9_000, 3_200).astype(np.int16) for _ in range(3)]
    return CallRecording(
        *("tic/dev/003", "tic", "dev", "grpc", 16_000, *lanes),
        events=(Event(Kind.TIC, 0.1, 0.15, "laugh", "actor X", "ru", -8.0, "laugh", counts=False),),
        server=(ServerEvent("TRUNCATION", 0.12, 1, "¿qué?"),),
        words=(("what", 0.05, 0.11),),
        notes="2 stalls",
    )


def test_a_call_comes_back_as_it_was(call, tmp_path):
    assert not storage.is_saved(call.name, tmp_path)
    assert storage.save(call, tmp_path) == tmp_path / "tic/dev/003.flac"
    assert storage.is_saved(call.name, tmp_path)
    back = storage.load(call.name, tmp_path)
    for field in dataclasses.fields(CallRecording):
        ours, theirs = getattr(call, field.name), getattr(back, field.name)
        assert np.array_equal(ours, theirs) if isinstance(ours, np.ndarray) else ours == theirs
    storage.remove(call.name, tmp_path)
    assert not storage.is_saved(call.name, tmp_path)
    storage.remove(call.name, tmp_path)


def test_half_a_call_is_none(call, tmp_path):
    storage.save(call, tmp_path)
    (tmp_path / "tic/dev/003.json").write_text('{"name": 1')
    with pytest.raises(ConfigError, match="record it again"):
        storage.load(call.name, tmp_path)
    (tmp_path / "tic/dev/003.near.flac").unlink()
    assert not storage.is_saved(call.name, tmp_path)


def test_a_quick_run_has_one_call_of_each_kind_in_turn(tmp_path):
    try:
        plans = plan_run(Run(tmp_path, scenarios=("noise", "echo"), calls=2, split="dev"))
    except ConfigError as error:
        pytest.skip(str(error))
    assert [plan.name for plan in plans] == [
        *("noise/dev/000", "echo/dev/000", "noise/dev/001", "echo/dev/001"),
    ]
    quick = plan_run(Run(tmp_path, scenarios=("noise",), quick=True, split="dev"))
    assert len(quick) == 1
    assert len(quick[0].steps) == 4
    over_rtp = plan_run(
        Run(tmp_path, scenarios=("noise",), quick=True, split="dev", transport="webrtc")
    )
    assert over_rtp[0].name == "noise/dev/000-webrtc"
    assert over_rtp[0].steps[1].marks == quick[0].steps[1].marks
