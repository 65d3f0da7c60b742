"""Ways to take elements of a weight away: at random, the smallest, whole slices, by a given mask.

https://docs.pytorch.org/docs/stable/nn.html#utilities
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import TypeVar

from minitorch.nn.module import Module
from minitorch.nn.utils.convert_parameters import parameters_to_vector
from minitorch.nn.utils.pruning import BasePruningMethod, PruningContainer, hooks_of
from minitorch_tensor import Tensor, arange, kthvalue, ones_like, rand, rand_like, topk, zeros_like

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]

_M = TypeVar("_M", bound=Module)


def _checked(amount: float) -> float:
    """An amount to prune: a fraction, or a number of elements.

    Raises:
        TypeError: if it is no number.
        ValueError: if it is negative, or a fraction above 1.
    """
    if isinstance(amount, bool) or not isinstance(amount, (int, float)):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    if amount < 0 or (isinstance(amount, float) and not amount <= 1.0):
        raise ValueError(
            f"amount={amount} should either be a float in the range [0, 1] or a non-negative "
            "integer"
        )
    return amount


def _count(amount: float, size: int) -> int:
    """How many of `size` an amount is.

    Raises:
        ValueError: if it is more.
    """
    count = amount if isinstance(amount, int) else round(amount * size)
    if count > size:
        raise ValueError(
            f"amount={amount} should be smaller than the number of parameters to prune={size}"
        )
    return count


class Identity(BasePruningMethod):
    """Takes nothing away, but makes the weight one with a mask."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask so far."""
        return default_mask


class RandomUnstructured(BasePruningMethod):
    """Takes away any elements.

    Args:
        amount: how many; a float is a fraction.

    Raises:
        TypeError: if the amount is no number.
        ValueError: if it is negative, or a fraction above 1.
    """

    PRUNING_TYPE = "unstructured"
    largest = True

    def __init__(self, amount: float) -> None:
        self.amount = _checked(amount)

    def _order(self, t: Tensor) -> Tensor:
        return rand_like(t)

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask so far without some elements."""
        count = _count(self.amount, t.numel())
        if count == 0:
            return default_mask.clone()
        places = topk(self._order(t).reshape(-1), count, largest=self.largest).indices
        return default_mask.reshape(-1).index_fill(0, places, 0).reshape(t.shape)


class L1Unstructured(RandomUnstructured):
    """Takes away the elements with the smallest absolute values.

    Args:
        amount: how many; a float is a fraction.
    """

    largest = False

    def _order(self, t: Tensor) -> Tensor:
        return t.abs()


class _Structured(BasePruningMethod):
    """What both ways of taking whole slices share."""

    PRUNING_TYPE = "structured"
    amount: float

    @abstractmethod
    def _keep(self, t: Tensor, count: int) -> Tensor:
        """The slices of t to keep, if `count` are taken away: their numbers."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask so far without some slices.

        Raises:
            ValueError: if t has fewer than 2 dimensions.
            IndexError: if it has no dimension `dim`.
        """
        if t.ndim <= 1:
            raise ValueError(
                "Structured pruning can only be applied to multidimensional tensors. Found tensor "
                f"of shape {t.shape} with {t.ndim} dims"
            )
        if not -t.ndim <= self.dim < t.ndim:
            raise IndexError(f"Invalid index {self.dim} for tensor of size {t.shape}")
        count = _count(self.amount, t.shape[self.dim])
        if count == 0:
            return default_mask
        mask = zeros_like(t).index_fill(self.dim, self._keep(t, count), 1)
        return mask * default_mask.to(mask.dtype)


class RandomStructured(_Structured):
    """Takes away any slices along a dimension.

    Args:
        amount: how many; a float is a fraction.
        dim: the dimension.
    """

    def __init__(self, amount: float, dim: int = -1) -> None:
        self.amount = _checked(amount)
        self.dim = dim

    def _keep(self, t: Tensor, count: int) -> Tensor:
        n = t.shape[self.dim]
        drawn = rand(n)
        kept = drawn > kthvalue(drawn, count).values
        return arange(n)[kept].to(t.device)


class LnStructured(_Structured):
    """Takes away the slices along a dimension with the smallest p-norms.

    Args:
        amount: how many; a float is a fraction.
        n: p of the norm.
        dim: the dimension.
    """

    def __init__(self, amount: float, n: float, dim: int = -1) -> None:
        self.amount = _checked(amount)
        self.n = n
        self.dim = dim

    def _keep(self, t: Tensor, count: int) -> Tensor:
        others = [d for d in range(t.ndim) if d != self.dim % t.ndim]
        lengths = t.norm(self.n, others)
        return topk(lengths, t.shape[self.dim] - count).indices


class CustomFromMask(BasePruningMethod):
    """Takes away what a mask says.

    Args:
        mask: zeros and ones, of the shape of the weight.
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask so far times the given one."""
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"default_mask shape {default_mask.shape} must match self.mask shape "
                f"{self.mask.shape}"
            )
        return default_mask * self.mask.to(default_mask.dtype)


def identity(module: _M, name: str) -> _M:
    """Give a weight a mask of ones.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.identity.html
    """
    Identity.apply(module, name)
    return module


def random_unstructured(module: _M, name: str, amount: float) -> _M:
    """Take any elements of a weight away: so many, or such a fraction.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.random_unstructured.html
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(
    module: _M, name: str, amount: float, importance_scores: Tensor | None = None
) -> _M:
    """Take the elements of a weight away whose absolute values, or importances, are smallest.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.l1_unstructured.html

    >>> import minitorch as torch
    >>> layer = torch.nn.Linear(2, 2)
    >>> layer.weight.data = torch.tensor([[1.0, -2.0], [3.0, 0.5]])
    >>> l1_unstructured(layer, "weight", 2).weight.tolist()
    [[0.0, -2.0], [3.0, 0.0]]
    >>> list(layer.state_dict())
    ['bias', 'weight_orig', 'weight_mask']
    """
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_structured(module: _M, name: str, amount: float, dim: int) -> _M:
    """Take any slices of a weight along `dim` away.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.random_structured.html
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: _M,
    name: str,
    amount: float,
    n: float,
    dim: int,
    importance_scores: Tensor | None = None,
) -> _M:
    """Take the slices of a weight along `dim` away whose n-norms are smallest.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.ln_structured.html
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: _M, name: str, mask: Tensor) -> _M:
    """Take away what a mask says.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.custom_from_mask.html
    """
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: Mapping[tuple[Module, str], Tensor] | None = None,
    **kwargs: object,
) -> None:
    """Prune several weights as if they were one.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.global_unstructured.html

    Args:
        parameters: pairs of a module and the name of a weight.
        pruning_method: an unstructured one.
        importance_scores: of some of the weights; else the weights themselves.
        kwargs: what the method is made with.

    Raises:
        TypeError: for arguments of other types, or a method that is not unstructured.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    if importance_scores is not None and not isinstance(importance_scores, Mapping):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    pairs = list(parameters)
    values: list[Tensor] = [getattr(module, name) for module, name in pairs]
    given = importance_scores or {}
    scores = [given.get(pair, value) for pair, value in zip(pairs, values, strict=True)]
    masks: list[Tensor] = [
        getattr(module, f"{name}_mask", ones_like(value))
        for (module, name), value in zip(pairs, values, strict=True)
    ]
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method '
            f"{pruning_method} of type {method.PRUNING_TYPE}"
        )
    whole = PruningContainer(method).compute_mask(
        parameters_to_vector(scores).detach(), parameters_to_vector(masks)
    )
    start = 0
    for (module, name), value in zip(pairs, values, strict=True):
        end = start + value.numel()
        custom_from_mask(module, name, whole[start:end].reshape(value.shape))
        start = end


def remove(module: _M, name: str) -> _M:
    """Make a pruned weight an ordinary parameter again, with its zeros.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.remove.html

    Raises:
        ValueError: if it is not pruned.
    """
    for key, method in hooks_of(module):
        if method._tensor_name == name:
            method.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(
        f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed"
    )


def is_pruned(module: Module) -> bool:
    """Whether a weight of a module, or of one below it, is pruned.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.is_pruned.html
    """
    return any(True for each in module.modules() for _ in hooks_of(each))
