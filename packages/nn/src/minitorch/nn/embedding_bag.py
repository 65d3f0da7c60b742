"""Sums, means or maxima of rows of a table, without making the rows."""

from __future__ import annotations

from typing import Self

from minitorch.nn.embedding import Table, size_of
from minitorch_tensor import Device, DType, Tensor
from minitorch_tensor import functional as F


class EmbeddingBag(Table):
    """The sum, mean or maximum of rows of the weight, for each bag of integers.

    A bag is a row of a 2D input, or a piece of a 1D input that begins at one of the `offsets`. The
    weight (num_embeddings, embedding_dim) starts normal, with mean 0 and variance 1.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html

    Args:
        num_embeddings: how many rows.
        embedding_dim: how long they are.
        max_norm: longer rows are shortened to this, in place.
        norm_type: p of the norm that `max_norm` means.
        scale_grad_by_freq: divide the gradient of a row by how often it was asked for.
        mode: "sum", "mean" or "max".
        sparse: must be False: there are no sparse gradients.
        _weight: the weight, (num_embeddings, embedding_dim); drawn if omitted.
        include_last_offset: whether the last of the offsets is the end of the last bag.
        padding_idx: a row that starts as zeros, does not count, and gets no gradient.
        device: of the weight.
        dtype: of the weight.

    Raises:
        AssertionError: if `padding_idx` is no row, or `_weight` has another shape.

    >>> import minitorch as torch
    >>> bag = EmbeddingBag.from_pretrained(torch.tensor([[1.0], [2.0], [4.0]]), mode="sum")
    >>> bag(torch.tensor([0, 1, 2, 2]), torch.tensor([0, 2])).tolist()
    [[3.0], [8.0]]
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(
            num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq,
            sparse, _weight, False, device, dtype,
        )  # fmt: skip
        self.mode = mode
        self.include_last_offset = include_last_offset

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """One with the given weight (num_embeddings, embedding_dim), which is not learnt.

        https://docs.pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html

        Raises:
            AssertionError: if the weight has not 2 dimensions.
        """
        made = cls(
            *size_of(embeddings),
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            mode=mode,
            sparse=sparse,
            _weight=embeddings,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )
        made.weight.requires_grad_(not freeze)
        return made

    def forward(
        self,
        input: Tensor,
        offsets: Tensor | None = None,
        per_sample_weights: Tensor | None = None,
    ) -> Tensor:
        """What each bag gives: (bags, embedding_dim).

        Args:
            input: (bags, n) integers, or (n,) with offsets.
            offsets: (bags,), where each bag begins; for a 1D input only.
            per_sample_weights: factors of the rows, of the shape of the input; for "sum" only.
        """
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        """The size of the table, and what differs from the defaults."""
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        text += f", mode={self.mode!r}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        return text
