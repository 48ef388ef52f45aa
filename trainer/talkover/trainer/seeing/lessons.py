"""Questions as a brain is asked them: seen once, kept on the disk, drawn from there.

Pictures are looked at by the eyes of a bundle, which do not learn. So what they make of a picture,
and the words that they read in it, are computed once and kept: a file for a few questions, with the
features in float16 (170 kB a picture) and all else in its header.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from talkover.core.brain import Message, Shown
from talkover.core.brain.sight import note_of, with_things
from talkover.core.brain.tokens import ChatTokens
from talkover.core.errors import DataError
from talkover.core.seer.types import Seen, digest_of
from talkover.core.weights.disk import write_atomically
from talkover.trainer.seeing.model import Asked
from talkover.trainer.seeing.questions.question import Placed, Question

BLOCK: Final = 16
"""Questions in a file."""
MOST_PICTURES: Final = 4
"""Of a question, the latest; a brain's patience ends with them."""
_TOLD: Final = "told"


class Eyes(Protocol):
    """``talkover.core.seer.runtime.SeerRuntime``, or what sees like it."""

    def see(self, rgb: NDArray[np.uint8]) -> Seen:
        """All that is found in a picture."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """A question without its pictures.

    Attributes:
        kind: What it asks for.
        question: As it is asked.
        answer: The one that is learnt.
        notes: What is written in each of its pictures.
        first: Row of its first picture among those of its file.
        placed: What stands in its only picture; empty: none of it is known.
    """

    kind: str
    question: str
    answer: str
    notes: tuple[str, ...]
    first: int
    placed: tuple[Placed, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A question as it is learnt from.

    Attributes:
        told: What is asked.
        features: float16 [pictures, places, d].
    """

    told: Told
    features: NDArray[np.float16]

    def asked(
        self,
        tokens: ChatTokens,
        positions: int,
        names: Callable[[torch.Tensor], Sequence[str]],
        *,
        blind: bool = False,
    ) -> Asked:
        """As tokens.

        Args:
            tokens: Of the brain.
            positions: That a picture takes.
            names: Tells the things in pictures, given their features [pictures, places, d].
            blind: Without its pictures and what is written in them: a control.
        """
        nothing = np.zeros((positions, 1), np.float32)
        features = torch.from_numpy(self.features[: 0 if blind else None])
        notes = zip(self.told.notes, names(features) if len(features) else (), strict=False)
        shown = tuple(Shown(nothing, with_things(note, things)) for note, things in notes)
        ids = tokens.prompt([Message("user", self.told.question, shown)])
        prompt = tuple(max(-1, one) for one in ids)
        return Asked(prompt, tuple(tokens.reply(self.told.answer)), features)


class Lessons:
    """Questions of a split, by number.

    Args:
        folder: Where they are kept; made if missing.
        name: Of this set: one for each split, kind and seed.
        eyes: What looks; the same ones for a folder.
        ask: Makes a question.
    """

    def __init__(self, folder: Path, name: str, eyes: Eyes, ask: Callable[[int], Question]) -> None:
        self._folder, self._name = folder, name
        self._eyes, self._ask = eyes, ask
        self._told: dict[int, list[Told]] = {}

    def get(self, number: int) -> Lesson:
        """One of them; what is not kept yet is looked at now, with all of its file.

        Raises:
            DataError: a file is damaged.
        """
        block, place = divmod(number, BLOCK)
        path = self._folder / f"{self._name}-{block:06d}.safetensors"
        if block not in self._told:
            self._told[block] = self._known(path, block) or self._look(path, block)
        told = self._told[block][place]
        try:
            with safe_open(path, "np") as file:
                rows = file.get_slice("features")[told.first : told.first + len(told.notes)]
        except (SafetensorError, OSError) as error:
            raise _damaged(path, error) from None
        return Lesson(told, rows)

    def _known(self, path: Path, block: int) -> list[Told] | None:
        """What a file tells; None where there is none, or its questions are others by now."""
        if not path.exists():
            return None
        try:
            with safe_open(path, "np") as file:
                told = json.loads((file.metadata() or {})[_TOLD])
            items = [_told(one) for one in told["items"]]
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise _damaged(path, error) from None
        mark = _mark(self._ask(block * BLOCK))
        return items if told["mark"] == mark and len(items) == BLOCK else None

    def _look(self, path: Path, block: int) -> list[Told]:
        items: list[Told] = []
        features: list[NDArray[np.float16]] = []
        mark = ""
        for number in range(block * BLOCK, (block + 1) * BLOCK):
            question = self._ask(number)
            mark = mark or _mark(question)
            seen = [self._eyes.see(rgb) for rgb in question.pictures[-MOST_PICTURES:]]
            notes = tuple(note_of(one.words, blank=one.blank) for one in seen)
            what = (str(question.kind), question.question, question.answer)
            items.append(Told(*what, notes, len(features), question.placed))
            features += [one.features.astype(np.float16) for one in seen]
        told = json.dumps({"mark": mark, "items": [asdict(one) for one in items]})
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, save({"features": np.stack(features)}, {_TOLD: told}))
        return items


def features_of(lessons: Lessons, numbers: Iterable[int]) -> torch.Tensor:
    """Features of all places of some questions' pictures: float32 [n, d]."""
    some = [lessons.get(number).features for number in numbers]
    return torch.from_numpy(np.concatenate(some).astype(np.float32)).flatten(0, 1)


def _told(plain: dict[str, Any]) -> Told:
    placed = tuple(Placed(**one) for one in plain["placed"])
    return Told(**{**plain, "notes": tuple(plain["notes"]), "placed": placed})


def _mark(question: Question) -> str:
    """Tells whether a question is still the same."""
    text = [question.question, question.answer, *map(digest_of, question.pictures)]
    return sha256(json.dumps(text).encode()).hexdigest()


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{path} is damaged ({type(error).__name__}); remove it: it is made again")
