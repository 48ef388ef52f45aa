"""A session's video lane: pictures in, the sight of the moment asked about out."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from talkover.core.clock import samples
from talkover.core.errors import PictureError, ProtocolError, TalkoverError
from talkover.core.seer.types import Rgb, Source
from talkover.server.inference import Worker
from talkover.server.seeing.album import Album, Shot
from talkover.server.seeing.choosing import View, choose
from talkover.server.seeing.cues import cues
from talkover.server.seeing.developing import develop, sent_as
from talkover.server.seeing.moments import moment_of
from talkover.server.seeing.sights import Seer, Sights
from talkover.server.spawning import Spawn
from talkover.server.thinking.scene import Sight, TimedWord
from talkover.v1 import media_pb2

_FORMATS: Final = {
    media_pb2.IMAGE_ENCODING_JPEG: "JPEG",
    media_pb2.IMAGE_ENCODING_PNG: "PNG",
    media_pb2.IMAGE_ENCODING_WEBP: "WEBP",
}
_SOURCES: Final[dict[int, Source]] = {
    media_pb2.VIDEO_SOURCE_UNSPECIFIED: "file",
    media_pb2.VIDEO_SOURCE_CAMERA: "camera",
    media_pb2.VIDEO_SOURCE_SCREEN: "screen",
    media_pb2.VIDEO_SOURCE_FILE: "file",
}
_WAITING: Final = 8  # pictures; of more the oldest is dropped
_IN_VIEW: Final = 2  # pictures whose words the caller may be reading
_ANYWAY: Final = samples(0.5)  # between pictures that are kept while the caller speaks
_AHEAD: Final = samples(1.0)  # as audio may be
_TOLD: Final = samples(1.0)  # between two complaints


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    made: Callable[[], Rgb]
    at: int
    source: Source


class Eyes:
    """Keeps what the caller shows, and looks when it is asked about. The audio waits for nothing.

    Pictures that come faster than they can be looked through are dropped, the oldest first. While
    the caller speaks, what is new in view is looked at ahead, one picture at a time.

    Args:
        languages: That the caller may speak.
        now: The session's time.
        turn: Where the caller's turn under way begins; None: nobody has one.
        seer: Looks at pictures; None: they are only kept.
        tell: Told what is wrong with a picture, once a second at most.
        spawn: Starts a task that the session owns.
    """

    def __init__(
        self,
        languages: Sequence[str],
        *,
        now: Callable[[], int],
        turn: Callable[[], int | None],
        seer: Callable[[], Seer | None],
        tell: Callable[[TalkoverError], None],
        spawn: Spawn,
    ) -> None:
        self._languages = tuple(languages)
        self._now = now
        self._turn = turn
        self._seer = seer
        self._tell = tell
        self._spawn = spawn
        self._albums: dict[Source, Album] = {}
        self._waiting: deque[_Frame] = deque(maxlen=_WAITING)
        self._developing = False
        self._glancing = False
        self._told = -_TOLD
        self._darkroom: Worker | None = None
        self._sights: Sights | None = None

    # What is shown

    def take(self, frame: media_pb2.VideoFrame, now: int) -> None:
        """Take a picture as it came; what is wrong with it is told later."""
        at = frame.taken_at or now
        if not 0 <= at <= now + _AHEAD:
            self._complain(
                ProtocolError("a picture from the future; taken_at is on the media clock")
            )
            return
        source = _SOURCES.get(frame.source, "file")
        if frame.data:
            self.show(sent_as(frame.data, _FORMATS[frame.encoding]), at, source)
        else:
            self.dark(at, source)

    def show(self, made: Callable[[], Rgb], at: int, source: Source) -> None:
        """Take a picture.

        Args:
            made: Gives it, on another thread: uint8 [h, w, 3]; may raise ``PictureError``.
            at: When it was taken, on the media clock.
            source: Where it comes from.
        """
        self._waiting.append(_Frame(made, at, source))
        if not self._developing:
            self._developing = True
            self._spawn(self._develop(), "look")

    def dark(self, at: int, source: Source) -> None:
        """The source shows nothing any more."""
        if (album := self._albums.get(source)) is not None and album.last is not None:
            album.add(Shot(at, source, b"", None), turn=self._turn())

    # What is asked about

    def view(self, words: Sequence[TimedWord], now: int) -> View | None:
        """What a turn asks about; None: nothing is shown.

        Args:
            words: Of the turn, in order; none, if it was typed.
            now: The session's time.
        """
        if not self._albums:
            return None
        return choose(self._albums, moment_of(words, cues(self._languages), now))

    def written(self) -> tuple[str, ...]:
        """Words that were read by now in the two pictures looked at last, the newest first."""
        seen = [] if self._sights is None else self._sights.seen[-_IN_VIEW:]
        return tuple(word.text for one in reversed(seen) for word in one.words)

    async def look(self, view: View, seer: Seer | None, limit: int) -> tuple[Sight, ...]:
        """What is to be seen.

        Args:
            view: What is asked about.
            seer: Looks; None: the pictures are all there is.
            limit: Pictures, at most.
        """
        return tuple([await self._sight(shot, seer) for shot in view.shots(limit)])

    def looked(self, shot: Shot, seer: Seer | None) -> bool:
        """Whether a picture was looked at, or is being."""
        return self._sights is not None and self._sights.knows(shot, seer)

    def wake(self) -> None:
        """The caller begins to speak: look ahead."""
        if not self._glancing and self._albums:
            self._glancing = True
            self._spawn(self._glance(), "glance")

    async def close(self) -> None:
        """Nothing is looked at any more."""
        if self._sights is not None:
            await self._sights.close()
        if self._darkroom is not None:
            await self._darkroom.close()

    async def _develop(self) -> None:
        try:
            while self._waiting:
                frame = self._waiting.popleft()
                try:
                    await self._keep(frame)
                except TalkoverError as error:
                    self._complain(error)  # one bad picture is no reason to end a call
        finally:
            self._developing = False

    async def _keep(self, frame: _Frame) -> None:
        album = self._albums.get(frame.source) or Album()
        shown = album.at(frame.at)
        turn = self._turn()
        anyway = turn is not None and shown is not None and frame.at - shown.time >= _ANYWAY
        before = None if shown is None else shown.sketch
        worker = self._worker()
        try:
            found = await worker.run(lambda: develop(frame.made, before, anyway=anyway))
        except TalkoverError:
            raise
        except Exception as error:  # a decoder that trips over what it was given
            raise PictureError("a picture that cannot be read; send another one") from error
        self._albums[frame.source] = album
        if found is None:
            album.again(frame.at)
            return
        shot = Shot(frame.at, frame.source, found.data, found.sketch, found.blank)
        album.add(shot, turn=turn)
        if turn is not None:
            self.wake()

    async def _glance(self) -> None:
        try:
            tried: Shot | None = None  # what a seer fails at is not tried again at once
            while self._turn() is not None and (seer := self._seer()) is not None:
                shot = self._newest()
                if shot is None or shot is tried or self.looked(shot, seer):
                    return
                tried = shot
                await self._sight(shot, seer)
        finally:
            self._glancing = False

    def _newest(self) -> Shot | None:
        shots = [album.last for album in self._albums.values() if album.last is not None]
        return max(shots, key=lambda shot: shot.time, default=None)

    async def _sight(self, shot: Shot, seer: Seer | None) -> Sight:
        if self._sights is None:
            self._sights = Sights(self._worker())
        try:
            return await self._sights.of(shot, seer)
        except TalkoverError as error:
            self._complain(error)
            return await self._sights.of(shot, None)

    def _worker(self) -> Worker:
        """A thread of its own, from the first picture on."""
        if self._darkroom is None:
            self._darkroom = Worker("eyes")
        return self._darkroom

    def _complain(self, error: TalkoverError) -> None:
        now = self._now()
        if now - self._told >= _TOLD:
            self._told = now
            self._tell(error)
