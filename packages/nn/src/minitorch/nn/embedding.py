"""A table of vectors, looked up by number."""

from __future__ import annotations

from minitorch.nn import init
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch_autodiff import no_grad
from minitorch_tensor import Device, DType, Tensor, empty
from minitorch_tensor import functional as F


class Embedding(Module):
    """Row i of the weight for each integer i: shape (...) -> (..., embedding_dim).

    The weight (num_embeddings, embedding_dim) starts normal, with mean 0 and variance 1.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html

    Args:
        num_embeddings: how many rows.
        embedding_dim: how long they are.
        padding_idx: a row that starts as zeros and gets no gradient; may be negative.
        device: of the weight.
        dtype: of the weight.

    Raises:
        ValueError: if `padding_idx` is no row.

    >>> import minitorch as torch
    >>> Embedding(10, 4)(torch.tensor([[1, 2], [3, 4]])).shape
    torch.Size([2, 2, 4])
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(
                    f"Embedding: Padding_idx must be within num_embeddings, but got {padding_idx} "
                    f"for {num_embeddings} embeddings"
                )
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        self.weight = Parameter(empty(num_embeddings, embedding_dim, dtype=dtype, device=device))
        self.reset_parameters()

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None
    ) -> Embedding:
        """An embedding with the given weight (num_embeddings, embedding_dim), not to be learnt.

        https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html

        Raises:
            ValueError: if the weight has not 2 dimensions.
        """
        if embeddings.ndim != 2:
            raise ValueError(
                "Embeddings parameter is expected to be 2-dimensional, but got shape "
                f"{embeddings.shape}"
            )
        made = cls.__new__(cls)
        Module.__init__(made)
        made.num_embeddings, made.embedding_dim = embeddings.shape
        made.padding_idx = padding_idx
        made.weight = Parameter(embeddings, requires_grad=not freeze)
        return made

    def reset_parameters(self) -> None:
        """Draw the first values."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def forward(self, input: Tensor) -> Tensor:
        """The rows."""
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        """The size of the table."""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
