"""The teacher: Whisper with all the time in the world, on two windows and at two temperatures.

What it reads alike each time is likely to be right; what it does not is not learnt from. Distant
readings of one teacher stand in for several teachers.
"""

from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import RATE
from talkover.core.errors import WeightsError
from talkover.core.settings import Settings
from talkover.core.weights import find_part, require
from talkover.trainer.learning.labels import Reading

_WINDOWS: Final = (30.0, 10.0)  # s; the second is longer where the speech is
_MARGIN: Final = 6.0  # s of silence after the speech, which Whisper needs
_BEAM: Final = 5
_TEMPERATURE: Final = 0.4
_DRAWS: Final = 2
_TOKENS: Final = 224
_FRAMES: Final = 100  # a second


class Teaches(Protocol):
    """Whoever writes down what was said, several times."""

    def read(self, pcm: NDArray[np.float32], language: str) -> list[Reading]:
        """Readings of float32 [n] at 16 kHz, the surest first."""
        ...


class Teacher:
    """Whisper in CTranslate2, int8 on the CPU.

    Args:
        folder: Weights in its format with their tokenizer.
        threads: Of one reading.

    Raises:
        WeightsError: they cannot be used.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        from faster_whisper import WhisperModel  # noqa: PLC0415 - takes a second

        try:
            self._whisper: Any = WhisperModel(
                str(folder),
                device="cpu",
                compute_type="int8",
                cpu_threads=threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise WeightsError(f"{folder} holds no teacher: {error}") from None

    @classmethod
    def of(cls, settings: Settings) -> "Teacher":
        """The one that is set; else the base weights.

        Raises:
            WeightsError: they are missing or cannot be used.
        """
        own = settings.learning.teacher
        folder = own or require(settings.data_dir, find_part("whisper-base"))
        return cls(folder, settings.models.threads)

    def read(self, pcm: NDArray[np.float32], language: str) -> list[Reading]:
        """See ``Teaches``: a beam search on each window, then draws on the second one.

        Draws depend on the sound alone.
        """
        import ctranslate2  # noqa: PLC0415 - comes with the above

        seconds = len(pcm) / RATE
        long, short = (max(window, min(seconds + _MARGIN, 30.0)) for window in _WINDOWS)
        prompt, tokenizer = self._prompt(language)
        found = []
        for window in (long, short):
            encoded = self._encode(pcm, window)
            answer = self._generate(encoded, prompt, beam_size=_BEAM)
            found += _readings(answer, tokenizer, count=1)
        ctranslate2.set_random_seed(len(pcm))
        drawn = self._generate(
            encoded,
            prompt,
            beam_size=1,
            num_hypotheses=_DRAWS,
            sampling_topk=0,
            sampling_temperature=_TEMPERATURE,
        )
        return found + _readings(drawn, tokenizer, count=_DRAWS)

    def _encode(self, pcm: NDArray[np.float32], window: float) -> Any:
        from ctranslate2 import StorageView  # noqa: PLC0415 - as above

        padded = np.zeros(round(window * RATE), np.float32)
        padded[: len(pcm)] = pcm[: len(padded)]
        seen = self._whisper.feature_extractor(padded)[:, : round(window * _FRAMES)]
        return self._whisper.model.encode(StorageView.from_array(np.ascontiguousarray(seen[None])))

    def _prompt(self, language: str) -> tuple[list[int], Any]:
        from faster_whisper.tokenizer import Tokenizer  # noqa: PLC0415 - as above

        tokenizer = Tokenizer(
            self._whisper.hf_tokenizer,
            self._whisper.model.is_multilingual,
            task="transcribe",
            language=language,
        )
        return [*tokenizer.sot_sequence, tokenizer.no_timestamps], tokenizer

    def _generate(self, encoded: Any, prompt: list[int], **how: Any) -> Any:
        return self._whisper.model.generate(
            encoded,
            [prompt],
            max_length=_TOKENS,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=[-1],
            **how,
        )[0]


def _readings(answer: Any, tokenizer: Any, count: int) -> list[Reading]:
    return [
        Reading(tokenizer.decode(tokens).strip(), float(score), float(answer.no_speech_prob))
        for tokens, score in zip(answer.sequences_ids[:count], answer.scores[:count], strict=True)
    ]
