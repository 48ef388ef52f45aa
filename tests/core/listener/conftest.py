"""A tiny random Whisper in every form it comes in, and the real listener."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_whisper import LANGUAGES, ct2_bytes, tiny_tokenizer, tiny_whisper
from tokenizers import Tokenizer

from talkover.core.audio import read_wav
from talkover.core.audio.prompts import find_prompts
from talkover.core.listener import ListenerConfig, ListenerRuntime
from talkover.core.listener.build import build_listener
from talkover.core.listener.tokens import Tokens
from talkover.core.listener.weights import from_state_dict

Arrays = Mapping[str, NDArray[Any]]

ALIGNMENT_HEADS = [[1, 1], [0, 0], [1, 0]]


@pytest.fixture(scope="session")
def write_ct2() -> Callable[..., bytes]:
    return ct2_bytes


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return tiny_tokenizer()


@pytest.fixture(scope="session")
def whisper(tokenizer: Tokenizer) -> Any:
    """The tiny Whisper as transformers runs it."""
    return tiny_whisper(tokenizer.get_vocab_size())


@pytest.fixture(scope="session")
def tiny_state(whisper: Any) -> dict[str, NDArray[Any]]:
    return {name: value.numpy() for name, value in whisper.state_dict().items()}


@pytest.fixture(scope="session")
def tiny_weights(tiny_state: Arrays) -> dict[str, NDArray[np.float32]]:
    return from_state_dict(tiny_state)


@pytest.fixture(scope="session")
def tiny_source(
    tiny_weights: Arrays, tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What CTranslate2's converter would leave of the tiny Whisper."""
    folder = tmp_path_factory.mktemp("source")
    (folder / "model.bin").write_bytes(ct2_bytes(tiny_weights))
    tokenizer.save(str(folder / "tokenizer.json"))
    numbers = [tokenizer.token_to_id(f"<|{code}|>") for code in LANGUAGES]
    config = {
        "lang_ids": numbers,
        "suppress_ids": [1, 2, 7],
        "suppress_ids_begin": [220, tokenizer.token_to_id("<|endoftext|>")],
        "alignment_heads": ALIGNMENT_HEADS,
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny_folder(tiny_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("listener") / "tiny"
    build_listener(tiny_source, folder)
    return folder


@pytest.fixture(scope="session")
def tiny_tokens(tiny_folder: Path) -> Tokens:
    return Tokens.read(tiny_folder, ListenerConfig.read(tiny_folder))


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> ListenerRuntime:
    return ListenerRuntime(tiny_folder, variant="fp32", random=np.random.default_rng(1))


@pytest.fixture(scope="session")
def tiny8(tiny_folder: Path) -> ListenerRuntime:
    return ListenerRuntime(tiny_folder, variant="int8", random=np.random.default_rng(1))


@pytest.fixture(scope="session")
def fp32(bundle: Path) -> ListenerRuntime:
    """The default bundle's listener, in full precision."""
    return ListenerRuntime(bundle / "listener", variant="fp32", random=np.random.default_rng(1))


@pytest.fixture(scope="session")
def int8(bundle: Path) -> ListenerRuntime:
    """The default bundle's listener, as it is served."""
    return ListenerRuntime(bundle / "listener", variant="int8", random=np.random.default_rng(1))


@pytest.fixture(scope="session")
def recording() -> Callable[..., NDArray[np.float32]]:
    """A recording of a real person by its name."""
    known: dict[str, dict[str, Path]] = {}

    def read(name: str, language: str = "en") -> NDArray[np.float32]:
        if language not in known:
            known[language] = {prompt.name: prompt.path for prompt in find_prompts(language)}
        if not known[language]:
            pytest.skip("no recordings; `sh scripts/test_setup.sh` says why")
        return read_wav(known[language][name]).astype(np.float32) / np.float32(32768)

    return read
