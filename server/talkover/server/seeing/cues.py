"""Words that tell which moment somebody asks about, from one data file a language.

A file is ``data/<ISO 639-1>.toml``; adding a language is adding a file. It holds groups
(``[[cue]]``), each with what its ``phrases`` mean (one of ``MEANINGS``):

- ``this``: what is in view while the phrase is said.
- ``look``: the same, unless another phrase says more.
- ``before``: what was in view before that.
- ``ago``: a stated time back, such as "five seconds ago": a number of units before the phrase, each
  of which is ``seconds`` long. Without a number it means nothing.
- ``change``: what is in view, compared with what was before.
- ``nothing``: no moment, though a part of it would mean one.

A star stands before the word of a phrase whose time counts, where that is not the first one ("what
is *that"); a ``_`` stands for any word ("you _ *that"). A group may say more:

- ``weak = true``: its phrases are often said without pointing; any that points otherwise goes
  before them.
- ``where``: its phrases count only at the ``begin`` or the ``end`` of a clause, or at either
  ``edge`` of it: "can you read that?".
- ``unless``: words that take the meaning away where they stand earlier in the clause: of "have we
  met before?".
- ``unless_next``: words that do so where they follow: "would you say that the door is open?".

Groups named ``[[source]]`` tell what is shown: a ``camera`` or a ``screen``. The table ``numbers``
has small numbers as words.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final, Literal, cast, get_args

from talkover.core.errors import ConfigError
from talkover.core.words.tokens import fold, tokenise

Meaning = Literal["this", "look", "before", "ago", "change", "nothing"]
Where = Literal["anywhere", "begin", "end", "edge"]
Shown = Literal["camera", "screen"]
MEANINGS: Final = get_args(Meaning)
WHERE: Final = get_args(Where)
SHOWN: Final = get_args(Shown)

ANY: Final = "_"
"""Stands for a word in a phrase."""

_POINTS: Final = "*"
_REMEMBERED: Final = 64  # combinations of languages

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cue:
    """What a phrase means.

    Attributes:
        means: Which moment.
        seconds: Of ``ago``: how long each that is counted is; else 0.
        points: Place, in the phrase, of the word whose time counts.
        weak: Others go before it.
        where: In its clause it counts.
        unless: Words that take its meaning away where they stand before it in its clause,
        unless_next: and where they follow.
    """

    means: Meaning
    seconds: float = 0.0
    points: int = 0
    weak: bool = False
    where: Where = "anywhere"
    unless: frozenset[str] = frozenset()
    unless_next: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Cues:
    """The phrases of one or more languages.

    Attributes:
        moments: Phrases, as words in lower case, and what they may mean: the first that holds.
        sources: Phrases, and what is shown.
        numbers: Small numbers as words.
        longest: Words of the longest phrase.
    """

    moments: Mapping[Phrase, tuple[Cue, ...]]
    sources: Mapping[Phrase, Shown]
    numbers: Mapping[str, int]
    longest: int


def languages_known() -> tuple[str, ...]:
    """ISO 639-1 codes of the languages that have a data file, sorted."""
    names = (entry.name for entry in files(__package__).joinpath("data").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def cues(languages: Sequence[str]) -> Cues:
    """The phrases of some languages together; where two disagree, the first one's meaning holds.

    Where none of them has a file, all files count. The first call for a combination reads them.

    Args:
        languages: ISO 639-1, with or without a region ("en-US").

    Raises:
        ConfigError: a data file is not as described above.
    """
    named = [language.replace("_", "-").split("-")[0].lower() for language in languages]
    return _merged(tuple(code for code in named if code in languages_known()) or languages_known())


@lru_cache(maxsize=_REMEMBERED)
def _merged(codes: tuple[str, ...]) -> Cues:
    moments: dict[Phrase, tuple[Cue, ...]] = {}
    sources: dict[Phrase, Shown] = {}
    numbers: dict[str, int] = {}
    for code in reversed(codes):
        content = files(__package__).joinpath("data", f"{code}.toml").read_text("utf-8")
        one = parse(code, content)
        moments |= one.moments
        sources |= one.sources
        numbers |= one.numbers
    return _sized(moments, sources, numbers)


def parse(code: str, content: str) -> Cues:
    """Read one language's file.

    Raises:
        ConfigError: it is not as the module's docstring says.
    """
    try:
        data = tomllib.loads(content)
        moments: dict[Phrase, tuple[Cue, ...]] = {}
        for group in data.get("cue", []):
            for text in group["phrases"]:
                for phrase in _forms(text):
                    moments[phrase] = (*moments.get(phrase, ()), _cue(group, text))
        sources = {
            phrase: _source(group)
            for group in data.get("source", [])
            for text in group["phrases"]
            for phrase in _forms(text)
        }
        numbers = {word: int(value) for word, value in data.get("numbers", {}).items()}
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"the cues of {code!r} cannot be used ({error!r}); mend its data file"
        ) from None
    return _sized(moments, sources, numbers)


def _cue(group: Mapping[str, Any], text: str) -> Cue:
    means = group["means"]
    seconds = float(group["seconds"]) if means == "ago" else 0.0
    if means not in MEANINGS or seconds < 0:
        raise ValueError(f"a cue that means {means!r}")
    if (where := group.get("where", "anywhere")) not in WHERE:
        raise ValueError(f"a cue that counts {where!r}")
    return Cue(
        cast("Meaning", means),
        seconds,
        sum(len(_words(part)) for part in text.partition(_POINTS)[0].split()) * (_POINTS in text),
        bool(group.get("weak", False)),
        cast("Where", where),
        frozenset(group.get("unless", ())),
        frozenset(group.get("unless_next", ())),
    )


def _source(group: Mapping[str, Any]) -> Shown:
    if (shown := group["shown"]) not in SHOWN:
        raise ValueError(f"a source {shown!r}")
    return cast("Shown", shown)


def _forms(text: str) -> tuple[Phrase, ...]:
    """A phrase as words, and without its accents."""
    phrase = tuple(word for part in text.split() for word in _words(part))
    if not any(word != ANY for word in phrase):
        raise ValueError("an empty phrase")
    return tuple(dict.fromkeys((phrase, tuple(map(fold, phrase)))))


def _words(part: str) -> list[str]:
    return [ANY] if part == ANY else tokenise(part)


def _sized(
    moments: Mapping[Phrase, tuple[Cue, ...]],
    sources: Mapping[Phrase, Shown],
    numbers: Mapping[str, int],
) -> Cues:
    return Cues(
        MappingProxyType(dict(moments)),
        MappingProxyType(dict(sources)),
        MappingProxyType(dict(numbers)),
        max(map(len, (*moments, *sources)), default=0),
    )
