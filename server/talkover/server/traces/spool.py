"""The write-ahead spool: records on disk until Redis has confirmed them.

Two lanes, turns and events, each a row of segment files of lines::

    <crc32 of the rest, 8 hex digits> <sequence number> <stream> <JSON>

A line counts once its line feed is on the disk, so what a crash tore off is told apart and skipped.
Numbers grow by one within a lane for as long as the spool lives; with the spool's id they let
Redis tell a repeated delivery (see ``delivery``). ``state.json`` holds that id and what was
confirmed. It is replaced atomically, and synced before a confirmed segment is deleted.

Blocking, and made for one thread at a time.
"""

import contextlib
import json
import os
import uuid
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

from talkover.core.errors import TraceError
from talkover.server.traces.lock import claim

MAX_LINE: Final = 1 << 20
_STATE: Final = "state.json"
_SEGMENTS: Final = 16
"""That a full spool has about: the granularity of giving up records."""


class Kind(StrEnum):
    """A lane of the spool."""

    TURNS = "turns"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Entry:
    """A record on its way: which Redis stream it goes to, and its JSON."""

    stream: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Numbered:
    """An entry with its place in its lane."""

    seq: int
    entry: Entry


@dataclass(slots=True)
class _Segment:
    path: Path
    first: int
    count: int = 0
    size: int = 0


@dataclass(slots=True)
class _Lane:
    """Segments from oldest to newest. The next number to be written, and to be delivered."""

    segments: deque[_Segment] = field(default_factory=deque)
    write: int = 1
    read: int = 1
    file: BinaryIO | None = None
    place: tuple[Path, int] | None = None
    """Where in which segment ``read`` is, if known."""


class Spool:
    """A bounded queue on disk, in order, that outlives its process.

    When it is full the oldest events go first, and turns only once no event is left; both are
    counted. A segment is given up at a time.

    Args:
        folder: For nothing else; made if missing, and locked for this process.
        limit: Bytes on disk.

    Raises:
        TraceError: the folder cannot be used, or another process does.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._segment = max(limit // _SEGMENTS, 1)
        self._lanes = {kind: _Lane() for kind in Kind}
        self.dropped = dict.fromkeys(Kind, 0)
        self.damaged = 0
        self._lock: int | None = claim(folder)
        try:
            self.id = self._recover()
        except OSError as error:
            self.close()
            raise TraceError(f"the spool {folder} cannot be used: {error.strerror}") from None

    @property
    def waiting(self) -> int:
        """Entries that are not confirmed."""
        return sum(lane.write - lane.read for lane in self._lanes.values())

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(part.size for lane in self._lanes.values() for part in lane.segments)

    def append(self, kind: Kind, entries: Sequence[Entry]) -> None:
        """Write entries behind those of their lane, and sync once.

        Raises:
            OSError: the disk refused; nothing of the batch counts as written.
        """
        if not entries:
            return
        lane = self._lanes[kind]
        seq = lane.write
        lines = []
        for entry in entries:
            rest = b"%d %s %s\n" % (seq, entry.stream.encode(), entry.data)
            if len(rest) > MAX_LINE or b"\n" in entry.data or " " in entry.stream:
                self.dropped[kind] += 1
                continue
            lines.append(b"%08x %s" % (zlib.crc32(rest[:-1]), rest))
            seq += 1
        if not lines:
            return
        block = b"".join(lines)
        self._make_room(len(block))
        part = self._open_segment(kind)
        file = lane.file
        assert file is not None  # noqa: S101 - _open_segment has just opened it
        try:
            file.write(block)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            self._undo(lane, part)
            raise
        part.size += len(block)
        part.count += len(lines)
        lane.write = seq

    def written(self, kind: Kind) -> int:
        """The newest number in a lane."""
        return self._lanes[kind].write - 1

    def rename(self) -> None:
        """Take a new id: what Redis knows of the old one is not about this spool.

        Raises:
            OSError: the disk refused.
        """
        self.id = uuid.uuid4().hex
        self._save()

    def peek(self, kind: Kind, limit: int) -> list[Numbered]:
        """The oldest entries that are not confirmed, in order, at most ``limit``."""
        found: list[Numbered] = []
        lane = self._lanes[kind]
        for part in list(lane.segments):
            if len(found) >= limit:
                break
            if part.first + part.count <= lane.read:
                continue
            for one in self._read(lane, part):
                if one.seq >= lane.read:
                    found.append(one)
                if len(found) >= limit:
                    break
        return found

    def confirm(self, kind: Kind, seq: int) -> None:
        """Everything up to ``seq`` is delivered; forget it.

        Raises:
            OSError: the disk refused. What was confirmed may be delivered again.
        """
        lane = self._lanes[kind]
        lane.read = max(lane.read, min(seq + 1, lane.write))
        self._save()
        while lane.segments and lane.segments[0].first + lane.segments[0].count <= lane.read:
            if len(lane.segments) == 1:
                self._seal(lane)  # the next entry opens another: what is delivered is kept nowhere
            lane.segments.popleft().path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the files and free the folder."""
        for lane in self._lanes.values():
            self._seal(lane)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _recover(self) -> str:
        """Take stock of what an earlier process left; return the spool's id."""
        try:
            state = json.loads((self._folder / _STATE).read_bytes())
            known, done = str(state["id"]), {kind: int(state[kind]) for kind in Kind}
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            # What Redis knows of the old id no longer counts: better twice than never.
            known, done = uuid.uuid4().hex, dict.fromkeys(Kind, 0)
        for kind, lane in self._lanes.items():
            lane.read = lane.write = done[kind] + 1
            for path in sorted(self._folder.glob(f"{kind}-*.log")):
                part = _Segment(path, first=0, size=path.stat().st_size)
                numbers = [one.seq for one in self._read(lane, part, check=True)]
                if not numbers or numbers[-1] < lane.read:
                    path.unlink()
                    continue
                part.first, part.count = numbers[0], numbers[-1] - numbers[0] + 1
                lane.segments.append(part)
                lane.write = numbers[-1] + 1
            if lane.segments:
                lane.read = max(lane.read, lane.segments[0].first)
        self.id = known
        self._save()
        return known

    def _read(self, lane: _Lane, part: _Segment, *, check: bool = False) -> Iterator[Numbered]:
        """The sound lines of a segment, from where the last reading of it stopped."""
        start = 0
        if not check and lane.place is not None and lane.place[0] == part.path:
            start = lane.place[1]
        with part.path.open("rb") as file:
            file.seek(start)
            for line in file:
                start += len(line)
                one = _parse(line)
                if one is None:
                    self.damaged += check
                    continue
                yield one
                if not check and one.seq < lane.read:
                    lane.place = (part.path, start)

    def _open_segment(self, kind: Kind) -> _Segment:
        lane = self._lanes[kind]
        if lane.file is not None and lane.segments[-1].size >= self._segment:
            self._seal(lane)
        if lane.file is None:
            path = self._folder / f"{kind}-{lane.write:020d}.log"
            lane.file = path.open("wb")
            lane.segments.append(_Segment(path, first=lane.write))
            _sync_folder(self._folder)
        return lane.segments[-1]

    def _undo(self, lane: _Lane, part: _Segment) -> None:
        """Take a block that may be partly written off the disk again."""
        with contextlib.suppress(OSError):  # what is buffered cannot be written on closing, either
            self._seal(lane)
        lane.file = None
        if part.count:
            os.truncate(part.path, part.size)
        else:
            lane.segments.remove(part)
            part.path.unlink(missing_ok=True)

    def _make_room(self, more: int) -> None:
        while self.size + more > self._limit:
            for kind in (Kind.EVENTS, Kind.TURNS):
                lane = self._lanes[kind]
                if not lane.segments:
                    continue
                if len(lane.segments) == 1:
                    self._seal(lane)
                part = lane.segments.popleft()
                end = part.first + part.count
                self.dropped[kind] += max(0, end - max(part.first, lane.read))
                lane.read = max(lane.read, end)
                self._save()
                part.path.unlink(missing_ok=True)
                break
            else:
                return  # one block larger than the spool: let the disk judge

    def _save(self) -> None:
        state = {"id": self.id} | {kind: lane.read - 1 for kind, lane in self._lanes.items()}
        temporary = self._folder / (_STATE + ".new")
        with temporary.open("w") as file:
            json.dump(state, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._folder / _STATE)
        _sync_folder(self._folder)

    @staticmethod
    def _seal(lane: _Lane) -> None:
        if lane.file is not None:
            lane.file.close()
            lane.file = None


def _parse(line: bytes) -> Numbered | None:
    """A line's entry; None if it is torn or damaged."""
    if not line.endswith(b"\n"):
        return None
    checksum, _, rest = line[:-1].partition(b" ")
    try:
        if int(checksum, 16) != zlib.crc32(rest):
            return None
        seq, stream, data = rest.split(b" ", 2)
        return Numbered(int(seq), Entry(stream.decode(), data))
    except ValueError:
        return None


def _sync_folder(folder: Path) -> None:
    """Make a new or renamed file's name durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
