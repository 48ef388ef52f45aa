"""Transcripts as rows of tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """Transcripts of some utterances, without what the decoder is told before them.

    Attributes:
        items: Of which utterance each is, from 0: int64 [rows].
        tokens: Of the text, then its end unless it was cut, then anything: int64 [rows, tokens].
        mask: Which tokens there are: bool [rows, tokens].
    """

    items: torch.Tensor
    tokens: torch.Tensor
    mask: torch.Tensor

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]], items: Sequence[int]) -> Self:
        """Rows of any length.

        Args:
            rows: Tokens, the end of a text among them where it has one.
            items: The utterance of each.
        """
        longest = max((len(row) for row in rows), default=0)
        tokens = [[*row, *[0] * (longest - len(row))] for row in rows]
        lengths = torch.tensor([len(row) for row in rows], dtype=torch.long)
        return cls(
            torch.tensor(items, dtype=torch.long),
            torch.tensor(tokens, dtype=torch.long).reshape(len(rows), longest),
            torch.arange(longest) < lengths[:, None],
        )

    def rows(self) -> list[list[int]]:
        """The tokens of each, with the end of the text where it has one."""
        return [row[mask].tolist() for row, mask in zip(self.tokens, self.mask, strict=True)]

    def some(self, rows: torch.Tensor) -> Self:
        """Some of the rows: bool or int64 [rows]."""
        return type(self)(self.items[rows], self.tokens[rows], self.mask[rows])

    def to(self, device: torch.device) -> Self:
        """The same on a device."""
        return type(self)(self.items.to(device), self.tokens.to(device), self.mask.to(device))
