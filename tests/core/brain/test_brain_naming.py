"""What a head finds in places, and how it is told."""

import numpy as np
import onnx
import pytest

from talkover.core.brain.config import PROJECTOR
from talkover.core.brain.naming import Found, found_in, told_of
from talkover.core.brain.projector import build_projector, check_projector, shapes_of
from talkover.core.brain.showing import Projector
from talkover.core.brain.sight import Sight, note_of, with_things
from talkover.core.errors import WeightsError
from talkover.core.seer.types import Seen, Word

SIGHT = Sight(grid=(8, 8), features=3, things=("cup", "key"), colours=("red", "blue", "grey"))
NOTHING = [5.0, 0, 0, 0, 0, 0, 0, 0, 0]


def heard(**places):
    """What a head says: ``r2c3=(thing, colour, down, right, size, how sure)``."""
    named = np.tile(np.array(NOTHING, np.float32), (16, 1))
    for name, (thing, colour, *measures, sure) in places.items():
        place = 4 * int(name[1]) + int(name[3])
        named[place, :3] = (0.0, -9.0, -9.0)
        named[place, 1 + thing] = sure
        named[place, 3 + colour] = 3.0
        named[place, -3:] = measures
    return named


def found(name, colour="red", x=0.5, y=0.5, size=0.3):
    return Found(name, colour, x, y, size, 0.9)


def test_each_thing_is_found_where_it_is_the_largest_first():
    small, large = found_in(
        heard(r0c0=(0, 0, 0.25, -0.25, 0.2, 4), r3c3=(1, 1, 0, 0, 0.6, 4)), SIGHT
    )[::-1]
    assert (small.name, small.colour, large.name, large.colour) == ("cup", "red", "key", "blue")
    assert (small.x, small.y, small.size) == pytest.approx((0.25 / 4, 0.75 / 4, 0.2))
    assert (large.x, large.y) == pytest.approx((3.5 / 4, 3.5 / 4))
    assert large.sure > 0.9


def test_what_is_not_sure_is_not_there():
    assert found_in(heard(r0c0=(0, 0, 0, 0, 0.2, -4)), SIGHT) == []


def test_a_thing_on_the_edge_of_two_places_is_one_thing():
    edge = heard(
        r1c1=(0, 0, 0, 0.5, 0.3, 4), r1c2=(0, 0, 0, -0.5, 0.3, 3), r3c1=(0, 0, 0, 0, 0.3, 4)
    )
    assert len(found_in(edge, SIGHT)) == 2


def test_things_are_told_together_by_their_names():
    some = [
        found("cup", "red", x=0.2),
        found("key", "green", size=0.2),
        found("cup", "blue", x=0.9, y=0.1, size=0.1),
    ]
    assert told_of(some) == "two cup (red left, blue top right), one key (green middle)"
    assert told_of([]) == ""
    assert told_of([found("cup")] * 12).startswith("many cup (red middle, ")


def test_things_come_before_words_and_nothing_is_named_where_nothing_is_seen():
    word = Word("SALE", (0.4, 0.1, 0.5, 0.2), 0.9)
    assert note_of([word], "one cup (red left)") == "one cup (red left), top: SALE"
    assert note_of([], "one cup (red left)") == "one cup (red left)"
    assert note_of([word], "one cup (red left)", blank=True) == "all one colour"
    assert with_things(note_of((), blank=True), "one cup (red left)") == "all one colour"
    assert with_things("", "") == ""


def test_a_projector_shows_what_it_names(tmp_path):
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes_of(SIGHT, 4, 6).items()}
    weights |= {"spread": np.ones(3, np.float32), "size": np.ones(6, np.float32)}
    weights["names.out.bias"] = np.array([0, -9, 9, 0, 9, 0, 0, 0, 0.3], np.float32)
    onnx.save(build_projector(weights, SIGHT), str(tmp_path / PROJECTOR))
    shown = Projector(tmp_path, SIGHT, threads=1, providers=["CPUExecutionProvider"])
    word = Word("SALE", (0.4, 0.1, 0.5, 0.2), 0.9)
    seen = Seen(np.zeros((64, 3), np.float32), (8, 8), (word,), blank=False)
    note = shown.show(seen).note
    assert note.startswith("many key (blue top left, ")  # there is one in each place
    assert note.endswith("), top: SALE")
    del weights["names.near.bias"]
    with pytest.raises(WeightsError, match="does not fit"):
        check_projector(weights, SIGHT, 6)
