"""Transcripts that a policy draws, or finds likeliest: cached decoding of many rows at once."""

from dataclasses import dataclass
from typing import Final

import torch

from talkover.core.errors import ConfigError
from talkover.core.listener.search import BeamSearch, is_cut
from talkover.trainer.policy.model import NEVER, Heard, Policy, as_distribution
from talkover.trainer.policy.written import Written

LIMIT: Final = 224
"""Tokens of a text at most, where nothing else is said: half of what a Whisper has places for."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What was drawn or found.

    Attributes:
        written: The transcripts; those of an utterance lie one after another.
        log_probs: Of each token, at the temperature drawn with: float32 [rows, tokens], 0 where
            there is none.
        complete: Which the model itself ended: bool [rows]. The others a bound cut, or they say the
            same over and over.
    """

    written: Written
    log_probs: torch.Tensor
    complete: torch.Tensor


@torch.no_grad()
def sample(
    policy: Policy,
    heard: Heard,
    count: int,
    *,
    seed: int,
    temperature: float = 1.0,
    limit: int = LIMIT,
) -> Drawn:
    """Draw transcripts, independently of one another.

    Args:
        policy: Draws.
        heard: Utterances.
        count: Of transcripts for each.
        seed: The same one draws the same.
        temperature: Above 0; at 0 the likeliest tokens are taken, and ``count`` should be 1.
        limit: Tokens of a text at most.

    Raises:
        ConfigError: the temperature is below 0, or nothing is to be drawn.
    """
    if temperature < 0 or count < 1 or limit < 1:
        raise ConfigError(f"{count} samples of {limit} tokens at {temperature}: none can be drawn")
    device, end = heard.prompts.device, policy.tokens.end
    random = torch.Generator(device).manual_seed(seed)
    items = torch.arange(len(heard.prompts), device=device)
    texts: list[list[int]] = [[] for _ in range(len(items) * count)]
    log_probs: list[list[float]] = [[] for _ in texts]
    with policy.cast():
        cache = heard.cache(items)
        states = policy.decode(heard.prompts, cache)[:, -1].repeat_interleave(count, dim=0)
        cache.batch_repeat_interleave(count)
        live = list(range(len(texts)))
        blocked, limit = policy.blocked[0], min(limit, policy.longest)
        while True:
            logits = policy.model.proj_out(states)
            tokens, found = _choose(logits, blocked, temperature, random)
            for row, token, log_prob in zip(live, tokens.tolist(), found.tolist(), strict=True):
                texts[row].append(token)
                log_probs[row].append(log_prob)
            stay = [
                n
                for n, row in enumerate(live)
                if texts[row][-1] != end and not is_cut(texts[row], limit)
            ]
            if not stay:
                break
            if len(stay) < len(live):
                kept = torch.tensor(stay, device=device)
                cache.batch_select_indices(kept)
                tokens, live = tokens[kept], [live[n] for n in stay]
            states, blocked = policy.decode(tokens[:, None], cache)[:, -1], policy.blocked[1]
    return _drawn(texts, log_probs, items.repeat_interleave(count).tolist(), end)


@torch.no_grad()
def n_best(policy: Policy, heard: Heard, count: int, *, limit: int = LIMIT) -> Drawn:
    """The transcripts that a beam search finds, all different, the best of each utterance first.

    It is the search of ``talkover.core.listener``, which says how they are ranked.

    Args:
        policy: Whose transcripts.
        heard: Utterances.
        count: Of transcripts for each, at most: what is not found is not there.
        limit: Tokens of a text at most.

    Raises:
        ConfigError: nothing is to be found.
    """
    if count < 1 or limit < 1:
        raise ConfigError(f"the {count} best of {limit} tokens: none can be found; use 1 or more")
    device, end = heard.prompts.device, policy.tokens.end
    searches = [BeamSearch(end, count, min(limit, policy.longest)) for _ in heard.prompts]
    items = list(range(len(searches)))  # of each live row
    with policy.cast():
        cache = heard.cache(torch.tensor(items, device=device))
        states, blocked = policy.decode(heard.prompts, cache)[:, -1], policy.blocked[0]
        while items:
            distribution = as_distribution(policy.model.proj_out(states), blocked, 1.0)
            never = distribution <= NEVER / 2
            log_probs = distribution.masked_fill(never, -torch.inf).cpu().numpy()
            rows: list[int] = []
            tokens: list[int] = []
            for item in dict.fromkeys(items):
                first = items.index(item)
                mine = log_probs[first : first + items.count(item)]
                for row, token in searches[item].advance(mine):
                    rows.append(first + row)
                    tokens.append(token)
            items = [items[row] for row in rows]
            if items:
                cache.batch_select_indices(torch.tensor(rows, device=device))
                after = torch.tensor(tokens, device=device)[:, None]
                states, blocked = policy.decode(after, cache)[:, -1], policy.blocked[1]
    found = [(item, one) for item, search in enumerate(searches) for one in search.results()]
    texts = [[*one.tokens, *[end] * one.complete] for _, one in found]
    return _drawn(texts, [list(one.log_probs) for _, one in found], [i for i, _ in found], end)


def _choose(
    logits: torch.Tensor, blocked: torch.Tensor, temperature: float, random: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """The next token of each row, and its log-probability: [rows] each."""
    distribution = as_distribution(logits, blocked, temperature or 1.0)
    if temperature:
        tokens = torch.multinomial(distribution.exp(), 1, generator=random)
    else:
        tokens = distribution.argmax(dim=1, keepdim=True)
    return tokens[:, 0], distribution.gather(1, tokens)[:, 0]


def _drawn(
    texts: list[list[int]], log_probs: list[list[float]], items: list[int], end: int
) -> Drawn:
    written = Written.of(texts, items)
    found = torch.zeros(written.tokens.shape)
    for row, some in enumerate(log_probs):
        found[row, : len(some)] = torch.tensor(some)
    return Drawn(written, found, torch.tensor([text[-1] == end for text in texts]))
