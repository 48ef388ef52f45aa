"""A policy into a bundle: its graphs compared with it, all other parts those of the parent."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import Final

from talkover.core.bundles import BundleStore, Licence, Manifest, PartEntry, describe
from talkover.core.bundles.store import Seal
from talkover.core.clock import seconds
from talkover.core.listener import VARIANTS, ListenerConfig, ListenerRuntime, Variant
from talkover.core.listener.build import CARD_FILE, write_listener
from talkover.core.listener.golden import GoldenOutput, record, write_golden
from talkover.core.listener.tokens import TOKENIZER_FILE
from talkover.core.weights.disk import link
from talkover.trainer.export.origin import Origin
from talkover.trainer.export.parity import Choice, Parity, Precision, choose, figures
from talkover.trainer.export.reading import Sides
from talkover.trainer.gate.material import people, spoken
from talkover.trainer.policy.model import Policy
from talkover.trainer.stages.example import Example

COUNT: Final = 96
"""Utterances that are read at most, where nothing else is said."""
Tell = Callable[[str, float], None]
"""Told what is going on and how far it is, 0 to 1."""
_THREADS: Final = 1
_PEOPLE: Final = 4  # of so many utterances all but one are real people's
_LISTENER: Final = "listener"


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of it.

    Attributes:
        bundle_id: Of the new bundle.
        parity: How near its graphs are to the policy.
        choice: What was exported, and why.
    """

    bundle_id: str
    parity: Parity
    choice: Choice


def export(
    policy: Policy,
    origin: Origin,
    store: BundleStore,
    parent: str,
    examples: Sequence[Example],
    *,
    precision: Precision = Precision.AUTO,
    gated: bool = False,
    seal: Seal | None = None,
    tell: Tell = lambda _phrase, _done: None,
) -> Exported:
    """Export a policy as the listener of a new bundle, and publish it.

    Args:
        policy: In float32.
        origin: Where it comes from.
        store: Of the parent, and of the new bundle.
        parent: The id of the bundle that the other parts come from.
        examples: That the policy and its graphs are compared on, such as ``own_examples``.
        precision: What shall be exported.
        gated: A gate follows; see ``choose``.
        seal: The key to sign the bundle with.
        tell: Told what is going on.

    Raises:
        BundleError: the parent is damaged, or the result breaks a rule.
        ModelError: the graphs do not say what the policy says; nothing is published.
        ConfigError: what the examples are made with is not installed.
    """
    manifest = store.verify(parent)
    base = store.path(parent)
    with store.staging() as folder:
        for name in manifest.files:
            if not name.startswith(f"{manifest.parts[_LISTENER].folder}/"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                link(base / name, folder / name)
        listener = folder / _LISTENER
        config = write_graphs(
            policy, origin, base / manifest.parts[_LISTENER].folder, listener, tell
        )
        parity = Sides(policy, listener, config.window).settle(examples, _ticks(tell, examples))
        choice = choose(parity, precision, gated=gated)
        for variant in set(VARIANTS) - set(choice.variants):
            shutil.rmtree(listener / variant)
        tell("recording golden outputs", 0.9)
        write_golden(listener, golden_of(listener, choice.variants))
        (listener / CARD_FILE).write_text(card_of(origin, choice.word), "utf-8")
        tell("publishing", 0.95)
        new = _described(folder, manifest, origin, figures(parity, choice.variants))
        published = store.publish(folder, new, seal)
    return Exported(published, parity, choice)


def write_graphs(
    policy: Policy, origin: Origin, like: Path, out: Path, tell: Tell
) -> ListenerConfig:
    """Write both variants' graphs of a policy.

    Args:
        policy: Whose weights.
        origin: With the window that it has earned.
        like: A listener of the same tokens.
        out: Where to.
        tell: Told what is going on.

    Raises:
        BundleError: the listener that it shall be like is damaged.
    """
    config = as_learnt(ListenerConfig.read(like), policy, origin)
    weights = policy.weights()
    write_listener(weights, config, like / TOKENIZER_FILE, out, lambda p, d: tell(p, 0.3 * d))
    return config


def as_learnt(config: ListenerConfig, policy: Policy, origin: Origin) -> ListenerConfig:
    """A listener's configuration with what a policy has earned. Pure."""
    learnt = {"window": origin.window, "suppress_begin": policy.tokens.suppress_begin}
    return config.model_copy(update=learnt)


def golden_of(listener: Path, variants: Sequence[Variant]) -> tuple[GoldenOutput, ...]:
    """What each variant says to the golden sounds.

    Raises:
        BundleError: one cannot be loaded.
    """
    found = (
        record(ListenerRuntime(listener, variant=variant, threads=_THREADS)) for variant in variants
    )
    return tuple(chain.from_iterable(found))


def card_of(origin: Origin, word: str) -> str:
    """The card of the run, and how it was exported."""
    windows = f"windows from {seconds(origin.window.minimum):g} s on"
    return f"{origin.card.rstrip()}\n\n## Export\n\nStage `{origin.stage}`, {windows}; {word}.\n"


def own_examples(count: int, *, seed: int) -> tuple[Example, ...]:
    """Real people and clean accents of the validation split, three of those and one of these.

    Args:
        count: How many; fewer where there are not so many people.
        seed: Of the draw.

    Raises:
        ConfigError: an engine is not installed, or there are no recordings of people.
    """
    made = spoken(count // _PEOPLE, seed=seed, noisy=False)
    said = people(count - len(made), seed=seed)
    threes = [said[place :: _PEOPLE - 1] for place in range(_PEOPLE - 1)]
    in_turn = (one for some in zip_longest(*threes, made) for one in some)
    return tuple(one for one in in_turn if one is not None)


def _described(
    folder: Path, parent: Manifest, origin: Origin, metrics: dict[str, float]
) -> Manifest:
    variant = {"name": "Whisper, tuned by Talkover", "run": origin.name}
    parts = {**parent.parts, _LISTENER: PartEntry(folder=_LISTENER, variant=variant)}
    licences = dict(parent.licences)
    if _LISTENER in licences:
        known = licences[_LISTENER]
        note = f"tuned by run {origin.name[:100]}; see {CARD_FILE} beside it"
        licences[_LISTENER] = Licence(spdx=known.spdx, origin=known.origin, note=note)
    return describe(
        folder,
        parts,
        licences,
        parent=parent.id,
        run=origin.name[:200],
        data=origin.data,
        metrics=metrics,
    )


def _ticks(tell: Tell, examples: Sequence[Example]) -> Callable[[], None]:
    read = iter(range(1, len(examples) + 1))

    def tick() -> None:
        done = next(read)
        tell(f"comparing: utterance {done}", 0.3 + 0.6 * done / len(examples))

    return tick
