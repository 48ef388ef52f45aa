"""Real people's telephone prompts: to learn from, and to see that nobody is forgotten. Never both.

What a prompt may be used for is decided by the hash of its words, as for every sentence there is:
the training split is learnt from, the validation split guards, the test split is for evaluation.
"""

from functools import cache
from typing import Final

from talkover.core.audio import read_wav, to_float
from talkover.core.audio.prompts import Prompt, find_prompts
from talkover.core.errors import ConfigError
from talkover.trainer.data.clean import Clean, in_steps
from talkover.trainer.data.dirt import Made, dirtied, neighbours
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.texts import Split, split_of

_LONGEST: Final = 24.0  # seconds: 30 s leave the silence after it that stock Whisper needs
_FEWEST_WORDS: Final = 2


@cache
def prompts_of(language: str, split: Split) -> tuple[Prompt, ...]:
    """A language's prompts of two words or more that are of a split, sorted by name.

    Raises:
        ConfigError: there are none on this machine.
    """
    found = tuple(
        prompt
        for prompt in find_prompts(language)
        if split_of(prompt.text) is split
        and len(prompt.text.split()) >= _FEWEST_WORDS
        and prompt.seconds <= _LONGEST
    )
    if not found:
        raise ConfigError(
            f"there are no recordings of people in {language!r} here; run: sh scripts/test_setup.sh"
        )
    return found


def heard(prompt: Prompt) -> Clean:
    """A prompt as what is said."""
    return Clean(
        f"prompts/{prompt.language}/{prompt.name}",
        split_of(prompt.text),
        in_steps(to_float(read_wav(prompt.path))),
        prompt.text,
        languages=(prompt.language,),
        speaker=f"prompts/{prompt.language}",
    )


class People:
    """Prompts as the source of a stream.

    Args:
        languages: Of the prompts.
        split: Of their words.
        dirt: A recipe of which only the noise counts; None: they are heard as they are.

    Raises:
        ConfigError: there are none on this machine.
    """

    chunk = 8

    def __init__(
        self, languages: tuple[str, ...], split: Split = Split.TRAIN, dirt: Recipe | None = None
    ) -> None:
        self._dirt = dirt
        self._prompts = [one for code in languages for one in prompts_of(code, split)]

    @property
    def count(self) -> int:
        """Prompts."""
        return len(self._prompts)

    def make(self, number: int, epoch: int) -> Made:
        """Prompt ``number``; see ``Source``."""
        said = heard(self._prompts[number])
        if self._dirt is None:
            return Made(said, said.pcm)
        others = neighbours(number, self.count)
        return dirtied(self._dirt, said, others, self._sound, epoch=epoch)

    def close(self) -> None:
        """Nothing is open between two prompts."""

    def _sound(self, number: int) -> Sound:
        return heard(self._prompts[number]).pcm
