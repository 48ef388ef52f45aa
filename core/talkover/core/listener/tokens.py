"""Whisper's tokens: the special ones by name, and text out of the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from talkover.core.errors import BundleError, ModelError
from talkover.core.listener.config import ListenerConfig
from talkover.core.tokenizer_files import read_tokenizer_file

TOKENIZER_FILE: Final = "tokenizer.json"

_UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "km", "yue"})
# As Whisper writes them, full-width ones among them.
_LEADING = "\"'“¿([{-‘«¡"  # noqa: RUF001
_TRAILING = "\"'.。,，!！?？:：”)]}、’»…;"  # noqa: RUF001
_BROKEN = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring tokens that make a word.

    Attributes:
        text: Of the word, with the punctuation that belongs to it, stripped.
        first: Index of the first token.
        last: One past the last token.
    """

    text: str
    first: int
    last: int


class Tokens:
    """What the model's token numbers mean.

    Args:
        tokenizer: As ``tokenizer.json`` describes it.
        config: With the languages and the tokens to suppress.

    Raises:
        BundleError: the tokenizer lacks a token that Whisper needs.
    """

    def __init__(self, tokenizer: Tokenizer, config: ListenerConfig) -> None:
        self._tokenizer = tokenizer
        self.start = self._special("startoftranscript")
        self.end = self._special("endoftext")
        self.transcribe = self._special("transcribe")
        self.no_timestamps = self._special("notimestamps")
        self.no_speech = self._special("nospeech", "nocaptions")
        self.languages = {code: self._special(code) for code in config.languages}
        self._codes = {token: code for code, token in self.languages.items()}
        self._language_ids = np.array(list(self._codes), np.int64)
        self._suppress = np.array(config.suppress, np.int64)
        self._suppress_begin = np.array(config.suppress_begin, np.int64)

    @property
    def suppress_begin(self) -> tuple[int, ...]:
        """Tokens that cannot begin a transcript; its end is one where no text may be empty."""
        return tuple(self._suppress_begin.tolist())

    @classmethod
    def read(cls, folder: Path, config: ListenerConfig) -> "Tokens":
        """Read ``tokenizer.json`` in ``folder``.

        Raises:
            BundleError: it is missing, or is not Whisper's.
        """
        return cls(read_tokenizer(folder), config)

    def prompt(self, language: str) -> tuple[int, int, int]:
        """What follows ``start``: the language, the task, and that no timestamps are wanted."""
        return self.languages[language], self.transcribe, self.no_timestamps

    def check_languages(self, codes: Sequence[str]) -> None:
        """Refuse a language that the model does not know.

        Raises:
            ModelError: there is one.
        """
        if any(code not in self.languages for code in codes):
            known = ", ".join(list(self.languages)[:8])
            raise ModelError(f"an unknown language was asked for; known are {known}, …")

    def detect(self, logits: NDArray[np.float32], among: Sequence[str]) -> tuple[str, float, float]:
        """Read the logits after ``start``.

        Args:
            logits: [vocabulary].
            among: Codes to choose from; empty for all.

        Returns:
            The likeliest code, its probability among all languages, and that of no speech.
        """
        ids = self._language_ids
        shares = _softmax(logits[ids])
        allowed = [self.languages[code] for code in among]
        open_to = np.isin(ids, allowed) if allowed else np.ones(len(ids), bool)
        best = int(np.argmax(np.where(open_to, shares, -1.0)))
        silent = float(_softmax(logits)[self.no_speech])
        return self._codes[int(ids[best])], float(shares[best]), silent

    def penalty(self, vocabulary: int, *, first: bool) -> NDArray[np.float32]:
        """What to add to logits [vocabulary] so that no token comes that is not speech."""
        mask = np.zeros(vocabulary, np.float32)
        mask[self.end + 1 :] = -np.inf  # special tokens and timestamps follow the text's
        mask[self._suppress] = -np.inf
        if first:
            mask[self._suppress_begin] = -np.inf
        return mask

    def text(self, tokens: Sequence[int]) -> str:
        """Decode tokens of text; bytes that are no character yet are left out."""
        return self._decode(tokens).replace(_BROKEN, "").strip()

    def written(self, text: str) -> list[int]:
        """A text as the model writes it, without its end: a space before it, but before Chinese."""
        text = text.strip()
        space = " " if text and not _is_han(text[0]) else ""
        found: list[int] = self._tokenizer.encode(space + text, add_special_tokens=False).ids
        return found

    def pieces(self, tokens: Sequence[int], language: str) -> list[Piece]:
        """Group tokens into words, at spaces or, where a language has none, character by character.

        Punctuation goes with the word before it, an opening quote or bracket with the one after.
        """
        spaced = language not in _UNSPACED
        groups: list[tuple[str, int, int]] = []
        for text, first, last in self._characters(tokens):
            opens = not groups or not spaced or text.startswith(" ")
            if not opens or (groups and _is_all(text, _TRAILING) and not text.startswith(" ")):
                before, begin, _ = groups.pop()
                groups.append((before + text, begin, last))
            elif groups and _is_all(groups[-1][0], _LEADING):
                before, begin, _ = groups.pop()
                groups.append((before + text.lstrip(), begin, last))
            else:
                groups.append((text, first, last))
        return [Piece(text.strip(), first, last) for text, first, last in groups if text.strip()]

    def bare(self, tokens: Sequence[int], language: str) -> list[Piece]:
        """The same without the tokens around each that are punctuation alone."""
        found = []
        for piece in self.pieces(tokens, language):
            spoken = [
                place
                for place in range(piece.first, piece.last)
                if not _is_all(self.text(tokens[place : place + 1]), _LEADING + _TRAILING)
            ]
            if spoken:
                found.append(Piece(piece.text, spoken[0], spoken[-1] + 1))
        return found

    def _characters(self, tokens: Sequence[int]) -> list[tuple[str, int, int]]:
        """Runs of tokens, as short as they can be, that decode to whole characters."""
        runs: list[tuple[str, int, int]] = []
        first = 0
        for index in range(len(tokens)):
            text = self._decode(tokens[first : index + 1])
            alone = self._decode(tokens[index : index + 1])
            if _BROKEN in text and first < index and _BROKEN not in alone:
                # What stands before never becomes a character: it must not take this along.
                before = self._decode(tokens[first:index]).replace(_BROKEN, "")
                runs.append((before, first, index))
                first, text = index, alone
            whole = _BROKEN not in text
            if whole or index + 1 == len(tokens):
                runs.append((text.replace(_BROKEN, ""), first, index + 1))
                first = index + 1
        return runs

    def _decode(self, tokens: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(list(tokens), skip_special_tokens=True)
        return text

    def _special(self, *names: str) -> int:
        for name in names:
            token = self._tokenizer.token_to_id(f"<|{name}|>")
            if token is not None:
                return int(token)
        raise BundleError(f"{TOKENIZER_FILE} lacks <|{names[0]}|>; build the bundle again")


def read_tokenizer(folder: Path) -> Tokenizer:
    """Load ``tokenizer.json`` in ``folder``.

    Raises:
        BundleError: it is missing or malformed.
    """
    path = folder / TOKENIZER_FILE
    try:
        return read_tokenizer_file(path)
    except Exception:  # noqa: BLE001 - the library raises plain Exception for all that is wrong
        raise BundleError(f"{path} is missing or malformed; build the bundle again") from None


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"


def _is_all(text: str, characters: str) -> bool:
    stripped = text.strip()
    return bool(stripped) and all(character in characters for character in stripped)


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max())
    shares: NDArray[np.float32] = powers / powers.sum(dtype=np.float32)
    return shares
