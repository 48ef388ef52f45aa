"""What is written of a turn, and what is written again when the caller corrects it later."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from talkover.core.audio import AudioFormat, Encoding
from talkover.core.listener import Hypothesis, Transcript
from talkover.core.records import Outcome, TurnRecord
from talkover.core.traces.blobs import FolderStore
from talkover.core.traces.streams import EVENTS, TURNS
from talkover.server.session.gate import Opening
from talkover.server.session.tape import Tape
from talkover.server.session.turnbook import TurnBook
from talkover.server.session.wire import Segment
from talkover.server.traces import TraceWriter
from talkover.server.traces.blobs import BlobWriter
from talkover.server.traces.spool import Kind, Spool
from talkover.server.turns import Change, Ledger, Tell, Think, TurnPolicy

NOWHERE = "redis://127.0.0.1:1"  # what is written stays in the spool


@pytest.fixture
async def written(tmp_path: Path) -> AsyncIterator[tuple[TraceWriter, Spool]]:
    spool = Spool(tmp_path / "spool", 1 << 22)
    writer = TraceWriter(NOWHERE, spool, BlobWriter(FolderStore(tmp_path / "blobs")))
    await writer.start()
    yield writer, spool
    await writer.close(0.5)


def book(writer: TraceWriter, *, consent: bool) -> TurnBook:
    tape = Tape(60)
    tape.append((np.sin(np.arange(64_000) * 0.05) * 8_000).astype(np.int16))
    opening = Opening(AudioFormat(Encoding.PCM16, 16_000), ("en",), "", consent, False, "ann")
    return TurnBook(
        "s-1",
        opening,
        writer,
        tape,
        temperature=0.3,
        bundle_of=lambda _turn: "b" * 64,
        over=lambda _record: None,
        policy=TurnPolicy(),
    )


def say(pages: TurnBook, turn: int) -> None:
    """A turn that is said, and is being answered."""
    said = Hypothesis("hello dare", (1, 2), -1.5, complete=True)
    segment = Segment(16_000, 32_000, Transcript("en", 0.9, (said,), 0.0, 160_000), 33_000)
    pages.tell(Tell(16_000, Change.CALLER_STARTED, turn))
    pages.end_turn(
        Think(turn=turn, start=16_000, end=32_000, text="hello dare", listens=(0,)),
        [segment],
        34_000,
        "c" * 64,
    )


def answer(pages: TurnBook, turn: int) -> None:
    """A turn that is said, answered and over."""
    say(pages, turn)
    pages.close(turn, Outcome.COMPLETED, Ledger())


async def records(spool: Spool, count: int) -> list[TurnRecord]:
    async with asyncio.timeout(5):
        while len(found := spool.peek(Kind.TURNS, 100)) < count:
            await asyncio.sleep(0.01)
    assert all(one.entry.stream == TURNS for one in found)
    return [TurnRecord.parse(one.entry.data) for one in found]


async def test_a_turn_is_written_with_all_that_learning_needs(written) -> None:
    writer, spool = written
    answer(book(writer, consent=True), 0)
    (record,) = await records(spool, 1)
    assert (record.text, record.n_best[0].log_probability) == ("hello dare", -1.5)
    assert (record.bundle, record.listening_temperature) == ("c" * 64, 0.0)
    assert record.consent.learn
    assert record.blobs.keys() == {"caller"}
    assert record.revision == 0


async def test_a_correction_while_the_turn_is_open_is_in_its_record(written) -> None:
    writer, spool = written
    pages = book(writer, consent=True)
    pages.tell(Tell(16_000, Change.CALLER_STARTED, 0))
    assert pages.correct(0, "hello there")
    pages.close(0, Outcome.COMPLETED, Ledger())
    (record,) = await records(spool, 1)
    assert (record.correction, record.revision) == ("hello there", 0)


async def test_a_correction_after_it_is_the_same_record_again(written) -> None:
    writer, spool = written
    pages = book(writer, consent=True)
    answer(pages, 0)
    answer(pages, 1)
    assert pages.correct(0, "hello there")
    assert pages.correct(0, "hello there, you")
    first, other, second, third = await records(spool, 4)
    assert (first.revision, other.turn) == (0, 1)
    assert [one.revision for one in (second, third)] == [1, 2]
    assert third.correction == "hello there, you"
    changed = {"correction", "revision"}
    assert third.model_dump(exclude=changed) == first.model_dump(exclude=changed)
    assert first.blobs, "and its audio is the same"


async def test_without_consent_a_correction_is_counted_and_not_kept(written) -> None:
    writer, spool = written
    pages = book(writer, consent=False)
    answer(pages, 0)
    assert pages.correct(0, "hello there")
    pages.close_all(Ledger())
    (record,) = await records(spool, 1)
    assert (record.redacted, record.correction, record.revision) == (True, None, 0)
    async with asyncio.timeout(5):
        while not any(b"ended" in one.entry.data for one in spool.peek(Kind.EVENTS, 99)):
            await asyncio.sleep(0.01)
    events = spool.peek(Kind.EVENTS, 99)
    assert {one.entry.stream for one in events} == {EVENTS + "s-1"}
    assert any(b"correction" in one.entry.data for one in events)
    assert not any(b"hello" in one.entry.data for one in events)


async def test_a_turn_that_is_not_known_cannot_be_corrected(written) -> None:
    writer, _ = written
    pages = book(writer, consent=True)
    for turn in range(70):
        answer(pages, turn)
    assert not pages.correct(99, "hello")
    assert not pages.correct(0, "hello"), "it is long ago"
    assert pages.correct(69, "hello")


async def test_a_turn_whose_answer_nobody_wants_keeps_its_words(written) -> None:
    writer, spool = written
    pages = book(writer, consent=True)
    say(pages, 0)
    pages.cancelled(0)
    pages.tell(Tell(35_000, Change.AGENT_FINISHED, 0))
    (record,) = await records(spool, 1)
    assert (record.text, record.outcome) == ("hello dare", Outcome.INTERRUPTED)
    assert (record.decided, "caller" in record.blobs) == (34_000, True)
    assert pages.correct(0, "hello there")
    assert (await records(spool, 2))[1].correction == "hello there"


async def test_a_turn_that_goes_on_loses_its_words_until_it_is_over(written) -> None:
    writer, spool = written
    pages = book(writer, consent=True)
    say(pages, 0)
    pages.cancelled(0)
    pages.tell(Tell(35_000, Change.CALLER_CONTINUED, 0))
    pages.close_all(Ledger())
    (record,) = await records(spool, 1)
    assert (record.text, record.outcome, record.decided) == ("", Outcome.HUNG_UP, None)
