"""Two kinds of steps: one `Op` for many parameters, or a few lines of tensor code for each one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import ClassVar, TypeVar, overload

from minitorch.optim.optimizer import Optimizer
from minitorch.optim.options import ParamGroup, State
from minitorch_autodiff import enable_grad, set_grad_enabled
from minitorch_tensor import Device, Tensor, float32, float64, get_default_dtype, tensor
from minitorch_tensor.functional.optim_steps import Parameters

R = TypeVar("R")


class GroupwiseOptimizer(Optimizer):
    """An optimizer that takes its groups one by one; a subclass writes `step_group`."""

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
        with set_grad_enabled(self.defaults.get("differentiable", False)):
            for group in self.param_groups:
                self.step_group(group)
        return loss

    @abstractmethod
    def step_group(self, group: ParamGroup) -> None:
        """Do the step for the parameters of a group."""

    def _fitted(self, p: Tensor, memory: State) -> State:
        step = memory.get("step")
        if isinstance(step, (int, float)):  # as old versions of PyTorch counted
            memory = {**memory, "step": tensor(step, dtype=float32, device=p.device)}
        return super()._fitted(p, memory)


class OpOptimizer(GroupwiseOptimizer):
    """A step is one `Op` for each group and device, which the device may override with one kernel.

    A subclass writes `update`, which hands lists of tensors to the `Op`.
    """

    def step_group(self, group: ParamGroup) -> None:
        """One `update` for each device."""
        for params, grads in _by_device(group["params"]):
            self.update(group, params, grads)

    @abstractmethod
    def update(self, group: ParamGroup, params: Parameters, grads: list[Tensor]) -> None:
        """Do the step for the parameters of a group on one device, and their gradients."""


class TensorOptimizer(GroupwiseOptimizer):
    """An optimizer whose step is tensor code for each parameter.

    A subclass writes `begin`, the state of a parameter before its first step, and `update`.
    """

    scalars: ClassVar[frozenset[str]] = frozenset({"step"})
    """The parts of the state that are one number each; they are kept where they can be read."""

    def step_group(self, group: ParamGroup) -> None:
        """One `update` for each parameter that has a gradient."""
        params, grads = _with_grads(group["params"])
        for p, g in zip(params, grads, strict=True):
            state = self.state[p]
            if not state:
                state.update(self.begin(group, p))
            for name, x in state.items():
                if x.layout is not p.layout or x.dtype is not p.dtype or x.device is not p.device:
                    self.check(name, p, x)
            self.update(group, p, -g if group.get("maximize") else g, state)

    @abstractmethod
    def begin(self, group: ParamGroup, p: Tensor) -> State:
        """The state of p before its first step."""

    @abstractmethod
    def update(self, group: ParamGroup, p: Tensor, g: Tensor, state: State) -> None:
        """Do the step for one parameter p with gradient g (turned about to maximize)."""

    def check(self, name: str, p: Tensor, x: Tensor) -> None:
        """Raise unless x can be this part of the state of p."""
        if name not in self.scalars:
            check_match(name, p, x, self.shape_of(p, name))

    def _fitted(self, p: Tensor, memory: State) -> State:
        state = super()._fitted(p, memory)
        return {name: x.to(_home(p)) if name in self.scalars else x for name, x in state.items()}


def scalar(value: float, p: Tensor) -> Tensor:
    """A number in the state of p: 0-d, float32, where reading it waits for no other device."""
    dtype = float64 if get_default_dtype() is float64 else float32
    return tensor(value, dtype=dtype, device=_home(p))


def counted(state: State) -> float:
    """The number of this step, from 1; it is kept in the state."""
    state["step"].add_(1.0)
    return state["step"].item()


def _home(p: Tensor) -> Device | str:
    return "cpu" if p.is_cuda else p.device


def _with_grads(tensors: list[Tensor]) -> tuple[Parameters, list[Tensor]]:
    """The parameters with a gradient, and the gradients."""
    params = Parameters()
    grads: list[Tensor] = []
    for p in tensors:
        g = p.grad
        if g is not None:
            if g.layout is not p.layout or g.dtype is not p.dtype or g.device is not p.device:
                check_match("gradient", p, g)
            params.append(p)
            grads.append(g)
    return params, grads


def _by_device(tensors: list[Tensor]) -> Iterator[tuple[Parameters, list[Tensor]]]:
    """The parameters with a gradient, and the gradients; once for each device."""
    params, grads = _with_grads(tensors)
    if not params:
        return
    device = params.device
    if all(p.storage.device is device for p in params):
        yield params, grads
        return
    for device in dict.fromkeys(p.device for p in params):
        here = [(p, g) for p, g in zip(params, grads, strict=True) if p.device is device]
        yield Parameters(p for p, _ in here), [g for _, g in here]


def check_match(what: str, p: Tensor, x: Tensor, shape: tuple[int, ...] | None = None) -> None:
    """Raise unless x has the dtype and device of p, and its shape if no other is given.

    A kernel would read past its end.

    Raises:
        RuntimeError: if it has not.
    """
    if (
        x.shape != (p.shape if shape is None else shape)
        or x.dtype is not p.dtype
        or x.device is not p.device
    ):
        raise RuntimeError(
            f"optimizer: the {what} of a parameter must have its shape, dtype and device, but the "
            f"parameter has {p.shape}, {p.dtype}, {p.device} and the {what} has {x.shape}, "
            f"{x.dtype}, {x.device}"
        )
