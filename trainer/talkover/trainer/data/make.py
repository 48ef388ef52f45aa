"""A recipe's set as files: shards that are made by several processes, and can be gone on with.

::

    OUT/audio/00003/NAME.flac     16 kHz, 16 bits
    OUT/shards/00003.jsonl        its utterances, written when all of its audio is there
    OUT/manifest.jsonl            those of all shards, in order, up to the hours that were wanted

A line has ``audio_filepath``, ``duration`` and ``text``, as NeMo's manifests do, and beside them
all that is known: words and sounds with times, accent, voice, noise, line.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import soundfile

from talkover.core.audio import to_int16
from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.core.weights.disk import write_atomically
from talkover.trainer.data.recipe import Made, Recipe, utterance
from talkover.trainer.data.texts import Split
from talkover.trainer.data.throat import Throat

SHARD: Final = 50
"""Utterances."""
MANIFEST: Final = "manifest.jsonl"
_AHEAD: Final = 2  # shards a process that wait for it


def make(
    recipe: Recipe,
    split: Split,
    out: Path,
    *,
    hours: float,
    processes: int,
    tick: Callable[[float], None] = lambda _seconds: None,
) -> int:
    """Make files of a recipe, or go on where it was broken off.

    Args:
        recipe: What they are made of.
        split: Whose voices and sentences.
        out: The folder; what is there of the same recipe is kept.
        hours: Of speech at least; the last utterance goes over it.
        processes: That work.
        tick: Told of seconds of speech that there are.

    Returns:
        How many utterances the manifest has.

    Raises:
        ConfigError: eSpeak NG is not installed.
        DataError: the folder has another set in it.
    """
    _claim(out, recipe, split)
    there = 0.0
    lines: list[str] = []
    context = get_context("spawn")  # a fork of a process with threads may hang
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        shards = _ahead(pool, recipe, split, out, processes * _AHEAD)
        try:
            for line in chain.from_iterable(map(str.splitlines, shards)):
                lines.append(line)
                seconds = float(json.loads(line)["duration"])
                there += seconds
                tick(seconds)
                if there >= hours * 3_600:
                    break
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    write_atomically(out / MANIFEST, "".join(f"{line}\n" for line in lines).encode())
    return len(lines)


def _ahead(
    pool: ProcessPoolExecutor, recipe: Recipe, split: Split, out: Path, ahead: int
) -> Iterator[str]:
    """Shards in order, without end; some are under way before they are asked for."""
    under_way: list[Future[str]] = []
    number = 0
    while True:
        while len(under_way) < ahead:
            under_way.append(pool.submit(_shard, recipe, split, out, number))
            number += 1
        yield under_way.pop(0).result()


@cache
def _throat() -> Throat:
    """One a process, for as long as it lives."""
    return Throat()


def _shard(recipe: Recipe, split: Split, out: Path, number: int) -> str:
    """Lines of a shard, made unless it is there."""
    listed = out / "shards" / f"{number:05d}.jsonl"
    with suppress(FileNotFoundError):
        return listed.read_text("utf-8")
    folder = out / "audio" / f"{number:05d}"
    for one in (folder, listed.parent):
        one.mkdir(parents=True, exist_ok=True)
    lines = []
    for place in range(number * SHARD, (number + 1) * SHARD):
        made = utterance(recipe, split, place, _throat())
        path = folder / f"{made.name}.flac"
        soundfile.write(path, to_int16(made.pcm), RATE, format="FLAC")
        lines.append(json.dumps(describe(made, path.relative_to(out)), ensure_ascii=False))
    text = "\n".join(lines) + "\n"
    write_atomically(listed, text.encode())
    return text


def describe(made: Made, path: Path) -> dict[str, Any]:
    """A line of a manifest; times in seconds."""
    return {
        "id": made.name,
        "audio_filepath": path.as_posix(),
        "duration": round(len(made.pcm) / RATE, 4),
        "text": made.text,
        "accent": made.accent,
        "voice": made.voice,
        "theme": made.theme.value,
        "snr": made.snr if made.snr is None else round(made.snr, 1),
        "noise": made.noise,
        "line": asdict(made.line),
        "words": [
            {
                "text": word.text,
                "start": round(word.start / RATE, 4),
                "end": round(word.end / RATE, 4),
                "phones": [
                    [phone.symbol, round(phone.start / RATE, 4), round(phone.end / RATE, 4)]
                    for phone in word.phones
                ],
            }
            for word in made.words
        ],
    }


def _claim(out: Path, recipe: Recipe, split: Split) -> None:
    """Note whose folder it is, or see that it is ours."""
    mark = out / "recipe.json"
    content = json.dumps({"split": split.value, **_plain(recipe)}, indent=1, ensure_ascii=False)
    with suppress(FileNotFoundError):
        if mark.read_text("utf-8") != content:
            raise DataError(
                f"{out} holds another set, or one of another seed; choose another --out"
            )
        return
    if out.is_dir() and any(out.iterdir()):
        raise DataError(f"{out} is not empty and no set of ours; choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(mark, content.encode())


def _plain(recipe: Recipe) -> dict[str, Any]:
    return {
        name: {str(key): some for key, some in value.items()} if isinstance(value, dict) else value
        for name, value in asdict(recipe).items()
    }
