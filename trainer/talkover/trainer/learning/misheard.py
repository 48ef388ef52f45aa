"""Which turns the listener still gets wrong: those are learnt from more often than the others."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from talkover.core.report import progress_bar
from talkover.core.weights.disk import sha256_of, write_atomically
from talkover.trainer.data.streaming.order import Place
from talkover.trainer.mining.choosing import choose
from talkover.trainer.mining.confusions import Confusions
from talkover.trainer.mining.files import FOLDER
from talkover.trainer.mining.listen import Listener, Pool
from talkover.trainer.mining.listened import Listened
from talkover.trainer.mining.notes import Notes
from talkover.trainer.mining.round import rule_of
from talkover.trainer.mining.scoring import scores
from talkover.trainer.mining.settings import MineSettings
from talkover.trainer.mining.withheld import Withheld
from talkover.trainer.policy.checkpoint import latest
from talkover.trainer.stages.run import begin_policy, load_stage
from talkover.trainer.stages.sources import open_source
from talkover.trainer.stages.stage import Work, device_here
from talkover.trainer.stages.tables import SourceSettings

HARD: Final = "misheard"


def mine_calls(
    work: Work, sources: Mapping[str, SourceSettings], *, after: str, withheld: Withheld
) -> dict[str, Path]:
    """Listen to manifests of turns, and write those that were misheard as manifests of their own.

    Args:
        work: The run.
        sources: The manifests by their names.
        after: Stage whose weights listen.
        withheld: What models are judged on.

    Returns:
        A manifest for each source of which some were chosen.

    Raises:
        ConfigError: eSpeak NG is not installed.
        DataError: the stage has left nothing, or a turn cannot be heard.
        WeightsError: the base weights cannot be used.
    """
    folder = work.run.folder / FOLDER
    folder.mkdir(exist_ok=True)
    heard: list[tuple[str, Listened]] = []
    listener = _listener(work, after)
    for name, source in sources.items():
        heard += [(name, one) for one in _listen(work, listener, name, source, after, folder)]
    settings = shared(work.run.recipe.mine, [one.speaker for _, one in heard])
    alone = [one for _, one in heard]
    table = Confusions().updated(
        [wrong for one in alone for wrong in one.mistaken], last=1, most=settings.pairs
    )
    scored = scores(alone, table.nearest(), settings)
    kept = choose(alone, scored, withheld, settings).kept
    chosen: dict[str, list[int]] = {}
    for place in kept:
        name, one = heard[place]
        chosen.setdefault(name, []).append(one.number)
    return {
        name: _write(folder, Path(sources[name].manifest), name, numbers)
        for name, numbers in chosen.items()
    }


def shared(settings: MineSettings, speakers: Sequence[str]) -> MineSettings:
    """Where there are few callers, each may have as much as comes to one."""
    fair = 1 / max(len(set(speakers)), 1)
    return replace(settings, per_speaker=max(settings.per_speaker, fair))


def _listener(work: Work, after: str) -> Listener:
    recipe, run = work.run.recipe, work.run
    policy = begin_policy(recipe.policy, work.base, seed=run.seed, rough=True)
    load_stage(policy, run.folder, after)
    rule = rule_of(recipe, run.stages.get(after, {}))
    return Listener(policy.to(device_here()), rule, recipe.reward, limit=recipe.rl.limit)


def _listen(
    work: Work, listener: Listener, name: str, source: SourceSettings, after: str, folder: Path
) -> list[Listened]:
    opened = open_source(source, seed=work.run.seed)
    try:
        count = opened.count or 0
        left = latest(work.run.checkpoints(after))
        of = sha256_of(left) if left is not None else ""
        head = {"of": of, "manifest": sha256_of(Path(source.manifest))}
        notes = Notes(folder / f"{name}.heard.jsonl", head)
        places = [Place(0, number) for number in range(count)]
        pool = Pool(opened, places, source.trust, work.run.recipe.data.longest)
        with progress_bar(work.console) as progress:
            task = progress.add_task(f"listening to {name}", total=count)

            def tick(more: int) -> None:
                progress.update(task, advance=more, refresh=True)

            return listener.listen(pool, notes, work.run.recipe.mine.batch, tick)
    finally:
        opened.close()


def _write(folder: Path, manifest: Path, name: str, numbers: Sequence[int]) -> Path:
    """Some lines of a manifest, their audio named from the new one's folder."""
    lines = [line for line in manifest.read_text("utf-8").splitlines() if line.strip()]
    told: list[dict[str, Any]] = [json.loads(lines[number]) for number in numbers]
    for one in told:
        one["audio_filepath"] = str((manifest.parent / one["audio_filepath"]).resolve())
    path = folder / f"{HARD}-{name}.jsonl"
    text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in told)
    write_atomically(path, text.encode())
    return path
