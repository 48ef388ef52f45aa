"""Pictures in a page: small, and inside of it."""

import io
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import Final

from PIL import Image

from talkover.trainer.seeing.questions.question import Pixels, Question

STYLE: Final = """<style>
.asked { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1.5rem; }
.asked figure { margin: 0; }
.asked img { max-width: 100%; max-height: 11rem; margin-right: .25rem; }
.asked .clip img { max-width: 47%; } .asked figcaption { font-size: .9rem; }
.asked small { color: var(--soft); display: block; } .asked audio { height: 2rem; }
</style>"""
_HIGH: Final = 220
_QUALITY: Final = 82


def image(picture: Pixels) -> str:
    """A picture as an element of a page, about 10 kB."""
    small = Image.fromarray(picture)
    small.thumbnail((2 * _HIGH, _HIGH))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=_QUALITY)
    source = "data:image/jpeg;base64," + b64encode(file.getvalue()).decode()
    return f'<img alt="" src="{source}">'


def figure(question: Question, below: Sequence[str] = ()) -> str:
    """A question with its pictures.

    Args:
        question: Which.
        below: HTML under it, a line each.
    """
    clip = ' class="clip"' if len(question.pictures) > 1 else ""
    pictures = "".join(map(image, question.pictures))
    ages = ", ".join(f"{question.moment - time:.1f} s" for time in question.times)
    why = f" ({escape(question.reason)})" if question.reason else ""
    lines = "".join(f"<small>{line}</small>" for line in (f"{ages} before the end", *below))
    caption = (
        f"{escape(question.question)}<br><strong>{escape(question.answer)}</strong>{why}{lines}"
    )
    return f"<figure{clip}>{pictures}<figcaption>{caption}</figcaption></figure>"
