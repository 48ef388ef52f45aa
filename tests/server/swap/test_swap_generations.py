"""Which generation a turn runs on, and what may happen to it meanwhile."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from talkover.server.swap.generation import COMING, Generation, Goal, State, lot
from talkover.server.swap.generations import Generations
from talkover.server.swap.policy import SwapPolicy
from talkover.server.swap.signs import Compared, TurnSigns

OLD, NEW, THIRD = "a" * 64, "b" * 64, "c" * 64
SESSIONS = [f"s{n}" for n in range(40)]
POLICY = SwapPolicy(shadow_turns=2, canary_turns=10, control_turns=10, look_every=5)


def loaded(house: Generations, bundle: str, goal: Goal = Goal.OFFERED, share: float = 0.5):
    """Offer a bundle and let it pass its checks."""
    made = house.offer(bundle, goal, 1.0, share)
    assert made is not None
    assert house.warmed(made, 2.0)
    assert house.checked(made, 3.0)
    return made


def turns(house: Generations, generation: Generation, count: int, **signs) -> None:
    for _ in range(count):
        house.turn_over(generation, TurnSigns(latency=1.0, **signs))


def chosen(house: Generations) -> list[int]:
    return [house.choose(session).number for session in SESSIONS]


def test_an_offer_goes_by_shadow_and_canary_to_all():
    house = Generations(OLD, 0.0, POLICY)
    new = loaded(house, NEW)
    assert new.state is State.SHADOW
    assert set(chosen(house)) == {0}
    for _ in range(2):
        house.compared(new, Compared())
    verdict = house.decide(4.0)
    assert verdict is not None
    assert (verdict.kind, new.state, verdict.share) == ("canary", State.CANARY, 0.5)
    assert set(chosen(house)) == {0, 1}
    turns(house, house.current, 10)
    turns(house, new, 9)
    assert house.decide(5.0) is None
    turns(house, new, 1)
    verdict = house.decide(6.0)
    assert verdict is not None
    assert (verdict.kind, verdict.bundle) == ("promote", NEW)
    assert set(chosen(house)) == {1}
    (old,) = house.freeable()
    house.freed(old, 7.0)
    assert old.state is State.FREED


def test_a_shadow_of_an_idle_server_ends():
    house = Generations(OLD, 0.0, POLICY)
    new = loaded(house, NEW)
    assert house.decide(3.0 + POLICY.shadow_seconds - 1) is None
    verdict = house.decide(3.0 + POLICY.shadow_seconds)
    assert verdict is not None
    assert verdict.kind == "canary"
    assert new.reason == "heard 0 turns in the shadow"


def test_a_deaf_generation_goes_back_from_the_shadow():
    house = Generations(OLD, 0.0, SwapPolicy(shadow_turns=10))
    new = loaded(house, NEW)
    for _ in range(6):
        house.compared(new, Compared(empty=True))
    verdict = house.decide(4.0)
    assert verdict is not None
    assert (verdict.kind, verdict.bundle) == ("rollback", OLD)
    assert new.state is State.RETIRING
    assert "no words in 6 of 6" in new.reason


def test_a_harmful_canary_goes_back():
    house = Generations(OLD, 0.0, POLICY)
    new = loaded(house, NEW, Goal.CANARY)
    assert new.state is State.CANARY
    turns(house, house.current, 50)
    turns(house, new, 5, empty=True)
    verdict = house.decide(4.0)
    assert verdict is not None
    assert verdict.kind == "rollback"
    assert "5 of 5 turns empty" in verdict.reason
    assert set(chosen(house)) == {0}


def test_a_canary_waits_for_something_to_be_compared_with():
    house = Generations(OLD, 0.0, POLICY)
    turns(house, house.current, 50, empty=True)  # what was at another hour does not count
    new = loaded(house, NEW, Goal.CANARY)
    turns(house, new, 30)
    assert house.decide(4.0) is None
    turns(house, house.current, 10)
    verdict = house.decide(5.0)
    assert verdict is not None
    assert verdict.kind == "promote"


def test_where_all_are_served_by_a_canary_it_is_compared_with_those_before():
    house = Generations(OLD, 0.0, POLICY)
    turns(house, house.current, 50)
    new = loaded(house, NEW, Goal.CANARY, share=1.0)
    turns(house, new, 5, corrected=True)
    verdict = house.decide(4.0)
    assert verdict is not None
    assert "corrected" in verdict.reason


def test_a_failed_load_leaves_everything_as_it_was():
    house = Generations(OLD, 0.0, POLICY)
    before = chosen(house), house.current
    new = house.offer(NEW, Goal.CURRENT, 1.0)
    assert new is not None
    house.failed(new, "encoder.onnx is damaged", 2.0)
    assert (chosen(house), house.current) == before
    assert (new.state, new.reason) == (State.FAILED, "encoder.onnx is damaged")
    assert house.candidate is None
    assert house.offer(NEW, Goal.CURRENT, 3.0) is not None  # it may have been mended


def test_a_newer_offer_takes_the_place_of_one_that_loads():
    house = Generations(OLD, 0.0, POLICY)
    first = house.offer(NEW, Goal.OFFERED, 1.0)
    second = house.offer(THIRD, Goal.OFFERED, 2.0)
    assert first is not None
    assert second is not None
    assert house.freeable() == []  # its models are on their way
    assert not house.warmed(first, 3.0)
    house.freed(first, 3.0)
    assert house.warmed(second, 4.0)


def test_a_newer_offer_that_fails_leaves_the_candidate_alone():
    house = Generations(OLD, 0.0, POLICY)
    first = loaded(house, NEW, Goal.CANARY)
    before = chosen(house)
    second = house.offer(THIRD, Goal.CURRENT, 5.0)
    assert second is not None
    assert (house.candidate, chosen(house)) == (first, before)
    house.failed(second, "damaged", 6.0)
    assert (house.candidate, first.state, chosen(house)) == (first, State.CANARY, before)
    loaded(house, THIRD, Goal.CANARY)
    assert first.state is State.RETIRING
    assert house.candidate is not first


def test_the_same_bundle_is_not_loaded_twice():
    house = Generations(OLD, 0.0, POLICY)
    new = loaded(house, NEW)
    assert house.offer(NEW, Goal.OFFERED, 4.0) is None
    assert new.state is State.SHADOW
    assert house.offer(NEW, Goal.CURRENT, 5.0) is None
    assert house.current is new
    assert house.offer(NEW, Goal.CURRENT, 6.0) is None


def test_a_promotion_while_it_loads_counts_when_it_is_checked():
    house = Generations(OLD, 0.0, POLICY)
    new = house.offer(NEW, Goal.OFFERED, 1.0)
    assert new is not None
    assert house.offer(NEW, Goal.CURRENT, 2.0) is None
    house.warmed(new, 3.0)
    house.checked(new, 4.0)
    assert house.current is new


def test_back_again_at_once_while_the_old_one_still_runs():
    house = Generations(OLD, 0.0, POLICY)
    old = house.current
    old.take()
    loaded(house, NEW, Goal.CURRENT)
    assert house.offer(OLD, Goal.CURRENT, 5.0, why="people complain") is None
    assert house.current is old
    assert (old.uses, old.reason) == (1, "people complain")


def test_back_again_when_the_old_one_is_gone_it_must_be_loaded():
    house = Generations(OLD, 0.0, POLICY)
    old = house.current
    loaded(house, NEW, Goal.CURRENT)
    house.freed(old, 4.0)
    again = house.offer(OLD, Goal.CURRENT, 5.0)
    assert again is not None
    assert again.number == 2
    assert house.current.bundle == NEW


def test_a_candidate_can_be_dropped():
    house = Generations(OLD, 0.0, POLICY)
    new = loaded(house, NEW, Goal.CANARY)
    assert house.drop("no", 5.0)
    assert house.current.bundle == OLD
    assert new.reason == "rolled back: no"
    assert not house.drop("no", 6.0)


def test_a_generation_in_use_cannot_be_freed():
    house = Generations(OLD, 0.0, POLICY)
    old = house.current
    old.take()
    loaded(house, NEW, Goal.CURRENT)
    assert house.freeable() == []
    with pytest.raises(ValueError, match="in use"):
        house.freed(old, 4.0)
    old.give()
    assert house.freeable() == [old]
    with pytest.raises(ValueError, match="twice"):
        old.give()


def test_shares_are_what_they_say_and_grow_by_adding():
    lots = [lot(f"session-{n}", NEW) for n in range(4_000)]
    assert 0.18 < sum(one < 0.2 for one in lots) / 4_000 < 0.22
    others = [lot(f"session-{n}", THIRD) for n in range(4_000)]
    both = sum(a < 0.2 and b < 0.2 for a, b in zip(lots, others, strict=True))
    assert both < 0.07 * 4_000  # not always the same callers


class AnyInterleaving(RuleBasedStateMachine):
    """Whatever happens in whatever order: every turn ends on the generation that it began on."""

    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.house = Generations(OLD, 0.0, POLICY)
        self.loading: list[Generation] = []
        self.taken: list[Generation] = []
        self.now = 0.0

    def tick(self) -> float:
        self.now += 7.0
        return self.now

    @rule(bundle=st.sampled_from([OLD, NEW, THIRD]), goal=st.sampled_from(Goal))
    def offer(self, bundle, goal):
        made = self.house.offer(bundle, goal, self.tick(), 0.5)
        if made is not None:
            self.loading.append(made)

    @rule(sound=st.booleans())
    def load(self, sound):
        if not self.loading:
            return
        before = chosen(self.house), self.house.current
        made = self.loading.pop(0)
        if not sound:
            self.house.failed(made, "damaged", self.tick())
            assert (chosen(self.house), self.house.current) == before
        elif not (self.house.warmed(made, self.tick()) and self.house.checked(made, self.tick())):
            self.house.freed(made, self.tick())

    @rule(target=leases, session=st.sampled_from(SESSIONS))
    def begin(self, session):
        generation = self.house.choose(session)
        assert generation is self.house.choose(session)
        generation.take()
        self.taken.append(generation)
        return generation, generation.bundle

    @rule(lease=leases, empty=st.booleans())
    def end(self, lease, empty):
        generation, bundle = lease
        if generation not in self.taken:
            return
        assert generation.bundle == bundle
        assert generation.state is not State.FREED
        self.taken.remove(generation)
        generation.give()
        self.house.turn_over(generation, TurnSigns(empty=empty, latency=1.0))

    @rule(empty=st.booleans())
    def hear_twice(self, empty):
        if self.house.candidate is not None:
            self.house.compared(self.house.candidate, Compared(empty=empty))

    @rule()
    def decide(self):
        self.house.decide(self.tick())

    @rule()
    def drop(self):
        self.house.drop("somebody said so", self.tick())

    @rule()
    def free(self):
        for one in self.house.freeable():
            assert one not in self.taken
            self.house.freed(one, self.tick())

    @invariant()
    def one_is_current_and_at_most_two_come(self):
        every = self.house.all()
        assert [one for one in every if one.state is State.CURRENT] == [self.house.current]
        coming = [one for one in every if one.state in COMING]
        ways = (self.house.candidate, self.house.arriving)
        assert coming == [one for one in ways if one is not None]

    @invariant()
    def what_is_used_is_there(self):
        for one in self.house.all():
            assert one.uses == sum(taken is one for taken in self.taken)
            assert one.uses == 0 or one.state not in (State.FREED, State.FAILED)

    @invariant()
    def sessions_are_served_by_what_was_checked(self):
        for session in SESSIONS[:5]:
            assert self.house.choose(session).state in (State.CURRENT, State.CANARY)


TestAnyInterleaving = AnyInterleaving.TestCase
TestAnyInterleaving.settings = settings(max_examples=60, stateful_step_count=40)
