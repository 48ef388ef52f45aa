"""Items that wait for a label get one, or a reason why they have none."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property

from talkover.core.errors import TraceError
from talkover.core.learning.items import Item, Items, State
from talkover.core.records import TurnRecord
from talkover.trainer.learning.filters import Limits, Refusal, of_label
from talkover.trainer.learning.labels import Label, LabelPolicy, Reading, Source, label
from talkover.trainer.learning.outcomes import Distance, evidence_of, settled
from talkover.trainer.learning.taking import heard
from talkover.trainer.learning.teacher import Teaches
from talkover.trainer.mining.withheld import Withheld


class Labeller:
    """Says what was said. An item is either labelled, refused or left as it is: a kill loses none.

    Args:
        items: Of the thread that asks.
        teach: Loads the teacher, when one is needed for the first time.
        distance: How far texts are apart.
        withheld: What models are judged on.
        limits: What is accepted.
        patience: Seconds that a turn waits for what the caller does next.
        least_trust: In a label of words.
        policy: When readings agree.
    """

    def __init__(
        self,
        items: Items,
        teach: Callable[[], Teaches],
        distance: Distance,
        *,
        withheld: Withheld,
        limits: Limits,
        patience: float,
        least_trust: float,
        policy: LabelPolicy | None = None,
    ) -> None:
        self._items = items
        self._teach = teach
        self._distance = distance
        self._withheld = withheld
        self._limits = limits
        self._patience = patience
        self._least_trust = least_trust
        self._policy = policy or LabelPolicy()

    def run(
        self,
        stop: threading.Event,
        now: float,
        tick: Callable[[], None] = lambda: None,
    ) -> Counter[str]:
        """Label what waits and is settled; how many came out as what.

        Args:
            stop: Set: come back after the item in hand.
            now: Seconds since 1970.
            tick: Told after each item.

        Raises:
            WeightsError: the teacher is needed and cannot be used.
            ConfigError: eSpeak NG is not installed.
        """
        found: Counter[str] = Counter()
        for item in self._items.select(State.WAITING):
            if stop.is_set():
                break
            record = TurnRecord.parse(item.record or "")
            later = self._later(item)
            if settled(record, later, now, self._patience):
                found[self._decide(item, record, later)] += 1
            tick()
        return found

    def _decide(self, item: Item, record: TurnRecord, later: Sequence[TurnRecord]) -> str:
        evidence = evidence_of(record, later, self._distance)
        try:
            readings = self._readings(item, record)
        except TraceError:  # one that cannot be heard must not keep the others waiting
            self._items.refuse(item, Refusal.DAMAGED.value)
            return Refusal.DAMAGED.value
        decided = label(record, readings, evidence, self._distance, self._policy)
        if isinstance(decided, Label):
            decided = self._judged(decided, item) or decided
        if isinstance(decided, Label):
            self._items.label(item, decided.to_json())
            return decided.source.value
        self._items.refuse(item, decided.value)
        return decided.value

    def _judged(self, found: Label, item: Item) -> Refusal | None:
        if found.source is Source.OUTCOME:
            return None  # its text was judged when it came, and is not taken for what was said
        if found.trust < self._least_trust:
            return Refusal.UNSURE
        return of_label(found.text, item.seconds, self._limits, self._withheld)

    def _readings(self, item: Item, record: TurnRecord) -> list[Reading]:
        """The teacher's; none where the caller's own word is near to what was heard."""
        language = record.language.partition("-")[0] or "en"
        if record.correction is not None and record.text.strip():
            apart = self._distance(record.correction, record.text, language)
            if apart <= self._policy.near:
                return []
        pcm = heard(self._items.sounds.get(item.audio or ""))
        return self._teacher.read(pcm, language)

    @cached_property
    def _teacher(self) -> Teaches:
        return self._teach()

    def _later(self, item: Item) -> list[TurnRecord]:
        """Turns of the same call after it, of which something is known."""
        return [
            TurnRecord.parse(one.record)
            for one in self._items.of_session(item.session)
            if one.turn > item.turn and one.record is not None
        ]
