"""From a real stream into the ledger: what is counted, refused, tried again and given up."""

import json
import threading
import time
from pathlib import Path

import pytest

from talkover.core.errors import TraceError
from talkover.core.learning.items import Items, State
from talkover.core.learning.ledger import STATUS
from talkover.core.records import Consent, Outcome, redact
from talkover.core.traces.connecting import connect
from talkover.core.traces.streams import LEARNERS, REFUSED, TURNS
from talkover.trainer.data.texts import Split
from talkover.trainer.learning.consumer import Consumer
from talkover.trainer.learning.inbox import Inbox

from .calls import Calls, OwnRedis, sentence, turn

GO = threading.Event()  # never set: go on


def test_turns_become_items_with_their_audio(
    consumer: Consumer, calls: Calls, items: Items
) -> None:
    keys = [calls.write(turn(number)) for number in range(20)]
    consumer.drain(GO)
    found = items.select(State.WAITING)
    assert [one.turn for one in found] == list(range(20))
    assert [one.audio for one in found] == keys
    assert all(items.sounds.get(key) for key in keys)
    assert found[0].seconds == 0.5
    assert calls.client.xpending(TURNS, LEARNERS)["pending"] == 0
    assert calls.client.xlen(TURNS) == 20, "traces are the server's to trim"


def test_a_turn_is_counted_once_however_often_it_comes(
    consumer: Consumer, calls: Calls, items: Items
) -> None:
    for _ in range(3):
        calls.write(turn(0))
    consumer.drain(GO)
    assert items.counts()["waiting"] == 1
    assert consumer.counts == {"kept": 1, "again": 2}


def test_a_correction_that_came_later_takes_the_turns_place(
    consumer: Consumer, calls: Calls, items: Items
) -> None:
    calls.write(turn(0))
    consumer.drain(GO)
    (first,) = items.select(State.WAITING)
    items.label(first, "{}")
    calls.write(turn(0, revision=1, correction=sentence(7)))
    calls.write(turn(0))  # an old one, late
    consumer.drain(GO)
    (second,) = items.select(State.WAITING)
    assert second.revision == 1
    assert json.loads(second.record)["correction"] == sentence(7)
    assert not items.label(first, "{}"), "a label of the old revision has come too late"


def test_each_refusal_is_counted_by_its_reason_and_keeps_no_content(
    consumer: Consumer, calls: Calls, items: Items, tmp_path: Path
) -> None:
    calls.write(turn(0, consent=Consent(record=True)))
    calls.add(redact(turn(1)).model_dump_json())
    calls.write(turn(2, written_at=time.time() - 40 * 86_400))
    calls.write(turn(3, caller="e" * 64))
    calls.write(turn(4, text=sentence(4, Split.TEST)))
    calls.write(turn(5), seconds=0.1)
    calls.write(turn(6), seconds=25)
    calls.write(turn(7, outcome=Outcome.FALSE_START))
    calls.write(turn(8, speaker="other"))
    calls.add(turn(9).model_dump_json())
    calls.write(turn(10, language="is"))
    calls.write(turn(11, text="my card is 4111 1111 1111"))
    consumer.drain(GO)
    assert items.reasons() == {
        "no_consent": 2,
        **dict.fromkeys(
            ["evaluation_speaker", "evaluation_text", "expired", "language", "no_audio"], 1
        ),
        **dict.fromkeys(["not_a_turn", "not_the_caller", "private", "too_long", "too_short"], 1),
    }
    assert items.counts()["waiting"] == 0
    assert not list((tmp_path / "learning" / "audio").rglob("*.flac"))
    rows = items.ledger.execute("SELECT record, audio, label FROM turns").fetchall()
    assert {tuple(row) for row in rows} == {(None, None, None)}


def test_what_cannot_be_read_is_set_aside_at_once(
    consumer: Consumer, calls: Calls, items: Items
) -> None:
    calls.add("{")
    calls.write(turn(1))
    consumer.drain(GO)
    ((_, fields),) = calls.client.xrange(REFUSED)
    assert fields[b"record"] == b"{"
    assert b"not a TurnRecord" in fields[b"reason"]
    assert items.counts()["waiting"] == 1


def test_audio_that_is_late_is_waited_for_and_audio_that_never_comes_is_not(
    consumer: Consumer, calls: Calls, items: Items
) -> None:
    late, lost = calls.write(turn(0)), calls.write(turn(1))
    held = calls.blobs.get(late)
    calls.blobs.delete(late)
    calls.blobs.delete(lost)
    consumer.drain(GO)
    assert items.counts()["waiting"] == 0
    calls.blobs.put(late, held)
    end = time.monotonic() + 10
    while not calls.client.xlen(REFUSED):
        assert time.monotonic() < end
        time.sleep(0.25)  # longer than a silent worker keeps what it has
        consumer._looked = 0.0
        consumer.step(GO, wait=0.01)
    assert [one.turn for one in items.select(State.WAITING)] == [0]
    ((_, fields),) = calls.client.xrange(REFUSED)
    assert b"no audio" in fields[b"reason"]
    assert consumer.counts["given_up"] == 1
    assert calls.client.xpending(TURNS, LEARNERS)["pending"] == 0
    assert items.ledger.execute("SELECT count(*) FROM attempts").fetchone()[0] == 0


def test_what_kills_its_worker_each_time_is_given_up_and_its_neighbours_are_not(
    consumer: Consumer, calls: Calls, items: Items, own_redis: OwnRedis
) -> None:
    """A worker that dies leaves its entries in hand, and an attempt at the one it died of."""
    calls.write(turn(0))
    calls.write(turn(1))
    for _ in range(6):
        dying = Inbox(connect(own_redis.url), "worker", idle=0.2)
        dying.open()
        (first, *_) = [*dying.mine(), *dying.fresh(16, 0.01)]
        if first.tries > 1:
            items.attempt(first.entry.decode())
    consumer.drain(GO)
    ((_, fields),) = calls.client.xrange(REFUSED)
    assert b"died" in fields[b"reason"]
    assert [one.turn for one in items.select(State.WAITING)] == [1]


def test_what_a_lost_worker_had_goes_to_another_and_is_not_taken_from_a_live_one(
    consumer: Consumer, calls: Calls, items: Items, own_redis: OwnRedis
) -> None:
    other = Inbox(connect(own_redis.url), "other", idle=0.2)
    calls.write(turn(0))
    other.open()
    assert len(other.fresh(16, 0.01)) == 1
    consumer.drain(GO)
    assert items.counts()["waiting"] == 0
    time.sleep(0.3)
    consumer._looked = 0.0
    consumer.drain(GO)
    assert items.counts()["waiting"] == 1


def test_lag_and_age_are_told(consumer: Consumer, calls: Calls, tmp_path: Path) -> None:
    consumer.drain(GO)
    for number in range(3):
        calls.write(turn(number))
    time.sleep(0.05)
    backlog = consumer._inbox.backlog()
    assert (backlog.waiting, backlog.pending) == (3, 0)
    assert 0.05 <= backlog.age_seconds < 5
    entries = calls.client.xrange(TURNS)
    calls.client.xdel(TURNS, entries[1][0])
    assert consumer._inbox.backlog().waiting == 2, "also where Redis no longer knows"
    consumer.drain(GO)
    told = json.loads((tmp_path / "learning" / STATUS).read_text())
    assert (told["waiting"], told["pending"], told["age_seconds"]) == (0, 0, 0)
    assert told["counts"] == {"kept": 2}


def test_a_redis_that_forgot_everything_is_read_from_the_beginning(
    consumer: Consumer, calls: Calls, items: Items
) -> None:
    calls.write(turn(0))
    consumer.drain(GO)
    calls.client.flushall()
    calls.write(turn(0))
    calls.write(turn(1))
    consumer.drain(GO)
    assert items.counts()["waiting"] == 2


def test_a_redis_that_goes_away_is_told_of(consumer: Consumer, own_redis: OwnRedis) -> None:
    consumer.drain(GO)
    own_redis.kill()
    with pytest.raises(TraceError, match="went away"):
        consumer.drain(GO)
    own_redis.start()


def test_a_redis_that_is_away_is_waited_for(
    consumer: Consumer, calls: Calls, own_redis: OwnRedis, tmp_path: Path
) -> None:
    calls.write(turn(0))
    own_redis.kill()
    stop = threading.Event()
    # The ledger belongs to the thread that opened it.
    back = threading.Thread(target=lambda: (time.sleep(0.3), own_redis.start()))
    done = threading.Thread(target=lambda: (_wait_for(tmp_path), stop.set()))
    back.start()
    done.start()
    consumer.run(stop)
    back.join()
    done.join()
    assert consumer.counts["kept"] == 1


def _wait_for(tmp_path: Path) -> None:
    end = time.monotonic() + 15
    while time.monotonic() < end:
        with Items(tmp_path / "learning") as items:
            if items.counts()["waiting"]:
                return
        time.sleep(0.05)
