"""Ways to be paid for something else than understanding, none of which pays."""

import pytest

from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.reward.reference import Reference
from talkover.trainer.reward.scoring import Scorer

POLICY = RewardPolicy()
SCORER = Scorer(POLICY)
ENGLISH = Reference.of([("I would like to return the kettle to the shop in Aberdeen", "en")])
MIXED = Reference.of(
    [("I called because", "en"), ("la factura del agua", "es"), ("was wrong again", "en")]
)
SILENCE = Reference.of([])
HONEST = "I would like to retain the cattle to the shop in Abadeen"
"""As somebody would write it down who tried hard and misheard three words."""


def worth(reference, *texts):
    return [one.value for one in SCORER.score(reference, texts)]


@pytest.mark.parametrize("reference", [ENGLISH, MIXED])
def test_writing_nothing(reference):
    nothing, marks, any_word = worth(reference, "", " ... !? ", "the")
    assert nothing == marks <= 0
    assert nothing < any_word
    assert worth(ENGLISH, "")[0] + 0.5 < worth(ENGLISH, HONEST)[0]


@pytest.mark.parametrize("phrase", ["Aberdeen", "in Aberdeen", "the shop in Aberdeen"])
def test_repeating(phrase):
    right = "I would like to return the kettle to the shop in Aberdeen"
    values = worth(ENGLISH, *(f"{right} {phrase} {' '.join([phrase] * n)}" for n in range(30)))
    assert values == sorted(values, reverse=True)
    assert values[0] < worth(ENGLISH, right)[0]
    # A loop costs more than as many invented words that are none.
    looped, invented = SCORER.score(
        ENGLISH, [f"{right} Aberdeen Aberdeen Aberdeen", f"{right} Aberdeen London Aberdeen"]
    )
    assert (looped.looped, invented.looped) == (2, 0)
    longer = abs(looped.distance - invented.distance) / looped.sounds
    assert looped.value < invented.value - 2 * POLICY.loop + longer + 1e-9


def test_repeating_what_the_speaker_repeats_is_right():
    said = Reference.of([("no no no no no, five five five five", "en")])
    right, short = SCORER.score(said, ["No, no, no, no, no, five, five, five, five", "No, five"])
    assert (right.value, right.looped) == (1, 0)
    assert short.value < 0.5


def test_dropping_the_hard_word():
    dropped = "I would like to return the to the shop in"
    tried = "I would like to return the cattle to the shop in Abadeen"
    wild = "I would like to return the castle to the shop in Overdone"
    values = worth(ENGLISH, dropped, wild, tried)
    assert values == sorted(values)


@pytest.mark.parametrize(
    "translated",
    [
        "I called because the water bill was wrong again",
        "Llamé porque la factura del agua estaba mal otra vez",
    ],
)
def test_translating_into_the_other_language(translated):
    heard = "I called because la fractura de la abuela was wrong again"
    (one,) = SCORER.score(MIXED, [translated])
    assert one.misplaced >= 2
    assert one.value < worth(MIXED, heard)[0] - 0.4
    # It is what the languages cost, and not the sounds alone.
    free = Scorer(RewardPolicy(switch=0)).score(MIXED, [translated])[0]
    assert one.value < free.value - 0.2


def test_translating_what_was_said_in_one_language():
    spanish = Reference.of([("quiero pagar la factura de mi tarjeta mañana", "es")])
    (one,) = SCORER.score(spanish, ["I want to pay the bill of my card tomorrow"])
    assert one.misplaced >= 6
    assert one.value < 0
    assert worth(spanish, "quiero pegar la fractura de mi tarea mañana")[0] > 0.7


def test_switching_where_the_speaker_does_is_free_and_elsewhere_is_not():
    (right,) = SCORER.score(MIXED, ["I called because la factura del agua was wrong again"])
    assert (right.value, right.switches, right.misplaced) == (1, 0, 0)
    english = Reference.of([("I called because the bill was wrong again", "en")])
    more = SCORER.score(english, ["I called porque the bill was mala again"])[0]
    assert (more.switches, more.misplaced) == (4, 2)


def test_copying_the_prompt():
    prompt = "Glossary: kettle, toaster, Aberdeen, Inverness, refund, return."
    right = "I would like to return the kettle to the shop in Aberdeen"
    copied, before, after, honest = worth(
        ENGLISH, prompt, f"{prompt} {right}", f"{right} {prompt}", HONEST
    )
    assert max(copied, before, after) < honest - 0.4, (copied, before, after, honest)
    assert worth(SILENCE, prompt)[0] < 0


@pytest.mark.parametrize(
    "strange", ["♪", "спасибо", "ありがとう", "감사합니다", "[music]", "½", "qzxvkw", "(((a)))"]
)
def test_inventing_what_nobody_can_say(strange):
    whole = "I called because la factura del agua was wrong again"
    for reference, right in ((SILENCE, ""), (MIXED, whole)):
        texts = [f"{right} {f'{strange} ' * count}" for count in (0, 1, 5)]
        plain, more, most = worth(reference, *texts)
        assert 1 == plain > more > most


def test_writing_marks_without_end():
    right = "I would like to return the kettle to the shop in Aberdeen"
    plain, some, endless, more = worth(ENGLISH, right, f"{right}...", right + "." * 400,
                                       right + ". " * 800)  # fmt: skip
    assert plain == some == 1
    assert endless < 0.6
    assert more < endless


def test_never_ending_costs_all_there_is_and_no_more():
    endless = "thank you for watching " * 400
    for reference in (ENGLISH, MIXED, SILENCE):
        value, longer = worth(reference, endless, endless * 20)
        assert -POLICY.floor <= longer <= value < -0.95 * POLICY.floor
    assert worth(SILENCE, "a" * 100_000)[0] < -0.95


def test_telling_the_reader_how_to_read():
    # eSpeak takes what is in double brackets for phonemes, and some marks for commands.
    plain, bracketed, marked = worth(
        SILENCE, "hello", "[[h@l'oU]]", '<audio src="hello"/> -v --help\x00\x1b'
    )
    assert bracketed < 1
    assert marked < plain < 1


def test_writing_in_another_script_what_sounds_the_same():
    hindi = Reference.of([("मेरा बिल कब आएगा", "hi")])
    right, latin = SCORER.score(hindi, ["मेरा बिल कब आएगा", "mera bill kab aaega"])
    assert right.value == 1
    assert latin.misplaced == 4
    assert latin.value < 0.5


def test_names_numbers_and_words_of_both_languages_are_nobodys_switch():
    said = Reference.of([("no, el hotel Ramos", "es"), ("has 12 taxis", "en")])
    for text in ("No, el hotel Ramos has 12 taxis.", "No, el hotel Ramus has 12 taxis",
                 "no el hotel Ramos has 13 taxis"):  # fmt: skip
        (one,) = SCORER.score(said, [text])
        assert (one.switches, one.misplaced) == (0, 0), text
