"""What a voice folder's ``voice.json`` holds."""

from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from talkover.core.errors import BundleError

GRAPH: Final = "voice.onnx"
DECODER: Final = "decoder.onnx"
CONFIG: Final = "voice.json"


class VoiceConfig(BaseModel):
    """The part of a voice that is not the graph.

    Attributes:
        rate: Of the audio (Hz).
        hop: Samples of audio for each frame of a duration.
        language: Voice name for the phonemiser, such as ``en-us``.
        phoneme_ids: Ids of each phoneme (a Unicode code point, or a cluster).
        noise: Standard deviation of the noise in the latent: how varied the sound is.
        noise_width: Standard deviation of the noise in the durations.
        length: Of every phoneme, as a factor.
        gain: Applied to the graph's output, to bring speech to a common level.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate: int = Field(ge=8_000, le=48_000)
    hop: int = Field(ge=32, le=4096)
    language: str = Field(min_length=1, max_length=64)
    phoneme_ids: dict[str, tuple[int, ...]] = Field(min_length=4, max_length=4096)
    noise: float = Field(ge=0, le=2)
    noise_width: float = Field(ge=0, le=2)
    length: float = Field(gt=0.2, lt=5)
    gain: float = Field(default=1.0, gt=0, le=100)

    @classmethod
    def from_piper(cls, raw: dict[str, Any]) -> "VoiceConfig":
        """Take what is needed from the JSON that comes with a Piper voice.

        Raises:
            BundleError: the voice is of a kind that is not supported.
        """
        if raw.get("phoneme_type", "espeak") != "espeak":
            raise BundleError(
                f"the voice's phonemes are {raw['phoneme_type']!r}; take one made with espeak"
            )
        if raw.get("num_speakers", 1) > 1:
            raise BundleError("the voice has several speakers; take one with a single speaker")
        if raw.get("vowel_clusters"):
            raise BundleError("the voice clusters vowels; take one without 'vowel_clusters'")
        try:
            inference = raw.get("inference", {})
            return cls(
                rate=raw["audio"]["sample_rate"],
                hop=raw.get("hop_length", 256),
                language=raw["espeak"]["voice"],
                phoneme_ids=raw["phoneme_id_map"],
                noise=inference.get("noise_scale", 0.667),
                noise_width=inference.get("noise_w", 0.8),
                length=inference.get("length_scale", 1.0),
            )
        except (KeyError, TypeError, ValidationError) as error:
            raise BundleError(f"not the configuration of a Piper voice: {error}") from None

    @classmethod
    def load(cls, folder: Path) -> "VoiceConfig":
        """Read a voice folder's configuration.

        Raises:
            BundleError: it is missing or not valid.
        """
        try:
            return cls.model_validate_json((folder / CONFIG).read_text("utf-8"))
        except (OSError, ValidationError) as error:
            raise BundleError(f"{folder / CONFIG}: build the bundle again ({error})") from None
