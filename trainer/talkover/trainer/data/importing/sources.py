"""Sources by format, and which format a source seems to have."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

from talkover.core.errors import DataError
from talkover.trainer.data.importing.commonvoice import read_common_voice
from talkover.trainer.data.importing.entries import Item
from talkover.trainer.data.importing.folder import read_folder
from talkover.trainer.data.importing.kaldi import read_kaldi
from talkover.trainer.data.importing.lhotse import read_lhotse
from talkover.trainer.data.importing.nemo import read_nemo
from talkover.trainer.data.importing.reading import read_json_lines


class Format(StrEnum):
    """How a source is laid out."""

    AUTO = "auto"
    NEMO = "nemo"
    LHOTSE = "lhotse"
    COMMONVOICE = "commonvoice"
    KALDI = "kaldi"
    FOLDER = "folder"


_PEEKED: Final = 20  # lines


def read_source(path: Path, form: Format, *, speakers: bool = False) -> Iterator[Item]:
    """All that a source names, in its order.

    Args:
        path: File or folder.
        form: Not ``AUTO``.
        speakers: Of a plain folder: each folder in it is a speaker.

    Raises:
        DataError: the source is not of this format, or cannot be read to its end.
    """
    match form:
        case Format.NEMO:
            return read_nemo(path)
        case Format.LHOTSE:
            return read_lhotse(path)
        case Format.COMMONVOICE:
            return read_common_voice(path)
        case Format.KALDI:
            return read_kaldi(path)
        case Format.FOLDER:
            return read_folder(path, speakers=speakers)
        case Format.AUTO:
            return read_source(path, detect(path), speakers=speakers)


def detect(path: Path) -> Format:
    """What a source looks like.

    Raises:
        DataError: there is nothing, or nothing that is known.
    """
    if path.is_dir():
        names = {one.name for one in path.iterdir() if one.is_file()}
        if "wav.scp" in names:
            return Format.KALDI
        if "validated.tsv" in names:
            return Format.COMMONVOICE
        if any("cuts" in name or "supervisions" in name for name in names if ".jsonl" in name):
            return Format.LHOTSE
        return Format.FOLDER
    if not path.is_file():
        raise DataError(f"there is no {path}")
    if path.suffix == ".tsv":
        return Format.COMMONVOICE
    for _, (_, line) in zip(range(_PEEKED), read_json_lines(path), strict=False):
        if isinstance(line, dict):
            return Format.NEMO if "audio_filepath" in line else Format.LHOTSE
    raise DataError(f"{path} is of no format that is known; name one with --format")
