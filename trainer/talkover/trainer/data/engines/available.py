"""Which voices can be heard on this machine."""

import shutil
from pathlib import Path
from typing import Final

from talkover.core.errors import WeightsError
from talkover.core.settings import load_settings
from talkover.core.weights import require
from talkover.core.weights.catalog import VOICE
from talkover.trainer.data.engines.voices import VoiceInfo, voices

_DIPHONES: Final = Path("/usr/share/festival/voices")


def available(data_dir: Path | None = None) -> list[VoiceInfo]:
    """Voices whose engine, recordings and weights are here.

    Args:
        data_dir: Where weights are kept; None: where the settings say.
    """
    neural = _has_weights(data_dir or load_settings().data_dir)
    return [one for one in voices().values() if _is_here(one, neural=neural)]


def _is_here(voice: VoiceInfo, *, neural: bool) -> bool:
    match voice.engine:
        case "espeak":
            return shutil.which("espeak-ng") is not None
        case "flite":
            return shutil.which("flite") is not None
        case "festival":
            recorded = any(_DIPHONES.glob(f"*/{voice.own}"))
            return recorded and shutil.which("festival") is not None
        case "piper":
            return neural


def _has_weights(data_dir: Path) -> bool:
    try:
        require(data_dir, VOICE)
    except WeightsError:
        return False
    return True
