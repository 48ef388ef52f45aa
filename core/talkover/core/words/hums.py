"""How eSpeak NG hums: what it, like other programs, would read letter by letter. Pure.

"Mm-hm" comes out as "em em aitch em" (in French as "millimètre"), which nobody says who listens.
"""

from typing import Final

_SOUNDS: Final = {
    "m": "m-", "mm": "m-", "mmm": "m-:", "mmh": "m-h", "hm": "h'm-", "hmm": "h'm-:", "hum": "h'm-",
    "mhm": "m-h'm-", "mmhm": "m-h'm-", "hmhm": "h'm-h'm-", "mmhmmmhm": "m-h'm-m-h'm-",
}  # fmt: skip


def hummed(text: str) -> str | None:
    """A hum as phonemes for eSpeak, in double brackets; None for what has words.

    Args:
        text: As it is written; case, hyphens and punctuation do not count.
    """
    sounds = _SOUNDS.get("".join(filter(str.isalpha, text.casefold())))
    return None if sounds is None else f"[[{sounds}]]"
