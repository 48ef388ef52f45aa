"""The picture of the moment that was asked about. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from talkover.core.seer.types import Source
from talkover.server.seeing.album import Album, Shot
from talkover.server.seeing.moments import Moment

Albums = Mapping[Source, Album]


@dataclass(frozen=True, slots=True)
class View:
    """What an answer looks at.

    Attributes:
        moment: That was asked about.
        shot: The picture of it.
        beside: The picture that it is compared with, or was before: of the same source.
    """

    moment: Moment
    shot: Shot
    beside: Shot | None = None

    def shots(self, limit: int) -> tuple[Shot, ...]:
        """The pictures to look at, in the order in which they were taken.

        Args:
            limit: At most so many; that of the moment is the last to be left out.
        """
        both = (self.shot,) if self.beside is None else (self.shot, self.beside)
        return tuple(sorted(both[: max(0, limit)], key=lambda shot: shot.time))


def choose(albums: Albums, moment: Moment) -> View | None:
    """The picture that a question means; None: nothing was shown.

    Args:
        albums: What each source has shown.
        moment: That is asked about.
    """
    album = _meant(albums, moment)
    if album is None:
        return None
    # Who says "look at this" may show it a little later.
    present = album.at(moment.at) or album.after(moment.at)
    match moment.when:
        case "then":
            return None if present is None else View(moment, present)
        case "before":
            earlier = album.before(moment.at)
            shot, beside = (earlier, present) if earlier is not None else (present, None)
        case "change":
            shot, beside = present, album.before(moment.at)
            if shot is None:
                shot, beside = beside, None
    return None if shot is None else View(moment, shot, beside)


def _meant(albums: Albums, moment: Moment) -> Album | None:
    """The source that is meant: the one that is named, or what began to be shown last."""
    if moment.source is not None:
        named = albums.get(moment.source)
        if named is not None and _shows(named, moment):
            return named
    shown = [album for album in albums.values() if _shows(album, moment)]
    return max(shown, key=lambda album: _began(album, moment.at), default=None)


def _shows(album: Album, moment: Moment) -> bool:
    there = album.at(moment.at) or album.after(moment.at)
    return there is not None or (moment.when != "then" and album.before(moment.at) is not None)


def _began(album: Album, time: int) -> tuple[bool, int]:
    return album.at(time) is not None, album.opened
