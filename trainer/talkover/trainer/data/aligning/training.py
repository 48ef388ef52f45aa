"""From nothing to an ear: speech is made, and learnt from."""

from collections.abc import Callable

from talkover.trainer.data.aligning.fit import Plan, fit
from talkover.trainer.data.aligning.network import Ear
from talkover.trainer.data.aligning.practice import spoken
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.texts import Split


def train(
    recipe: Recipe,
    plan: Plan,
    *,
    said: Callable[[], None] = lambda: None,
    heard: Callable[[], None] = lambda: None,
) -> Ear:
    """Train an ear on a recipe's training split.

    Args:
        recipe: Of voices, sentences and noises; its seed is that of all that is drawn.
        plan: How much.
        said: Called after each utterance that was made.
        heard: Called after each that was learnt from.

    Raises:
        ConfigError: an engine that the recipe asks for is not installed.
        DataError: the recipe has music, and there is none here.
        WeightsError: a voice's weights are not here.
    """
    made = spoken(recipe, Split.TRAIN, plan.utterances, tick=said)
    return fit(recipe, made, plan.epochs, tick=heard)
