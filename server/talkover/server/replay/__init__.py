"""Replay: a logged call through the turn-taking core again, with its own policy or another."""

from talkover.server.replay.compare import Call, Difference, Replay, replay
from talkover.server.replay.policies import policy_from_toml, policy_to_toml

__all__ = ["Call", "Difference", "Replay", "policy_from_toml", "policy_to_toml", "replay"]
