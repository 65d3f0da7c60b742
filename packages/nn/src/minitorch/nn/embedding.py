"""A table of vectors, looked up by number."""

from __future__ import annotations

from typing import Self

from minitorch.nn import init
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch_autodiff import no_grad
from minitorch_tensor import Device, DType, Tensor, empty
from minitorch_tensor import functional as F


class Table(Module):
    """What `Embedding` and `EmbeddingBag` share: the weight, and how its rows are treated."""

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None,
        max_norm: float | None,
        norm_type: float,
        scale_grad_by_freq: bool,
        sparse: bool,
        weight: Tensor | None,
        freeze: bool,
        device: str | Device | None,
        dtype: DType | None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionError(
                    f"{self._get_name()}: Padding_idx must be within num_embeddings, but got "
                    f"{padding_idx} for {num_embeddings} embeddings"
                )
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        shape = (num_embeddings, embedding_dim)
        if weight is None:
            self.weight = Parameter(empty(shape, dtype=dtype, device=device), not freeze)
            self.reset_parameters()
        elif weight.shape != shape:
            raise AssertionError(
                "Shape of weight does not match num_embeddings and embedding_dim: "
                f"{weight.shape} and {shape}"
            )
        else:
            self.weight = Parameter(weight, not freeze)

    def reset_parameters(self) -> None:
        """Draw the first values."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)


def size_of(embeddings: Tensor) -> tuple[int, int]:
    """The rows and columns of a weight that is given.

    Raises:
        AssertionError: if it has not 2 dimensions.
    """
    if embeddings.ndim != 2:
        raise AssertionError(
            "Embeddings parameter is expected to be 2-dimensional, but got shape "
            f"{embeddings.shape}"
        )
    rows, columns = embeddings.shape
    return rows, columns


class Embedding(Table):
    """Row i of the weight for each integer i: shape (...) -> (..., embedding_dim).

    The weight (num_embeddings, embedding_dim) starts normal, with mean 0 and variance 1.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html

    Args:
        num_embeddings: how many rows.
        embedding_dim: how long they are.
        padding_idx: a row that starts as zeros and gets no gradient; may be negative.
        max_norm: longer rows are shortened to this when they are asked for, in place.
        norm_type: p of the norm that `max_norm` means.
        scale_grad_by_freq: divide the gradient of a row by how often it was asked for.
        sparse: must be False: there are no sparse gradients.
        _weight: the weight, (num_embeddings, embedding_dim); drawn if omitted.
        _freeze: whether the weight is not learnt.
        device: of the weight.
        dtype: of the weight.

    Raises:
        AssertionError: if `padding_idx` is no row, or `_weight` has another shape.

    >>> import minitorch as torch
    >>> Embedding(10, 4)(torch.tensor([[1, 2], [3, 4]])).shape
    torch.Size([2, 2, 4])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(
            num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq,
            sparse, _weight, _freeze, device, dtype,
        )  # fmt: skip

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """An embedding with the given weight (num_embeddings, embedding_dim), not to be learnt.

        https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html

        Raises:
            AssertionError: if the weight has not 2 dimensions.
        """
        return cls(
            *size_of(embeddings), padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse,
            embeddings, freeze,
        )  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        """The rows."""
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type,
            self.scale_grad_by_freq, self.sparse,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """The size of the table, and what differs from the defaults."""
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        return text + (", sparse=True" if self.sparse else "")
