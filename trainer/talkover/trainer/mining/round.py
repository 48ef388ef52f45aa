"""One round of listening: what of a pool is learnt from next, and a report of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from talkover.core.audio.prompts import find_prompts
from talkover.core.errors import DataError
from talkover.core.listener import WindowRule
from talkover.core.report import Report, hand_over, progress_bar
from talkover.core.weights.disk import sha256_of, write_atomically
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.streaming.order import Place
from talkover.trainer.mining.choosing import choose
from talkover.trainer.mining.files import Files
from talkover.trainer.mining.listen import Listener, Pool
from talkover.trainer.mining.listened import Listened
from talkover.trainer.mining.notes import Notes
from talkover.trainer.mining.report import listings, measures
from talkover.trainer.mining.scoring import scores
from talkover.trainer.mining.withheld import JUDGES, Withheld
from talkover.trainer.policy.checkpoint import latest
from talkover.trainer.stages.recipe import TrainingRecipe
from talkover.trainer.stages.run import begin_policy, load_stage
from talkover.trainer.stages.sources import open_source
from talkover.trainer.stages.stage import Work, device_here
from talkover.trainer.stages.tables import LANGUAGES, SourceSettings

FIRST: Final = 10_000_000
"""Of a recipe's utterances, whose numbers have no end, those that rounds listen to: nothing else
comes to them, so a pool is new to the listener."""


def mine(work: Work, files: Files, *, after: str, source: SourceSettings) -> int:
    """Listen to a pool with what a stage left, and choose what is learnt from.

    Listening goes on where it was broken off.

    Args:
        work: The run.
        files: Where it is kept.
        after: The stage.
        source: A recipe that is spoken.

    Returns:
        How many utterances were chosen.

    Raises:
        ConfigError: eSpeak NG is not installed.
        DataError: the stage has left nothing, or an utterance cannot be made.
        WeightsError: the base weights cannot be used.
    """
    settings, seed = work.run.recipe.mine, work.run.seed
    again = files.before.places()
    places = pool_of(files.number, again, settings.pool)
    heard = _listen(work, files, after, source, places)
    mistaken = [wrong for one in heard for wrong in one.mistaken]
    table = files.before.table().updated(mistaken, last=files.number, most=settings.pairs)
    scored = scores(heard, table.nearest(), settings)
    choice = choose(heard, scored, withheld_from(source, seed), settings)
    write_atomically(files.confusions, "".join(table.lines()).encode())
    chosen = [_line(heard[place], scored[place]) for place in choice.kept]
    write_atomically(files.chosen, "".join(chosen).encode())
    hand_over(
        Report(
            title=f"Hard negatives, round {files.number}, of what {after} left",
            measures=measures(heard, choice, len(again)),
            seed=seed,
        ),
        work.console,
        json=files.report("json"),
        html=files.report("html"),
        listings=listings(heard, scored, choice, table, settings),
    )
    return len(choice.kept)


def pool_of(number: int, again: Sequence[Place], size: int) -> list[Place]:
    """What a round listens to: what the last one mined, and utterances that nobody heard. Pure.

    Args:
        number: Of the round, from 1 on.
        again: What the last one mined.
        size: So many are new.
    """
    first = FIRST + (number - 1) * size
    return [*again, *(Place(0, one) for one in range(first, first + size))]


def withheld_from(source: SourceSettings, seed: int) -> Withheld:
    """What must not be learnt from: what recipes and people's recordings judge by.

    Raises:
        DataError: a recipe cannot be used.
    """
    names = dict.fromkeys([source.recipe, *JUDGES])
    recipes = [Recipe.load(name, seed=seed) for name in names]
    return Withheld.of(recipes, [one for code in LANGUAGES for one in find_prompts(code)])


def rule_of(recipe: TrainingRecipe, known: dict[str, Any]) -> WindowRule:
    """The windows on which a stage proved to hear people; those of the start where it did not.

    Args:
        recipe: Of the run.
        known: What the run tells of the stage.
    """
    last = len(recipe.windows.shortest) - 1
    return recipe.windows.rule(min(int(known.get("proven", 0)), last))


def _listen(
    work: Work, files: Files, after: str, source: SourceSettings, places: Sequence[Place]
) -> list[Listened]:
    run, recipe = work.run, work.run.recipe
    left = latest(run.checkpoints(after))
    if left is None:
        raise DataError(f"{run.folder} has no checkpoint of {after}; train it first")
    files.folder.mkdir(exist_ok=True)
    head = {"of": sha256_of(left), "source": asdict(source), "pool": [list(one) for one in places]}
    notes = Notes(files.heard, json.loads(json.dumps(head)))
    policy = begin_policy(recipe.policy, work.base, seed=run.seed, rough=True)
    load_stage(policy, run.folder, after)
    listener = Listener(
        policy.to(device_here()),
        rule_of(recipe, run.stages.get(after, {})),
        recipe.reward,
        limit=recipe.rl.limit,
    )
    opened = open_source(source, seed=run.seed)
    pool = Pool(opened, places, source.trust, recipe.data.longest)
    try:
        with progress_bar(work.console) as progress:
            task = progress.add_task(f"listening, round {files.number}", total=len(places))
            return listener.listen(
                pool,
                notes,
                recipe.mine.batch,
                lambda count: progress.update(task, advance=count, refresh=True),
            )
    finally:
        opened.close()


def _line(one: Listened, score: float) -> str:
    told = {
        "number": one.number,
        "epoch": one.epoch,
        "score": round(score, 4),
        "name": one.name,
        "text": one.text,
        "accent": one.accent,
        "speaker": one.speaker,
        "error": round(one.error, 4),
    }
    return json.dumps(told, ensure_ascii=False) + "\n"
