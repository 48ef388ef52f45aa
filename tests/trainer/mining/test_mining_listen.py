"""Listening to a pool, broken off and gone on with."""

import numpy as np
import pytest
from tiny_whisper import LANGUAGES, tiny_tokenizer, tiny_whisper

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.clock import RATE  # noqa: E402 - after the libraries it needs
from talkover.core.listener import ListenerConfig, WindowRule  # noqa: E402
from talkover.core.listener.tokens import Tokens  # noqa: E402
from talkover.trainer.data.clean import Clean  # noqa: E402
from talkover.trainer.data.dirt import Made  # noqa: E402
from talkover.trainer.data.streaming.order import Place  # noqa: E402
from talkover.trainer.data.texts import Split  # noqa: E402
from talkover.trainer.mining.files import Files  # noqa: E402
from talkover.trainer.mining.listen import Listener, Pool  # noqa: E402
from talkover.trainer.mining.notes import Notes  # noqa: E402
from talkover.trainer.mining.withheld import sound_of  # noqa: E402
from talkover.trainer.policy.model import Policy  # noqa: E402
from talkover.trainer.policy.tuning import Tuning  # noqa: E402
from talkover.trainer.reward.policy import RewardPolicy  # noqa: E402

SAID = ("the ten", "the hen", "a net", "ten", "the end", "tea")
RULE = WindowRule(minimum=2 * RATE, margin=0, sizes=(2 * RATE, 30 * RATE))


class Sounds:
    """Noise that is said to be words; breaks off when it is told to."""

    count, chunk = len(SAID), 1

    def __init__(self, breaks=None):
        self.breaks, self.made = breaks, []

    def make(self, number, epoch):
        if number == self.breaks:
            raise KeyboardInterrupt
        self.made.append(number)
        random = np.random.default_rng([number, epoch])
        pcm = random.normal(0, 0.1, RATE // 2 + 1_000 * number).astype(np.float32)
        split = Split.TRAIN
        return Made(Clean(f"n{number}", split, pcm, SAID[number], accent="irish", speaker="s"), pcm)

    def close(self):
        pass


@pytest.fixture(scope="module")
def listener():
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer()
    known = [tokenizer.token_to_id(one) for one in ("Ġthe", "Ġt", "e", "n")]
    end = tokenizer.token_to_id("<|endoftext|>")
    config = ListenerConfig(
        languages=LANGUAGES,
        suppress=tuple(number for number in range(end) if number not in known),
        suppress_begin=(end,),
        alignment_heads=((1, 0),),
    )
    model = tiny_whisper(tokenizer.get_vocab_size(), width=64)
    policy = Policy(model, Tokens(tokenizer, config), Tuning())
    return Listener(policy, RULE, RewardPolicy(), limit=5)


def pool(source, longest=5.0):
    places = [Place(epoch, number) for epoch, number in enumerate(range(len(SAID)))]
    return Pool(source, places, 0.75, longest)


def test_a_pool_is_heard_in_order_with_all_that_is_needed_to_choose(listener, tmp_path):
    ticks = []
    found = listener.listen(pool(Sounds()), Notes(tmp_path / "h", {}), 2, ticks.append)
    assert ticks == [2, 2, 2]
    assert [one.text for one in found] == list(SAID)
    assert [(one.number, one.epoch) for one in found] == [(n, n) for n in range(len(SAID))]
    for one in found:
        assert one.pcm == sound_of(Sounds().make(one.number, one.epoch).pcm)
        assert (one.accent, one.speaker, one.trust) == ("irish", "s", 0.75)
        assert bool(one.error) == bool(one.mistaken)
    assert any(one.error for one in found)
    assert len({one.sounds for one in found}) == len(SAID)


def test_it_goes_on_where_it_was_broken_off(listener, tmp_path):
    whole = listener.listen(pool(Sounds()), Notes(tmp_path / "whole", {}), 2)
    with pytest.raises(KeyboardInterrupt):
        listener.listen(pool(Sounds(breaks=3)), Notes(tmp_path / "broken", {}), 2)
    rest = Sounds()
    assert listener.listen(pool(rest), Notes(tmp_path / "broken", {}), 2) == whole
    assert rest.made == [2, 3, 4, 5]


def test_what_is_too_long_is_left_out(listener, tmp_path):
    found = listener.listen(pool(Sounds(), longest=0.7), Notes(tmp_path / "h", {}), 4)
    assert [one.number for one in found] == [0, 1, 2, 3]


def test_a_round_before_the_first_left_nothing(tmp_path):
    files = Files.of(tmp_path, 1)
    assert files.before.places() == []
    assert files.before.table().pairs == ()
    assert files.chosen.name == "01.jsonl"
