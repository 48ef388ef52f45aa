"""Each turn once, whatever process dies; and nothing is left of what is to be forgotten."""

import json
import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from talkover.core.errors import TraceError
from talkover.core.learning.erasing import FORGOTTEN, erase
from talkover.core.learning.items import Item, Items, State, Taken
from talkover.core.learning.ledger import open_ledger, transaction
from talkover.core.learning.runs import Runs

NOW = time.time()
ANN = "a" * 64


def item(turn: int = 0, session: str = "s", **change: object) -> Item:
    values: dict[str, object] = {
        "session": session,
        "turn": turn,
        "revision": 0,
        "caller": ANN,
        "written_at": NOW - 100,
        "state": State.WAITING,
        "record": "{}",
        "audio": f"{turn:064x}",
        "seconds": 1.0,
    }
    return Item(**(values | change))


@pytest.fixture
def items(tmp_path: Path):
    with Items(tmp_path) as found:
        yield found


def test_a_turn_is_taken_once_in_each_revision(items: Items) -> None:
    assert items.take(item(), b"one") is Taken.NEW
    assert items.take(item(), b"one") is Taken.AGAIN
    assert items.take(item(revision=2, audio="b" * 64), b"two") is Taken.NEW
    assert items.take(item(revision=1), b"one") is Taken.AGAIN
    (kept,) = items.select(State.WAITING)
    assert (kept.revision, kept.audio) == (2, "b" * 64)
    assert [path.stem for path in (items.folder / "audio").rglob("*.flac")] == ["b" * 64]


def test_what_is_taken_is_there_after_a_restart(items: Items) -> None:
    items.take(item(), b"one")
    with Items(items.folder) as again:
        assert again.select(State.WAITING) == [item()]


def test_audio_of_two_turns_goes_with_the_last_of_them(items: Items) -> None:
    first, second = item(0, audio="b" * 64), item(1, audio="b" * 64)
    items.take(first, b"x")
    items.take(second, b"x")
    items.refuse(first, "unsure")
    assert list((items.folder / "audio").rglob("*.flac"))
    items.refuse(second, "unsure")
    assert not list((items.folder / "audio").rglob("*.flac"))


def test_a_label_that_comes_too_late_is_none(items: Items) -> None:
    old = item()
    items.take(old, b"x")
    items.take(item(revision=1), b"x")
    assert not items.label(old, "{}")
    assert not items.refuse(old, "unsure")
    assert items.counts() == {"waiting": 1, "ready": 0, "refused": 0, "fresh": 0}


def test_an_item_is_of_one_run(items: Items) -> None:
    runs = Runs(items.ledger)
    for turn in range(3):
        items.take(item(turn), b"x")
        items.label(item(turn), "{}")
    assert items.counts()["fresh"] == 3
    assert runs.begin("one") == 3
    items.take(item(3), b"x")
    items.label(item(3), "{}")
    runs.end("one", "done")
    assert runs.begin("two") == 1
    assert [one.run for one in items.select(State.READY)] == ["one"] * 3 + ["two"]
    assert items.select(State.READY, fresh=True) == []
    assert [(run["name"], run["items"]) for run in runs.list()] == [("two", 1), ("one", 3)]


def test_items_of_a_run_that_is_stopped_wait_for_the_next(items: Items) -> None:
    runs = Runs(items.ledger)
    items.take(item(), b"x")
    items.label(item(), "{}")
    runs.begin("one")
    runs.finish("one", "mine", {"found": 3})
    assert (runs.under_way(), runs.told("one")) == ("one", {"mine": {"found": 3}})
    runs.stop("one", "for a reason")
    assert runs.under_way() is None
    assert runs.begin("two") == 1


def test_a_transaction_is_whole_or_not_there(items: Items) -> None:
    def halves() -> None:
        with transaction(items.ledger):
            items.ledger.execute("INSERT INTO erased VALUES ('x', 1)")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        halves()
    assert items.ledger.execute("SELECT count(*) FROM erased").fetchone()[0] == 0


def test_what_is_past_retention_is_forgotten_and_stays_counted_for_a_while(items: Items) -> None:
    items.take(item(0, written_at=NOW - 10_000), b"x")
    items.take(item(1, written_at=NOW - 30_000, state=State.REFUSED, record=None, audio=None))
    items.take(item(2), b"x")
    assert items.expire(NOW - 9_000) == 1
    assert items.reasons() == {"expired": 1}
    assert [one.turn for one in items.of_session("s")] == [0, 2]
    assert len(list((items.folder / "audio").rglob("*.flac"))) == 1
    (gone, _) = items.of_session("s")
    assert (gone.record, gone.audio, gone.label) == (None, None, None)


def test_what_a_killed_process_left_is_swept_but_not_what_is_being_taken(items: Items) -> None:
    items.take(item(0), b"x")
    items.sounds.put("f" * 64, b"orphan")
    assert items.sweep() == 0
    old = items.folder / "audio" / "ff" / ("f" * 64 + ".flac")
    os.utime(old, (NOW - 9_999, NOW - 9_999))
    assert items.sweep() == 1
    assert len(list((items.folder / "audio").rglob("*.flac"))) == 1


def test_erasing_stops_a_run_that_learns_from_the_caller_and_gives_back_the_others(
    items: Items,
) -> None:
    runs = Runs(items.ledger)
    for turn, caller in enumerate([ANN, "b" * 64]):
        items.take(item(turn, f"s{turn}", caller=caller), b"x")
        items.label(item(turn, f"s{turn}"), "{}")
    runs.begin("r")
    folder = items.folder / "runs" / "r" / "mined"
    folder.mkdir(parents=True)
    batch = [[{"name": "s0-0", "text": "secret"}, {"name": "s1-1"}], [{"name": "s1-1"}]]
    notes = folder / "01.heard.jsonl"
    notes.write_text("".join(json.dumps(line) + "\n" for line in batch))
    told = erase(items, ANN, frozenset(), dry_run=True)
    assert (told.items, told.recordings, told.lines, told.runs) == (1, 1, 1, ("r",))
    assert erase(items, ANN, frozenset(), dry_run=False) == told
    assert "secret" not in notes.read_text()
    assert [one["outcome"] for one in runs.list()] == [FORGOTTEN]
    assert [one.session for one in items.select(State.READY, fresh=True)] == ["s1"]


def test_what_is_erased_is_on_the_disk_no_longer(items: Items) -> None:
    secret = "the garden gate"
    items.take(item(0, record=json.dumps({"text": secret})), b"x")
    erase(items, ANN, frozenset(), dry_run=False)
    for path in (path for path in items.folder.rglob("*") if path.is_file()):
        assert secret.encode() not in path.read_bytes(), path


def test_a_folder_of_another_version_is_refused(tmp_path: Path) -> None:
    open_ledger(tmp_path).close()
    with sqlite3.connect(tmp_path / "learning.sqlite") as ledger:
        ledger.execute("PRAGMA user_version = 9")
    ledger.close()
    with pytest.raises(TraceError, match="version 9"):
        open_ledger(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "learning.sqlite").write_bytes(b"this is no database at all, is it?" * 9)
    with pytest.raises(TraceError, match="cannot be kept"):
        open_ledger(tmp_path / "other")


def test_several_may_open_a_new_folder_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        for number in range(60):
            opened = [pool.submit(open_closed, tmp_path / str(number)) for _ in range(4)]
            assert all(one.result(30) for one in opened)


def open_closed(folder: Path) -> bool:
    with Items(folder) as found:
        return not sum(found.counts().values())
