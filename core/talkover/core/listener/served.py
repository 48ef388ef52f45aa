"""Which of a listener's variants is served."""

from pathlib import Path

from talkover.core.errors import BundleError
from talkover.core.listener.decoder import DECODER_FILE, ENCODER_FILE
from talkover.core.listener.graph import VARIANTS, Variant


def served_variant(folder: Path, wanted: Variant = "int8") -> Variant:
    """The variant that is wanted, or the other one where a listener comes as that alone.

    An export leaves int8 out where it would cost words.

    Args:
        folder: Of the listener.
        wanted: Where there are both.

    Raises:
        BundleError: there is none.
    """
    found = [variant for variant in VARIANTS if _is_whole(folder / variant)]
    if not found:
        raise BundleError(f"{folder} holds no listener; build the bundle again")
    return wanted if wanted in found else found[0]


def _is_whole(graphs: Path) -> bool:
    return (graphs / ENCODER_FILE).is_file() and (graphs / DECODER_FILE).is_file()
