"""Tables of a training recipe that every stage shares: what learns, on what, how long, watched how.

A stage of its own has its table in a module of its own; ``recipe`` puts them together.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from talkover.core.clock import FRAME, RATE
from talkover.core.errors import ConfigError
from talkover.core.listener import LONGEST, WindowRule
from talkover.trainer.data.texts import Split

LANGUAGES: Final = ("en", "es", "fr")
"""In which there are recordings of people that come with no licence but their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """What learns: the ``[policy]`` table.

    Attributes:
        rank: Of what is added to each matrix; 0: the weights themselves learn.
        scale: By which what is added counts.
        embeddings: Whether the decoder's embeddings learn as well, where the weights do.
        bf16: Compute products in bfloat16, on GPUs and processors that have it; float32 elsewhere.
        empty: A text may be empty. A published Whisper must write something, and so invents words
            where nobody says any; one that learns from ``wordless`` sources need not.
    """

    rank: int = 0
    scale: float = 2.0
    embeddings: bool = False
    bf16: bool = False
    empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSettings:
    """How much sound is shown: the ``[windows]`` table.

    Training goes from the first step to the next while the guard sets hold, and back when they do
    not. What stock Whisper needs is the first one.

    Attributes:
        shortest: Windows (seconds), one a step.
        margins: Silence after the speech (seconds), one a step.
        longest: Up to which windows are drawn (seconds).
        holds: Looks in a row at which the guards held before the next step.

    Raises:
        ConfigError: there are no such windows.
    """

    shortest: tuple[float, ...] = (10.0, 8.0, 6.0)
    margins: tuple[float, ...] = (6.0, 4.0, 2.0)
    longest: float = 14.0
    holds: int = 2

    def __post_init__(self) -> None:
        fits = len(self.shortest) == len(self.margins) >= 1 and self.holds >= 1
        if not fits or min(self.margins) < 0:
            raise ConfigError(
                "windows: give as many margins, 0 or more, as shortest windows, and holds of 1 or "
                "more"
            )
        if not 2 <= min(self.shortest) <= max(self.shortest) <= self.longest <= LONGEST / RATE:
            raise ConfigError(
                f"windows: shortest = {list(self.shortest)} and longest = {self.longest:g}; use "
                f"2 <= shortest <= longest <= {LONGEST / RATE:g}"
            )

    def rule(self, step: int) -> WindowRule:
        """The windows that a listener takes who has learnt with this step.

        Only sizes above its minimum are kept, so that no sound is shown more than it asks for.
        """
        least = _frames(self.shortest[step])
        sizes = {least, *range(_frames(1.0) * -(-least // _frames(1.0)), LONGEST, _frames(1.0))}
        return WindowRule(
            minimum=least,
            margin=_frames(self.margins[step]),
            sizes=tuple(sorted({*sizes, LONGEST})),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """One of ``[data.sources.NAME]``: a recipe that is spoken, recordings, or the prompts.

    Attributes:
        share: Of all examples, against the shares of other sources.
        recipe: A data recipe: spoken as it goes; beside a manifest or prompts, what lies over them.
        split: Of the recipe that is spoken.
        chosen: JSONL of utterances of the recipe (``{"number": …, "epoch": …}``): these alone.
        manifest: JSONL of recordings.
        prompts: Languages in which people's telephone prompts are heard, of the training split.
        wordless: Silence, noise and music in which nobody says anything; the text is empty.
        distil: Learn from what the stock model hears on its long window, not from their words.
        trust: How likely their words are right, 0 to 1.

    Raises:
        ConfigError: it names no source, or more than one.
    """

    share: float = 1.0
    recipe: str = ""
    split: Split = Split.TRAIN
    chosen: str = ""
    manifest: str = ""
    prompts: tuple[str, ...] = ()
    wordless: bool = False
    distil: bool = False
    trust: float = 1.0

    def __post_init__(self) -> None:
        named = bool(self.manifest) + bool(self.prompts) + self.wordless
        if named > 1 or not (named or self.recipe) or (self.chosen and (named or not self.recipe)):
            raise ConfigError(
                "a source is a recipe (with chosen, if only some of it), a manifest, prompts or "
                "wordless; give one of these"
            )
        if self.wordless and (self.distil or self.recipe):
            raise ConfigError("in wordless nobody says anything; leave distil and recipe away")
        if self.split is Split.TEST:
            raise ConfigError('a source of split = "test" is what models are judged on; use train')
        if not (self.share > 0 and 0 < self.trust <= 1):
            raise ConfigError("a source has a share of more than 0, and a trust of 0 to 1")
        if unknown := set(self.prompts) - set(LANGUAGES):
            raise ConfigError(f"no prompts in {unknown.pop()!r}; there are {', '.join(LANGUAGES)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSettings:
    """What is heard: the ``[data]`` table.

    Attributes:
        sources: By their names.
        longest: Seconds; what is longer is left out.
        workers: Processes of each source that make examples ready; 0: they are made when asked for.

    Raises:
        ConfigError: there is nothing to hear.
    """

    sources: dict[str, SourceSettings] = field(default_factory=dict)
    longest: float = 20.0
    workers: int = 0

    def __post_init__(self) -> None:
        if not self.sources or self.workers < 0 or not 0 < self.longest <= LONGEST / RATE:
            raise ConfigError(
                "data: name a source in [data.sources.NAME], and a longest of at most 30 seconds"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSettings:
    """What must not be forgotten: the ``[guards]`` table. Rates are points of a hundred words.

    Real people's prompts of the validation split, clean and under noise, are read by the stock
    model on its long window once, and by the policy on its own windows at each look.

    Attributes:
        every: Steps between two looks; 0: nobody looks.
        after: Step of a stage up to which nothing follows from them, but that they are told: who
            begins on windows that the stock model does not know has to learn those first.
        languages: Of the prompts.
        count: Prompts of each language.
        snr: Of the noise over them the second time (dB).
        stock: The window on which the stock model reads them (seconds).
        clean: Points that the word error rate of a language may be above the stock model's, clean.
        noisy: The same under noise.
        deletions: Points that deletions may be above the stock model's.
        repetitions: Share of texts that loop or do not end, at most.
        strikes: Looks at which the guards failed, on the longest windows; then the stage ends.
        softer: By which the learning rate is multiplied at each of them.
    """

    every: int = 200
    after: int = 0
    languages: tuple[str, ...] = LANGUAGES
    count: int = 24
    snr: float = 5.0
    stock: float = 30.0
    clean: float = 1.0
    noisy: float = 3.0
    deletions: float = 3.0
    repetitions: float = 0.02
    strikes: int = 3
    softer: float = 0.5

    def __post_init__(self) -> None:
        counts = min(self.every, self.after) >= 0 and min(self.count, self.strikes) >= 1
        if not counts or not 0 < self.softer <= 1:
            raise ConfigError(
                "guards: every and after are 0 or more, count and strikes 1 or more, softer above "
                "0 to 1"
            )
        if not 2 <= self.stock <= LONGEST / RATE:
            raise ConfigError("guards: stock is a window of 2 to 30 seconds")
        if unknown := set(self.languages) - set(LANGUAGES):
            raise ConfigError(f"no prompts in {unknown.pop()!r}; there are {', '.join(LANGUAGES)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlendSettings:
    """How much of what calls have taught is served: the ``[blend]`` table.

    Tried on recorded people in every language that there are prompts in; ``[guards]`` tells the
    noise, and the window that the weights begun with read on.

    Attributes:
        shares: Of the way from the weights begun with to those that were learnt, as they are tried.
        count: Prompts of each language.
        clean: Points that word errors of people may be above those of the weights begun with.
        noisy: The same under noise.
        worst: As ``clean``, in any one language. Of some there are few prompts: a hundred words of
            French, so that one word is a point.

    Raises:
        ConfigError: there is nothing to be tried.
    """

    shares: tuple[float, ...] = (1.0, 0.75, 0.5, 0.25)
    count: int = 24
    clean: float = 0.5
    noisy: float = 1.0
    worst: float = 2.0

    def __post_init__(self) -> None:
        falling = list(self.shares) == sorted(set(self.shares), reverse=True)
        if not self.shares or not falling or not 0 < min(self.shares) <= max(self.shares) <= 1:
            raise ConfigError(
                f"blend: shares = {list(self.shares)}; give some above 0 up to 1, the largest first"
            )
        if self.count < 1:
            raise ConfigError("blend: count is 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class SftSettings:
    """Supervised fine-tuning: the ``[sft]`` table.

    Attributes:
        steps: Of the stage.
        continued: Of ``sft-continued``; 0: as many as cost what the policy gradient cost.
        examples: In a step.
        micro: Examples whose gradient is taken at once: what bounds the memory.
        rate: Learning rate of AdamW at its highest.
        warmup: Steps over which it rises.
        lowest: Share of it that is left at the end; it falls as a cosine.
        clip: Norm that a gradient has at most.
        decay: Weight decay.
        distil: Weight of the divergence from the stock model's own texts (nats a token).
        teacher: The window on which the stock model hears (seconds).
        limit: Tokens of what it writes at most.

    Raises:
        ConfigError: one is out of its range.
    """

    steps: int = 1_600
    continued: int = 0
    examples: int = 8
    micro: int = 4
    rate: float = 3e-6
    warmup: int = 50
    lowest: float = 0.1
    clip: float = 1.0
    decay: float = 0.0
    distil: float = 1.0
    teacher: float = 30.0
    limit: int = 96

    def __post_init__(self) -> None:
        counts = min(self.steps, self.examples, self.micro, self.limit) >= 1
        rest = min(self.continued, self.warmup, self.decay, self.distil) >= 0
        if not counts or not rest or min(self.rate, self.clip) <= 0:
            raise ConfigError(
                "sft: steps, examples, micro and limit are 1 or more, rate and clip above 0, the "
                "others 0 or more"
            )
        if not 0 <= self.lowest <= 1 or not 2 <= self.teacher <= LONGEST / RATE:
            raise ConfigError("sft: lowest is a share of the rate, teacher is 2 to 30 seconds")


def _frames(seconds: float) -> int:
    """In samples, whole frames of 20 ms, not under 0."""
    return FRAME * round(seconds * RATE / FRAME)


def plain(table: Any) -> Any:
    """A table as TOML has it: tuples are lists, words are text."""
    if isinstance(table, dict):
        return {name: plain(value) for name, value in table.items()}
    if isinstance(table, list | tuple):
        return [plain(value) for value in table]
    return table.value if isinstance(table, Split) else table
