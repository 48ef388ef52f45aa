"""The reward once more, written from its definition alone: slow, cell by cell, word by word."""

import math
import unicodedata
from functools import cache
from itertools import pairwise

from panphon import FeatureTable

from talkover.trainer.data.aligning.phonemes import phonemes_of
from talkover.trainer.reward.lexicon import languages_of

TABLE = FeatureTable()
WEIGHTS = TABLE.weights
SPELT = {"g": "ɡ", "ɚ": "ə˞", "ɝ": "ɜ˞", "ᵻ": "ɪ"}
TIES = ("tʃ", "dʒ", "tɕ", "dʑ", "ts", "dz", "pf", "tʂ", "ʈʂ", "ɖʐ")


@cache
def vectors(symbol):
    written = unicodedata.normalize("NFD", symbol)
    for ours, theirs in SPELT.items():
        written = written.replace(ours, theirs)
    for one, other in TIES:
        written = written.replace(one + other, f"{one}\u0361{other}")
    return TABLE.word_to_vector_list(written, numeric=True)


@cache
def apart(first, second):
    """The weighted share of features that differ, as both sounds move along."""
    one, other = vectors(first), vectors(second)
    if first == second:
        return 0.0
    if not one or not other:
        return 1.0
    steps = max(len(one), len(other))
    total = 0.0
    for step in range(steps):
        a, b = one[step * len(one) // steps], other[step * len(other) // steps]
        total += sum(abs(x - y) / 2 * w for x, y, w in zip(a, b, WEIGHTS, strict=False))
    return total / steps / sum(WEIGHTS)


def cheapest(first, second, swap, alone):
    """What making one row of the other costs, from each pair of places back to the begin."""
    cost = [[(r + c) * alone for c in range(len(second) + 1)] for r in range(len(first) + 1)]
    for r, one in enumerate(first):
        for c, other in enumerate(second):
            pair = cost[r][c] + swap(one, other)
            cost[r + 1][c + 1] = min(pair, cost[r][c + 1] + alone, cost[r + 1][c] + alone)
    return cost


def pairs_on_the_way(first, second, swap, alone):
    cost = cheapest(first, second, swap, alone)
    r, c, pairs = len(first), len(second), []
    while r and c:
        if cost[r][c] == cost[r - 1][c - 1] + swap(first[r - 1], second[c - 1]):
            r, c = r - 1, c - 1
            pairs.append((r, c))
        elif cost[r][c] == cost[r - 1][c] + alone:
            r -= 1
        else:
            c -= 1
    return pairs


@cache
def letters_apart(one, other):
    different = cheapest(one, other, lambda a, b: float(a != b), 1.0)[-1][-1]
    return different / max(len(one), len(other))


def languages(words, said):
    """Of each word, and of the word in its place."""
    partners = {
        c: said[r]
        for r, c in pairs_on_the_way([word for word, _ in said], words, letters_apart, 0.75)
    }
    spoken = list(dict.fromkeys(language for _, language in said))
    found = []
    if len(spoken) == 1 and all(spoken[0] in languages_of(word) for word in words):
        return [spoken[0]] * len(words), {}
    for place, word in enumerate(words):
        partner = partners.get(place)
        possible = languages_of(word)
        if partner and partner[0] == word:
            found.append(partner[1])
            continue
        wanted = [partner[1]] if partner else []
        wanted += found[-1:] + spoken + list(possible)
        found.append(next((one for one in wanted if one in possible), ""))
    return found, {place: partner[1] for place, partner in partners.items()}


def looped(words):
    """Words that end a stretch of a phrase and one word that was there a phrase earlier, too."""
    return max(
        sum(
            words[end - size : end + 1] == words[end - 2 * size : end - size + 1]
            for end in range(2 * size, len(words))
        )
        for size in range(1, 9)
    )


def sounds(words):
    return [sound for word in words for sound in sounds_of(*word)]


@cache
def sounds_of(word, language):
    read = [s for some in phonemes_of(word, language) for s in some] if language else []
    return read or [chr(0xE000 + ord(letter) % 64) for letter in word]


def switches(found):
    return sum(one != other for one, other in pairwise(found))


def worth(said, words, text, policy):
    """The reward of words for said, pairs of words and languages; text is how they are written."""
    digits = " ".join(" ".join(w) if w.isdigit() and len(w) > 2 else w for w in words).split()
    return max(_worth(said, reading, text, policy) for reading in (words, digits))


def _worth(said, words, text, policy):
    mine, partners = languages(words, said)
    one, other = sounds(said), sounds(list(zip(words, mine, strict=True)))
    near = cache(lambda a, b: min(1.0, apart(a, b) / policy.far))
    distance = cheapest(one, other, near, 1.0)[-1][-1]
    wrong = abs(switches(mine) - switches([language for _, language in said]))
    wrong += sum(mine[place] != language for place, language in partners.items())
    loops = max(0, looped(words) - looped([word for word, _ in said]))
    most = policy.room * sum(len(word) for word, _ in said) + policy.slack
    over = max(0.0, len(text.replace(" ", "")) - most) / most
    value = 1 - distance / (len(one) or policy.silence)
    value -= policy.switch * wrong + policy.loop * loops + policy.runaway * over
    return value if value >= 0 else policy.floor * (math.exp(value / policy.floor) - 1)
