"""LBFGS: Newton's method, with the curvature guessed from the last few steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import SupportsFloat, TypeVar

from minitorch.optim.line_search import Point, strong_wolfe
from minitorch.optim.optimizer import Optimizer
from minitorch.optim.options import ParamGroup, Params, check_not_negative
from minitorch_autodiff import enable_grad, no_grad
from minitorch_tensor import Tensor, cat, zeros_like

R = TypeVar("R", bound=SupportsFloat)


@dataclass
class Memory:
    """What LBFGS remembers, under PyTorch's names; vectors hold all parameters in a row."""

    func_evals: int = 0
    n_iter: int = 0
    d: Tensor | None = None
    t: float = 0.0
    old_dirs: list[Tensor] = field(default_factory=list)
    old_stps: list[Tensor] = field(default_factory=list)
    ro: list[float] = field(default_factory=list)
    H_diag: float = 1.0
    prev_flat_grad: Tensor | None = None
    prev_loss: float = 0.0


class LBFGS(Optimizer):
    """p = p + t * d, with d = -H g, where H is a guess of the inverse of the second derivative.

    H is never a matrix: it is what the last `history_size` changes of the point, s, and of the
    gradient, y, say about it (the two-loop recursion). Each step makes up to `max_iter` iterations,
    and evaluates the closure for each one, so it must forget the gradients, compute the loss, and
    call `backward`. For whole batches: noise looks like curvature.

    Source: Liu and Nocedal 1989, https://doi.org/10.1007/BF01589116
    https://docs.pytorch.org/docs/stable/generated/torch.optim.LBFGS.html

    Args:
        params: tensors, or pairs of a name and a tensor; one group.
        lr: t, or where the search for t begins.
        max_iter: how many iterations a step makes.
        max_eval: how often a step evaluates the closure; `max_iter * 5 // 4` if omitted.
        tolerance_grad: stop where no element of the gradient is larger.
        tolerance_change: stop where neither the loss nor an element of p changes more.
        history_size: how many changes are remembered.
        line_search_fn: "strong_wolfe" searches for t; with None it is lr.

    Raises:
        ValueError: if `lr` is negative, or there is more than one group.

    >>> p = Tensor([3.0], requires_grad=True)
    >>> optimizer = LBFGS([p], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((p - 1.0) ** 4).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure).item()
    16.0
    >>> abs(p.item() - 1.0) < 0.05
    True
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_not_negative(lr=lr)
        super().__init__(
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")
        self._memory = Memory()

    def step(self, closure: Callable[[], R] | None = None) -> R:
        """Make up to `max_iter` iterations.

        Args:
            closure: computes the loss and its gradients anew.

        Returns:
            The loss before the first iteration.

        Raises:
            TypeError: if there is no closure.
            RuntimeError: if the line search is unknown.
        """
        if closure is None:
            raise TypeError("LBFGS.step() missing 1 required positional argument: 'closure'")
        group, memory = self.param_groups[0], self._memory
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported")
        first: list[R] = []

        def evaluate() -> tuple[float, Tensor]:
            with enable_grad():
                loss = closure()
            if not first:
                first.append(loss)
            return float(loss), self._flat_gradient()

        with no_grad():
            value, g = evaluate()
            memory.func_evals += 1
            if not g.abs().max().item() <= group["tolerance_grad"]:
                self._iterate(group, evaluate, value, g)
        return first[0]

    def _iterate(
        self,
        group: ParamGroup,
        evaluate: Callable[[], tuple[float, Tensor]],
        value: float,
        g: Tensor,
    ) -> None:
        """From a point with its value and its gradient g, until it is good enough."""
        memory, tolerance = self._memory, group["tolerance_change"]
        evaluations, last = 1, group["max_iter"]
        for iteration in range(1, last + 1):
            memory.n_iter += 1
            d = memory.d = self._direction(g, group["history_size"])
            memory.prev_flat_grad, memory.prev_loss = g, value
            t = memory.t = group["lr"]
            if memory.n_iter == 1:
                t = memory.t = min(1.0, 1.0 / g.abs().sum().item()) * group["lr"]
            slope = g.dot(d).item()
            if slope > -tolerance:
                return
            spent = 0
            if group["line_search_fn"] is not None:
                objective = self._along(d, evaluate)
                start = Point(0.0, value, g, slope)
                left = group["max_eval"] - evaluations
                found, spent = strong_wolfe(objective, d, start, t, 1e-9, left)
                t = memory.t = found.t
                value, g = found.value, found.gradient
            self._move(t, d)
            if group["line_search_fn"] is None and iteration != last:  # a new step will evaluate it
                value, g = evaluate()
                spent = 1
            evaluations += spent
            memory.func_evals += spent
            if (
                evaluations >= group["max_eval"]
                or g.abs().max().item() <= group["tolerance_grad"]
                or (d * t).abs().max().item() <= tolerance
                or abs(value - memory.prev_loss) < tolerance
            ):
                return

    def _direction(self, g: Tensor, history_size: int) -> Tensor:
        """-H g, after the last change is added to what is known of H."""
        memory = self._memory
        if memory.n_iter == 1 or memory.prev_flat_grad is None or memory.d is None:
            return -g
        y = g - memory.prev_flat_grad
        s = memory.d * memory.t
        ys = y.dot(s).item()
        if ys > 1e-10:
            if len(memory.old_dirs) == history_size:
                for past in (memory.old_dirs, memory.old_stps, memory.ro):
                    past.pop(0)
            memory.old_dirs.append(y)
            memory.old_stps.append(s)
            memory.ro.append(1.0 / ys)
            memory.H_diag = ys / y.dot(y).item()
        changes = list(zip(memory.old_dirs, memory.old_stps, memory.ro, strict=True))
        q = -g
        weights: list[float] = []
        for y, s, ro in reversed(changes):
            weights.append(s.dot(q).item() * ro)
            q.add_(y, alpha=-weights[-1])
        d = q * memory.H_diag
        for y, s, ro in changes:
            d.add_(s, alpha=weights.pop() - y.dot(d).item() * ro)
        return d

    def _along(
        self, d: Tensor, evaluate: Callable[[], tuple[float, Tensor]]
    ) -> Callable[[float], tuple[float, Tensor]]:
        """The loss and the gradient as functions of t, at p + t * d."""
        here = [p.clone() for p in self._params()]

        def objective(t: float) -> tuple[float, Tensor]:
            self._move(t, d)
            found = evaluate()
            for p, x in zip(self._params(), here, strict=True):
                p.copy_(x)
            return found

        return objective

    def _params(self) -> list[Tensor]:
        return self.param_groups[0]["params"]

    def _flat_gradient(self) -> Tensor:
        every = [(p, p.grad) for p in self._params()]
        return cat([zeros_like(p).view(-1) if g is None else g.reshape(-1) for p, g in every])

    def _move(self, t: float, d: Tensor) -> None:
        """p + t * d."""
        sizes = [p.numel() for p in self._params()]
        for p, piece in zip(self._params(), d.split(sizes), strict=True):
            p.add_(piece.view(p.shape), alpha=t)

    def _memories(self) -> Mapping[Tensor, Mapping[str, object]]:
        memory, p = self._memory, self._params()[0]
        if memory.func_evals == 0:
            return {}
        kept: dict[str, object] = {each.name: getattr(memory, each.name) for each in fields(memory)}
        kept["ro"] = [p.new_tensor(each) for each in memory.ro]
        if memory.n_iter > 1:
            kept["H_diag"] = p.new_tensor(memory.H_diag)
        if memory.n_iter == 0:
            kept = {name: kept[name] for name in ("func_evals", "n_iter")}
        return {p: kept}

    def _fit(self, name: str, value: object) -> object:
        """A loaded number as a float, a vector as a copy like the gradient."""
        if isinstance(value, list):
            return [self._fit(name, each) for each in value]
        if not isinstance(value, Tensor):
            return value
        if value.ndim == 0:
            return value.item()
        p, n = self._params()[0], sum(p.numel() for p in self._params())
        if value.shape != (n,):
            raise ValueError(
                f"loaded state dict: '{name}' has shape {value.shape}, but the parameters have "
                f"{n} elements"
            )
        return value.detach().to(device=p.device, dtype=p.dtype, copy=True)

    def _remember(self, memories: Mapping[Tensor, Mapping[str, object]]) -> None:
        names = {each.name for each in fields(Memory)}
        made = Memory()
        for memory in memories.values():
            for name, value in memory.items():
                if name in names:  # PyTorch keeps a scratch list "al" too
                    setattr(made, name, self._fit(name, value))
        self._memory = made

    def __getstate__(self) -> dict[str, object]:
        """What is pickled and copied."""
        return {**super().__getstate__(), "_memory": self._memory}
