"""Who has the floor, as the caller knows it from events and from the loudspeaker."""

from talkover.client._events import Event, Truncation, Turn, TurnKind
from talkover.core.clock import FRAME


class Floor:
    """What a caller goes by when deciding whether to speak or to hang up."""

    def __init__(self) -> None:
        self._caller_speaks = False
        self._agent_owes = False
        self._agent_speaks = False
        self._agent_held = False  # cut off, and it may go on
        self._waiting = 0
        self._replies = 0
        self._heard = 0
        self._sounding = False

    @property
    def replies(self) -> int:
        """Replies that are over: said to the end, or cut off for good."""
        return self._replies

    @property
    def heard(self) -> int:
        """Ticks of the latest reply that have come out."""
        return self._heard

    @property
    def speaking(self) -> bool:
        """A reply is being said, ducked or not."""
        return self._agent_speaks

    @property
    def sounding(self) -> bool:
        """The agent came out of the loudspeaker in the last 20 ms."""
        return self._sounding

    @property
    def settled(self) -> bool:
        """Nobody speaks, no answer is due or may go on, and all audio has come out."""
        agent = self._agent_owes or self._agent_speaks or self._agent_held
        return not (self._caller_speaks or agent or self._waiting)

    def event(self, event: Event) -> None:
        """Take what the agent did."""
        if isinstance(event, Truncation):
            self._cut()
        elif isinstance(event, Turn):
            self._turn(event.kind)

    def _turn(self, kind: TurnKind) -> None:
        match kind:
            case TurnKind.CALLER_STARTED:
                self._caller_speaks = True
            case TurnKind.CALLER_CONTINUED:
                self._caller_speaks, self._agent_owes = True, False
            case TurnKind.CALLER_ENDED:
                self._cut()
                self._caller_speaks, self._agent_owes = False, True
                self._heard = 0
            case TurnKind.FALSE_START:
                self._caller_speaks = False
            case TurnKind.AGENT_STARTED:
                self._agent_owes, self._agent_speaks = False, True
            case TurnKind.AGENT_FINISHED:
                self._agent_speaks = False
                self._replies += 1
            case TurnKind.BARGE_IN:
                self._agent_speaks, self._agent_held = False, True
            case TurnKind.RESUMED:
                self._agent_speaks, self._agent_held = True, False
            case TurnKind.OVERLAP | TurnKind.DUCKED | TurnKind.UNDUCKED:
                pass

    def _cut(self) -> None:
        """A reply that was cut off will not go on."""
        if self._agent_held:
            self._agent_held = False
            self._replies += 1

    def tick(self, *, came_out: bool, waiting: int) -> None:
        """Take what the loudspeaker did in the last 20 ms.

        Args:
            came_out: It gave agent audio.
            waiting: Ticks that it still holds.
        """
        self._waiting = waiting
        self._sounding = came_out
        if came_out:
            self._heard += FRAME
