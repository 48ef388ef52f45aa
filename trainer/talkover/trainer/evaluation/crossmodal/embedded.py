"""The eyes and the brain of a bundle, asked as the server asks them."""

import math
import time
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol, Self

from talkover.core.brain import BrainRuntime, Message, Sampling, Shown
from talkover.core.brain.runtime import Generation
from talkover.core.errors import BundleError
from talkover.core.seer.decoding import fit
from talkover.core.seer.runtime import SeerRuntime, has_seer
from talkover.core.seer.types import Seen, digest_of
from talkover.trainer.seeing.questions.question import Pixels

_MOST: Final = 4
"""Pictures a question, the latest: as many as brains are taught with."""
_KEPT: Final = 64
"""Pictures of which is remembered what was seen: conditions show the same ones again."""
_TOKENS: Final = 24
_GREEDY: Final = Sampling(temperature=0.0, repetition_penalty=1.0)
"""A number may well have the same digit twice."""
_ONE: Final = "questions"
_THREADS: Final = 1


class Eyes(Protocol):
    """``talkover.core.seer.runtime.SeerRuntime``, or what sees like it."""

    def see(self, rgb: Pixels) -> Seen:
        """All that is found in a picture."""
        ...


class Embedded:
    """Answers as a seer and a brain do.

    Args:
        eyes: Look at pictures.
        brain: Answers.
        name: For reports.

    Raises:
        BundleError: the brain was not taught to see.
    """

    def __init__(self, eyes: Eyes, brain: BrainRuntime, name: str) -> None:
        if not brain.sighted:
            raise BundleError(
                f"the brain of bundle {name} was not taught to see; run: talkover train seer, "
                "then build a bundle with what it has learnt"
            )
        self.name = name
        self._eyes, self._brain = eyes, brain
        self._shown: OrderedDict[str, Shown] = OrderedDict()

    @classmethod
    def open(cls, folder: Path, name: str, *, threads: int = _THREADS) -> Self:
        """Those of a bundle.

        Args:
            folder: Of the bundle.
            name: For reports.
            threads: Of each.

        Raises:
            BundleError: it has no eyes, or its brain was not taught to see.
        """
        if not has_seer(folder / "seer"):
            raise BundleError(f"bundle {name} has no eyes; run: talkover models build")
        eyes = SeerRuntime(folder / "seer", threads=threads)
        return cls(eyes, BrainRuntime(folder / "brain", threads=threads), name)

    def answer(
        self,
        question: str,
        pictures: Sequence[Pixels],
        times: Sequence[float],
        moment: float,
    ) -> str:
        """See ``Answerer``; the same question about the same pictures has the same answer."""
        del moment  # none of the pictures is later
        made = self._opened(question, pictures, times)
        said = []
        while not made.done:
            said.append(made.step())
        return "".join(said).strip()

    def pace(
        self, question: str, pictures: Sequence[Pixels], times: Sequence[float]
    ) -> tuple[float, float]:
        """How quick an answer is to a question about pictures that were looked at as they came.

        Returns:
            Seconds to its first token, of which none of the question was read before; and tokens a
            second after that, NaN for an answer of one.
        """
        for picture in pictures:
            self._see(picture)
        begin = time.perf_counter()
        made = self._opened(question, pictures, times)
        while not made.done and not made.said:
            made.step()
        first = time.perf_counter()
        while not made.done:
            made.step()
        more = len(made.said) - 1
        rate = more / (time.perf_counter() - first) if more > 0 else math.nan
        return first - begin, rate

    def _opened(
        self, question: str, pictures: Sequence[Pixels], times: Sequence[float]
    ) -> Generation:
        latest = sorted(zip(times, range(len(pictures)), strict=True))[-_MOST:]
        shown = tuple(self._see(pictures[place]) for _, place in latest)
        return self._brain.open(
            _ONE,
            [Message("user", question, shown)],
            sampling=_GREEDY,
            max_tokens=_TOKENS,
        )

    def _see(self, picture: Pixels) -> Shown:
        digest = digest_of(picture)
        if digest not in self._shown:
            self._shown[digest] = self._brain.show(self._eyes.see(fit(picture)))
            if len(self._shown) > _KEPT:
                self._shown.popitem(last=False)
        self._shown.move_to_end(digest)
        return self._shown[digest]
