"""How a brain is taught to see: one TOML file."""

import json
import tomllib
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Final, Self, get_type_hints

from talkover.core.errors import ConfigError, DataError
from talkover.trainer.recipes import name_of, read_tables, recipes_of, text_of
from talkover.trainer.seeing.questions.question import Kind
from talkover.trainer.stages.pace import Pace
from talkover.trainer.stages.recipe import check_known, read_table, to_tables
from talkover.trainer.stages.tables import plain

_WHAT: Final = "recipe to see by"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """What learns: the ``[model]`` table.

    Attributes:
        rank: Of what is added to each matrix of the brain.
        scale: By which that counts.
        hidden: Width of the projector's middle.
        pool: Places that it joins to one position, along rows and along columns.
        bf16: Compute the brain's products in bfloat16, on machines that have it; float32 elsewhere.
    """

    rank: int = 16
    scale: float = 2.0
    hidden: int = 384
    pool: int = 2
    bf16: bool = False

    def __post_init__(self) -> None:
        if min(self.rank, self.hidden, self.pool) < 1 or self.scale <= 0:
            raise ConfigError("model: rank, hidden and pool are 1 or more, scale is above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonSettings:
    """What it learns from: the ``[lessons]`` table.

    Attributes:
        kind: Of questions; empty: all of them in turn.
        questions: Different ones that are learnt from, again and again.
        held: Held-out ones that are looked at, and never learnt from.
    """

    kind: str = ""
    questions: int = 4_000
    held: int = 104

    def __post_init__(self) -> None:
        if self.kind and self.kind not in {one.value for one in Kind}:
            raise ConfigError(f"lessons: kind is one of {', '.join(Kind)}, or empty for all")
        if min(self.questions, self.held) < 1:
            raise ConfigError("lessons: questions and held are 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmSettings:
    """How the projector learns to look before the brain is asked: the ``[warm]`` table.

    Attributes:
        naming: Steps in which its head learns to name things first; 0: it has no head.
        steps: In all; 0: it begins with the brain.
        examples: Questions in a step.
        rate: Learning rate at its highest.
    """

    naming: int = 0
    steps: int = 0
    examples: int = 32
    rate: float = 1e-3

    def __post_init__(self) -> None:
        if min(self.naming, self.steps) < 0 or self.examples < 1 or self.rate <= 0:
            raise ConfigError(
                "warm: naming and steps are 0 or more, examples 1 or more, rate above 0"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceSettings:
    """How fast: the ``[pace]`` table.

    Attributes:
        steps: In all.
        examples: Questions in a step.
        micro: Of them at once.
        rate: Learning rate at its highest.
        warmup: Steps over which it rises.
        lowest: Share of it that is left at the end.
        clip: Norm that a gradient has at most.
        decay: Weight decay.
        chat: Every so many steps, plain chat is kept where it was; 0: never.
        look: Every so many steps, held-out questions are asked.
        keep: Steps between two checkpoints.
        tell: Steps between two lines of figures.
    """

    steps: int = 900
    examples: int = 8
    micro: int = 4
    rate: float = 5e-4
    warmup: int = 30
    lowest: float = 0.1
    clip: float = 1.0
    decay: float = 0.0
    chat: int = 8
    look: int = 150
    keep: int = 25
    tell: int = 5

    def __post_init__(self) -> None:
        least = min(self.steps, self.examples, self.micro, self.look, self.keep, self.tell)
        if (
            least < 1
            or min(self.warmup, self.decay, self.chat) < 0
            or min(self.rate, self.clip) <= 0
        ):
            raise ConfigError(
                "pace: steps, examples, micro, look, keep and tell are 1 or more, rate and clip "
                "above 0, the others 0 or more"
            )

    def pace(self) -> Pace:
        """As the loops have it."""
        return Pace(
            steps=self.steps,
            examples=self.examples,
            rate=self.rate,
            warmup=min(self.warmup, self.steps // 2),
            lowest=self.lowest,
            clip=self.clip,
            decay=self.decay,
            keep=self.keep,
            tell=self.tell,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeerRecipe:
    """What a brain's sight is made from; the fields but the name are the tables of its file.

    Attributes:
        name: Of the file.
        model: What learns.
        lessons: From what.
        warm: How the projector is prepared.
        pace: How fast.
    """

    name: str
    model: ModelSettings = field(default_factory=ModelSettings)
    lessons: LessonSettings = field(default_factory=LessonSettings)
    warm: WarmSettings = field(default_factory=WarmSettings)
    pace: PaceSettings = field(default_factory=PaceSettings)

    @classmethod
    def load(cls, name: str) -> Self:
        """One that comes along, by its name, or a file.

        Raises:
            DataError: there is none, or it cannot be used; the message names what is wrong.
        """
        return cls.read(text_of(name, str(__package__), _WHAT), name_of(name))

    @classmethod
    def read(cls, text: str, name: str) -> Self:
        """From the text of a file.

        Raises:
            DataError: it is no TOML, names what there is not, or a value is out of its range.
        """
        try:
            given = read_tables(text, str(__package__), _WHAT)
            name = str(given.pop("name", name))
            kinds = get_type_hints(cls)
            check_known(given, kinds, "the recipe")
            return cls(name=name, **{one: read_table(kinds[one], given[one], one) for one in given})
        except (tomllib.TOMLDecodeError, ConfigError, DataError) as error:
            raise DataError(f"recipe {name} cannot be used: {error}") from None

    @property
    def sha256(self) -> str:
        """Tells it from any other."""
        return sha256(json.dumps(plain(asdict(self)), sort_keys=True).encode()).hexdigest()

    def quick(self) -> Self:
        """The same with a few steps, to see that all of it works here."""
        pace = replace(self.pace, steps=min(self.pace.steps, 4), examples=2, micro=2, look=4)
        lessons = replace(self.lessons, questions=16, held=4)
        warm = replace(self.warm, naming=min(self.warm.naming, 2), steps=min(self.warm.steps, 2))
        return replace(self, pace=pace, warm=warm, lessons=lessons)

    def to_toml(self) -> str:
        """As it is resolved: every field with its value; ``read`` gives the same recipe."""
        return to_tables(plain(asdict(self)))


def seer_recipes() -> list[str]:
    """Those that come along."""
    return recipes_of(str(__package__))
