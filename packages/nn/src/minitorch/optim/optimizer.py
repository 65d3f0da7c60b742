"""`Optimizer`: groups of parameters with their options, and a state for each parameter.

The optimizers here do no arithmetic themselves: they sort out which parameters have a gradient, and
hand lists of tensors to an `Op` of the tensor layer, which a device may override with one fused
kernel.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypedDict, TypeVar, overload

from minitorch.nn.parameter import typename
from minitorch_autodiff import enable_grad, no_grad
from minitorch_tensor import Tensor
from minitorch_tensor.functional.optim_steps import Parameters

R = TypeVar("R")


class Settings(TypedDict, total=False):
    """What optimizers may be told, besides the learning rate; each uses some of it."""

    initial_lr: float
    momentum: float
    dampening: float
    weight_decay: float
    nesterov: bool
    maximize: bool
    betas: tuple[float, float]
    eps: float
    amsgrad: bool
    decoupled_weight_decay: bool
    param_names: list[str]


class Options(Settings):
    """The options of an optimizer."""

    lr: float


class ParamGroup(Options):
    """Parameters, and the options with which they are optimized."""

    params: list[Tensor]


class GroupSpec(Settings, total=False):
    """A group as users write it: what it leaves out takes the optimizer's defaults."""

    lr: float
    params: Tensor | Iterable[Tensor] | Iterable[tuple[str, Tensor]]


Params = Iterable[Tensor | tuple[str, Tensor] | GroupSpec]
"""What an optimizer is given: `model.parameters()`, `model.named_parameters()`, or groups."""

State = dict[str, Tensor]
"""What an optimizer remembers of one parameter."""


class Optimizer(ABC):
    """The base of all optimizers; a subclass writes `step`.

    https://docs.pytorch.org/docs/stable/optim.html

    Args:
        params: tensors, pairs of a name and a tensor, or groups of them with options of their own.
        defaults: the options of groups that do not say otherwise.

    Attributes:
        param_groups: the groups, each a dictionary with "params" and the options; may be changed
            between steps.
        state: what is remembered of each parameter.

    Raises:
        TypeError: if `params` is a tensor, or holds something else than tensors.
        ValueError: if it is empty, or a parameter is in two groups, or is no leaf.
    """

    _opt_called: bool | None = None  # None: this class does not say

    def __init__(self, params: Params, defaults: Options) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {typename(params)}"
            )
        self.defaults = defaults
        self.state: defaultdict[Tensor, State] = defaultdict(dict)
        self.param_groups: list[ParamGroup] = []
        tensors: list[Tensor | tuple[str, Tensor]] = []
        groups: list[GroupSpec] = []
        for item in params:
            if isinstance(item, dict):
                groups.append(item)
            else:
                tensors.append(item)
        if tensors and groups:
            raise TypeError("optimizer: params must be all tensors or all groups, but are mixed")
        if not tensors and not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups or [_group_of(tensors)]:
            self.add_param_group(group)

    @abstractmethod
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Update the parameters by their gradients.

        Args:
            closure: computes the loss and its gradients anew; its result is returned.
        """

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients, or write zeros into them."""
        for group in self.param_groups:
            for p in group["params"]:
                g = p.grad
                if g is None:
                    continue
                if set_to_none:
                    p.grad = None
                else:
                    if g.grad_fn is not None:
                        g.detach_()
                    else:
                        g.requires_grad_(False)
                    g.zero_()

    def add_param_group(self, param_group: GroupSpec) -> None:
        """Optimize further parameters, for example of layers that are thawed during training.

        Raises:
            TypeError: if the group is no dictionary, or holds something else than tensors.
            ValueError: if a parameter is in another group already, or is no leaf.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params, names = _unzip(param_group["params"])
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {typename(p)}"
                )
            if not p.is_leaf:
                raise ValueError("can't optimize a non-leaf Tensor")
        if len(params) != len(set(params)):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; each is updated "
                "once "
                "for each time it appears",
                stacklevel=3,
            )
        taken: set[Tensor] = set()
        for group in self.param_groups:
            taken.update(group["params"])
            if bool(names) != ("param_names" in group):
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param "
                    f"group {'with' if names else 'without'} names to the optimizer"
                )
        if not taken.isdisjoint(params):
            raise ValueError("some parameters appear in more than one parameter group")
        made: ParamGroup = {**self.defaults, **param_group, "params": params}
        if names:
            made["param_names"] = names
        self.param_groups.append(made)

    def state_dict(self) -> dict[str, object]:
        """The state and the options, with numbers in the place of the parameters.

        https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.state_dict.html

        Returns:
            `{"state": {0: {...}, ...}, "param_groups": [{"lr": ..., "params": [0, ...]}, ...]}`;
            the tensors are the optimizer's own.
        """
        numbers: dict[Tensor, int] = {}
        groups: list[dict[str, object]] = []
        start = 0
        for group in self.param_groups:
            for i, p in enumerate(group["params"], start):
                numbers.setdefault(p, i)
            packed: dict[str, object] = dict(group)
            packed["params"] = [numbers[p] for p in group["params"]]
            start += len(group["params"])
            groups.append(packed)
        state = {numbers[p]: dict(each) for p, each in self.state.items() if p in numbers}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: object) -> None:
        """Take over the state and the options of an optimizer of the same kind; tensors are copied.

        https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.load_state_dict.html

        Args:
            state_dict: what `state_dict` gave. (An `object` to the type checker, so that a part of
                a
                loaded checkpoint can be passed on.)

        Raises:
            TypeError: if it is no such mapping.
            ValueError: if the groups do not match, or a tensor has not the shape of its parameter.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        for key in ("state", "param_groups"):
            if key not in state_dict:
                raise ValueError(f"loaded state dict has no entry '{key}'; is it an optimizer's?")
        saved, groups = state_dict["param_groups"], self.param_groups
        if len(saved) != len(groups):
            raise ValueError(
                "loaded state dict has a different number of parameter groups: "
                f"{len(saved)}, but the optimizer has {len(groups)}"
            )
        owners: dict[object, Tensor] = {}
        made: list[ParamGroup] = []
        for theirs, ours in zip(saved, groups, strict=True):
            if len(theirs["params"]) != len(ours["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of "
                    f"optimizer's group: {len(theirs['params'])} parameters, not "
                    f"{len(ours['params'])}"
                )
            owners.update(zip(theirs["params"], ours["params"], strict=True))
            options: ParamGroup = theirs.copy()
            options["params"] = ours["params"]
            if "betas" in options:
                first, second = options["betas"]
                options["betas"] = first, second  # a tuple again, after a file made a list of it
            if "param_names" in ours:
                options.setdefault("param_names", ours["param_names"])
            made.append({**self.defaults, **options})
        state: defaultdict[Tensor, State] = defaultdict(dict)
        for key, values in state_dict["state"].items():
            if key in owners:
                p = owners[key]
                state[p] = {name: _fit(p, name, value) for name, value in values.items()}
        self.state, self.param_groups = state, made

    def __repr__(self) -> str:
        """The groups with their options."""
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            options: dict[str, object] = dict(group)
            lines += [f"    {key}: {options[key]}" for key in sorted(options) if key != "params"]
        return "\n".join([*lines, ")"])

    def __getstate__(self) -> dict[str, object]:
        """What is pickled and copied: not whether a step was done."""
        return {
            "defaults": self.defaults,
            "state": self.state,
            "param_groups": self.param_groups,
        }


class OpOptimizer(Optimizer):
    """An optimizer whose step is one `Op` for each group and device; a subclass writes `update`."""

    def __init__(self, params: Params, defaults: Options) -> None:
        super().__init__(params, defaults)
        self._opt_called = False

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], R]) -> R: ...
    @overload
    def step(self, closure: Callable[[], R] | None = None) -> R | None: ...
    def step(self, closure: Callable[[], R] | None = None) -> R | None:
        """Update the parameters that have a gradient.

        Args:
            closure: computes the loss and its gradients anew; its result is returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        self._opt_called = True
        with no_grad():
            for group in self.param_groups:
                for params, grads in _by_device(group["params"]):
                    self.update(group, params, grads)
        return loss

    @abstractmethod
    def update(self, group: ParamGroup, params: Parameters, grads: list[Tensor]) -> None:
        """Do the step for the parameters of a group on one device, and their gradients."""


def _by_device(tensors: list[Tensor]) -> Iterator[tuple[Parameters, list[Tensor]]]:
    """The parameters with a gradient, and the gradients; once for each device."""
    params = Parameters()
    grads: list[Tensor] = []
    for p in tensors:
        g = p.grad
        if g is not None:
            if g.layout is not p.layout or g.dtype is not p.dtype or g.device is not p.device:
                check_match("gradient", p, g)
            params.append(p)
            grads.append(g)
    if not params:
        return
    device = params.device
    if all(p.storage.device is device for p in params):
        yield params, grads
        return
    for device in dict.fromkeys(p.device for p in params):
        here = [(p, g) for p, g in zip(params, grads, strict=True) if p.device is device]
        yield Parameters(p for p, _ in here), [g for _, g in here]


def check_match(what: str, p: Tensor, x: Tensor) -> None:
    """Raise unless x has the shape, dtype and device of p: a kernel would read past its end.

    Raises:
        RuntimeError: if it has not.
    """
    if x.shape != p.shape or x.dtype is not p.dtype or x.device is not p.device:
        raise RuntimeError(
            f"optimizer: the {what} of a parameter must have its shape, dtype and device, but the "
            f"parameter has {p.shape}, {p.dtype}, {p.device} and the {what} has {x.shape}, "
            f"{x.dtype}, {x.device}"
        )


def _group_of(tensors: list[Tensor | tuple[str, Tensor]]) -> GroupSpec:
    named = [item for item in tensors if isinstance(item, tuple)]
    if not named:
        return {"params": [item for item in tensors if not isinstance(item, tuple)]}
    if len(named) != len(tensors):
        raise ValueError(
            "all optimizer params should be with/without names. Some param names are missing"
        )
    return {"params": named}


def _unzip(
    params: Tensor | Iterable[Tensor] | Iterable[tuple[str, Tensor]],
) -> tuple[list[Tensor], list[str]]:
    """The tensors of a group, and their names if they have any."""
    if isinstance(params, Tensor):
        return [params], []
    if isinstance(params, (set, frozenset)):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of "
            "tensors in sets will change between runs. Please use a list instead."
        )
    tensors: list[Tensor] = []
    names: list[str] = []
    for item in params:
        if isinstance(item, tuple):
            name, tensor = item
            names.append(name)
            tensors.append(tensor)
        else:
            tensors.append(item)
    if names and len(names) != len(tensors):
        raise ValueError(
            "all optimizer params should be with/without names. Some param names are missing"
        )
    return tensors, names


def _fit(p: Tensor, name: str, value: Tensor) -> Tensor:
    """A loaded value as the state of p: copied, on its device, and of its dtype unless a count."""
    if not isinstance(value, Tensor):
        return value
    if value.ndim > 0 and value.shape != p.shape:
        raise ValueError(
            f"loaded state dict: '{name}' has shape {value.shape}, but its parameter has shape "
            f"{p.shape}"
        )
    dtype = p.dtype if name != "step" and p.dtype.is_floating_point else value.dtype
    return value.detach().to(device=p.device, dtype=dtype, copy=True)
