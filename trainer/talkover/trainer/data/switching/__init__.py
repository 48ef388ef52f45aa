"""Code-switched speech: two languages in one mouth, every word with its language."""

from talkover.trainer.data.switching.foreign import foreign
from talkover.trainer.data.switching.mouth import say
from talkover.trainer.data.switching.patterns import draw
from talkover.trainer.data.switching.splices import RECORDED, Spliced, draw_spliced, splice
from talkover.trainer.data.switching.tokens import PAIRS, Pattern, SwitchText, Token

__all__ = [
    "PAIRS",
    "RECORDED",
    "Pattern",
    "Spliced",
    "SwitchText",
    "Token",
    "draw",
    "draw_spliced",
    "foreign",
    "say",
    "splice",
]
