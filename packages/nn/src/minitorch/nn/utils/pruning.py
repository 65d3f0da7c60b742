"""How a weight loses elements: it is its original times a mask, computed before each `forward`.

`weight_orig` is learnt, `weight_mask` is a buffer of zeros and ones. What chooses the mask is a
`BasePruningMethod`, and a hook of the module at the same time. Pruning again narrows the mask.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

from minitorch.nn.module import Module
from minitorch_tensor import Tensor, ones_like


class BasePruningMethod(ABC):
    """What all ways of pruning share; write a `compute_mask` and say of what `PRUNING_TYPE` it is.

    "unstructured" chooses among the elements that are left, "structured" among the slices along
    `self.dim` that are, and "global" among all elements.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.BasePruningMethod.html
    """

    PRUNING_TYPE: str
    dim: int
    _tensor_name: str | None = None

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of a tensor whose elements are as important as those of t say.

        Args:
            t: the importances.
            default_mask: the mask so far, of the same shape.
        """

    def __call__(self, module: Module, inputs: object) -> None:
        """Compute the weight anew."""
        setattr(module, self._name, self.apply_mask(module))

    @property
    def _name(self) -> str:
        if self._tensor_name is None:
            raise AssertionError("the module has to be pruned first: use apply()")
        return self._tensor_name

    def apply_mask(self, module: Module) -> Tensor:
        """The original of a pruned weight times its mask.

        Raises:
            AssertionError: if nothing was pruned.
        """
        attributes = module.__dict__
        original: Tensor = attributes[f"{self._name}_orig"]
        mask: Tensor = attributes[f"{self._name}_mask"]
        return mask.to(original.dtype) * original

    @classmethod
    def apply(
        cls,
        module: Module,
        name: str,
        *args: object,
        importance_scores: Tensor | None = None,
        **kwargs: object,
    ) -> BasePruningMethod:
        """Prune a weight of a module in this way, on top of what was pruned before.

        Args:
            module: what has the weight.
            name: of the weight.
            args: what this class is made with.
            importance_scores: how important each element is; the weight itself if omitted.
            kwargs: what this class is made with, by name.

        Returns:
            The hook: this method, or a `PruningContainer` of all methods so far.

        Raises:
            AssertionError: if the importances are not of the shape of the weight.
        """
        make: Callable[..., BasePruningMethod] = cls
        method = make(*args, **kwargs)
        method._tensor_name = name
        return attach(method, module, name, importance_scores)

    def prune(
        self,
        t: Tensor,
        default_mask: Tensor | None = None,
        importance_scores: Tensor | None = None,
    ) -> Tensor:
        """A tensor times its mask.

        Raises:
            AssertionError: if the importances are not of the shape of the tensor.
        """
        scores = t if importance_scores is None else importance_scores
        _check_scores(scores, t, "tensor t")
        before = ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(scores, before)

    def remove(self, module: Module) -> None:
        """Make the weight an ordinary parameter again, with its zeros."""
        weight = self.apply_mask(module)
        original = module._parameters[f"{self._name}_orig"]
        if original is None:
            raise AssertionError(f"'{self._name}_orig' is None: somebody has taken it away")
        for name in (self._name, f"{self._name}_orig", f"{self._name}_mask"):
            delattr(module, name)
        original.data = weight.detach()  # the same object, for the optimizer
        module.register_parameter(self._name, original)


def _check_scores(scores: Tensor, t: Tensor, what: str) -> None:
    if scores.shape != t.shape:
        raise AssertionError(
            f"importance_scores should have the same shape as {what}, got {scores.shape} vs "
            f"{t.shape}"
        )


def attach(
    method: BasePruningMethod, module: Module, name: str, importance_scores: Tensor | None
) -> BasePruningMethod:
    """Prune a weight by a method, on top of what was pruned before; nothing happens on an error."""
    value: Tensor = getattr(module, name)
    scores = value if importance_scores is None else importance_scores
    _check_scores(scores, value, f"parameter {name} of {module}")
    hook = method
    before = {key: each for key, each in hooks_of(module) if each._tensor_name == name}
    for old in before.values():
        methods = [*old] if isinstance(old, PruningContainer) else [old]
        hook = PruningContainer(*methods, method)
    if before:
        mask: Tensor = module.__dict__[f"{name}_mask"].detach().clone()
    else:
        mask = ones_like(value)
    mask = hook.compute_mask(scores.detach(), mask)
    for key in before:
        del module._forward_pre_hooks[key]
    if not before:
        original = module._parameters[name]
        delattr(module, name)
        module.register_parameter(f"{name}_orig", original)
    module.register_buffer(f"{name}_mask", mask)
    hook(module, ())
    module.register_forward_pre_hook(hook)
    return hook


def hooks_of(module: Module) -> Iterator[tuple[int, BasePruningMethod]]:
    """The pruning methods that are hooks of a module, with their keys."""
    for key, hook in list(module._forward_pre_hooks.items()):
        if isinstance(hook.function, BasePruningMethod):
            yield key, hook.function


class PruningContainer(BasePruningMethod):
    """Several methods, one after the other: the last prunes what those before have left.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.PruningContainer.html

    Args:
        args: the methods, all for one weight.
    """

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if args:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Add a method at the end.

        Raises:
            TypeError: if it is none.
            ValueError: if it is for another weight.
        """
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if self._tensor_name != method._tensor_name:
            raise ValueError(
                "Can only add pruning methods acting on the parameter named "
                f"'{self._tensor_name}' to PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: int) -> BasePruningMethod:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask so far, narrowed by the last method, which sees only what is left.

        Raises:
            ValueError: if that is of no known type.
            IndexError: if its `dim` is none of t.
        """
        method = self._pruning_methods[-1]
        mask = default_mask.to(t.dtype).clone()
        if method.PRUNING_TYPE == "unstructured":
            left = default_mask == 1
            mask[left] = method.compute_mask(t[left], default_mask[left]).to(mask.dtype)
        elif method.PRUNING_TYPE == "structured":
            if not -t.ndim <= method.dim < t.ndim:
                raise IndexError(f"Index is out of bounds for tensor with dimensions {t.ndim}")
            others = [d for d in range(t.ndim) if d != method.dim % t.ndim]
            rows = (default_mask.sum(others) != 0).nonzero().squeeze(1)
            parts = (x.index_select(method.dim, rows) for x in (t, default_mask))
            mask.index_copy_(method.dim, rows, method.compute_mask(*parts).to(mask.dtype))
        elif method.PRUNING_TYPE == "global":
            mask = method.compute_mask(t, default_mask).to(mask.dtype)
        else:
            raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        return mask
