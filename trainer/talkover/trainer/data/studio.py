"""Where utterances of a recipe are made: one that is heard behind others is spoken once."""

from collections import OrderedDict
from typing import Final

from talkover.core.closing import Closing
from talkover.trainer.data.clean import Clean, clean
from talkover.trainer.data.dirt import GROUP, Made, dirtied, neighbours
from talkover.trainer.data.engines.speaking import Engines
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.texts import Split
from talkover.trainer.data.throat import Throat

_KEPT: Final = GROUP


class Studio(Closing):
    """Makes utterances of a split of a recipe; keeps the last group of what was said, no more.

    Args:
        recipe: What they are made of.
        split: Whose voices and sentences.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """

    def __init__(self, recipe: Recipe, split: Split) -> None:
        self._recipe = recipe
        self._split = split
        self._throat = Throat()
        self._others = Engines()
        self._said: OrderedDict[int, Clean] = OrderedDict()

    def close(self) -> None:
        """Nobody speaks any more."""
        self._throat.close()
        self._others.close()

    def clean(self, number: int) -> Clean:
        """What is said in utterance ``number``.

        Raises:
            ConfigError: an engine that the recipe asks for is not installed.
            WeightsError: a voice's weights are not here.
        """
        if number not in self._said:
            said = clean(self._recipe, self._split, number, self._throat, self._others)
            self._said[number] = said
            if len(self._said) > _KEPT:
                self._said.popitem(last=False)
        self._said.move_to_end(number)
        return self._said[number]

    def utterance(self, number: int, *, epoch: int = 0) -> Made:
        """Utterance ``number`` with what the recipe lays over it.

        Raises:
            ConfigError: an engine that the recipe asks for is not installed.
            WeightsError: a voice's weights are not here.
            DataError: the recipe has music, and there is none here.
        """
        said = self.clean(number)
        return dirtied(self._recipe, said, neighbours(number), self._sound, epoch=epoch)

    def _sound(self, number: int) -> Sound:
        return self.clean(number).pcm
