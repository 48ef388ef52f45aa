"""The state machine of generations: decisions only, no I/O, no clock of its own.

::

    loading ──▶ warmed ──▶ checked ──▶ shadow ──▶ canary ──▶ current ──▶ retiring ──▶ freed
       │          │                      │          │                     ▲
       └──────────┴──▶ failed            └──────────┴─── rolled back ─────┘

There is always one current generation, at most one candidate on its way there, and one that is
being loaded: only when it is found sound does it take the candidate's place. A turn that
begins takes a generation and gives it back when it is over; whatever happens meanwhile, it is not
freed before. Which one it takes depends on the session's id alone, so that a caller of a canary
stays one, and every process that hears of the same share decides alike.
"""

from typing import Final

from talkover.server.swap.generation import GONE, LEGAL, Generation, Goal, State, Verdict, lot
from talkover.server.swap.policy import SwapPolicy
from talkover.server.swap.signs import Compared, Record, TurnSigns, drift, shadow_drift

_REMEMBERED: Final = 12  # generations that are gone


class Generations:
    """All generations of a process.

    Args:
        bundle: The one that is served first, loaded and sound.
        now: When (s); any clock that goes forward.
        policy: How careful a swap is.
    """

    def __init__(self, bundle: str, now: float, policy: SwapPolicy | None = None) -> None:
        self.policy = policy or SwapPolicy()
        self._all: dict[int, Generation] = {}
        self._count = 0
        self.version = 0
        """Changes whenever any state or share does."""
        self.current = self._add(bundle, State.CURRENT, Goal.CURRENT, 1.0, now)
        self.current.reason = "the server started with it"
        self.candidate: Generation | None = None
        self.arriving: Generation | None = None

    def all(self) -> list[Generation]:
        """Oldest first; of those that are gone, the newest."""
        return list(self._all.values())

    def get(self, number: int) -> Generation | None:
        """One of them; None: it is long gone."""
        return self._all.get(number)

    # Which generation a turn runs on

    def choose(self, session: str) -> Generation:
        """The generation that a turn of ``session`` would begin on."""
        candidate = self.candidate
        if candidate is None or candidate.state is not State.CANARY:
            return self.current
        return candidate if lot(session, candidate.bundle) < candidate.share else self.current

    # How a candidate comes

    def offer(
        self, bundle: str, goal: Goal, now: float, share: float | None = None, why: str = ""
    ) -> Generation | None:
        """Somebody wants a bundle to be served.

        What is known already is not loaded twice: a candidate's goal is raised, one that retires
        is called back. Of two that are to be loaded the newer counts.

        Args:
            bundle: Its id.
            goal: How far it shall go.
            now: When (s).
            share: Of the sessions, as a canary; None: the policy's.
            why: Of a promotion.

        Returns:
            A generation that must be loaded; None: there is nothing to load.
        """
        wanted = self.policy.share if share is None else share
        if bundle == self.current.bundle:
            if goal is Goal.CURRENT:
                self.drop("the current bundle was promoted again", now)
            return None
        if (coming := self.coming(bundle)) is not None:
            if goal > Goal.OFFERED:
                coming.share = wanted
                self.version += 1
            coming.goal, coming.why = max(coming.goal, goal), why
            self._advance(coming, now)
            return None
        if self.arriving is not None:
            self._retire(self.arriving, f"{bundle[:12]} was offered meanwhile", now)
        if goal is Goal.CURRENT and (known := self._retiring(bundle)) is not None:
            self._promote(known, why or "called back", now)
            return None
        self.arriving = self._add(bundle, State.LOADING, goal, wanted, now)
        self.arriving.building, self.arriving.why = True, why
        return self.arriving

    def coming(self, bundle: str) -> Generation | None:
        """The generation of a bundle that is on its way; None: there is none."""
        ways = (self.arriving, self.candidate)
        return next((one for one in ways if one is not None and one.bundle == bundle), None)

    def warmed(self, generation: Generation, now: float) -> bool:
        """Its models are loaded and have run once. False: it is not wanted any more."""
        if generation.state is not State.LOADING:
            return False
        self._move(generation, State.WARMED, now)
        return True

    def checked(self, generation: Generation, now: float) -> bool:
        """Its outputs are what they should be. False: it is not wanted any more."""
        if generation.state is not State.WARMED:
            return False
        generation.building = False
        if self.candidate is not None:
            self._retire(self.candidate, f"{generation.bundle[:12]} took its place", now)
        self.arriving, self.candidate = None, generation
        self._move(generation, State.CHECKED, now)
        self._advance(generation, now)
        return True

    def failed(self, generation: Generation, reason: str, now: float) -> None:
        """It could not be loaded, or was not what it should be. Everything stays as it was."""
        generation.building = False
        if generation.state in (State.LOADING, State.WARMED):
            self._move(generation, State.FAILED, now, reason)
            self.arriving = None
            self._forget()

    # What its turns tell

    def turn_over(self, generation: Generation, signs: TurnSigns) -> None:
        """A turn that ran on it is over."""
        for record in self._records(generation):
            record.add(signs)

    def turn_proves(self, generation: Generation, kind: str) -> None:
        """A turn that is over proves to be ``repeated`` or ``corrected``."""
        for record in self._records(generation):
            record.add_later(kind)

    def compared(self, generation: Generation, one: Compared) -> None:
        """A turn was heard twice."""
        if generation.state is State.SHADOW:
            generation.compared.append(one)

    def decide(self, now: float) -> Verdict | None:
        """Let the candidate advance or go back, if what is known by now says so."""
        candidate = self.candidate
        if candidate is None:
            return None
        if candidate.state is State.SHADOW:
            return self._decide_shadow(candidate, now)
        if candidate.state is State.CANARY:
            return self._decide_canary(candidate, now)
        return None

    def _decide_shadow(self, candidate: Generation, now: float) -> Verdict | None:
        seen = len(candidate.compared)
        if (reason := shadow_drift(candidate.compared, self.policy)) is not None:
            return self._send_back(candidate, reason, now)
        if seen < self.policy.shadow_turns and now - candidate.since < self.policy.shadow_seconds:
            return None
        reason = f"heard {seen} turns in the shadow"
        self._move(candidate, State.CANARY, now, reason)
        return Verdict("canary", candidate.bundle, candidate.share, reason)

    def _decide_canary(self, candidate: Generation, now: float) -> Verdict | None:
        policy, new, old = self.policy, candidate.record, candidate.control
        if candidate.share >= 1:
            old = self.current.record  # nobody is left to compare with but those before
        elif old.n < policy.control_turns:
            return None
        looks = min(new.turns // policy.look_every, policy.looks)
        if looks > candidate.looks:
            candidate.looks = looks
            if (reason := drift(new, old, policy)) is not None:
                return self._send_back(candidate, reason, now)
        if new.turns < policy.canary_turns:
            return None
        reason = f"{new.turns} turns without drift"
        self._promote(candidate, reason, now)
        return Verdict("promote", candidate.bundle, 1.0, reason)

    def _send_back(self, candidate: Generation, reason: str, now: float) -> Verdict:
        self._retire(candidate, f"rolled back: {reason}", now)
        return Verdict("rollback", self.current.bundle, 1.0, reason)

    # How a generation goes

    def drop(self, reason: str, now: float) -> bool:
        """Whatever is on its way is not wanted any more; False: there was nothing."""
        ways = [one for one in (self.arriving, self.candidate) if one is not None]
        for one in ways:
            self._retire(one, f"rolled back: {reason}", now)
        return bool(ways)

    def freeable(self) -> list[Generation]:
        """Those that retire and that nothing needs any more."""
        return [
            one
            for one in self._all.values()
            if one.state is State.RETIRING and not one.uses and not one.building
        ]

    def freed(self, generation: Generation, now: float) -> None:
        """Its models are gone.

        Raises:
            ValueError: something still needs them; a mistake of ours.
        """
        if generation.uses:
            raise ValueError("a generation in use was freed")
        generation.building = False
        self._move(generation, State.FREED, now, generation.reason)
        self._forget()

    # Moves

    def _records(self, generation: Generation) -> list[Record]:
        """Whatever a turn of a generation is written into.

        A canary is compared with what the old weights do at the same time: at another hour there
        are other callers, and another load.
        """
        canary = self.candidate
        if generation is self.current and canary is not None and canary.state is State.CANARY:
            return [generation.record, canary.control]
        return [generation.record]

    def _add(self, bundle: str, state: State, goal: Goal, share: float, now: float) -> Generation:
        window = self.policy.window
        made = Generation(
            self._count, bundle, state, goal, share, now, Record(window), Record(window)
        )
        self._all[made.number] = made
        self._count += 1
        self.version += 1
        return made

    def _advance(self, candidate: Generation, now: float) -> None:
        """As far as its goal says, if it is sound."""
        if candidate.state not in (State.CHECKED, State.SHADOW, State.CANARY):
            return
        if candidate.goal is Goal.CURRENT:
            self._promote(candidate, candidate.why or "promoted", now)
        elif candidate.goal is Goal.CANARY and candidate.state is not State.CANARY:
            self._move(candidate, State.CANARY, now, "its outputs are as they should be")
        elif candidate.state is State.CHECKED:
            self._move(candidate, State.SHADOW, now, "its outputs are as they should be")

    def _promote(self, generation: Generation, reason: str, now: float) -> None:
        if self.candidate is not None and self.candidate is not generation:
            self._retire(self.candidate, f"{generation.bundle[:12]} took its place", now)
        before, self.candidate = self.current, None
        self._move(before, State.RETIRING, now, f"{generation.bundle[:12]} took its place")
        self._move(generation, State.CURRENT, now, reason)
        generation.share = 1.0
        self.current = generation

    def _retire(self, candidate: Generation, reason: str, now: float) -> None:
        self._move(candidate, State.RETIRING, now, reason)
        if candidate is self.arriving:
            self.arriving = None
        else:
            self.candidate = None

    def _retiring(self, bundle: str) -> Generation | None:
        for one in reversed(self._all.values()):
            if one.bundle == bundle and one.state is State.RETIRING and not one.building:
                return one
        return None

    def _move(self, generation: Generation, state: State, now: float, reason: str = "") -> None:
        if state not in LEGAL[generation.state]:
            raise ValueError(f"{state} cannot follow {generation.state}; a mistake of ours")
        generation.state, generation.since, generation.reason = state, now, reason
        self.version += 1

    def _forget(self) -> None:
        gone = [one.number for one in self._all.values() if one.state in GONE]
        for number in gone[:-_REMEMBERED]:
            del self._all[number]
