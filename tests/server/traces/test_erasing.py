"""One command forgets a caller everywhere, says what it removed, and can say so first."""

import asyncio
import contextlib
import json
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from talkover.core.learning.items import Item, Items, State, Taken
from talkover.core.learning.ledger import learning_folder
from talkover.core.learning.runs import Runs
from talkover.core.records import Consent, TurnRecord, caller_hash
from talkover.core.traces.blobs import FolderStore, encode
from talkover.core.traces.streams import EVENTS, LEARNERS, REFUSED, TURNS
from talkover.server.traces import EmbeddedRedis, TraceWriter
from talkover.server.traces.blobs import BlobWriter
from talkover.server.traces.cli import app
from talkover.server.traces.spool import Entry, Kind, Spool

from .support import make_event, make_turn
from .test_writer import drained

RUN = CliRunner(env={"COLUMNS": "160", "TALKOVER_CONFIG": "/nonexistent"})
ANN, BOB = caller_hash("ann"), caller_hash("bob")
SECRET = "the garden gate"


def said(turn: int, caller: str, session: str) -> TurnRecord:
    record = make_turn(turn, session, SECRET if caller == ANN else "hello")
    return record.model_copy(update={"caller": caller, "consent": Consent(record=True, learn=True)})


def tone(pitch: float) -> np.ndarray:
    return (np.sin(np.arange(4_000) * pitch) * 8_000).astype(np.int16)


async def call(writer: TraceWriter, caller: str, session: str, *pitches: float) -> list[str]:
    """A call of some turns, each with its audio."""
    keys = []
    for turn, pitch in enumerate(pitches):
        blob = writer.put_audio(tone(pitch), 16_000)
        writer.record_turn(said(turn, caller, session), {"caller": blob})
        writer.record_event(make_event(turn, session))
        keys.append(await blob)
    await drained(writer)
    return keys


def learnt(data_dir: Path, record: TurnRecord, audio: str, pitch: float) -> None:
    """What learning keeps of a turn."""
    _, flac = encode(tone(pitch), 16_000)
    item = Item(
        record.session,
        record.turn,
        0,
        record.caller,
        time.time() - 60,
        State.WAITING,
        record=record.model_copy(update={"blobs": {"caller": audio}}).model_dump_json(),
        audio=audio,
        seconds=0.25,
    )
    with Items(learning_folder(data_dir)) as items:
        assert items.take(item, flac) is Taken.NEW
        items.label(item, "{}")


def holding(folder: Path, text: str) -> list[Path]:
    """Files in which a text stands."""
    found = []
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        with contextlib.suppress(FileNotFoundError):  # Redis and the spool replace theirs
            found += [path] * (text.encode() in path.read_bytes())
    return found


async def erase(tmp_path: Path, url: str, *more: str) -> dict[str, int]:
    words = ["erase", "--caller", "ann", "--redis", url, "--data-dir", str(tmp_path), *more]
    result = await asyncio.to_thread(lambda: RUN.invoke(app, words, catch_exceptions=False))
    assert result.exit_code == 0, result.output
    rows = [line.rsplit(maxsplit=1) for line in result.output.splitlines() if line.strip()]
    return {row[0]: int(row[1]) for row in rows if row[-1].isdigit()} | {result.output: 0}


@pytest.fixture
async def writer(tmp_path: Path, server: EmbeddedRedis):
    """As a server of this data folder has it."""
    spool = Spool(tmp_path / "traces" / "spool", 1 << 22)
    opened = TraceWriter(server.url, spool, BlobWriter(FolderStore(tmp_path / "traces" / "blobs")))
    await opened.start()
    yield opened
    await opened.close(2.0)


async def test_a_caller_is_forgotten_everywhere_and_others_are_not(
    tmp_path: Path, server: EmbeddedRedis, writer: TraceWriter, client
) -> None:
    first = await call(writer, ANN, "a-1", 0.05, 0.06)
    await call(writer, ANN, "a-2", 0.07)
    others = await call(writer, BOB, "b-1", 0.08)
    shared = await call(writer, BOB, "b-2", 0.05)
    assert shared == first[:1], "two callers made the same sound"
    learnt(tmp_path, said(0, ANN, "a-1"), first[0], 0.05)
    learnt(tmp_path, said(0, BOB, "b-1"), others[0], 0.08)
    runs = learning_folder(tmp_path) / "runs"
    (runs / "r.items").mkdir(parents=True)
    lines = [{"id": "a-1-0", "text": SECRET}, {"id": "b-1-0", "text": "hello"}]
    manifest = runs / "r.items" / "calls.jsonl"
    manifest.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with Items(learning_folder(tmp_path)) as items:
        assert Runs(items.ledger).begin("r") == 2
    client.xadd(REFUSED, {"record": said(1, ANN, "a-1").model_dump_json(), "reason": "x"})
    client.xgroup_create(TURNS, LEARNERS, id="0")
    client.xreadgroup(LEARNERS, "w", {TURNS: ">"}, count=2)  # some are in hand

    wanted = {
        "calls": 2,
        "turns in Redis": 3,
        "events in Redis": 3,
        "turns that learning gave up": 1,
        "recordings": 2,  # the third is Bob's, too
        "training items": 1,
        "recordings of training items": 1,
        "lines of training manifests": 1,
    }
    before = client.xlen(TURNS)
    dry = await erase(tmp_path, server.url, "--dry-run")
    assert dry.items() >= wanted.items()
    assert (client.xlen(TURNS), SECRET in manifest.read_text()) == (before, True)

    done = await erase(tmp_path, server.url)
    assert done.items() >= wanted.items()
    assert any("weights of these runs have learnt from them: r" in text for text in done)
    kept = [TurnRecord.parse(fields[b"record"]) for _, fields in client.xrange(TURNS)]
    assert {record.caller for record in kept} == {BOB}
    assert client.xlen(REFUSED) == 0
    assert client.xpending(TURNS, LEARNERS)["pending"] == 0
    assert {key.decode() for key in client.keys(EVENTS + "*")} == {EVENTS + "b-1", EVENTS + "b-2"}
    assert {path.stem for path in (tmp_path / "traces/blobs").rglob("*.flac")} == {
        *others,
        *shared,
    }
    with Items(learning_folder(tmp_path)) as items:
        assert [one.session for one in items.of_session("b-1")] == ["b-1"]
        assert items.of_session("a-1") == []
        assert Runs(items.ledger).under_way() is None, "a run that learns from them is stopped"
    assert SECRET not in manifest.read_text()
    async with asyncio.timeout(10):  # Redis writes its log anew
        while holding(tmp_path, SECRET):
            await asyncio.sleep(0.05)

    again = await erase(tmp_path, server.url)
    assert not any(again.values())


async def test_what_waits_in_the_spool_of_a_server_that_is_gone_is_erased_too(
    tmp_path: Path, server: EmbeddedRedis, client
) -> None:
    spool = Spool(tmp_path / "traces" / "spool", 1 << 22)
    records = [said(0, ANN, "a-1"), said(0, BOB, "b-1")]
    spool.append(
        Kind.TURNS, [Entry(TURNS, record.model_dump_json().encode()) for record in records]
    )
    spool.append(Kind.EVENTS, [Entry(EVENTS + "a-1", make_event(0).model_dump_json().encode())])
    spool.close()
    assert (await erase(tmp_path, server.url))["turns in Redis"] == 1
    (kept,) = [TurnRecord.parse(fields[b"record"]) for _, fields in client.xrange(TURNS)]
    assert kept.session == "b-1", "what is another's is delivered, and not lost"
    assert not client.exists(EVENTS + "a-1")
    assert not any(path.stat().st_size for path in (tmp_path / "traces/spool").glob("*.log"))


async def test_a_call_under_way_is_told_of(
    tmp_path: Path, server: EmbeddedRedis, writer: TraceWriter
) -> None:
    await call(writer, ANN, "a-1", 0.05)
    done = await erase(tmp_path, server.url)
    assert any("1 calls may be under way" in text for text in done)


async def test_what_redis_has_is_in_the_spool_no_longer(
    tmp_path: Path, writer: TraceWriter
) -> None:
    await call(writer, ANN, "a-1", 0.05)
    async with asyncio.timeout(5):
        while holding(tmp_path / "traces" / "spool", SECRET):
            await asyncio.sleep(0.02)


def test_what_was_on_its_way_when_a_caller_was_forgotten_is_dropped(tmp_path: Path) -> None:
    from talkover.core.learning.erasing import erase as forget

    late = Item("a-1", 0, 0, ANN, time.time() - 60, State.REFUSED, "x")
    with Items(tmp_path) as items:
        forget(items, ANN, frozenset(), dry_run=False)
        assert items.take(late) is Taken.ERASED
        new = Item("a-2", 0, 0, ANN, time.time() + 60, State.REFUSED, "x")
        assert items.take(new) is Taken.NEW, "who calls again later is heard again"
