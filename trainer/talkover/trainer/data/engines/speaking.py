"""One way to speak, whichever engine a voice belongs to."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Final

from talkover.core.closing import Closing
from talkover.core.errors import DataError
from talkover.core.voice import VoiceRuntime
from talkover.trainer.data.accents import Accent, SaidWord
from talkover.trainer.data.engines import flite, piper
from talkover.trainer.data.engines.festival import Festival
from talkover.trainer.data.engines.fitting import joined
from talkover.trainer.data.engines.names import sentences
from talkover.trainer.data.engines.sounds import inventory
from talkover.trainer.data.engines.voices import Delivery, VoiceInfo, voices
from talkover.trainer.data.mouths import Utterance, mouth_of
from talkover.trainer.data.mouths import speak as speak_espeak
from talkover.trainer.data.throat import Throat

_MIDDLE: Final = 50
_SPAN: Final = 100  # of pitch, to an octave


def missing(voice: VoiceInfo, accent: Accent) -> dict[str, str]:
    """Sounds of an accent that a voice has not, and what it says instead, both in IPA.

    Raises:
        ConfigError: the voice is eSpeak's, which is not installed.
        DataError: it has nothing to say instead of a sound.
    """
    if voice.engine == "espeak":
        return mouth_of(accent).missing
    return inventory(voice.sounds).missing(accent)


class Engines(Closing):
    """All engines; each is started when somebody first speaks with it, and ends with this.

    What is said depends on nothing that was said before. Calls from several threads are safe.

    Args:
        data_dir: Where weights are kept; None: where the settings say.
    """

    def __init__(self, data_dir: Path | None = None) -> None:
        self._data_dir = data_dir
        self._started = ExitStack()
        self._starting = Lock()
        self._throat: Throat | None = None
        self._festival: Festival | None = None
        self._piper: VoiceRuntime | None = None

    def close(self) -> None:
        """They say no more."""
        self._started.close()

    def speak(
        self,
        voice: VoiceInfo,
        accent: Accent,
        words: Sequence[SaidWord],
        *,
        pace: float = 1.0,
        pitch: int = _MIDDLE,
    ) -> Utterance:
        """Say words; the same words in the same voice always sound the same.

        The sounds of the answer are those that are heard: what a voice has not is said, and
        labelled, as what it has instead (eSpeak's are labelled as the accent has them).

        Args:
            voice: Whose.
            accent: Whose sounds they are.
            words: What it makes of a text.
            pace: Of the speaker, against others of the accent.
            pitch: 0 to 99, half an octave down to half an octave up.

        Raises:
            ConfigError: the engine is not installed, or failed.
            WeightsError: the voice's weights are not here.
            DataError: this voice does not speak in this accent; the message says who does.
        """
        if accent.code not in voice.accents:
            others = ", ".join(one.name for one in voices().values() if accent.code in one.accents)
            raise DataError(f"{voice.name} does not speak {accent.code}; these do: {others}")
        if voice.engine == "espeak":
            throat, variant = self._espeak(), voice.own
            return speak_espeak(accent, words, throat, variant=variant, pitch=pitch, pace=pace)
        delivery = Delivery(
            pace=accent.prosody.pace * pace,
            pitch=2 ** ((pitch - _MIDDLE) / _SPAN),
            melody=accent.prosody.pitch_range,
        )
        said = inventory(voice.sounds).say(words)
        return joined([self._say(voice, some, delivery) for some in sentences(said)])

    def _say(self, voice: VoiceInfo, words: Sequence[SaidWord], delivery: Delivery) -> Utterance:
        sounds = inventory(voice.sounds)
        if voice.engine == "flite":
            return flite.utter(words, voice, sounds, delivery)
        if voice.engine == "festival":
            return self._diphones().utter(words, voice, sounds, delivery)
        return piper.utter(words, voice, sounds, delivery, self._neural())

    def _espeak(self) -> Throat:
        with self._starting:
            if self._throat is None:
                self._throat = self._started.enter_context(Throat())
            return self._throat

    def _diphones(self) -> Festival:
        with self._starting:
            if self._festival is None:
                self._festival = self._started.enter_context(Festival())
            return self._festival

    def _neural(self) -> VoiceRuntime:
        with self._starting:
            if self._piper is None:
                self._piper = piper.open_piper(self._data_dir)
            return self._piper
