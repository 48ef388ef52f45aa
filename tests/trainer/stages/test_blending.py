"""How much of what was learnt is served: as much as people allow."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.errors import ConfigError  # noqa: E402 - after the libraries it needs
from talkover.trainer.learning.blending import judged, section_of, try_shares  # noqa: E402
from talkover.trainer.stages.guards import Counts  # noqa: E402
from talkover.trainer.stages.recipe import TrainingRecipe  # noqa: E402
from talkover.trainer.stages.tables import (  # noqa: E402
    BlendSettings,
    GuardSettings,
    WindowSettings,
)

BEFORE = {
    "en/clean": Counts(600, 60),
    "es/clean": Counts(400, 40),
    "en/noisy": Counts(600, 120),
    "es/noisy": Counts(400, 80),
}
ROOM = BlendSettings(clean=0.5, noisy=1.0, worst=2.0)


def worse(english: int, spanish: int, noisy: int):
    """The same with more errors."""
    more = {"en/clean": english, "es/clean": spanish, "en/noisy": noisy}
    return {name: Counts(n.words, n.errors + more.get(name, 0)) for name, n in BEFORE.items()}


@pytest.mark.parametrize(
    ("english", "spanish", "noisy", "fits"),
    [
        (0, 0, 0, True),
        (5, 0, 10, True),
        (6, 0, 0, False),
        (-9, 0, 11, False),
        (-9, 8, 0, True),
        (-9, 9, 0, False),  # what one language gains does not pay for the other
    ],
)
def test_a_share_fits_if_people_are_understood(english, spanish, noisy, fits):
    found = judged(0.5, worse(english, spanish, noisy), BEFORE, ROOM)
    assert found.fits is fits
    assert found.clean == pytest.approx((english + spanish) / 10)
    assert found.noisy == pytest.approx(noisy / 10)
    assert found.worst == pytest.approx(max(english / 6, spanish / 4))
    assert str(found).startswith("50 % of what was learnt")
    assert "50 % of what" in section_of({"tried": [str(found)]})


@pytest.mark.parametrize("shares", [(), (0.5, 1.0), (0.0,), (1.1, 0.5), (0.5, 0.5)])
def test_shares_that_cannot_be_tried_are_refused(shares):
    with pytest.raises(ConfigError, match="the largest first"):
        BlendSettings(shares=shares)


def test_it_is_no_part_of_what_a_run_is_known_by():
    recipe = TrainingRecipe.load("live")
    assert TrainingRecipe.read(recipe.to_toml(), recipe.name).blend == recipe.blend
    other = TrainingRecipe.read(f"{recipe.to_toml()}", recipe.name)
    quick = recipe.quick()
    assert other.sha256 == recipe.sha256
    assert quick.blend.count < recipe.blend.count


@pytest.mark.usefixtures("prompts")
@pytest.mark.parametrize(("room", "shares"), [(100.0, [1.0]), (-100.0, [1.0, 0.5])])
def test_it_stops_at_the_first_share_that_people_allow(make, room, shares):
    policy, began, told = make(2), make(2), []
    with torch.no_grad():
        for value in policy.parameters():
            value.add_(0.1 * value.requires_grad)
    up = [one.clone() for name, one in policy.named_parameters() if name.endswith(".up")]
    tried = try_shares(
        policy,
        began,
        WindowSettings(shortest=(3.0,), margins=(1.0,), longest=4.0).rule(0),
        BlendSettings(shares=(1.0, 0.5), count=1, clean=room, noisy=room, worst=room),
        GuardSettings(languages=("en",), stock=3.0),
        lambda what, more: told.append((what, more)),
    )
    assert [one.share for one in tried] == shares
    assert tried[-1].fits is (room > 0)
    assert sum(more for _, more in told) == 2 * (1 + len(shares))
    left = [one for name, one in policy.named_parameters() if name.endswith(".up")]
    for old, new in zip(up, left, strict=True):
        torch.testing.assert_close(new, shares[-1] * old)
