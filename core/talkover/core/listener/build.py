"""Make a listener folder from Whisper weights."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from talkover.core.errors import WeightsError
from talkover.core.listener.config import ListenerConfig, WindowRule
from talkover.core.listener.ct2 import read_ct2
from talkover.core.listener.decoder import DECODER_FILE, ENCODER_FILE
from talkover.core.listener.graph import VARIANTS, build_decoder, build_encoder
from talkover.core.listener.tokens import TOKENIZER_FILE, read_tokenizer
from talkover.core.listener.weights import Weights
from talkover.core.onnx import save

_MAX_CONFIG_BYTES = 1_000_000


def build_listener(
    source: Path, out: Path, *, progress: Callable[[str, float], None] | None = None
) -> None:
    """Write ``fp32/`` and ``int8/`` graphs, ``tokenizer.json`` and ``listener.json``.

    Args:
        source: A folder with CTranslate2's ``model.bin``, ``config.json`` and ``tokenizer.json``.
        out: The folder to write into; made if missing.
        progress: Told what is going on and how far it is, 0 to 1.

    Raises:
        WeightsError: the weights cannot be used; the message says why.
        BundleError: the tokenizer cannot be used.
    """
    tell = progress or (lambda _phrase, _done: None)
    tell("reading Whisper", 0.0)
    config = read_config(source / "config.json", read_tokenizer(source))
    write_listener(read_ct2(source / "model.bin"), config, source / TOKENIZER_FILE, out, tell)


def write_listener(
    weights: Weights,
    config: ListenerConfig,
    tokenizer: Path,
    out: Path,
    tell: Callable[[str, float], None],
) -> None:
    """The same from weights in memory, as training leaves them.

    Args:
        weights: Under the names of ``talkover.core.listener.weights``.
        config: Becomes ``listener.json``.
        tokenizer: A ``tokenizer.json``, copied.
        out: The folder to write into; made if missing.
        tell: Told what is going on and how far it is.

    Raises:
        WeightsError: the weights are not those of a whole Whisper.
    """
    out.mkdir(parents=True, exist_ok=True)
    for index, variant in enumerate(VARIANTS):
        done = index / len(VARIANTS)
        tell(f"assembling the {variant} encoder", done)
        save(build_encoder(weights, variant), out / variant / ENCODER_FILE)
        tell(f"assembling the {variant} decoder", done + 0.5 / len(VARIANTS))
        decoder = build_decoder(weights, config.alignment_heads, variant)
        save(decoder, out / variant / DECODER_FILE)
    shutil.copyfile(tokenizer, out / TOKENIZER_FILE)
    config.write(out)


def read_config(path: Path, tokenizer: Tokenizer) -> ListenerConfig:
    """What CTranslate2's ``config.json`` knows about a Whisper; the window is the stock one.

    Raises:
        WeightsError: the file is missing or lacks something.
    """
    try:
        with path.open("rb") as file:
            raw: dict[str, Any] = json.loads(file.read(_MAX_CONFIG_BYTES))
        languages = [tokenizer.id_to_token(int(token)) or "" for token in raw["lang_ids"]]
        codes = [re.fullmatch(r"<\|([a-z]{2,3})\|>", token) for token in languages]
        return ListenerConfig(
            window=WindowRule(),
            languages=tuple(code[1] for code in codes if code) if all(codes) else (),
            suppress=tuple(int(token) for token in raw["suppress_ids"]),
            suppress_begin=tuple(int(token) for token in raw["suppress_ids_begin"]),
            alignment_heads=tuple((int(a), int(b)) for a, b in raw["alignment_heads"]),
        )
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        reason = f"{type(error).__name__}: {error}"
        raise WeightsError(
            f"{path} does not describe a Whisper ({reason}); run: talkover models pull --force"
        ) from None
