"""Conversations as files: two-channel audio, a manifest, and segments for scoring who said what.

::

    OUT/audio/NAME.flac        caller, agent; 16 kHz, 16 bits
    OUT/lines/NAME.json        its line, written when its audio is there
    OUT/manifest.jsonl         the lines of all
    OUT/segments.rttm          who spoke when (NIST RTTM)
    OUT/segments.stm           who said what (NIST STM), as meeteval reads it for cpWER

A line's segments and words are in samples. Echoes are in the manifest alone: what a microphone
hears twice was said once.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio import to_int16
from talkover.core.clock import RATE
from talkover.core.weights.disk import write_atomically
from talkover.trainer.data.claims import claim
from talkover.trainer.data.conversations.people import People
from talkover.trainer.data.conversations.plan import plan_conversation
from talkover.trainer.data.conversations.rates import Rates
from talkover.trainer.data.conversations.render import Mix, draw_mix, render
from talkover.trainer.data.conversations.segments import Kind, Lane, Plan, Segment
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.shards import flac
from talkover.trainer.data.texts import Split
from talkover.trainer.data.throat import Throat

MANIFEST: Final = "manifest.jsonl"
_DRAWS: Final = 7  # apart from those for single utterances


class Talk(NamedTuple):
    """A conversation.

    Attributes:
        plan: Who does what.
        lanes: What is heard, float32 [2, n].
        mix: How loud it all is.
    """

    plan: Plan
    lanes: NDArray[np.float32]
    mix: Mix


def converse(recipe: Recipe, split: Split, rates: Rates, number: int, throat: Throat) -> Talk:
    """Conversation ``number`` of a recipe: always the same.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """
    entropy = [recipe.seed, int.from_bytes(recipe.name.encode()[:16]), list(Split).index(split)]
    seeds = np.random.SeedSequence([*entropy, number], spawn_key=(_DRAWS,)).spawn(3)
    people, planning, mixing = map(np.random.default_rng, seeds)
    plan = plan_conversation(rates, People(recipe, split, throat, people), planning)
    mix = draw_mix(recipe.level, mixing)
    return Talk(plan, render(plan, mix, mixing), mix)


def write_conversations(
    recipe: Recipe,
    split: Split,
    rates: Rates,
    out: Path,
    count: int,
    tick: Callable[[], None] = lambda: None,
) -> list[dict[str, Any]]:
    """Make files of conversations, or go on where it was broken off.

    Args:
        recipe: Whose people and sentences.
        split: Which of them.
        rates: How often what happens.
        out: The folder.
        count: How many.
        tick: Told of each that is there.

    Returns:
        Lines of the manifest.

    Raises:
        ConfigError: eSpeak NG is not installed.
        DataError: the folder has something else in it.
    """
    given = {"split": split.value, "rates": rates.plain(), "recipe": asdict(recipe)}
    claim(out, "conversations.json", given, other="other conversations")
    lines = []
    with Throat() as throat:
        for number in range(count):
            name = f"{recipe.name}-{recipe.seed}-{split}-talk-{number:05d}"
            lines.append(_one(recipe, split, rates, out, (number, name), throat))
            tick()
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    write_atomically(out / "segments.rttm", "".join(to_rttm(lines)).encode())
    write_atomically(out / "segments.stm", "".join(to_stm(lines)).encode())
    write_atomically(out / MANIFEST, text.encode())
    return lines


def describe(plan: Plan, name: str, path: Path, split: Split) -> dict[str, Any]:
    """A line of the manifest."""
    return {
        "id": name,
        "audio_filepath": path.as_posix(),
        "duration": round(plan.length / RATE, 5),
        "rate": RATE,
        "samples": plan.length,
        "channels": [lane.value for lane in Lane],
        "split": split.value,
        "segments": [_segment(segment) for segment in plan.segments],
    }


def to_rttm(lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    """``SPEAKER name channel begin seconds <NA> <NA> who <NA> <NA>``, a line each."""
    for line, one in _said(lines):
        begin, seconds = one["start"] / line["rate"], (one["end"] - one["start"]) / line["rate"]
        channel = line["channels"].index(one["lane"]) + 1
        yield (
            f"SPEAKER {line['id']} {channel} {begin:.4f} {seconds:.4f} <NA> <NA> "
            f"{one['who']} <NA> <NA>\n"
        )


def to_stm(lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    """``name channel who begin end text``, a line each; sessions and times in order."""
    for line, one in _said(lines):
        begin, end = one["start"] / line["rate"], one["end"] / line["rate"]
        channel = line["channels"].index(one["lane"]) + 1
        yield f"{line['id']} {channel} {one['who']} {begin:.4f} {end:.4f} {one['text']}\n"


def _said(lines: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for line in lines:
        for one in line["segments"]:
            if one["kind"] != Kind.ECHO:
                yield line, one


def _segment(segment: Segment) -> dict[str, Any]:
    return {
        "who": segment.who.value,
        "kind": segment.kind.value,
        "lane": segment.lane.value,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "cut": segment.cut,
        "speaker": segment.spoken.speaker,
        "accent": segment.spoken.accent,
        "words": [
            {"text": word.text, "start": word.start, "end": word.end, "language": word.language}
            for word in segment.words
        ],
    }


def _one(
    recipe: Recipe,
    split: Split,
    rates: Rates,
    out: Path,
    which: tuple[int, str],
    throat: Throat,
) -> dict[str, Any]:
    """A conversation's line, made unless it is there."""
    number, name = which
    listed, path = out / "lines" / f"{name}.json", out / "audio" / f"{name}.flac"
    with suppress(FileNotFoundError):
        found: dict[str, Any] = json.loads(listed.read_text("utf-8"))
        return found
    plan, lanes, _ = converse(recipe, split, rates, number, throat)
    for one in (listed, path):
        one.parent.mkdir(exist_ok=True)
    write_atomically(path, flac(to_int16(lanes.ravel()).reshape(lanes.shape).T))
    line = describe(plan, name, path.relative_to(out), split)
    write_atomically(listed, json.dumps(line, ensure_ascii=False).encode())
    return line
