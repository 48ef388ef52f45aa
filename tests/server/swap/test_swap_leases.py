"""A turn ends on the generation that it began with, whatever happens meanwhile."""

import pytest

from talkover.core.records import Outcome, TurnRecord, Word
from talkover.server.inference import Worker
from talkover.server.session.leases import Leases
from talkover.server.swap.generation import Goal, State
from talkover.server.swap.generations import Generations
from talkover.server.swap.lease import Lease

from .small import named

OLD, NEW = "a" * 64, "b" * 64


class Rooms:
    """A landlord whose models are only named."""

    shadowing = False

    def __init__(self, worker: Worker, *, same_voices: bool) -> None:
        self.generations = Generations(OLD, 0.0)
        voices = object(), object()
        self.loaded = [
            named(OLD, worker, voices[0]),
            named(NEW, worker, voices[not same_voices]),
        ]

    @property
    def version(self):
        return self.generations.version

    def choose(self, session):
        return self.generations.choose(session)

    def lease(self, session):
        return self.extend(self.choose(session))

    def extend(self, generation):
        generation.take()
        parts = self.loaded[generation.number].parts
        return Lease(generation, parts, generation.give)

    def turn_over(self, generation, signs):
        self.generations.turn_over(generation, signs)

    def turn_proves(self, generation, kind):
        self.generations.turn_proves(generation, kind)

    def shadow(self, turn):
        raise AssertionError(turn)

    def swap(self):
        made = self.generations.offer(NEW, Goal.CURRENT, 1.0)
        assert made is not None
        self.generations.warmed(made, 2.0)
        self.generations.checked(made, 3.0)
        assert made.state is State.CURRENT


@pytest.fixture
def rooms(request):
    worker = Worker("ears")
    return Rooms(worker, same_voices=getattr(request, "param", True))


def record(turn: int, text: str = "", outcome: Outcome = Outcome.COMPLETED, **more) -> TurnRecord:
    words = tuple(Word(text=word, start=0, end=1) for word in text.split())
    return TurnRecord(
        session="s",
        turn=turn,
        turn_id=f"s-{turn}",
        written_at=1.0,
        caller_start=0,
        caller_end=1,
        text=text,
        words=words,
        bundle=OLD,
        outcome=outcome,
        **more,
    )


def test_a_turn_keeps_its_generation_and_the_next_takes_the_new_one(rooms):
    leases = Leases(rooms, "s")
    leases.begin(0)
    rooms.swap()
    assert leases.of(0).bundle_id == OLD
    leases.begin(1)  # over the answer to the one before
    assert (leases.of(0).bundle_id, leases.of(1).bundle_id) == (OLD, NEW)
    old = rooms.generations.get(0)
    assert old.uses == 1
    leases.over(record(0))
    assert old.uses == 0
    assert old.record.turns == 1
    leases.close()
    assert rooms.generations.current.uses == 0


def test_a_session_that_is_silent_holds_nothing_back(rooms):
    leases = Leases(rooms, "s")
    rooms.swap()
    assert not leases.renew(quiet=False)  # voice activity stays where it is
    assert leases.standing.bundle_id == NEW
    assert rooms.generations.get(0).uses == 0


@pytest.mark.parametrize("rooms", [False], indirect=True)
def test_other_voice_activity_waits_for_silence(rooms):
    leases = Leases(rooms, "s")
    rooms.swap()
    leases.begin(0)
    assert leases.of(0).bundle_id == OLD, "it would have heard its onset with other weights"
    leases.over(record(0))
    assert not leases.renew(quiet=False)
    assert rooms.generations.get(0).uses == 1
    assert leases.renew(quiet=True)
    leases.begin(1)
    assert leases.of(1).bundle_id == NEW
    assert rooms.generations.get(0).uses == 0


def test_a_turn_that_is_over_twice_is_over_once(rooms):
    leases = Leases(rooms, "s")
    leases.begin(0)
    leases.over(record(0))
    leases.over(record(0))
    assert rooms.generations.current.uses == 1  # the standing lease
    leases.close()
    leases.close()
    assert rooms.generations.current.uses == 0


def test_signs_go_to_whose_turn_it_was(rooms):
    leases = Leases(rooms, "s")
    old = rooms.generations.current
    leases.begin(0)
    leases.over(record(0, "please close the window", latencies={"first_audio": 1.25}))
    rooms.swap()
    leases.begin(1)
    leases.over(record(1, "Please close the windows!"))
    leases.begin(2)
    leases.over(record(2, outcome=Outcome.FALSE_START))
    leases.corrected(1)
    leases.corrected(77)
    new = rooms.generations.current
    assert (old.record.count("repeated"), new.record.count("repeated")) == (1, 0)
    assert (old.record.count("corrected"), new.record.count("corrected")) == (0, 1)
    assert new.record.count("empty") == 1
    assert old.record.latencies() == [1.25]


def test_yes_and_yes_is_no_repetition(rooms):
    leases = Leases(rooms, "s")
    for turn in range(2):
        leases.begin(turn)
        leases.over(record(turn, "yes please"))
    assert rooms.generations.current.record.count("repeated") == 0
