import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import numpy as np
import pytest

from talkover.core.errors import ConfigError
from talkover.core.records import Consent
from talkover.core.settings import load_settings
from talkover.core.traces.blobs import FolderStore, decode
from talkover.server.traces import EmbeddedRedis, TraceWriter
from talkover.server.traces.blobs import BlobWriter
from talkover.server.traces.spool import Spool
from talkover.server.traces.writer import MAX_TURNS

from .support import Streams, make_event, make_turn

ROOT = Path(__file__).resolve().parents[3]

Opener = Callable[[str], AbstractAsyncContextManager[TraceWriter]]

PROCESS = """
import asyncio, sys
from pathlib import Path
from tests.server.traces.support import make_turn
from talkover.server.traces import TraceWriter
from talkover.core.traces.blobs import FolderStore
from talkover.server.traces.blobs import BlobWriter
from talkover.server.traces.spool import Spool

async def main():
    folder, url, begin = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    writer = TraceWriter(url, Spool(folder, 1 << 24), BlobWriter(FolderStore(folder / "b")))
    await writer.start()
    for turn in range(begin, begin + 100_000):
        writer.record_turn(make_turn(turn))
        while writer.stats().spooled > 500:
            await asyncio.sleep(0.001)
        if turn % 50 == 0:
            print(turn, flush=True)
            await asyncio.sleep(0)
asyncio.run(main())
"""


async def drained(writer: TraceWriter, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while writer.stats().spooled:
        assert time.monotonic() < end, writer.stats()
        await asyncio.sleep(0.01)


async def test_turns_and_events_arrive(
    server: EmbeddedRedis, streams: Streams, open_writer: Opener
) -> None:
    async with open_writer(server.url) as writer:
        for i in range(50):
            writer.record_turn(make_turn(i))
            writer.record_event(make_event(i))
            writer.record_event(make_event(i, "other"))
        await drained(writer)
        stats = writer.stats()
        assert (stats.connected, stats.delivered, stats.dropped) == (True, 150, 0)
    assert streams.turns() == list(range(50))
    assert streams.events() == streams.events("other") == list(range(50))
    assert streams.life() > 13 * 24 * 3600


async def test_nothing_is_lost_or_doubled_when_redis_is_killed_again_and_again(
    server: EmbeddedRedis, streams: Streams, open_writer: Opener
) -> None:
    count = 600
    async with open_writer(server.url) as writer:
        for i in range(count):
            writer.record_turn(make_turn(i))
            writer.record_event(make_event(i))
            if i in (100, 300, 450) and server.pid is not None:
                os.kill(server.pid, signal.SIGKILL)
            await asyncio.sleep(0.002)
        await drained(writer)
        assert writer.stats().dropped == 0
    assert server.restarts >= 2
    assert streams.turns() == list(range(count))
    assert streams.events() == list(range(count))


async def test_redis_may_be_away_and_come_back(tmp_path: Path, open_writer: Opener) -> None:
    server = EmbeddedRedis(tmp_path)
    async with open_writer(server.url) as writer:
        for i in range(20):
            writer.record_turn(make_turn(i))
        await asyncio.sleep(0.3)
        assert not writer.stats().connected
        assert writer.stats().spooled == 20
        await server.start()
        await drained(writer)
        assert Streams(server.url).turns() == list(range(20))
        await server.close()
        for i in range(20, 40):
            writer.record_turn(make_turn(i))
        await asyncio.sleep(0.1)
    async with open_writer(server.url) as writer:  # a later process finds the rest
        assert writer.stats().spooled == 20
        await server.start()
        await drained(writer)
    assert Streams(server.url).turns() == list(range(40))
    await server.close()


async def test_a_hanging_redis_holds_nobody_up(
    server: EmbeddedRedis, streams: Streams, open_writer: Opener
) -> None:
    async with open_writer(server.url) as writer:
        writer.record_turn(make_turn(0))
        await drained(writer)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGSTOP)
        worst = slept = 0.0
        try:
            for i in range(1, 200):
                begin = time.perf_counter()
                writer.record_turn(make_turn(i))
                writer.record_event(make_event(i))
                taken = time.perf_counter()
                await asyncio.sleep(0.002)
                worst = max(worst, taken - begin)
                slept = max(slept, time.perf_counter() - taken)
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert worst < 0.5
        assert slept < 1.0  # the loop was free: a wait for Redis takes three seconds
        await drained(writer)
        assert streams.turns() == list(range(200))


async def test_an_answer_that_got_lost_doubles_nothing(
    server: EmbeddedRedis, streams: Streams, open_writer: Opener, tmp_path: Path
) -> None:
    async with open_writer(server.url) as writer:
        for i in range(10):
            writer.record_turn(make_turn(i))
        await drained(writer)
    state = tmp_path / "spool" / "state.json"
    before = state.read_text()
    state.write_text(before.replace('"turns": 10', '"turns": 4'))  # as if never confirmed
    async with open_writer(server.url) as writer:
        writer.record_turn(make_turn(10))
        await drained(writer)
    assert streams.turns() == list(range(11))


async def test_a_spool_that_redis_knows_better_starts_afresh(
    server: EmbeddedRedis, streams: Streams, open_writer: Opener, tmp_path: Path
) -> None:
    async with open_writer(server.url) as writer:
        for i in range(10):
            writer.record_turn(make_turn(i))
        await drained(writer)
    for segment in (tmp_path / "spool").glob("*.log"):  # an old backup was put back
        segment.unlink()
    state = tmp_path / "spool" / "state.json"
    state.write_text(state.read_text().replace('"turns": 10', '"turns": 2'))
    async with open_writer(server.url) as writer:
        writer.record_turn(make_turn(10))
        await drained(writer)
    assert streams.turns() == list(range(11))


async def test_an_emptied_redis_is_filled_again(
    server: EmbeddedRedis, streams: Streams, open_writer: Opener
) -> None:
    async with open_writer(server.url) as writer:
        writer.record_turn(make_turn(0))
        await drained(writer)
        streams.flush()
        writer.record_turn(make_turn(1))
        await drained(writer)
    assert streams.turns() == [1]


async def test_a_killed_process_loses_nothing_it_had_written(
    server: EmbeddedRedis, streams: Streams, tmp_path: Path
) -> None:
    folder = tmp_path / "spool"
    begin = 0
    for pause in (0.5, 0.3, 0.4):
        command = [sys.executable, "-c", PROCESS, str(folder), server.url, str(begin)]
        with subprocess.Popen(  # noqa: ASYNC220 - starting it takes no time
            command, cwd=ROOT, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            await asyncio.to_thread(process.stdout.readline)
            await asyncio.sleep(pause)
            process.kill()
        begin += 100_000
    spool = Spool(folder, 1 << 24)
    writer = TraceWriter(server.url, spool, BlobWriter(FolderStore(folder / "b")))
    await writer.start()
    await drained(writer)
    await writer.close()
    turns = streams.turns()
    assert turns == sorted(set(turns))
    for start in range(0, 300_000, 100_000):  # of each process: a stretch without a gap
        mine = [turn - start for turn in turns if start <= turn < start + 100_000]
        assert mine
        assert mine == list(range(len(mine)))


async def test_without_consent_no_word_is_kept(
    server: EmbeddedRedis, streams: Streams, open_writer: Opener
) -> None:
    async with open_writer(server.url) as writer:
        record = make_turn(0).model_copy(update={"consent": Consent()})
        writer.record_turn(record)
        await drained(writer)
    (kept,) = streams.records()
    assert (kept.text, kept.heard, kept.redacted) == ("", "", True)
    assert kept.lengths["text"] == len("hello there")


async def test_a_turn_names_its_audio_and_order_is_kept(
    server: EmbeddedRedis, streams: Streams, open_writer: Opener, tmp_path: Path
) -> None:
    pcm = (np.sin(np.arange(160_000) * 0.1) * 9_000).astype(np.int16)
    async with open_writer(server.url) as writer:
        writer.record_turn(
            make_turn(0),
            {"caller": writer.put_audio(pcm, 16_000), "agent": writer.put_audio(pcm[:0], 16_000)},
        )
        writer.record_turn(make_turn(1))
        await drained(writer)
        assert writer.stats().blobs_dropped == 1
    first, second = streams.records()
    assert (first.turn, second.turn) == (0, 1)
    assert list(first.blobs) == ["caller"]
    stored, rate = decode(FolderStore(tmp_path / "blobs").get(first.blobs["caller"]))
    np.testing.assert_array_equal(stored, pcm)
    assert rate == 16_000


async def test_memory_is_bounded_while_the_disk_refuses(
    server: EmbeddedRedis,
    streams: Streams,
    open_writer: Opener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("talkover.server.traces.writer._DISK_SECONDS", 0.05)
    async with open_writer(server.url) as writer:
        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", refuse)
            for i in range(MAX_TURNS + 50):
                writer.record_turn(make_turn(i))
            await asyncio.sleep(0.3)
            assert writer.stats().dropped == 50
        await drained(writer)
    assert streams.turns() == list(range(MAX_TURNS))


async def test_after_closing_records_are_counted_as_dropped(
    server: EmbeddedRedis, streams: Streams, open_writer: Opener
) -> None:
    async with open_writer(server.url) as writer:
        for i in range(30):
            writer.record_turn(make_turn(i))
    writer.record_turn(make_turn(30))
    writer.record_event(make_event(0))
    assert writer.stats().dropped == 2
    assert streams.turns() == list(range(30))  # closing delivered what was in line


async def test_closing_is_bounded_while_redis_hangs(
    server: EmbeddedRedis, tmp_path: Path, open_writer: Opener
) -> None:
    async with open_writer(server.url) as writer:
        writer.record_turn(make_turn(0))
        await drained(writer)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGSTOP)
        writer.record_turn(make_turn(1))
        begin = time.monotonic()
        await writer.close(0.5)
        taken = time.monotonic() - begin
        os.kill(server.pid, signal.SIGCONT)
    assert taken < 1.5
    spool = Spool(tmp_path / "spool", 1 << 22)
    assert spool.waiting == 1
    spool.close()


async def test_the_settings_describe_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALKOVER_CONFIG", str(tmp_path / "none.toml"))
    settings = load_settings(data_dir=tmp_path / "data")
    async with TraceWriter.open(settings) as writer:
        writer.record_turn(make_turn(0))
        await drained(writer)
        assert writer.stats().connected
    other = load_settings(data_dir=tmp_path / "data", traces__redis_url="http://:secret@nowhere")
    with pytest.raises(ConfigError) as caught:
        async with TraceWriter.open(other):
            pass
    assert "secret" not in str(caught.value)
