"""A turn of the caller, as far as it has come."""

from dataclasses import dataclass, field

from talkover.server.turns.messages import Talker, Words
from talkover.server.turns.overlap import Overlap, Verdict


@dataclass(slots=True)
class CallerTurn:
    """A turn that the caller is having.

    Attributes:
        index: Of the turn in the session.
        start: Where its audio begins, pre-roll included.
        segment: Where the part that is not settled yet begins.
        last_voice: Where its last voiced hop ended.
        overlap: The agent was speaking when it began, and has not been stopped for it.
        last_partial: When its words were last asked for.
        settled: Listens of its settled segments, in order.
        candidate: The listen that may hold its last words.
        heard: What came of those listens.
        words: What the words of those listens say.
        sound: By listen, the chance that the turn is over by its sound.
        similarity: Chance that the caller speaks, if known.
        thinking: An answer to it is being prepared, in case it is over.
        nodded: When the agent last hummed in it, or it began.
        typed: It has no audio of its own yet.
    """

    index: int
    start: int
    segment: int
    last_voice: int
    overlap: Overlap | None = None
    last_partial: int = 0
    settled: list[int] = field(default_factory=list)
    candidate: int | None = None
    heard: dict[int, str] = field(default_factory=dict)
    words: dict[int, Words] = field(default_factory=dict)
    sound: dict[int, float] = field(default_factory=dict)
    similarity: float | None = None
    thinking: bool = False
    nodded: int = 0
    typed: bool = False

    def talker(self, stranger: float) -> Talker:
        """Who had it, as far as is known.

        Args:
            stranger: Who is less like the caller than this is somebody else.
        """
        verdict = Verdict.UNDECIDED if self.overlap is None else self.overlap.verdict
        if verdict is Verdict.ECHO:
            return Talker.AGENT
        if verdict is Verdict.SIDE_TALK:
            return Talker.OTHER
        if self.similarity is not None:
            return Talker.OTHER if self.similarity < stranger else Talker.CALLER
        return Talker.CALLER if verdict is Verdict.BACKCHANNEL else Talker.UNKNOWN

    def listens(self) -> tuple[int, ...]:
        """The listens whose words make it up, in order."""
        last = () if self.candidate is None else (self.candidate,)
        return (*self.settled, *last)

    def text(self) -> str | None:
        """All its words, or None while some are still with the listener."""
        listens = self.listens()
        if any(listen not in self.heard for listen in listens):
            return None
        return " ".join(text for listen in listens if (text := self.heard[listen].strip()))

    def last_words(self) -> Words:
        """What its last words say; of a turn that went on in silence, those before."""
        for listen in reversed(self.listens()):
            if self.heard.get(listen, "").strip():
                return self.words.get(listen, Words())
        return Words(count=0)

    def last_sound(self) -> float | None:
        """The chance that it is over by its sound, if somebody listened for that."""
        return self.sound.get(self.candidate) if self.candidate is not None else None
