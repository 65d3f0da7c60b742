"""`Optimizer`: groups of parameters with their options, and a state for each parameter.

What a step computes is said by its subclasses, for all parameters of a group at once or for each of
them (`stepping.py`); how groups and states are saved, by `packing.py`.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping

from minitorch.hook_table import add_hook
from minitorch.nn.parameter import typename
from minitorch.optim import hooks
from minitorch.optim.hooks import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from minitorch.optim.options import GroupSpec, Options, ParamGroup, Params, State, check_choices
from minitorch.optim.packing import fit, packed, unpacked
from minitorch_autodiff import RemovableHandle
from minitorch_tensor import Tensor

__all__ = [
    "Optimizer",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
]


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

    _opt_called: bool | None = None  # None: no schedule has asked yet
    _optimizer_step_pre_hooks: hooks.Table
    _optimizer_step_post_hooks: hooks.Table
    _optimizer_state_dict_pre_hooks: hooks.Table
    _optimizer_state_dict_post_hooks: hooks.Table
    _optimizer_load_state_dict_pre_hooks: hooks.Table
    _optimizer_load_state_dict_post_hooks: hooks.Table

    def __init_subclass__(cls) -> None:
        """A step that a class writes runs between the hooks."""
        if "step" in cls.__dict__:
            type.__setattr__(cls, "step", hooks.hooked(cls.__dict__["step"]))

    def __init__(self, params: Params, defaults: Options) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {typename(params)}"
            )
        check_choices(defaults)
        self.defaults = defaults
        self._make_tables()
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
            if not (p.is_leaf or p.retains_grad or self.defaults.get("differentiable")):
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

    def register_step_pre_hook(self, hook: Callable[..., object]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step.

        It returns None, or the pair `(args, kwargs)` with which the step goes on; the optimizer
        itself is the first of `args`.
        https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.register_step_pre_hook.html
        """
        return add_hook(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., object]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return add_hook(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(
        self, hook: Callable[..., object], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer)` before each `state_dict`."""
        return add_hook(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(
        self, hook: Callable[..., object], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` after each `state_dict`; it may return another."""
        return add_hook(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Callable[..., object], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before one is loaded; it may return another.

        It sees a shallow copy of what `load_state_dict` was given, and may change that.
        """
        return add_hook(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Callable[..., object], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer)` after each `load_state_dict`."""
        return add_hook(self._optimizer_load_state_dict_post_hooks, hook, prepend)

    def state_dict(self) -> dict[str, object]:
        """The state and the options, with numbers in the place of the parameters.

        https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.state_dict.html

        Returns:
            `{"state": {0: {...}, ...}, "param_groups": [{"lr": ..., "params": [0, ...]}, ...]}`;
            the tensors are the optimizer's own.
        """
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        found = packed(self.param_groups, self._memories())
        for hook in self._optimizer_state_dict_post_hooks.values():
            found = _or(hook(self, found), found)
        return found

    def load_state_dict(self, state_dict: object) -> None:
        """Take over the state and the options of an optimizer of the same kind; tensors are copied.

        https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.load_state_dict.html

        Args:
            state_dict: what `state_dict` gave. (An `object` to the type checker, so that a part of
                a loaded checkpoint can be passed on.)

        Raises:
            TypeError: if it is no such mapping.
            ValueError: if the groups do not match, or a tensor has not the shape of its parameter.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        given: dict[str, object] = dict(state_dict)
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            given = _or(hook(self, given), given)
        groups, memories = unpacked(given, self.param_groups, self.defaults)
        self._remember(memories)
        self.param_groups = groups
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)

    def _memories(self) -> Mapping[Tensor, Mapping[str, object]]:
        """What is remembered of each parameter."""
        return self.state

    def _remember(self, memories: Mapping[Tensor, State]) -> None:
        """Take over what was loaded."""
        state: defaultdict[Tensor, State] = defaultdict(dict)
        for p, memory in memories.items():
            state[p] = self._fitted(p, memory)
        self.state = state

    def _fitted(self, p: Tensor, memory: State) -> State:
        """A loaded state of p: copied, on its device, and of its dtype unless a count."""
        return {name: fit(p, name, x, self.shape_of(p, name)) for name, x in memory.items()}

    def shape_of(self, p: Tensor, name: str) -> tuple[int, ...]:
        """The shape of a part of the state of p that is more than one number."""
        return p.shape

    def __repr__(self) -> str:
        """The groups with their options."""
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            options: dict[str, object] = dict(group)
            lines += [f"    {key}: {options[key]}" for key in sorted(options) if key != "params"]
        return "\n".join([*lines, ")"])

    def __getstate__(self) -> dict[str, object]:
        """What is pickled and copied: neither hooks, nor whether a step was done."""
        return {
            "defaults": self.defaults,
            "state": self.state,
            "param_groups": self.param_groups,
        }

    def __setstate__(self, state: dict[str, object]) -> None:
        """Take over what `__getstate__` gave."""
        self.__dict__.update(state)
        self._make_tables()

    def _make_tables(self) -> None:
        self._optimizer_step_pre_hooks = OrderedDict()
        self._optimizer_step_post_hooks = OrderedDict()
        self._optimizer_state_dict_pre_hooks = OrderedDict()
        self._optimizer_state_dict_post_hooks = OrderedDict()
        self._optimizer_load_state_dict_pre_hooks = OrderedDict()
        self._optimizer_load_state_dict_post_hooks = OrderedDict()


def _or(result: object, found: dict[str, object]) -> dict[str, object]:
    """What a hook returned, if it did."""
    return result if isinstance(result, dict) else found


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
