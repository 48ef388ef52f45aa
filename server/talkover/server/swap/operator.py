"""What people and programs may ask of a server's weights, and what they are shown."""

import time
from dataclasses import dataclass

from talkover.core.errors import BundleError
from talkover.server.swap.follower import Follower
from talkover.server.swap.generation import Generation, Goal, State
from talkover.server.swap.house import House


@dataclass(frozen=True, slots=True)
class View:
    """A generation as it is shown.

    Attributes:
        number: Counted from 0 in each process.
        bundle: Its id.
        state: How far it is.
        share: Of the sessions that begin turns on it.
        uses: What runs on it now.
        turns: That ran on it.
        compared: Turns that it heard in the shadow.
        seconds: In this state.
        reason: Why.
        signs: Share of turns of each kind, and the median latency in seconds.
    """

    number: int
    bundle: str
    state: State
    share: float
    uses: int
    turns: int
    compared: int
    seconds: float
    reason: str
    signs: dict[str, float]


class Operator:
    """Asks a house, and tells the other servers of what came of it.

    Args:
        house: Of this process.
        follower: Knows the disk and the other servers.
    """

    def __init__(self, house: House, follower: Follower) -> None:
        self.house = house
        self._follower = follower

    def views(self) -> list[View]:
        """All generations that are remembered, the newest first."""
        now = time.monotonic()
        generations = self.house.generations
        candidate = generations.candidate
        canary = candidate is not None and candidate.state is State.CANARY
        shares = {generations.current.number: 1.0}
        if candidate is not None and canary:
            shares = {
                candidate.number: candidate.share,
                generations.current.number: 1 - candidate.share,
            }
        return [_view(one, shares.get(one.number, 0.0), now) for one in reversed(generations.all())]

    async def offer(self, bundle: str, share: float | None, reason: str) -> Generation:
        """Let servers take a look at a bundle, and serve it if it does no worse.

        Args:
            bundle: Its id.
            share: Of the sessions that are served by it at once; None: by way of the shadow.
            reason: Why.

        Returns:
            What it became; a canary, or in the shadow.

        Raises:
            BundleError: it was refused; the message says why.
        """
        goal = Goal.OFFERED if share is None else Goal.CANARY
        made = await self._brought(self.house.offer(bundle, goal, share=share))
        if share is None:
            self._follower.announce("offer", bundle, reason=reason)
        else:
            self._follower.announce("canary", bundle, share=share, reason=reason)
        return made

    async def promote(self, bundle: str, reason: str) -> Generation:
        """Serve a bundle to all, without shadow and canary.

        Raises:
            BundleError: it was refused; the message says why, and the old one keeps serving.
        """
        made = await self._brought(self.house.offer(bundle, Goal.CURRENT, why=reason))
        await self._follower.settle(bundle, reason)
        self._follower.announce("promote", bundle, reason=reason)
        return made

    async def roll_back(self, reason: str) -> Generation:
        """Drop the candidate; where there is none, go back to what was current before.

        Returns:
            What is served now.

        Raises:
            BundleError: there is nothing to go back to.
        """
        house = self.house
        if not house.drop(reason):
            leave = house.generations.current.bundle
            bundle = await self._follower.go_back(leave, reason)
            why = f"back again: {reason}" if reason else "back again"
            await self._brought(house.offer(bundle, Goal.CURRENT, why=why, known=True))
        current = house.generations.current
        self._follower.announce("rollback", current.bundle, reason=reason)
        return current

    async def _brought(self, generation: Generation) -> Generation:
        """Wait until it is loaded, and see that it still is wanted then."""
        await self.house.settled(generation)
        if generation.state in (State.FAILED, State.RETIRING, State.FREED):
            raise BundleError(generation.reason)
        return generation


def _view(one: Generation, share: float, now: float) -> View:
    return View(
        number=one.number,
        bundle=one.bundle,
        state=one.state,
        share=share,
        uses=one.uses,
        turns=one.record.turns,
        compared=len(one.compared),
        seconds=max(0.0, now - one.since),
        reason=one.reason,
        signs=one.record.summary(),
    )
