"""Tokenizers, each parsed once a process.

Parsing a vocabulary takes a tenth of a second, and the library holds the interpreter all the while:
a server that loads new weights beside a running call would fall silent for so long. Weights change
often and vocabularies hardly ever, so what was parsed is kept by its content.
"""

import hashlib
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer

_KEPT: Final = 4

_parsed: OrderedDict[bytes, Tokenizer] = OrderedDict()
_lock = threading.Lock()


def read_tokenizer_file(path: Path) -> Tokenizer:
    """The tokenizer that a ``tokenizer.json`` describes; not to be changed, for it is shared.

    Raises:
        OSError: there is no such file.
        Exception: it is malformed; the library raises nothing more particular.
    """
    content = path.read_bytes()
    key = hashlib.sha256(content).digest()
    with _lock:
        tokenizer = _parsed.pop(key, None) or Tokenizer.from_buffer(content)
        _parsed[key] = tokenizer
        while len(_parsed) > _KEPT:
            _parsed.popitem(last=False)
    return tokenizer
