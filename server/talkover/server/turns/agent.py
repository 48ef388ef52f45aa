"""The agent's side of the floor: what it is doing, and the commands that change that. Pure."""

from collections.abc import Iterator
from enum import StrEnum

from talkover.server.turns.messages import (
    Cancel,
    Change,
    Command,
    Discard,
    Duck,
    Resume,
    Stop,
    Tell,
    Unduck,
)
from talkover.server.turns.turn import CallerTurn


class AgentState(StrEnum):
    """What the agent is doing."""

    QUIET = "quiet"
    THINKING = "thinking"
    SPEAKING = "speaking"
    HELD = "held"
    """Silenced in mid-reply, and it may turn out that nobody wanted that."""


class AgentFloor:
    """Whom the agent answers, and how far it has come with that.

    Each method gives the commands of one step, and none where the step makes no sense.

    Attributes:
        state: What it is doing.
        answered: The turn that it is answering, unless it is quiet.
        ducked: It speaks more quietly, since somebody may want the floor.
    """

    def __init__(self) -> None:
        self.state = AgentState.QUIET
        self.answered: CallerTurn | None = None
        self.ducked = False

    @property
    def speaking(self) -> bool:
        """A reply is being said."""
        return self.state is AgentState.SPEAKING

    @property
    def held(self) -> bool:
        """A reply was cut off, and may go on."""
        return self.state is AgentState.HELD

    def answer(self, turn: CallerTurn) -> None:
        """The turn is over: its reply is on its way."""
        self.state, self.answered = AgentState.THINKING, turn

    def withdraw(self, at: int) -> Iterator[Command]:
        """The turn goes on after all; nothing of its reply was audible."""
        if self.answered is not None:
            yield Cancel(self.answered.index)
            yield Tell(at, Change.CALLER_CONTINUED, self.answered.index)
        self._rest()

    def duck(self, at: int) -> Iterator[Command]:
        """Somebody may want the floor."""
        if self.speaking and self.answered is not None and not self.ducked:
            self.ducked = True
            yield Duck(self.answered.index)
            yield Tell(at, Change.DUCKED, self.answered.index)

    def unduck(self, at: int) -> Iterator[Command]:
        """Nobody does."""
        if self.ducked and self.answered is not None:
            self.ducked = False
            yield Unduck(self.answered.index)
            yield Tell(at, Change.UNDUCKED, self.answered.index)

    def hold(self, at: int) -> Iterator[Command]:
        """Somebody wants the floor: fall silent."""
        if self.speaking and self.answered is not None:
            self.state, self.ducked = AgentState.HELD, False
            yield Stop(self.answered.index)
            yield Tell(at, Change.BARGE_IN, self.answered.index)

    def resume(self, at: int) -> Iterator[Command]:
        """Nobody wanted it: go on."""
        if self.held and self.answered is not None:
            self.state = AgentState.SPEAKING
            yield Tell(at, Change.RESUMED, self.answered.index)
            yield Resume(self.answered.index)

    def give_up(self) -> Iterator[Command]:
        """What was cut off will not go on."""
        if self.held and self.answered is not None:
            yield Discard(self.answered.index)
            self._rest()

    def silence(self, at: int) -> Iterator[Command]:
        """Whatever it is doing, it ends."""
        if self.answered is None:
            return
        if self.state is AgentState.THINKING:
            yield Cancel(self.answered.index)
            yield Tell(at, Change.AGENT_FINISHED, self.answered.index)
            self._rest()
            return
        yield from self.hold(at)
        yield from self.give_up()

    def audible(self, at: int, turn: int) -> Iterator[Command]:
        """The first of the reply was heard."""
        if self._answers(turn) and self.state is AgentState.THINKING:
            self.state = AgentState.SPEAKING
            yield Tell(at, Change.AGENT_STARTED, turn)

    def over(self, at: int, turn: int) -> Iterator[Command]:
        """The reply was said to its end."""
        if self._answers(turn) and not self.held:
            yield from self.unduck(at)
            yield Tell(at, Change.AGENT_FINISHED, turn)
            self._rest()

    def _answers(self, turn: int) -> bool:
        return self.answered is not None and self.answered.index == turn

    def _rest(self) -> None:
        self.state, self.answered, self.ducked = AgentState.QUIET, None, False
