from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from talkover.core.errors import TraceError
from talkover.server.traces.spool import MAX_LINE, Entry, Kind, Spool

LIMIT = 1 << 20


def entries(*numbers: int, size: int = 0) -> list[Entry]:
    return [Entry("stream", b'{"n":%d,"x":"%s"}' % (n, b"x" * size)) for n in numbers]


def waiting(spool: Spool, kind: Kind = Kind.TURNS) -> list[bytes]:
    return [one.entry.data for one in spool.peek(kind, 10_000)]


def data(*numbers: int, size: int = 0) -> list[bytes]:
    return [one.data for one in entries(*numbers, size=size)]


def test_first_in_first_out(tmp_path: Path) -> None:
    spool = Spool(tmp_path, LIMIT)
    spool.append(Kind.TURNS, entries(1, 2))
    spool.append(Kind.EVENTS, entries(9))
    spool.append(Kind.TURNS, entries(3))
    assert [one.seq for one in spool.peek(Kind.TURNS, 2)] == [1, 2]
    spool.confirm(Kind.TURNS, 2)
    assert waiting(spool) == data(3)
    assert waiting(spool, Kind.EVENTS) == data(9)
    assert spool.waiting == 2
    spool.close()


def test_what_is_confirmed_stays_confirmed_over_a_restart(tmp_path: Path) -> None:
    spool = Spool(tmp_path, LIMIT)
    spool.append(Kind.TURNS, entries(*range(10)))
    spool.confirm(Kind.TURNS, 4)
    name = spool.id
    spool.close()
    again = Spool(tmp_path, LIMIT)
    assert again.id == name
    assert waiting(again) == data(*range(4, 10))
    again.append(Kind.TURNS, entries(10))
    assert [one.seq for one in again.peek(Kind.TURNS, 99)] == list(range(5, 12))
    again.confirm(Kind.TURNS, 11)
    again.close()
    empty = Spool(tmp_path, LIMIT)
    assert empty.waiting == 0
    empty.append(Kind.TURNS, entries(11))
    assert empty.peek(Kind.TURNS, 1)[0].seq == 12
    empty.close()


@pytest.mark.parametrize("torn", [b"", b"1", b"00000000 4 stream {}\n", b"\xff\xfe garbage", b"\n"])
def test_a_torn_tail_is_skipped(tmp_path: Path, torn: bytes) -> None:
    spool = Spool(tmp_path, LIMIT)
    spool.append(Kind.TURNS, entries(1, 2, 3))
    spool.close()
    (segment,) = tmp_path.glob("turns-*.log")
    with segment.open("ab") as file:
        file.write(torn)
    again = Spool(tmp_path, LIMIT)
    assert waiting(again) == data(1, 2, 3)
    assert again.damaged == bool(torn)
    again.append(Kind.TURNS, entries(4))
    assert waiting(again) == data(1, 2, 3, 4)
    again.close()


def test_every_cut_of_the_last_line_loses_that_line_only(tmp_path: Path) -> None:
    spool = Spool(tmp_path, LIMIT)
    spool.append(Kind.TURNS, entries(1, 2))
    spool.close()
    (segment,) = tmp_path.glob("turns-*.log")
    whole = segment.read_bytes()
    second = whole.index(b"\n") + 1
    for length in range(second, len(whole)):
        segment.write_bytes(whole[:length])
        again = Spool(tmp_path, LIMIT)
        assert waiting(again) == data(1)
        again.close()


def test_a_damaged_line_in_the_middle_is_skipped(tmp_path: Path) -> None:
    spool = Spool(tmp_path, LIMIT)
    spool.append(Kind.TURNS, entries(1, 2, 3))
    spool.close()
    (segment,) = tmp_path.glob("turns-*.log")
    segment.write_bytes(segment.read_bytes().replace(b'"n":2', b'"n":7'))
    again = Spool(tmp_path, LIMIT)
    assert waiting(again) == data(1, 3)
    again.confirm(Kind.TURNS, 3)
    assert again.waiting == 0
    again.close()


def test_a_lost_state_means_a_new_id_and_everything_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path, LIMIT)
    spool.append(Kind.TURNS, entries(1, 2))
    spool.confirm(Kind.TURNS, 1)
    name = spool.id
    spool.close()
    (tmp_path / "state.json").write_text("{")
    again = Spool(tmp_path, LIMIT)
    assert again.id != name
    assert waiting(again) == data(1, 2)
    again.close()


def test_when_full_the_oldest_events_go_first(tmp_path: Path) -> None:
    limit = 64_000
    spool = Spool(tmp_path, limit)
    for i in range(40):
        spool.append(Kind.TURNS, entries(i, size=500))
        spool.append(Kind.EVENTS, entries(i, size=500))
    assert spool.dropped == {Kind.TURNS: 0, Kind.EVENTS: 0}
    for i in range(40, 100):
        spool.append(Kind.TURNS, entries(i, size=500))
        assert spool.size <= limit
    assert spool.dropped[Kind.TURNS] == 0
    assert spool.dropped[Kind.EVENTS] > 10
    assert waiting(spool) == data(*range(100), size=500)
    kept = len(waiting(spool, Kind.EVENTS))
    assert waiting(spool, Kind.EVENTS) == data(*range(40 - kept, 40), size=500)
    assert kept + spool.dropped[Kind.EVENTS] == 40
    spool.close()


def test_when_only_turns_are_left_the_oldest_go(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 16_000)
    spool.append(Kind.EVENTS, entries(0, size=500))
    for i in range(200):
        spool.append(Kind.TURNS, entries(i, size=500))
    left = waiting(spool)
    assert left == data(*range(200 - len(left), 200), size=500)
    assert spool.dropped == {Kind.TURNS: 200 - len(left), Kind.EVENTS: 1}
    assert len(left) > 20
    spool.close()


def test_confirmed_segments_leave_the_disk(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 32_000)
    for i in range(500):
        spool.append(Kind.TURNS, entries(i, size=500))
        spool.confirm(Kind.TURNS, i + 1)
    assert spool.dropped[Kind.TURNS] == 0
    assert len(list(tmp_path.glob("*.log"))) <= 2
    spool.close()


def test_what_cannot_be_a_line_is_dropped_and_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path, LIMIT)
    bad = [Entry("s", b"x" * MAX_LINE), Entry("s", b"a\nb"), Entry("a b", b"{}")]
    spool.append(Kind.TURNS, [*bad, *entries(1)])
    assert waiting(spool) == data(1)
    assert spool.dropped[Kind.TURNS] == 3
    spool.close()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    spool = Spool(tmp_path, LIMIT)
    with pytest.raises(TraceError, match="another server"):
        Spool(tmp_path, LIMIT)
    spool.close()
    Spool(tmp_path, LIMIT).close()


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TraceError, match="cannot keep traces"):
        Spool(tmp_path / "file" / "spool", LIMIT)


def test_a_disk_that_refuses_loses_nothing_that_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, LIMIT)

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    for written in (0, 3):
        spool.append(Kind.TURNS, entries(*range(written)))
        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", refuse)
            with pytest.raises(OSError, match="No space"):
                spool.append(Kind.TURNS, entries(99))
        assert waiting(spool) == data(*range(written))
    spool.append(Kind.TURNS, entries(3))
    spool.close()
    again = Spool(tmp_path, LIMIT)
    assert waiting(again) == data(0, 1, 2, 3)
    again.close()


class Model(RuleBasedStateMachine):
    """Any mix of writing, confirming and restarting keeps order and loses nothing."""

    folder: Path

    @initialize()
    def begin(self) -> None:
        self.lost = 0
        self.next = 0
        self.model: list[int] = []
        for path in self.folder.glob("*"):
            path.unlink()
        self.spool = Spool(self.folder, 8_000_000)

    @rule(count=st.integers(1, 30), size=st.sampled_from([0, 3_000, 60_000]))
    def write(self, count: int, size: int) -> None:
        numbers = range(self.next, self.next + count)
        self.next += count
        self.spool.append(Kind.TURNS, entries(*numbers, size=size))
        self.model += numbers

    @rule(count=st.integers(1, 40))
    def deliver(self, count: int) -> None:
        batch = self.spool.peek(Kind.TURNS, count)
        if batch:
            self.spool.confirm(Kind.TURNS, batch[-1].seq)
        del self.model[: len(batch)]

    @rule()
    def restart(self) -> None:
        self.spool.close()
        self.spool = Spool(self.folder, 8_000_000)

    @invariant()
    def in_order(self) -> None:
        dropped = self.spool.dropped[Kind.TURNS]
        if dropped > self.lost:
            del self.model[: dropped - self.lost]
        self.lost = dropped
        found = [int(one.entry.data.split(b",")[0][5:]) for one in self.spool.peek(Kind.TURNS, 50)]
        assert found == self.model[:50]
        assert self.spool.waiting == len(self.model)

    def teardown(self) -> None:
        if hasattr(self, "spool"):
            self.spool.close()


def test_any_history(tmp_path: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    Model.folder = tmp_path
    run_state_machine_as_test(Model, settings=settings(max_examples=25, stateful_step_count=20))


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300))
def test_any_file_can_be_read(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    folder = tmp_path_factory.mktemp("noise")
    (folder / f"turns-{1:020d}.log").write_bytes(noise)
    spool = Spool(folder, LIMIT)
    spool.append(Kind.TURNS, entries(5))
    assert waiting(spool)[-1:] == data(5)
    spool.close()
