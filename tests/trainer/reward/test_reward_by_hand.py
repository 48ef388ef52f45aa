"""The reward against a second one that was written from its definition."""

import numpy as np
import pytest

from talkover.trainer.data.aligning.features import edit_distance, phone_distance
from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.reward.reference import Reference
from talkover.trainer.reward.scoring import Scorer
from talkover.trainer.reward.words import words_in

from . import by_hand

SENTENCES = {
    "en": "once has the bill is late call me on monday please no bus hotel five five one thirty",
    "es": "la factura no llega quiero pagar mañana gracias has once hotel bus cinco dos",
    "fr": "le train est en retard demain merci hôtel bus deux",
    "de": "die Rechnung ist schon bezahlt danke heute Hotel Bus zwei",
    "hi": "मेरा बिल कब आएगा दो",
    "zh": "我 的 账 单 在 哪 里 二",
}
WORDS = {language: sentence.split() for language, sentence in SENTENCES.items()}
STRANGE = ["привет", "♪", "qzxv", "7", "551", "thirty", "hôtel"]
PAIRS = 1_200
POLICIES = [
    (RewardPolicy(), PAIRS),
    (RewardPolicy(far=1.0, switch=0.3, loop=0, runaway=1.5, room=1, slack=3, floor=0.5), 400),
]


def said(random):
    """Some words of one to three languages, or none."""
    found = []
    for _ in range(random.integers(0, 4)):
        language = str(random.choice(list(WORDS)))
        for word in random.choice(WORDS[language], random.integers(1, 4)):
            found += [(str(word), language)] * int(random.choice([1, 1, 1, 4]))
    return found


def heard(words, random):
    """The same, with words left out, added, taken for others, and said again and again."""
    found = [word for word, _ in words]
    pool = [word for some in WORDS.values() for word in some] + STRANGE
    for _ in range(random.integers(0, 5)):
        place = int(random.integers(len(found) + 1))
        other = str(random.choice(pool))
        made = {0: [], 1: [other], 2: [other] * 5, 3: found[max(0, place - 2) : place] * 3}
        found[place : place + int(random.integers(2))] = made[int(random.integers(4))]
    return found


@pytest.fixture(scope="module")
def drawn():
    """What was said, and what was understood."""
    random = np.random.default_rng(0)
    spoken = [said(random) for _ in range(PAIRS // 4)]
    return [(words, " ".join(heard(words, random))) for words in spoken for _ in range(4)]


@pytest.mark.parametrize(("policy", "count"), POLICIES)
def test_over_a_thousand_random_pairs_are_worth_what_they_are_by_hand(policy, count, drawn):
    some = drawn[:count]
    rewards = Scorer(policy).score_all([(Reference.of(words), text) for words, text in some])
    # By now eSpeak was asked about all words at once.
    values = [
        by_hand.worth([(w.casefold(), code) for w, code in words], words_in(text), text, policy)
        for words, text in some
    ]
    assert [one.value for one in rewards] == pytest.approx(values, abs=1e-9)
    # The draw has everything in it.
    assert len({(tuple(words), text) for words, text in drawn}) > 1_000
    for part in ("distance", "switches", "misplaced", "looped", "runaway"):
        assert sum(getattr(one, part) > 0 for one in rewards) > 10, part
    assert sum(not words for words, _ in some) > 10
    assert sum(one.value == 1 for one in rewards) > 10


def test_sounds_are_as_far_apart_as_by_hand():
    symbols = ["p", "tʃ", "s", "ɹ", "ə", "iː", "aɪ", "aɪə", "ŋ", "œ̃", "ʈ", "bʰ", "g", "\ue005"]
    for one in symbols:
        for other in symbols:
            assert phone_distance(one, other) == pytest.approx(by_hand.apart(one, other))


def test_a_distance_is_that_of_the_aligner():
    scorer = Scorer(RewardPolicy(far=1.0))
    (one,) = scorer.score(Reference.of([("the bill is late", "en")]), ["the pill is laid"])
    words = [("the", "en"), ("bill", "en"), ("is", "en"), ("late", "en")]
    other = [("the", "en"), ("pill", "en"), ("is", "en"), ("laid", "en")]
    assert one.distance == pytest.approx(
        edit_distance(by_hand.sounds(words), by_hand.sounds(other))
    )
    assert one.sounds == len(by_hand.sounds(words))
