"""A recipe's set as files: shards that are made by several processes, and can be gone on with.

::

    OUT/audio/00003/NAME.flac     16 kHz, 16 bits
    OUT/shards/00003.jsonl        its utterances, written when all of its audio is there
    OUT/manifest.jsonl            those of the first shards, in order, until there are enough hours
    OUT/cuts.jsonl.gz             the same, as Lhotse reads it

A shard is a group of utterances that are heard behind one another, so a set that was made clean has
all that its dirt needs. A line has ``audio_filepath``, ``duration`` and ``text``, as NeMo's
manifests do, and beside them all that is known (``manifest``).
"""

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

from talkover.core.audio.prompts import roots
from talkover.core.errors import ConfigError
from talkover.core.weights.disk import write_atomically
from talkover.trainer.data.claims import claim
from talkover.trainer.data.cuts import to_cuts
from talkover.trainer.data.engines.available import available
from talkover.trainer.data.music import find_music
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.shards import Shard, begin, make_shard
from talkover.trainer.data.texts import Split

MANIFEST: Final = "manifest.jsonl"
CUTS: Final = "cuts.jsonl.gz"
_OTHER: Final = "another set, or one of another seed or version of Talkover"
_AHEAD: Final = 2  # shards a process that wait for it


class Summary(NamedTuple):
    """What there is now.

    Attributes:
        utterances: In the manifest.
        made: Seconds of speech that were made this time; the others were there.
    """

    utterances: int
    made: float


def make(
    recipe: Recipe,
    split: Split,
    out: Path,
    *,
    hours: float,
    processes: int,
    clean: bool = False,
    tick: Callable[[float], None] = lambda _seconds: None,
) -> Summary:
    """Make files of a recipe, or go on where it was broken off.

    Args:
        recipe: What they are made of.
        split: Whose voices and sentences.
        out: The folder; what is there of the same recipe is kept.
        hours: Of speech at least; the last shard goes over it.
        processes: That work.
        clean: Only what is said, for a stream to lay noises and lines over.
        tick: Told of seconds of speech that there are.

    Raises:
        ConfigError: an engine that the recipe asks for is not installed.
        DataError: the folder has another set in it, or the recipe has music and there is none.
    """
    _check(recipe, split, clean=clean)
    told = {"split": split.value, "clean": clean, **asdict(recipe)}
    claim(out, "recipe.json", told, other=_OTHER)
    lines: list[str] = []
    there = made = 0.0
    context = get_context("spawn")  # a fork of a process with threads may hang
    stop = context.Event()
    given = (recipe, split, out, clean, stop)
    with ProcessPoolExecutor(processes, context, begin, given) as pool:
        shards = _ahead(pool, processes * _AHEAD)
        try:
            while there < hours * 3_600:
                text, fresh = next(shards)
                shard = text.splitlines()
                seconds = sum(float(json.loads(line)["duration"]) for line in shard)
                lines += shard
                there += seconds
                made += seconds * fresh
                tick(seconds)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)  # each ends after its utterance
    _sweep(out)
    write_atomically(out / CUTS, to_cuts(lines))
    write_atomically(out / MANIFEST, "".join(f"{line}\n" for line in lines).encode())
    return Summary(len(lines), made)


def _ahead(pool: ProcessPoolExecutor, ahead: int) -> Iterator[Shard]:
    """Shards in order, without end; some are under way before they are asked for."""
    under_way: list[Future[Shard]] = []
    number = 0
    while True:
        while len(under_way) < ahead:
            under_way.append(pool.submit(make_shard, number))
            number += 1
        yield under_way.pop(0).result()


def _sweep(out: Path) -> None:
    """Remove the audio of shards that were begun ahead and then not wanted."""
    for folder in (out / "audio").iterdir():
        if not (out / "shards" / f"{folder.name}.jsonl").exists():
            shutil.rmtree(folder)


def _check(recipe: Recipe, split: Split, *, clean: bool) -> None:
    """See that what a recipe asks for is here, now and not after an hour of work."""
    if recipe.music and not clean:
        find_music(roots())
    asked = {name for guest in recipe.guests if guest.share for name in guest.voices[split]}
    missing = sorted(asked - {voice.name for voice in available()}) if asked else []
    if missing:
        raise ConfigError(
            f"nobody here speaks as {', '.join(missing)}: install flite, festival with its voices "
            "or Piper's weights (`talkover models pull`), or take a recipe without them"
        )
