"""A turn-taking policy as a TOML file that people can read: durations in seconds."""

import tomllib
from dataclasses import fields

from talkover.core.clock import RATE, samples
from talkover.core.errors import ConfigError
from talkover.server.turns import TurnPolicy


def policy_to_toml(policy: TurnPolicy) -> str:
    """Every threshold, one a line; durations in seconds."""
    lines = []
    for field in fields(TurnPolicy):
        value = getattr(policy, field.name)
        lines.append(f"{field.name} = {value / RATE if field.type is int else value:g}")
    return "\n".join(lines) + "\n"


def policy_from_toml(text: str, base: TurnPolicy | None = None) -> TurnPolicy:
    """The policy that a file describes.

    Args:
        text: TOML; what it does not name stays as in ``base``.
        base: Default: the defaults.

    Raises:
        ConfigError: it is no TOML, names something else, or a value is no sensible number.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the policy is no TOML: {error}") from None
    base = base or TurnPolicy()
    known = {field.name: field for field in fields(TurnPolicy)}
    if unknown := sorted(set(given) - set(known)):
        raise ConfigError(f"no threshold is called {unknown[0]}; there are: {', '.join(known)}")
    values = {name: getattr(base, name) for name in known}
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 3600:
            raise ConfigError(f"{name} must be a number from 0 (durations: seconds)")
        values[name] = samples(value) if known[name].type is int else float(value)
    return TurnPolicy(**values)
