"""An ear that has heard a few sentences: enough to know words from silence, and roughly where."""

from dataclasses import replace

import pytest

from talkover.trainer.data.aligning.aligner import Aligner
from talkover.trainer.data.aligning.fit import fit
from talkover.trainer.data.aligning.practice import spoken
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.texts import Split


@pytest.fixture(scope="session")
def quiet_recipe():
    """One accent, eSpeak alone, under soft noise."""
    recipe = Recipe.load("aligner")
    return replace(
        recipe,
        accents=("rp",),
        patterns=(),
        guests=(),
        noisy=0.5,
        snr=(15.0, 30.0),
        music=0.0,
        lines=False,
    )


@pytest.fixture(scope="session")
def said(quiet_recipe):
    return spoken(quiet_recipe, Split.TEST, 6)


@pytest.fixture(scope="session")
def ear(quiet_recipe):
    return fit(quiet_recipe, spoken(quiet_recipe, Split.TRAIN, 20), epochs=6)


@pytest.fixture(scope="session")
def aligner(ear):
    return Aligner(ear)
