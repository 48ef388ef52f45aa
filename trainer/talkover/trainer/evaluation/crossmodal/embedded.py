"""The eyes and the brain of a bundle, asked as the server asks them."""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol, Self

from talkover.core.brain import BrainRuntime, Message, Sampling, Shown
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
    def open(cls, folder: Path, name: str) -> Self:
        """Those of a bundle.

        Args:
            folder: Of the bundle.
            name: For reports.

        Raises:
            BundleError: it has no eyes, or its brain was not taught to see.
        """
        if not has_seer(folder / "seer"):
            raise BundleError(f"bundle {name} has no eyes; run: talkover models build")
        eyes = SeerRuntime(folder / "seer", threads=_THREADS)
        return cls(eyes, BrainRuntime(folder / "brain", threads=_THREADS), name)

    def answer(
        self,
        question: str,
        pictures: Sequence[Pixels],
        times: Sequence[float],
        moment: float,
    ) -> str:
        """See ``Answerer``; the same question about the same pictures has the same answer."""
        del moment  # none of the pictures is later
        latest = sorted(zip(times, range(len(pictures)), strict=True))[-_MOST:]
        shown = tuple(self._see(pictures[place]) for _, place in latest)
        made = self._brain.open(
            _ONE,
            [Message("user", question, shown)],
            sampling=_GREEDY,
            max_tokens=_TOKENS,
        )
        said = []
        while not made.done:
            said.append(made.step())
        return "".join(said).strip()

    def _see(self, picture: Pixels) -> Shown:
        digest = digest_of(picture)
        if digest not in self._shown:
            self._shown[digest] = self._brain.show(self._eyes.see(fit(picture)))
            if len(self._shown) > _KEPT:
                self._shown.popitem(last=False)
        self._shown.move_to_end(digest)
        return self._shown[digest]
