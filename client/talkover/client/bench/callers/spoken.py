"""What callers say: recordings of a manifest, grouped by who speaks."""

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkover.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Utterance:
    """A recording with its words.

    Attributes:
        name: Of the line.
        path: Of the audio.
        text: What is said.
        accent: Of the speaker; empty: unknown.
        locale: BCP 47; empty: unknown.
        speaker: Whose voice it is.
    """

    name: str
    path: Path
    text: str
    accent: str = ""
    locale: str = ""
    speaker: str = ""


def read_manifests(paths: Iterable[Path]) -> list[Utterance]:
    """The lines of manifests, as `talkover data make` and most toolkits write them.

    Args:
        paths: JSON Lines with ``audio_filepath``, from the manifest's folder, and ``text``;
            ``accent``, ``locale`` and ``speaker`` where they are known.

    Raises:
        ConfigError: a manifest cannot be read, or there is nothing in them to say.
    """
    found = []
    for path in paths:
        try:
            lines = path.read_text("utf-8").splitlines()
            found += [_utterance(json.loads(line), path) for line in lines if line.strip()]
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"{path} is no manifest of ours: {error!r}") from None
    if not found:
        raise ConfigError("the manifests are empty; make one with `talkover data make`")
    return found


def calls_of(
    utterances: Sequence[Utterance], turns: int, seed: int
) -> Iterator[tuple[Utterance, ...]]:
    """What is said in one call after another, without an end; one voice in each.

    All that there is comes once before anything comes again. A call is shorter than ``turns`` where
    a voice has no more to say.

    Args:
        utterances: At least one.
        turns: Of a call at most.
        seed: Of the order.
    """
    order = random.Random(seed)  # noqa: S311 - a reproducible draw
    while True:
        voices: dict[tuple[str, str], list[Utterance]] = defaultdict(list)
        for one in order.sample(utterances, len(utterances)):
            voices[one.speaker, one.accent].append(one)
        calls = [
            tuple(said[first : first + turns])
            for said in voices.values()
            for first in range(0, len(said), turns)
        ]
        order.shuffle(calls)
        yield from calls


def _utterance(line: dict[str, Any], manifest: Path) -> Utterance:
    text = str(line["text"])
    if not text.strip():
        raise ValueError("a line without words")
    name = str(line["audio_filepath"])
    known = {key: str(line.get(key, "")) for key in ("accent", "locale", "speaker")}
    return Utterance(str(line.get("id", name)), manifest.parent / name, text, **known)
