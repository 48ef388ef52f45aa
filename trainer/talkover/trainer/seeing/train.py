"""Teach a brain to see, to be gone on with after any kill, and what is left when it is done.

Method: visual instruction tuning (Liu et al. 2023) in one stage, with low-rank additions (Hu et al.
2021) to every matrix of the brain, the loss on the answers alone, and the eyes frozen.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

import torch
from pydantic import JsonValue

from talkover.core.brain.delta import About, write_sight
from talkover.core.brain.tokens import ChatTokens
from talkover.core.errors import DataError
from talkover.core.weights.disk import write_atomically
from talkover.trainer.policy.checkpoint import Progress, latest, read_checkpoint, write_checkpoint
from talkover.trainer.seeing.card import write_card
from talkover.trainer.seeing.lessons import BLOCK, Lessons, features_of
from talkover.trainer.seeing.model import Seer
from talkover.trainer.seeing.naming import View, learn_names, views_of
from talkover.trainer.seeing.run import DELTA_FILE, NAMING, STAGE, WARMING, SeerRun
from talkover.trainer.seeing.school import Exam, chats, examine, in_parts, order
from talkover.trainer.seeing.warming import Glance, Warming, glances_of, warm
from talkover.trainer.stages.curves import draw_curves
from talkover.trainer.stages.loop import interrupts
from talkover.trainer.stages.run import CARD, CURVES, read_metrics

_FIRST: Final = 64
"""Questions whose features tell mean and spread."""
Tell = Callable[[str, int, int, Mapping[str, float]], None]
"""Told of a phase, how far it is, of how much, and its figures."""
LOOKING: Final = "looking"
"""The phase in which the eyes are shown the questions' pictures."""


class Class(NamedTuple):
    """What a brain is taught with.

    Attributes:
        tokens: Of the brain.
        lessons: It learns from these.
        held: It is asked these.
    """

    tokens: ChatTokens
    lessons: Lessons
    held: Lessons


class Teacher:
    """Teaches a model in a run.

    Args:
        run: Where it is written down.
        model: Learns.
        given: What it learns from.
    """

    def __init__(self, run: SeerRun, model: Seer, given: Class) -> None:
        self._run, self._model, self._given = run, model, given
        self._pace = run.recipe.pace.pace()
        self._learnt = [one for one in model.parameters() if one.requires_grad]
        self._optimiser = torch.optim.AdamW(
            self._learnt, lr=self._pace.rate, betas=(0.9, 0.98), weight_decay=self._pace.decay
        )
        self._step = 0
        self._seconds = 0.0
        self._sums: dict[str, list[float]] = {}

    def go(self, tell: Tell = lambda _phase, _done, _total, _figures: None) -> bool:
        """Teach until it is done, or somebody interrupts it.

        Args:
            tell: Told now and then; see ``Tell``.

        Returns:
            Whether it is done.

        Raises:
            DataError: a checkpoint or a kept lesson cannot be used.
        """
        self._resume(tell)
        pace, run = self._pace, self._run
        exam: Exam | None = None
        with interrupts() as asked:
            while self._step < pace.steps and not asked():
                figures = self._advance()
                last = self._step == pace.steps
                if last or self._step % run.recipe.pace.look == 0:
                    exam = self._look()
                    figures |= exam.figures()
                self._log(figures, told="right held" in figures)
                tell(STAGE, self._step, pace.steps, figures)
                if last or asked() or self._step % pace.keep == 0:
                    self._save()
        done = self._step == pace.steps
        run.note(steps=self._step, seconds=round(self._seconds, 1))
        if done and not run.told["done"]:
            self._leave(exam or self._look())
        return done

    def _advance(self) -> dict[str, float]:
        """One step."""
        begun, step = time.process_time(), self._step
        settings, seed = self._run.recipe.pace, self._run.seed
        numbers = order(step, settings.examples, self._run.recipe.lessons.questions, seed)
        tokens, model = self._given.tokens, self._model
        lessons = [self._given.lessons.get(one) for one in numbers]
        asked = [one.asked(tokens, model.sight.positions, model.names) for one in lessons]
        self._optimiser.zero_grad()
        figures = {"loss": 0.0, "right trained": 0.0}
        for part in in_parts(asked, settings.micro):
            judged = self._model(part)
            share = len(part) / len(asked)
            (share * judged.loss).backward()
            figures["loss"] += share * float(judged.loss.detach())
            figures["right trained"] += float(judged.right.sum()) / len(asked)
        if settings.chat and step % settings.chat == 0:
            kept = self._model.chat_loss(chats(tokens, step, seed))
            kept.backward()  # type: ignore[no-untyped-call]
            figures["kl chat"] = float(kept.detach())
        norm = torch.nn.utils.clip_grad_norm_(self._learnt, self._pace.clip)
        for group in self._optimiser.param_groups:
            group["lr"] = self._pace.rate_at(step)
        if torch.isfinite(norm):  # else one broken picture would break the model for good
            self._optimiser.step()
        self._step += 1
        self._seconds += time.process_time() - begun
        return {**figures, "gradient": float(norm)}

    def _look(self) -> Exam:
        held = self._run.recipe.lessons.held
        return examine(self._model, self._given.tokens, self._given.held, held)

    def _log(self, figures: Mapping[str, float], *, told: bool) -> None:
        for name, value in figures.items():
            self._sums.setdefault(name, []).append(value)
        if told or self._step % self._pace.tell == 0:
            means = {name: sum(some) / len(some) for name, some in self._sums.items()}
            self._run.log(self._step, means)
            self._sums.clear()

    def _save(self) -> None:
        progress = Progress(self._step, {"stage": STAGE, "seconds": self._seconds})
        write_checkpoint(self._run.checkpoints, self._model, self._optimiser, progress)

    def _resume(self, tell: Tell) -> None:
        some = range(min(_FIRST, self._run.recipe.lessons.questions))
        self._model.projection.standardise(features_of(self._given.lessons, some))
        path = latest(self._run.checkpoints)
        if path is None:
            self._warm(tell)
        else:
            progress = read_checkpoint(path, self._model, self._optimiser)
            if progress.told.get("stage") != STAGE:
                raise DataError(f"{path} is of another training; remove it, and resume")
            self._step = progress.step
            self._seconds = float(str(progress.told["seconds"]))
        self._run.rewind(self._step)

    def _warm(self, tell: Tell) -> None:
        """Prepare the projector; what is killed meanwhile begins anew."""
        begun, settings, seed = time.process_time(), self._run.recipe.warm, self._run.seed
        if not settings.naming + settings.steps:
            return
        views, glances = self._looked(tell)
        if not views or not glances:
            raise DataError("no lesson has anything to look at; set steps = 0 under [warm]")
        how = Warming(settings.examples, settings.rate, seed)
        projection = self._model.projection
        if settings.naming:
            named = learn_names(projection, self._model.sight, views, settings.naming, how)
            self._phase(NAMING, settings.naming, named, tell)
        if settings.steps:
            embeddings, tokens = self._model.llama.embed_tokens.weight, self._given.tokens
            warmed = warm(projection, embeddings, glances, tokens, settings.steps, how)
            self._phase(WARMING, settings.steps, warmed, tell)
        self._seconds += time.process_time() - begun
        self._save()

    def _looked(self, tell: Tell) -> tuple[list[View], list[Glance]]:
        """What all lessons show."""
        questions, lessons = self._run.recipe.lessons.questions, self._given.lessons
        views: list[View] = []
        glances: list[Glance] = []
        for number in range(questions):
            views += views_of(lessons, [number])
            glances += glances_of(lessons, self._given.tokens, [number])
            if (number + 1) % BLOCK == 0 or number + 1 == questions:
                tell(LOOKING, number + 1, questions, {})
        return views, glances

    def _phase(
        self, name: str, total: int, steps: Iterable[Mapping[str, float]], tell: Tell
    ) -> None:
        for step, figures in enumerate(steps, 1):
            if step % self._pace.tell == 0:
                self._run.log(step, figures, name)
            tell(name, step, total, figures)

    def _leave(self, exam: Exam) -> None:
        """The delta, and what is to be looked at."""
        run = self._run
        kinds: dict[str, JsonValue] = {kind: [*counts] for kind, counts in exam.kinds.items()}
        run.note(right=exam.right, blind=exam.blind, majority=exam.majority, kinds=kinds)
        card = write_card(run.folder.resolve().name, run.recipe, run.told, exam)
        about = About(
            base=run.told["base"],
            eyes=run.told["eyes"],
            sight=self._model.sight,
            run=run.folder.resolve().name[:200],
            accuracy=exam.right,
            card=card,
        )
        write_sight(run.folder / DELTA_FILE, self._model.delta(about))
        write_atomically(run.folder / CURVES, draw_curves(read_metrics(run.folder)))
        write_atomically(run.folder / CARD, card.encode())
        run.note(done=True)
