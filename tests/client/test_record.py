"""The recorder and the event log: what reaches the disk."""

import json

import numpy as np
import pytest
import soundfile

from talkover.client import AgentAudio, AgentText, AudioError, ConfigError, Transcript, Word
from talkover.client.record import EventLog, Recorder, event_fields


def test_left_is_the_caller_and_right_the_agent(tmp_path):
    path = tmp_path / "deep" / "call.wav"
    recorder = Recorder(path, rate=8_000)
    recorder.write(np.full(160, 5, np.int16), np.full(160, -7, np.int16))
    recorder.write(np.full(160, 6, np.int16), np.zeros(160, np.int16))
    recorder.close()
    recorder.close()
    audio, rate = soundfile.read(path, dtype="int16")
    assert rate == 8_000
    assert audio.shape == (320, 2)
    assert audio[0].tolist() == [5, -7]
    assert audio[-1].tolist() == [6, 0]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AudioError, match="cannot be written"):
        Recorder(tmp_path / "file" / "call.wav")
    with pytest.raises(ConfigError, match="cannot be written"):
        EventLog(tmp_path / "file" / "events.jsonl")


def test_the_log_has_a_line_as_soon_as_it_happens(tmp_path):
    path = tmp_path / "events.jsonl"
    log = EventLog(path)
    log.event(
        Transcript(
            at=5,
            received=log._began + 0.25,
            turn=0,
            final=True,
            text="né",
            words=(Word("né", 1, 2, 0.5),),
            language="pt",
            confidence=0.5,
            starts_at=1,
            ends_at=2,
            bundle_id="b",
        )
    )
    log.note("line", at=320, name="one.wav")
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert lines[0]["event"] == "transcript"
    assert lines[0]["wall"] == 0.25
    assert lines[0]["words"] == [{"text": "né", "starts_at": 1, "ends_at": 2, "confidence": 0.5}]
    assert (lines[1]["event"], lines[1]["at"], lines[1]["name"]) == ("line", 320, "one.wav")
    log.close()
    log.close()


def test_words_that_come_again_are_logged_with_their_place():
    words = (Word("again", 1, 2, 1.0),)
    event = AgentText(at=1, received=0.0, turn=2, words=words, lane_position=320, first=7)
    assert event_fields(event)["first"] == 7


def test_audio_is_logged_by_its_size():
    pcm = np.zeros(160, np.int16)
    event = AgentAudio(at=1, received=0.0, pcm=pcm, lane_position=320, starts_at=640)
    assert event_fields(event) == {
        "event": "agent_audio",
        "at": 1,
        "lane_position": 320,
        "starts_at": 640,
        "samples": 160,
    }
