"""`GradScaler`: the loss is scaled up, so that small gradients do not vanish in float16.

The scale is found by trial: it shrinks when a gradient overflows, and that step is left out; it
grows after so many steps without an overflow. What overflowed is known on the device only, until
`step` asks.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TYPE_CHECKING, TypedDict, overload

from minitorch_tensor import Device as _Device
from minitorch_tensor import Tensor, float16, float32, full, int32
from minitorch_tensor.amp.mode import has_cuda
from minitorch_tensor.amp.scaling import unscale, update_scale
from minitorch_tensor.amp.state import DEFAULT
from minitorch_tensor.functional.optim_steps import Parameters

if TYPE_CHECKING:
    from minitorch.optim import Optimizer

__all__ = ["GradScaler", "OptState"]

_HINT = (
    "This may indicate your script did not use scaler.scale(loss or outputs) earlier in the "
    "iteration."
)


class OptState(Enum):
    """What was done for an optimizer since the last `update`."""

    READY = 0
    UNSCALED = 1
    STEPPED = 2


class ScalerState(TypedDict, total=False):
    """What `state_dict` returns; nothing if the scaler is not enabled."""

    scale: float
    growth_factor: float
    backoff_factor: float
    growth_interval: int
    _growth_tracker: int


class _Progress:
    """What is known of one optimizer in this iteration."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer  # kept, so that no other one gets its id
        self.stage = OptState.READY
        self.found_inf: dict[_Device, Tensor] = {}


class GradScaler:
    """Scale losses up, gradients down again, and leave out the steps whose gradients overflow.

        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()

    https://docs.pytorch.org/docs/stable/amp.html#torch.amp.GradScaler

    Args:
        device: where the scale is kept: "cuda", "cpu" or "numpy".
        init_scale: the first scale.
        growth_factor: what the scale is multiplied with after `growth_interval` steps.
        backoff_factor: what it is multiplied with after an overflow.
        growth_interval: how many steps without an overflow let it grow.
        enabled: if False, losses and gradients stay as they are, and `step` is the optimizer's.

    Raises:
        AssertionError: if growth_factor is not above 1, or backoff_factor not below.

    >>> import minitorch as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.5)
    >>> scaler = GradScaler("cpu", init_scale=4.0)
    >>> scaler.scale((w * 3.0).sum()).backward()
    >>> w.grad
    Tensor([12.], requires_grad=False)
    >>> scaler.step(optimizer)
    >>> scaler.update()
    >>> w, w.grad
    (Tensor([-0.5000], requires_grad=True), Tensor([3.], requires_grad=False))
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if enabled and device not in DEFAULT:
            raise RuntimeError(
                f"GradScaler: there is no mixed precision on device '{device}'; it must be one of "
                f"{', '.join(sorted(DEFAULT))}"
            )
        self._device = device
        self._enabled = enabled
        if device == "cuda" and enabled and not has_cuda():
            warnings.warn(
                "torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.",
                stacklevel=2,
            )
            self._enabled = False
        if self._enabled:
            if growth_factor <= 1.0:
                raise AssertionError("The growth factor must be > 1.0.")
            if backoff_factor >= 1.0:
                raise AssertionError("The backoff factor must be < 1.0.")
        self._init_scale = init_scale
        self._scale: Tensor | None = None  # made by the first `scale`, where its argument is
        self._growth_factor = growth_factor
        self._backoff_factor = backoff_factor
        self._growth_interval = growth_interval
        self._init_growth_tracker = 0
        self._growth_tracker: Tensor | None = None
        self._progress: dict[int, _Progress] = {}

    # ---- an iteration --------------------------------------------------------------------------

    @overload
    def scale(self, outputs: Tensor) -> Tensor: ...
    @overload
    def scale(self, outputs: list[Tensor]) -> list[Tensor]: ...
    @overload
    def scale(self, outputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]: ...
    @overload
    def scale(self, outputs: Iterable[Tensor]) -> Iterable[Tensor]: ...
    def scale(self, outputs: object) -> object:
        """The outputs times the scale: a tensor, or lists, tuples and other iterables of them.

        Raises:
            ValueError: for anything else.
        """
        return self._scaled(outputs) if self._enabled else outputs

    def _scaled(self, outputs: object) -> object:
        if isinstance(outputs, Tensor):
            if self._scale is None:
                device = outputs.device
                self._scale = full((), self._init_scale, dtype=float32, device=device)
                self._growth_tracker = full(
                    (), self._init_growth_tracker, dtype=int32, device=device
                )
            return outputs * self._scale.to(outputs.device)
        if isinstance(outputs, (list, tuple)):
            return type(outputs)([self._scaled(x) for x in outputs])
        if isinstance(outputs, Iterable):
            return (self._scaled(x) for x in outputs)
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def unscale_(self, optimizer: Optimizer) -> None:
        """Divide the gradients by the scale now, not in `step`: to clip them, or to look at them.

        Raises:
            AssertionError: if nothing was scaled before.
            RuntimeError: if it was done since the last `update`, or the step was.
            ValueError: for float16 gradients: keep parameters in float32, and use autocast.
        """
        if not self._enabled:
            return
        scale, _ = self._started("unscale_")
        progress = self._of(optimizer)
        if progress.stage is OptState.UNSCALED:
            raise RuntimeError(
                "unscale_() has already been called on this optimizer since the last update()."
            )
        if progress.stage is OptState.STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        inverse = scale.double().reciprocal().float()
        found: dict[_Device, Tensor] = {}
        for device, grads in _gradients(optimizer).items():
            found[device] = full((), 0.0, dtype=float32, device=device)
            unscale(grads, inverse.to(device), found[device])
        progress.found_inf, progress.stage = found, OptState.UNSCALED

    def step(
        self, optimizer: Optimizer, closure: Callable[[], float] | None = None
    ) -> float | None:
        """Unscale the gradients, if that is not done, and step if all of them are finite.

        This reads from the device whether they are: it is the only wait of an iteration.

        Args:
            optimizer: whose parameters are to be updated.
            closure: what the optimizer's step gets if this is not enabled; else there is none.

        Returns:
            What the optimizer's step returns; None if it was left out.

        Raises:
            AssertionError: if nothing was scaled before, or no parameter has a gradient.
            RuntimeError: for a closure, or if the step was done since the last `update`.
        """
        if not self._enabled:
            return optimizer.step() if closure is None else optimizer.step(closure)
        if closure is not None:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        self._started("step")
        progress = self._of(optimizer)
        if progress.stage is OptState.STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if progress.stage is OptState.READY:
            self.unscale_(optimizer)
        if not progress.found_inf:
            raise AssertionError("No inf checks were recorded for this optimizer.")
        result = None
        if not sum(found.item() for found in progress.found_inf.values()):
            result = optimizer.step()
        progress.stage = OptState.STEPPED
        return result

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """End an iteration: let the scale shrink or grow, or set it.

        Args:
            new_scale: the new scale; if omitted, it follows from what overflowed.

        Raises:
            AssertionError: if nothing was scaled, or no gradient was looked at, or if `new_scale`
                is a tensor on another device, of several elements, or requires grad.
        """
        if not self._enabled:
            return
        scale, tracker = self._started("update")
        if new_scale is None:
            found = [x for p in self._progress.values() for x in p.found_inf.values()]
            if not found:
                raise AssertionError("No inf checks were recorded prior to update.")
            total = found[0].to(scale.device)
            for x in found[1:]:
                total = total + x.to(scale.device)
            update_scale(
                scale, tracker, total,
                self._growth_factor, self._backoff_factor, self._growth_interval,
            )  # fmt: skip
        elif isinstance(new_scale, Tensor):
            if (
                new_scale.device is not scale.device
                or new_scale.numel() != 1
                or new_scale.requires_grad
            ):
                raise AssertionError(
                    "new_scale should be a float or a 1-element torch.cuda.FloatTensor or "
                    "torch.FloatTensor with requires_grad=False."
                )
            scale.copy_(new_scale.reshape(()))
        else:
            scale.fill_(new_scale)
        self._progress = {}

    def _of(self, optimizer: Optimizer) -> _Progress:
        return self._progress.setdefault(id(optimizer), _Progress(optimizer))

    def _started(self, name: str) -> tuple[Tensor, Tensor]:
        """The scale and the tracker, which the first `scale` makes."""
        if self._scale is None or self._growth_tracker is None:
            raise AssertionError(f"Attempted {name} but _scale is None.  {_HINT}")
        return self._scale, self._growth_tracker

    # ---- its numbers ---------------------------------------------------------------------------

    def get_scale(self) -> float:
        """The scale, 1.0 if this is not enabled; it waits for the device."""
        if not self._enabled:
            return 1.0
        return self._init_scale if self._scale is None else self._scale.item()

    def _get_growth_tracker(self) -> int:
        if not self._enabled:
            return 0
        tracker = self._growth_tracker
        return self._init_growth_tracker if tracker is None else int(tracker.item())

    def get_growth_factor(self) -> float:
        """What the scale is multiplied with after `growth_interval` steps without an overflow."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Set what `get_growth_factor` returns."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """What the scale is multiplied with after an overflow."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Set what `get_backoff_factor` returns."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """How many steps without an overflow let the scale grow."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Set what `get_growth_interval` returns."""
        self._growth_interval = new_interval

    def is_enabled(self) -> bool:
        """Whether it scales at all."""
        return self._enabled

    # ---- its state -----------------------------------------------------------------------------

    def state_dict(self) -> ScalerState:
        """The scale, its factors and interval, and the steps since the last overflow.

        Empty if it is not enabled. Ask after `update`.
        """
        if not self._enabled:
            return {}
        return {
            "scale": self.get_scale(),
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._get_growth_tracker(),
        }

    def load_state_dict(self, state_dict: ScalerState) -> None:
        """Go on from a state that `state_dict` returned; nothing if it is not enabled.

        Raises:
            KeyError: if an entry is missing.
            RuntimeError: if it is empty: that of a scaler that was not enabled.
        """
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled "
                "instance of GradScaler."
            )
        self._init_scale = state_dict["scale"]
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._init_growth_tracker = state_dict["_growth_tracker"]
        if self._scale is not None:
            self._scale.fill_(self._init_scale)
        if self._growth_tracker is not None:
            self._growth_tracker.fill_(self._init_growth_tracker)

    def __getstate__(self) -> dict[str, object]:
        state = self.__dict__.copy()
        if self._progress:
            raise AssertionError(
                "A GradScaler instance may only be pickled at the beginning of an iteration, or "
                "at the end after scaler.update()."
            )
        if self._enabled:  # tensors are made again where the first loss is
            state["_init_scale"] = self.get_scale()
            state["_init_growth_tracker"] = self._get_growth_tracker()
            state["_scale"] = state["_growth_tracker"] = None
        return state


def _gradients(optimizer: Optimizer) -> dict[_Device, Parameters]:
    """The gradients of all parameters that have one, by their devices.

    Raises:
        ValueError: if one is float16.
    """
    found: dict[_Device, Parameters] = {}
    for group in optimizer.param_groups:
        for p in group["params"]:
            g = p.grad
            if g is None:
                continue
            if g.dtype is float16:
                raise ValueError(
                    "Attempting to unscale FP16 gradients. Keep the parameters in float32, and "
                    "let autocast choose what is computed in float16."
                )
            found.setdefault(g.device, Parameters()).append(g)
    return found
