"""A training recipe: one TOML file from which a model can be trained again."""

import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from hashlib import sha256
from typing import Any, Final, Self, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from talkover.core.errors import ConfigError, DataError
from talkover.trainer.mining.settings import MineSettings
from talkover.trainer.recipes import name_of, read_tables, recipes_of, text_of
from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.stages.rl_settings import RlSettings
from talkover.trainer.stages.tables import (
    BlendSettings,
    DataSettings,
    GuardSettings,
    PolicySettings,
    SftSettings,
    SourceSettings,
    WindowSettings,
    plain,
)

_WHAT: Final = "training recipe"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecipe:
    """What a model is made from; the fields but the name are the tables of its file.

    Attributes:
        name: Of the file.
        policy: What learns.
        windows: How much sound it is shown.
        data: What it hears.
        sft: Supervised fine-tuning.
        rl: The policy gradient.
        mine: Hard negatives.
        guards: What must not be forgotten.
        reward: What the policy gradient is rewarded for.
        blend: How much of what calls have taught is served.
    """

    name: str
    data: DataSettings
    policy: PolicySettings = field(default_factory=PolicySettings)
    windows: WindowSettings = field(default_factory=WindowSettings)
    sft: SftSettings = field(default_factory=SftSettings)
    rl: RlSettings = field(default_factory=RlSettings)
    mine: MineSettings = field(default_factory=MineSettings)
    guards: GuardSettings = field(default_factory=GuardSettings)
    reward: RewardPolicy = field(default_factory=RewardPolicy)
    blend: BlendSettings = field(default_factory=BlendSettings)

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
            tables = {one: kind for one, kind in get_type_hints(cls).items() if one != "name"}
            check_known(given, list(tables), "the recipe")
            data = dict(_table(given.pop("data", {}), "data"))
            sources = _table(data.pop("sources", {}), "data.sources")
            data["sources"] = {
                one: read_table(SourceSettings, some, f"data.sources.{one}")
                for one, some in sources.items()
            }
            read = {one: read_table(tables[one], some, one) for one, some in given.items()}
            return cls(name=name, data=read_table(DataSettings, data, "data"), **read)
        except (tomllib.TOMLDecodeError, ConfigError, DataError) as error:
            raise DataError(f"training recipe {name} cannot be used: {error}") from None

    @property
    def sha256(self) -> str:
        """Tells what it teaches from any other; what is served of that is settled afterwards."""
        told = plain(asdict(self))
        del told["blend"]
        return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def quick(self) -> Self:
        """The same with a few steps of each stage, to see that all of it works here."""
        return replace(
            self,
            sft=replace(self.sft, steps=min(self.sft.steps, 8), warmup=0),
            rl=replace(self.rl, steps=min(self.rl.steps, 4), warmup=0),
            mine=replace(self.mine, rounds=1, pool=min(self.mine.pool, 16), keep=8, steps=2),
            guards=replace(self.guards, every=min(self.guards.every, 4), count=2),
            blend=replace(self.blend, shares=self.blend.shares[-1:], count=1),
        )

    def to_toml(self) -> str:
        """As it is resolved: every field with its value; ``read`` gives the same recipe."""
        return to_tables(plain(asdict(self)))


def to_tables(recipe: Mapping[str, Any]) -> str:
    """A recipe as TOML: what is no table first, as TOML wants it."""
    return "\n".join(_tables(recipe, "")) + "\n"


def read_table(kind: type[_T], given: Mapping[str, Any], name: str) -> _T:
    """A table of a recipe.

    Args:
        kind: The frozen dataclass that it is.
        given: What the file says.
        name: Of the table, for messages.

    Raises:
        DataError: it names what there is not, or a value is not what it should be.
        ConfigError: the table itself refuses its values.
    """
    known = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    check_known(_table(given, name), known, f"[{name}]")
    try:
        return TypeAdapter(kind).validate_python(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in (name, *first["loc"]))
        raise DataError(f"{where}: {first['msg']}") from None


def training_recipes() -> list[str]:
    """Those that come along."""
    return recipes_of(str(__package__))


def check_known(given: Mapping[str, Any], known: Collection[str], where: str) -> None:
    """Whether a table names only what there is.

    Raises:
        DataError: it names something else.
    """
    if unknown := set(given) - set(known):
        raise DataError(f"{where} has no {min(unknown)!r}; there are {', '.join(known)}")


def _table(given: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise DataError(f"{name} is a table; write [{name}]")
    return given


def _tables(given: Mapping[str, Any], above: str) -> list[str]:
    """Lines of TOML: what is no table first, as TOML wants it."""
    lines = []
    for name, value in given.items():
        if not isinstance(value, dict):
            lines.append(f"{name} = {_value(value)}")
    for name, value in given.items():
        if isinstance(value, dict):
            whole = f"{above}{name}"
            lines += ["", f"[{whole}]", *_tables(value, f"{whole}.")]
    return lines


def _value(value: Any) -> str:
    """Text, numbers, booleans and lists of them are written alike in JSON and in TOML."""
    return json.dumps(value, ensure_ascii=False)
