"""Takes what callers say that a turn should have read."""

from collections.abc import Callable

from talkover.core.errors import ProtocolError, TalkoverError
from talkover.server.session.gate import Opening
from talkover.server.session.leases import Leases
from talkover.server.session.turnbook import TurnBook
from talkover.server.swap.lease import Landlord


class Corrector:
    """Tells whom a correction concerns: the book, the turn's generation, and the house.

    Args:
        session: Its id.
        opening: Whose locale counts.
        book: Where turns are kept.
        leases: Of the session's models.
        house: Counts corrections.
        tell: Told of a turn that nobody knows.
    """

    def __init__(
        self,
        session: str,
        opening: Opening,
        *,
        book: TurnBook,
        leases: Leases,
        house: Landlord,
        tell: Callable[[TalkoverError], None],
    ) -> None:
        self._session = session
        self._locale = opening.locale
        self._book = book
        self._leases = leases
        self._house = house
        self._tell = tell

    def take(self, turn: int, said: str) -> None:
        """A turn should have read as is said."""
        known = self._book.heard(turn)
        if not self._book.correct(turn, said):
            self._tell(ProtocolError("a correction of a turn that is not known"))
            return
        self._leases.corrected(turn)
        if known is not None:
            heard, bundle_id = known
            self._house.corrections.add(
                self._session,
                turn,
                locale=self._locale,
                bundle=bundle_id,
                heard=heard,
                said=said,
            )
