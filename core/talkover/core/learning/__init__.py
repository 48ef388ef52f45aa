"""The training items of a data folder: learning fills them in, and a caller may have them erased.

On the disk::

    learning/
    ├── learning.sqlite   a row for each turn that was ever counted, refused ones without content
    ├── audio/            FLAC files named by their sha256, as in the blob store of traces
    ├── runs/NAME/        what was learnt from them, and how
    └── stream.json       how learning is doing
"""
