"""Piper as a mouth: a neural voice that is given phonemes instead of a text.

VITS (Kim et al. 2021) decides how many frames each phoneme takes before it makes a sound, so the
times are those it was made with. Its noise is drawn from a seed that depends on what is said and on
nothing else, so on machines of one kind the same words give the same samples. Its graph has letters
for most of IPA, but those that were never heard in training stand for nothing: an inventory has
only the others.
"""

import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from talkover.core.settings import load_settings
from talkover.core.voice import VoiceRuntime
from talkover.core.voice.build import build_voice
from talkover.core.weights import require
from talkover.core.weights.catalog import VOICE
from talkover.core.weights.disk import locked
from talkover.trainer.data.accents import SaidWord
from talkover.trainer.data.engines.names import stop_of
from talkover.trainer.data.engines.sounds import Inventory
from talkover.trainer.data.engines.voices import Delivery, VoiceInfo
from talkover.trainer.data.mouths import Utterance, fitted

_STRESS: Final = {0: "", 1: "ˈ", 2: "ˌ"}
_SPACE: Final = " "
_SLOWEST, _FASTEST = 0.5, 2.0
_LESS: Final = 0.4  # an octave up is no person, with the whole spectrum


def open_piper(data_dir: Path | None = None) -> VoiceRuntime:
    """The voice, built from its base weights where that was not done before.

    Args:
        data_dir: Where weights are kept; None: where the settings say.

    Raises:
        WeightsError: the weights are not here; the message says how to fetch them.
        BundleError: they cannot be used.
    """
    where = data_dir or load_settings().data_dir
    folder = where / "cache" / "data" / f"{VOICE.name}-{VOICE.files[0].sha256[:16]}"
    with locked(folder.parent):
        if not folder.is_dir():
            graph, config = (require(where, VOICE) / file.name for file in VOICE.files)
            work = Path(mkdtemp(prefix=".building-", dir=folder.parent))
            try:
                build_voice(graph, config, work / "voice")
                (work / "voice").rename(folder)
            finally:
                shutil.rmtree(work)
    return VoiceRuntime(folder, threads=1)  # as many would sound the same as there are cores


def utter(
    words: Sequence[SaidWord],
    voice: VoiceInfo,
    sounds: Inventory,
    delivery: Delivery,
    runtime: VoiceRuntime,
) -> Utterance:
    """Say words. A pitch is another size of the speaker: all frequencies are moved.

    Args:
        words: In sounds of the inventory, at most one sentence.
        voice: One of Piper's.
        sounds: Its own.
        delivery: How.
        runtime: That makes it.

    Raises:
        ModelError: there are too many phonemes, or the graph failed.
    """
    phonemes: list[str] = []
    begins: list[tuple[int, str]] = []
    paused = True
    for word in words:
        for number, phone in enumerate(word.phones):
            # The space before a consonant sounds like it, that before a vowel like what was before.
            joins = not (number or phone.vowel or paused)
            begins.append((len(phonemes) - joins, phone.symbol))
            phonemes += _STRESS[phone.stress] + sounds.name(phone)
        if paused := bool(stop_of(word)):
            begins.append((len(phonemes), ""))
            phonemes.append(stop_of(word))
        phonemes.append(_SPACE)
    size = voice.size * delivery.pitch**_LESS
    pcm, blanks = runtime.pronounce(
        phonemes[:-1],
        seed=zlib.crc32("".join(phonemes).encode()),
        pace=min(max(delivery.pace / size, _SLOWEST), _FASTEST),
    )
    # The blank before a sound is where it begins.
    heard = [(int(blanks[place][0]), symbol) for place, symbol in begins]
    return fitted(pcm, runtime.rate * size, heard, words)
