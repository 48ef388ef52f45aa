"""An import: entries are converted in shards by several processes, then judged together.

::

    OUT/audio/00003/NAME.flac     16 kHz, 16 bits
    OUT/shards/00003.jsonl        what came of its entries, written when all of its audio is there
    OUT/manifest.jsonl            the accepted, with their splits
    OUT/refused.jsonl             the others, with all that is wrong with each

A shard is kept for as long as its entries, their files and the limits are what they were, so an
import that was broken off goes on, and one that is done again after a repair does only the rest.
"""

import json
import os
import signal
import sys
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from talkover.core.errors import DataError
from talkover.core.weights.disk import locked, write_atomically
from talkover.trainer.data.importing.convert import Wishes, convert, listed, to_json
from talkover.trainer.data.importing.entries import Entry, Item, Reason, refused
from talkover.trainer.data.importing.splits import Splits, Spoken

MANIFEST: Final = "manifest.jsonl"
REFUSED: Final = "refused.jsonl"
_MARK: Final = "import.json"
_SHARD: Final = 64  # entries
_AHEAD: Final = 2  # shards a process that wait for it


@dataclass(frozen=True, slots=True)
class Source:
    """A part of an import.

    Attributes:
        items: Gives all that it names, in its order.
        root: Resolved folder that all its recordings are under.
        label: What its places are called by, before their own names; may be empty.
    """

    items: Callable[[], Iterator[Item]]
    root: Path
    label: str = ""


@dataclass(slots=True)
class Summary:
    """What an import came to.

    Attributes:
        accepted: Utterances.
        seconds: Of them, by locale and split.
        refused: Utterances that have a finding, by reason; one may have several.
        left_out: Utterances that were refused.
        by_text: Locales in which nothing but sentences is held out.
    """

    accepted: int = 0
    seconds: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    refused: Counter[Reason] = field(default_factory=Counter)
    left_out: int = 0
    by_text: Sequence[str] = ()


def run(
    sources: Sequence[Source],
    wishes: Wishes,
    out: Path,
    *,
    processes: int,
    tick: Callable[[int], None] = lambda _entries: None,
) -> Summary:
    """Import sources into a folder, or go on where that was broken off.

    Args:
        sources: What to import.
        wishes: How to read them.
        out: The folder; its name is the first part of the utterances' names.
        processes: That work.
        tick: Told of entries that are done.

    Raises:
        DataError: a source cannot be read, or the folder has something else in it.
        WeightsError: another process is at work in the folder.
    """
    _claim(out)
    with locked(out, patience=0):
        return _finish(out, _convert_all(sources, wishes, out, processes, tick))


def _convert_all(
    sources: Sequence[Source],
    wishes: Wishes,
    out: Path,
    processes: int,
    tick: Callable[[int], None],
) -> int:
    """Convert what is not yet there; how many shards there are."""
    shards = 0
    context = get_context("spawn")  # a fork of a process with threads may hang
    with ProcessPoolExecutor(processes, context, initializer=_hush) as pool:
        under_way: deque[Future[int]] = deque()
        try:
            for entries in _chunks(sources):
                under_way.append(pool.submit(_shard, entries, wishes, out, shards))
                shards += 1
                if len(under_way) >= processes * _AHEAD:
                    tick(under_way.popleft().result())
            while under_way:
                tick(under_way.popleft().result())
        finally:
            pool.shutdown(cancel_futures=True)
    return shards


def _claim(out: Path) -> None:
    """See that a folder is ours, or that there is none yet."""
    if (out / _MARK).is_file():
        return
    if out.is_dir() and any(out.iterdir()):
        raise DataError(f"{out} is not empty and no import of ours; choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(out / _MARK, b'{"kind": "import"}\n')


def _chunks(sources: Sequence[Source]) -> Iterator[list[tuple[Path, Item]]]:
    every = ((one.root, _labelled(one.label, item)) for one in sources for item in one.items())
    while chunk := list(islice(every, _SHARD)):
        yield chunk


def _labelled(label: str, item: Item) -> Item:
    return replace(item, where=f"{label}/{item.where}") if label else item


def _hush() -> None:
    """For a worker: Ctrl-C is its parent's to handle, and decoders that grumble spoil the bar."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _shard(entries: Sequence[tuple[Path, Item]], wishes: Wishes, out: Path, number: int) -> int:
    """Convert entries, unless that is done; how many they are."""
    shard = _path(out, number)
    key = _key(entries, wishes)
    with suppress(FileNotFoundError), shard.open("rb") as file:
        if file.readline().strip() == key:
            return len(entries)
    folder = out / "audio" / shard.stem
    for one in (folder, shard.parent):
        one.mkdir(parents=True, exist_ok=True)
    lines = [key.decode()]
    for place, (root, item) in enumerate(entries, number * _SHARD):
        lines.append(to_json(convert(item, root, wishes, folder, f"{out.name}-{place:07d}")))
    write_atomically(shard, "".join(f"{line}\n" for line in lines).encode())
    return len(entries)


def _path(out: Path, number: int) -> Path:
    return out / "shards" / f"{number:05d}.jsonl"


def _key(entries: Sequence[tuple[Path, Item]], wishes: Wishes) -> bytes:
    """Stands for all that a shard depends on; a file is known by its size and time."""
    content: list[Any] = [asdict(wishes)]
    for root, item in entries:
        content.append([str(root), asdict(item)])
        if isinstance(item, Entry):
            with suppress(OSError, ValueError):
                status = (root / item.audio).stat()
                content.append([status.st_size, status.st_mtime_ns])
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest().encode()


def _finish(out: Path, shards: int) -> Summary:
    """Manifest and list of the refused, from what the shards say."""

    def spoken() -> Iterator[Spoken]:
        return (_spoken(line) for line, _ in _outcomes(out, shards) if line)

    splits = Splits(spoken)
    summary = Summary(by_text=splits.by_text)

    def accepted() -> Iterator[bytes]:
        for line, _ in _outcomes(out, shards):
            if line and (split := splits.of(_spoken(line))):
                summary.accepted += 1
                summary.seconds[line["locale"]][split.value] += line["duration"]
                yield _encoded({**line, "split": split.value})

    def left_out() -> Iterator[bytes]:
        for line, why in _outcomes(out, shards):
            found = why or _held_out(line, splits)
            if found:
                summary.left_out += 1
                summary.refused.update({Reason(one["reason"]) for one in found["findings"]})
                yield _encoded(found)

    write_atomically(out / REFUSED, left_out())
    write_atomically(out / MANIFEST, accepted())
    return summary


def _outcomes(
    out: Path, shards: int
) -> Iterator[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    """Lines, or why there are none; of several that sound the same the first is kept."""
    heard: dict[bytes, str] = {}
    for number in range(shards):
        with _path(out, number).open(encoding="utf-8") as file:
            next(file)
            for content in map(json.loads, file):
                if "refused" in content:
                    yield None, content["refused"]
                    continue
                line = content["line"]
                first = heard.setdefault(bytes.fromhex(content["sound"])[:12], line["id"])
                if first == line["id"]:
                    yield line, None
                else:
                    yield None, _unwanted(line, Reason.DUPLICATE, f"sounds as {first} does")


def _held_out(line: dict[str, Any] | None, splits: Splits) -> dict[str, Any] | None:
    if line is None or splits.of(_spoken(line)):
        return None
    return _unwanted(line, Reason.HELD_OUT, "somebody of another split says the same")


def _unwanted(line: dict[str, Any], reason: Reason, detail: str) -> dict[str, Any]:
    source = line["source"]
    return listed(refused(source["where"], reason, detail, audio=source["audio"]))


def _spoken(line: dict[str, Any]) -> Spoken:
    return Spoken(line["speaker"], line["locale"], line["text"], line["duration"])


def _encoded(content: dict[str, Any]) -> bytes:
    return f"{json.dumps(content, ensure_ascii=False)}\n".encode()
