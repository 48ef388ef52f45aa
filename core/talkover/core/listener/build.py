"""Make a listener folder from Whisper weights, and from what training changed in them."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer

from talkover.core.errors import WeightsError
from talkover.core.listener.config import ListenerConfig, WindowRule
from talkover.core.listener.ct2 import read_ct2
from talkover.core.listener.decoder import DECODER_FILE, ENCODER_FILE
from talkover.core.listener.delta import merged
from talkover.core.listener.deltafile import Delta
from talkover.core.listener.golden import write_golden
from talkover.core.listener.graph import (
    VARIANTS,
    Variant,
    build_decoder,
    build_ear,
    build_encoder,
)
from talkover.core.listener.tokens import TOKENIZER_FILE, read_tokenizer
from talkover.core.listener.weights import Weights
from talkover.core.onnx import save
from talkover.core.overlap.ear import EAR, EAR_LAYERS
from talkover.core.weights.disk import sha256_of

CARD_FILE: Final = "card.md"
"""How a listener was trained, on what, and where it is worse; none beside base weights."""

_MODEL_FILE: Final = "model.bin"
_MAX_CONFIG_BYTES: Final = 1_000_000
_END: Final = "<|endoftext|>"


def build_listener(
    source: Path,
    out: Path,
    *,
    delta: Delta | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> None:
    """Write ``fp32/`` and ``int8/`` graphs, ``tokenizer.json`` and ``listener.json``.

    With a delta, its card and its golden outputs are written, too. Base weights alone have no
    golden outputs: who builds a bundle has it from nowhere else.

    Args:
        source: A folder with CTranslate2's ``model.bin``, ``config.json`` and ``tokenizer.json``.
        out: The folder to write into; made if missing.
        delta: What training changed in these weights.
        progress: Told what is going on and how far it is, 0 to 1.

    Raises:
        WeightsError: the weights cannot be used, or the delta is of other weights.
        BundleError: the tokenizer cannot be used.
    """
    tell = progress or (lambda _phrase, _done: None)
    tell("reading Whisper", 0.0)
    empty = delta is not None and delta.about.empty
    config = read_config(source / "config.json", read_tokenizer(source), empty=empty)
    weights: Weights = read_ct2(source / _MODEL_FILE)
    if delta is not None:
        _refuse_other_base(delta, source / _MODEL_FILE)
        weights = merged(weights, delta.changes)
        config = config.model_copy(update={"window": delta.about.window})
    write_listener(weights, config, source / TOKENIZER_FILE, out, tell)
    if delta is not None:
        write_golden(out, delta.about.golden)
        (out / CARD_FILE).write_text(delta.about.card, "utf-8")


def write_listener(
    weights: Weights,
    config: ListenerConfig,
    tokenizer: Path,
    out: Path,
    tell: Callable[[str, float], None],
    *,
    variants: Sequence[Variant] = VARIANTS,
) -> None:
    """Graphs, tokenizer and configuration from weights in memory, as training leaves them.

    Args:
        weights: Under the names of ``talkover.core.listener.weights``.
        config: Becomes ``listener.json``.
        tokenizer: A ``tokenizer.json``, copied.
        out: The folder to write into; made if missing.
        tell: Told what is going on and how far it is.
        variants: Of the graphs.

    Raises:
        WeightsError: the weights are not those of a whole Whisper.
    """
    out.mkdir(parents=True, exist_ok=True)
    for index, variant in enumerate(variants):
        done = index / len(variants)
        tell(f"assembling the {variant} encoder", done)
        save(build_encoder(weights, variant), out / variant / ENCODER_FILE)
        tell(f"assembling the {variant} decoder", done + 0.5 / len(variants))
        decoder = build_decoder(weights, config.alignment_heads, variant)
        save(decoder, out / variant / DECODER_FILE)
    shutil.copyfile(tokenizer, out / TOKENIZER_FILE)
    config.write(out)


def write_ear(source: Path, out: Path) -> None:
    """Write the first layers of base weights as an overlap classifier's ear, in int8.

    Args:
        source: As for ``build_listener``.
        out: The folder to write into.

    Raises:
        WeightsError: the weights cannot be used.
    """
    save(build_ear(read_ct2(source / _MODEL_FILE), EAR_LAYERS, "int8"), out / EAR)


def read_config(path: Path, tokenizer: Tokenizer, *, empty: bool = False) -> ListenerConfig:
    """What CTranslate2's ``config.json`` knows about a Whisper; the window is the stock one.

    Args:
        path: Of the file.
        tokenizer: Of the same Whisper.
        empty: It has learnt to write nothing where nobody says anything, so it may.

    Raises:
        WeightsError: the file is missing or lacks something.
    """
    try:
        with path.open("rb") as file:
            raw: dict[str, Any] = json.loads(file.read(_MAX_CONFIG_BYTES))
        languages = [tokenizer.id_to_token(int(token)) or "" for token in raw["lang_ids"]]
        allowed = {tokenizer.token_to_id(_END)} if empty else set()
        codes = [re.fullmatch(r"<\|([a-z]{2,3})\|>", token) for token in languages]
        return ListenerConfig(
            window=WindowRule(),
            languages=tuple(code[1] for code in codes if code) if all(codes) else (),
            suppress=tuple(int(token) for token in raw["suppress_ids"]),
            suppress_begin=tuple(
                int(token) for token in raw["suppress_ids_begin"] if int(token) not in allowed
            ),
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


def _refuse_other_base(delta: Delta, model: Path) -> None:
    try:
        found = sha256_of(model)
    except OSError:
        raise WeightsError(f"{model} cannot be read; fetch the weights again") from None
    if found != delta.about.base:
        raise WeightsError(
            f"the delta of run {delta.about.run} is of other base weights than {model}; run "
            "`talkover models pull --force`, train a delta of these, or build with --stock"
        )
