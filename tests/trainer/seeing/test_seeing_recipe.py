import pytest

from talkover.core.errors import DataError
from talkover.trainer.seeing.recipe import SeerRecipe, seer_recipes


def test_recipes_are_read_and_written_alike():
    for name in seer_recipes():
        recipe = SeerRecipe.load(name)
        assert SeerRecipe.read(recipe.to_toml(), "x") == recipe
        assert recipe.quick().pace.steps <= 4
    assert SeerRecipe.read("[warm]\nsteps = 9", "x").quick().warm.steps == 2
    for broken in ("[modle]\nrank = 3", "[model]\nrank = 0", '[lessons]\nkind = "smells"', "x"):
        with pytest.raises(DataError):
            SeerRecipe.read(broken, "broken")
