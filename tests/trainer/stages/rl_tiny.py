"""A tiny Whisper that can say five syllables, and words made of them."""

import numpy as np
import torch
from tiny_whisper import LANGUAGES, tiny_tokenizer, tiny_whisper

from talkover.core.clock import RATE
from talkover.core.listener import ListenerConfig
from talkover.core.listener.tokens import Tokens
from talkover.trainer.policy.model import Policy
from talkover.trainer.policy.tuning import Tuning
from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.stages.example import Example
from talkover.trainer.stages.feed import Fed
from talkover.trainer.stages.rl_settings import RlSettings
from talkover.trainer.stages.rl_step import RlStep
from talkover.trainer.stages.step import Moment

SAYABLE = ("Ġthe", "Ġt", "e", "n", "a")
WINDOW = 2 * RATE
SAID = ("ten", "tea")


def tiny_policy(rank=0):
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer()
    known = [tokenizer.token_to_id(one) for one in SAYABLE]
    end = tokenizer.token_to_id("<|endoftext|>")
    config = ListenerConfig(
        languages=LANGUAGES,
        suppress=tuple(number for number in range(end) if number not in known),
        suppress_begin=(end,),
        alignment_heads=((1, 0),),
    )
    model = tiny_whisper(tokenizer.get_vocab_size(), width=64)
    return Policy(model, Tokens(tokenizer, config), Tuning(rank=rank), seed=0)


def tokens_of(policy, text):
    """Of a word, with the end: byte by byte, after its space."""
    tokenizer = policy.tokens._tokenizer
    return [*tokenizer.encode(f" {text}", add_special_tokens=False).ids, policy.tokens.end]


def examples(words=SAID, accents=("irish", "welsh"), **more):
    random = np.random.default_rng(0)
    return tuple(
        Example(
            f"{place}",
            random.normal(0, 0.1, RATE + place * 800).astype(np.float32),
            ((word, "en"),),
            "en",
            accent,
            text=word,
            **more,
        )
        for place, (word, accent) in enumerate(zip(words, accents, strict=True))
    )


def fed(*args, **more):
    return Fed(examples(*args, **more), WINDOW)


def settings(**more):
    plain = {"samples": 6, "limit": 5, "micro": 1, "kl": 0.01, "anchor": 0.0, "window": 4}
    return RlSettings(**{**plain, **more})


class Practice:
    """A loop of its own: a step, an optimiser, the same utterances each time."""

    def __init__(self, rank=4, seed=0, said=SAID, **more):
        self.policy = tiny_policy(rank)
        self.settings = settings(**more)
        self.step = RlStep(self.policy, self.settings, RewardPolicy())
        self.fed = fed(said)
        self.seed, self.done = seed, 0
        self.optimiser = torch.optim.AdamW(self.learnt, lr=1e-2, betas=(0.8, 0.99))

    @property
    def learnt(self):
        return [value for value in self.policy.parameters() if value.requires_grad]

    def once(self):
        """A step; its figures."""
        self.optimiser.zero_grad()
        figures = self.gradient()
        self.optimiser.step()
        self.done += 1
        return figures

    def gradient(self):
        sums, weights = {}, {}
        for part in self.step(self.fed, Moment(self.done, self.seed + 1_000 * self.done)):
            if part.loss is not None:
                part.loss.backward()
            for name, value in part.figures.items():
                sums[name] = sums.get(name, 0.0) + value * part.weight
                weights[name] = weights.get(name, 0.0) + part.weight
        return {name: sums[name] / weights[name] for name in sums}

    def grads(self):
        return [None if one.grad is None else one.grad.clone() for one in self.learnt]

    def weights(self):
        return [one.detach().clone() for one in self.learnt]
