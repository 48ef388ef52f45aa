"""Text to tokens and back: byte-level BPE, the chat format, and streams of whole characters."""

import codecs
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from talkover.core.brain.sight import Shown
from talkover.core.brain.weights import Vocabulary
from talkover.core.errors import BundleError, WeightsError
from talkover.core.tokenizer_files import read_tokenizer_file

Role = Literal["system", "user", "assistant"]

OPEN = "<|im_start|>"
CLOSE = "<|im_end|>"


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of a chat.

    Attributes:
        role: Who says it.
        content: What is said; control tokens in it are read as plain characters.
        shown: Pictures that it is about, the earliest first.
    """

    role: Role
    content: str
    shown: tuple[Shown, ...] = ()


def make_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    """Make the tokenizer that a GGUF vocabulary describes.

    The pre-tokenisation is SmolLM's: every digit stands alone, the rest is split as GPT-2 does.

    Raises:
        WeightsError: the vocabulary asks for another pre-tokenisation, or lacks chat tokens.
    """
    if vocabulary.pre != "smollm":
        raise WeightsError(
            f"pre-tokenisation {vocabulary.pre!r} is unknown here; serve this model by endpoint"
        )
    ids = {token: i for i, token in enumerate(vocabulary.tokens)}
    if OPEN not in ids or CLOSE not in ids:
        raise WeightsError(f"the vocabulary has no {OPEN} and {CLOSE}; use an instruct model")
    merges = [(left, right) for left, right in (m.split(" ", 1) for m in vocabulary.merges)]
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [
            AddedToken(vocabulary.tokens[i], special=True, normalized=False)
            for i in vocabulary.control
        ]
    )
    return tokenizer


@functools.cache
def _byte_alphabet() -> dict[str, int]:
    """GPT-2's alphabet: printable Latin-1 stands for itself, the rest for U+0100 onwards."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(others)}


class ChatTokens:
    """The tokenizer of a brain with its chat format (ChatML).

    Args:
        tokenizer: As ``make_tokenizer`` gives it.

    Raises:
        BundleError: it lacks the chat tokens.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        opening, closing = tokenizer.token_to_id(OPEN), tokenizer.token_to_id(CLOSE)
        if opening is None or closing is None:
            raise BundleError(f"tokenizer.json lacks {OPEN} or {CLOSE}; run: talkover models build")
        self._tokenizer = tokenizer
        # What a caller says must never open or close a message.
        self._tokenizer.encode_special_tokens = True
        self._open: int = opening
        self._close: int = closing
        self._newline = self.encode("\n")
        alphabet = _byte_alphabet()
        self._bytes: list[bytes] = [
            bytes(alphabet[c] for c in token) if set(token) <= alphabet.keys() else b""
            for token in (tokenizer.id_to_token(i) or "" for i in range(tokenizer.get_vocab_size()))
        ]
        for i in tokenizer.get_added_tokens_decoder():
            self._bytes[i] = b""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read ``tokenizer.json``.

        Raises:
            BundleError: it cannot be read.
        """
        try:
            tokenizer = read_tokenizer_file(path)
        except Exception as error:
            raise BundleError(
                f"{path.name} is unreadable; rebuild the bundle: talkover models build"
            ) from error
        return cls(tokenizer)

    def encode(self, text: str) -> list[int]:
        """Plain text as tokens; nothing in it counts as a control token."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def prompt(self, messages: Sequence[Message], *, reply: bool = True) -> list[int]:
        """A chat as tokens. Below 0: a row of a picture that is shown, see ``rows_of``.

        Args:
            messages: In order; the model's own default system message is not added.
            reply: Whether the assistant's answer is opened at the end.
        """
        ids: list[int] = []
        for message in messages:
            ids.append(self._open)
            ids += self._content(message)
            ids.append(self._close)
            ids += self._newline
        if reply:
            ids.append(self._open)
            ids += self.encode("assistant\n")
        return ids

    def reply(self, text: str) -> list[int]:
        """A whole reply as the brain would say it, with the token that ends it."""
        return [*self.encode(text), self._close]

    def _content(self, message: Message) -> list[int]:
        """Its role, its pictures with what is written in them, its words."""
        ids: list[int] = []
        text = f"{message.role}\n"
        for place, shown in enumerate(message.shown, 1):
            if len(message.shown) > 1:
                text += f"picture {place}\n"
            ids += [*self.encode(text), *shown.numbers()]
            text = f"{shown.note}\n" if shown.note else "\n"
        return ids + self.encode(text + message.content)

    def bytes_of(self, token: int) -> bytes:
        """The bytes a token stands for; control tokens stand for none."""
        return self._bytes[token]


def rows_of(messages: Iterable[Message]) -> dict[int, NDArray[np.float32]]:
    """What is read in place of the tokens below 0 of a chat: float32 [width] each."""
    found: dict[int, NDArray[np.float32]] = {}
    for message in messages:
        for shown in message.shown:
            found.update(zip(shown.numbers(), shown.rows, strict=True))
    return found


class CharacterStream:
    """Turns a stream of tokens into text that never splits a character."""

    def __init__(self, tokens: ChatTokens) -> None:
        self._tokens = tokens
        # A sequence that can never become a character is dropped, not shown as a blot.
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")

    def push(self, token: int) -> str:
        """Take one token; give the characters that are now complete, possibly none."""
        return self._decoder.decode(self._tokens.bytes_of(token))
