"""The aligner on speech whose times are known, when it is quiet and under noise."""

from collections.abc import Callable
from typing import Final

from talkover.trainer.data.aligning.aligner import Aligner
from talkover.trainer.data.aligning.judge import CLEAN, NOISY, SKEW, Judged, Lags, judge
from talkover.trainer.data.aligning.phonemes import said_words
from talkover.trainer.data.aligning.practice import at_level, heard_in, spoken
from talkover.trainer.data.aligning.skew import lag_of
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.texts import Split

_SNR: Final = 10.0  # dB


def run(
    aligner: Aligner, recipe: Recipe, count: int, *, tick: Callable[[], None] = lambda: None
) -> tuple[list[Judged], list[Lags]]:
    """Align the first utterances of a recipe's test split, and look for lags that are there or not.

    Args:
        aligner: To be judged. It is given the text and its languages, and the accent.
        recipe: Whose voices and sentences.
        count: Utterances, each under both conditions.
        tick: Called after each step; there are twice as many as utterances.

    Raises:
        ConfigError: an engine that the recipe asks for is not installed.
        WeightsError: a voice's weights are not here.
    """
    said = spoken(recipe, Split.TEST, count, tick=tick)
    noisy = at_level(recipe, _SNR)
    judged: list[Judged] = []
    lags: list[Lags] = []
    for place, one in enumerate(said):
        words = said_words([(word.text, word.language) for word in one.words], one.accent)
        for condition, pcm in ((CLEAN, one.pcm), (NOISY, heard_in(noisy, said, place))):
            heard = aligner.hear(pcm)
            judged.append(judge(condition, one, aligner.lay(heard, words)))
            for skew in (0, SKEW, -SKEW):
                late = [word.later(skew) for word in one.words]
                lags.append(Lags(condition, skew, lag_of(aligner, heard, late)))
        tick()
    return judged, lags
