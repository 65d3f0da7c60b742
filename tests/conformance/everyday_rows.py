"""Rows: what the other files leave out of everyday programs, from `addmm` to hooks and settings."""

from __future__ import annotations

from types import ModuleType

from .table import MASK, POSITIVE, Call, Given, Row, Tensor, X, method, named, row

SQUARE = Given((4, 4))


def rows() -> list[Row]:
    """All of them."""
    return [*_functions(), *_writes(), *_autograd(), *_settings()]


def _functions() -> list[Row]:
    return [
        row("addcdiv", lambda lib, x, y, z: lib.addcdiv(x, y, z, value=0.5), X, X, POSITIVE),
        row("x.addcdiv", method("addcdiv"), X, X, POSITIVE, dtypes=False),
        row("addcmul", lambda lib, x, y, z: lib.addcmul(x, y, z, value=2), X, X, X),
        row("x.addcmul", method("addcmul", value=2), X, X, X, dtypes=False),
        row("addmm", lambda lib, c, a, b: lib.addmm(c, a, b, beta=2, alpha=3), SQUARE, X_T, X),
        row("broadcast_to", lambda lib, x: lib.broadcast_to(x, (2, 3, 4))),
        row("diag", named("diag"), SQUARE),
        row("diag of a vector", lambda lib, x: lib.diag(x, 1), Given((3,))),
        row("expand_as", method("expand_as"), Given((4,)), X),
        row("pow", lambda lib, x: lib.pow(x, 3)),
        row("pow of a number", lambda lib, x: lib.pow(2.0, x), dtypes=False),
        row("x.pow", method("pow", 2)),
        row("trace", named("trace"), SQUARE),
        row("view_as", method("view_as"), X, Given((2, 6)), layouts=False),
        row("x.where", lambda lib, x, m, y: x.where(m, y), X, MASK, X, dtypes=False),
        row("clamp_max", named("clamp_max"), X, X),
        row("clamp_min", named("clamp_min"), X, X),
        row("index_fill", lambda lib, x: lib.index_fill(x, 1, lib.tensor([0, 2]).to(x.device), 3)),
    ]


X_T = Given((4, 3))


def _writes() -> list[Row]:
    def write(name: str, *args: object, others: tuple[Given, ...] = (), **kwargs: object) -> Row:
        def call(lib: ModuleType, x: Tensor, *more: Tensor) -> Tensor:
            y = x * 1
            getattr(y, name)(*more, *args, **kwargs)
            return y

        return row(name, call, POSITIVE, *others, dtypes=False, gradient=name != "floor_divide_")

    return [
        write("addcdiv_", others=(X, POSITIVE), value=2),
        write("addcmul_", others=(X, X)),
        write("clamp_max_", 0.5),
        write("clamp_min_", 0.5),
        write("floor_divide_", 0.3),
        write("lerp_", 0.25, others=(X,)),
        write("masked_fill_", 2.0, others=(MASK,)),
        *(
            row(
                f"torch.{name}",
                lambda lib, x, n=name: getattr(lib, n)(x * 1, 0.5),
                dtypes=False,
            )
            for name in ("clamp_max_", "clamp_min_")
        ),
    ]


def _leaf(name: str, call: Call) -> Row:
    return row(name, call, dtypes=False, layouts=False, gradient=False)


def _autograd() -> list[Row]:
    """Each makes a leaf of its own, and gives the gradient."""

    def leaf(x: Tensor) -> Tensor:
        return x.detach().clone().requires_grad_()

    def backward(lib: ModuleType, x: Tensor) -> Tensor:
        w = leaf(x)
        assert w.grad is None
        y = (w * w).sum()
        assert y.grad_fn is not None
        assert not y.is_leaf
        y.backward()
        return w.grad

    def hooked(lib: ModuleType, x: Tensor) -> Tensor:
        w = leaf(x)
        y = w * 2
        y.register_hook(lambda g: g * 3)
        y.retain_grad()
        assert y.retains_grad
        (y * w).sum().backward()
        return w.grad + y.grad

    def after(lib: ModuleType, x: Tensor) -> Tensor:
        w = leaf(x)
        seen = []
        w.register_post_accumulate_grad_hook(lambda leaf: seen.append(leaf.grad.clone()))
        (w * w).sum().backward()
        return seen[0]

    return [
        _leaf("backward", backward),
        _leaf("register_hook, retain_grad", hooked),
        _leaf("register_post_accumulate_grad_hook", after),
    ]


def _settings() -> list[Row]:
    def half(name: str) -> Call:
        return lambda lib, x: getattr(x.cpu(), name)().float().to(x.device)

    def default_dtype(lib: ModuleType, x: Tensor) -> Tensor:
        before = lib.get_default_dtype()
        try:
            lib.set_default_dtype(lib.float64)
            return lib.tensor([1.5]).to(x.device)
        finally:
            lib.set_default_dtype(before)

    def state(lib: ModuleType, x: Tensor) -> Tensor:
        lib.manual_seed(3)
        saved = lib.get_rng_state()
        lib.rand(5)
        lib.set_rng_state(saved)
        assert lib.initial_seed() == 3
        return lib.rand(5, device=x.device)

    return [
        _leaf("half", half("half")),
        _leaf("bfloat16", half("bfloat16")),
        _leaf("default dtype", default_dtype),
        _leaf("generator state", state),
        _leaf("is_inference", lambda lib, x: lib.tensor(x.is_inference()).to(x.device)),
    ]
