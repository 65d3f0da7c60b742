"""Log-probabilities of many classes, cheap because most of the classes are rare."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from minitorch.nn.container import ModuleList, Sequential
from minitorch.nn.linear import Linear
from minitorch.nn.module import Module
from minitorch_tensor import Device, DType, Tensor, cat, full_like
from minitorch_tensor import functional as F


class ASMOutput(NamedTuple):
    """The log-probability of each target, and the loss, their mean with the sign changed."""

    output: Tensor
    loss: Tensor

    def __repr__(self) -> str:
        return f"_ASMoutput(output={self.output!r}, loss={self.loss!r})"


class AdaptiveLogSoftmaxWithLoss(Module):
    """A softmax in two steps: of the frequent classes and of clusters of rare ones, then in these.

    Classes must be numbered from the most frequent to the rarest. The rarer a cluster, the fewer
    features it is given: in_features / div_value, / div_value^2, ...
    Source: Grave et al. 2017, https://arxiv.org/abs/1609.04309
    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveLogSoftmaxWithLoss.html

    Args:
        in_features: how many features an example has.
        n_classes: how many classes there are.
        cutoffs: where the first cluster begins, and each further one.
        div_value: how many times fewer features each cluster has than the one before.
        head_bias: whether the first step has a bias.
        device: of the parameters.
        dtype: of the parameters.

    Raises:
        ValueError: unless the cutoffs increase, from at least 1 to at most n_classes - 1.

    >>> import minitorch as torch
    >>> layer = AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs=[5, 10])
    >>> layer(torch.ones(3, 16), torch.tensor([0, 7, 19])).output.shape
    torch.Size([3])
    >>> layer.log_prob(torch.ones(3, 16)).exp().sum(1).allclose(torch.ones(3))
    True
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: str | Device | None = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        cuts = list(cutoffs)
        if not cuts:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        increasing = all(a < b for a, b in pairwise([0, *cuts, n_classes]))
        if not increasing or any(int(cut) != cut for cut in cuts):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing "
                f"order, where each value is between 1 and n_classes-1; got {cuts} and "
                f"n_classes={n_classes}"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cuts, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, device, dtype)
        self.tail = ModuleList[Sequential]()
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            width = int(in_features // div_value ** (i + 1))
            self.tail.append(
                Sequential(
                    Linear(in_features, width, False, device, dtype),
                    Linear(width, high - low, False, device, dtype),
                )
            )

    def reset_parameters(self) -> None:
        """Draw the first values anew."""
        self.head.reset_parameters()
        for cluster in self.tail:
            for layer in cluster:
                if isinstance(layer, Linear):
                    layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> ASMOutput:
        """The log-probabilities of the targets, and the loss.

        Args:
            input_: (n, in_features), or (in_features,).
            target_: the classes, (n,), or ().

        Raises:
            RuntimeError: if the shapes are not such, or there is no such class.
        """
        self._check(input_, target_)
        alone = target_.ndim == 0
        input, target = (x.unsqueeze(0) if alone else x for x in (input_, target_))
        head = F.log_softmax(self.head(input), dim=1)
        first = target  # what the first step must choose: the class, or its cluster
        within = input.new_zeros(target.shape[0])
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            inside = (target >= low).logical_and(target < high)
            rows = inside.nonzero().squeeze(1)
            if rows.numel() == 0:
                continue
            chances = F.log_softmax(self.tail[i](input.index_select(0, rows)), dim=1)
            found = chances.gather(1, (target[rows] - low).unsqueeze(1)).squeeze(1)
            within = within.index_copy(0, rows, found)
            first = full_like(first, self.shortlist_size + i).where(inside, first)
        output = within + head.gather(1, first.unsqueeze(1)).squeeze(1)
        loss = (-output).mean()
        return ASMOutput(output.squeeze(0) if alone else output, loss)

    def _check(self, input: Tensor, target: Tensor) -> None:
        if target.ndim > 1:
            raise RuntimeError(
                "0D or 1D target tensor expected, multi-target not supported, but got shape "
                f"{target.shape}"
            )
        if target.ndim == 1 and input.shape[:1] != target.shape:
            raise RuntimeError(
                "Input and target should have the same size in the batch dimension, but got "
                f"shapes {input.shape} and {target.shape}"
            )
        if input.ndim != target.ndim + 1:
            raise RuntimeError(
                f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found "
                f"inputs with size {input.shape}"
            )
        known = (target >= 0).logical_and(target < self.n_classes)
        if not known.all().item():
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.min().item()}, {target.max().item()}] were found. "
            )

    def _log_prob(self, input: Tensor, head_output: Tensor) -> Tensor:
        head = F.log_softmax(head_output, dim=1)
        parts = [head[:, : self.shortlist_size]]
        for i, cluster in enumerate(self.tail):
            chances = F.log_softmax(cluster(input), dim=1)
            parts.append(chances + head[:, self.shortlist_size + i].unsqueeze(1))
        return cat(parts, 1)

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes, (n, n_classes), for an input (n, in_features)."""
        return self._log_prob(input, self.head(input))

    def predict(self, input: Tensor) -> Tensor:
        """The likeliest class of each example, (n,), for an input (n, in_features).

        As in PyTorch, clusters are looked into only where the first step prefers one to every
        frequent class: so it need not be the argmax of `log_prob`.
        """
        head_output = self.head(input)
        output = head_output.argmax(1)
        rare = output >= self.shortlist_size
        if rare.any().item():
            rows = rare.nonzero().squeeze(1)
            best = self._log_prob(input[rows], head_output[rows]).argmax(1)
            output = output.index_copy(0, rows, best)
        return output
