"""Autocast: which dtype a function computes in, where it is on, and that it is gone elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

import minitorch_tensor as mt
from minitorch_tensor import Tensor, autocast, functional, linear_algebra
from minitorch_tensor.amp import exchange, lists, mode
from minitorch_tensor.amp.custom import custom_bwd, custom_fwd
from minitorch_tensor.amp.state import CastAlike, is_autocast_available, state
from minitorch_tensor.autograd_function import Function
from minitorch_tensor.autograd_function_node import FunctionCtx
from minitorch_tensor.dtype import DType, bfloat16, float16, float32, float64
from minitorch_tensor.op import Op


@pytest.fixture(autouse=True)
def nothing_left_on() -> Iterator[None]:
    """No test leaves autocast on, or functions exchanged."""
    yield
    assert not state.enabled
    assert state.nesting == 0
    assert not state.casts
    assert exchange._living == 0


def ones(*shape: int, device: str = "numpy", dtype: DType = float32) -> Tensor:
    return mt.ones(shape, device=device, dtype=dtype)


# ---- the lists ---------------------------------------------------------------------------------


@pytest.mark.parametrize("device", sorted(lists.BY_DEVICE))
def test_every_name_on_a_list_is_a_function_and_on_one_list(device: str) -> None:
    names = [name for text in lists.BY_DEVICE[device].values() for name in text.split()]
    assert [name for name in names if not list(lists.functions_of(name))] == []
    assert len(names) == len(set(names))


UNARY: dict[str, tuple[str, str]] = {  # for 16 bits on "numpy" (as on "cpu"), and on "cuda"
    "exp": ("low", "float32"), "log": ("low", "float32"), "sum": ("low", "float32"),
    "prod": ("float32", "float32"), "square": ("low", "float32"), "relu": ("low", "low"),
    "trace": ("float32", "low"), "mean": ("low", "low"), "inverse": ("float32", "refused"),
    "rsqrt": ("low", "float32"), "sqrt": ("low", "low"), "nansum": ("low", "low"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
def test_what_a_function_makes_of_16_bits(name: str, gpu: str) -> None:
    for device, wanted in zip(("numpy", gpu), UNARY[name], strict=True):
        with autocast(device):
            low = mt.get_autocast_dtype(device)
            x = mt.eye(2, device=device, dtype=low)
            if wanted == "refused":
                with pytest.raises(RuntimeError, match="low precision dtypes are not supported"):
                    getattr(mt, name)(x)
                continue
            want = low if wanted == "low" else float32
            assert getattr(mt, name)(x).dtype is want
            assert getattr(x, name)().dtype is want  # the method is the same


@pytest.mark.parametrize("device", ["numpy", "cuda"])
def test_products_are_in_the_lower_dtype(device: str, gpu: str) -> None:
    a, b, v = ones(2, 2, device=device), ones(2, 2, device=device), ones(2, device=device)
    with autocast(device):
        low = mt.get_autocast_dtype(device)
        results = [
            a @ b, a.matmul(b), mt.mm(a, b), a[None].bmm(b[None]), mt.addmm(a, a, b),
            functional.linear(a, b, v), functional.conv1d(a[None], b[None]),
            mt.einsum("ij,jk", a, b),
            functional.scaled_dot_product_attention(a[None], a[None], a[None]),
            functional.prelu(a, v), a.__rmatmul__(b), linear_algebra.vecdot(a, b),
        ]  # fmt: skip
        assert {y.dtype for y in results} == {low}
        assert (a @ b.to(low)).dtype is low  # other dtypes are no mismatch
    assert low is (float16 if device == "cuda" else bfloat16)
    assert (a @ b).dtype is float32


def test_only_the_gpu_has_these_on_its_lists(gpu: str) -> None:
    with autocast("numpy"), autocast(gpu):
        for device, dtypes in (("numpy", (float32, bfloat16)), (gpu, (float16, float32))):
            a, h = ones(2, 2, device=device), ones(2, 2, device=device).to(dtypes[0])
            h = h.to(mt.get_autocast_dtype(device))
            assert a.mv(ones(2, device=device)).dtype is dtypes[0]
            assert functional.softmax(h, 1).dtype is dtypes[1]
            assert (h**3).dtype is (2**h).dtype is (1 / h).dtype is dtypes[1]
            assert functional.layer_norm(h, (2,)).dtype is dtypes[1]
            assert mt.cumsum(h, 0).dtype is dtypes[1]


def test_a_dtype_that_is_asked_for_is_kept(gpu: str) -> None:
    h = ones(2, 2, device=gpu, dtype=float16)
    with autocast(gpu):
        assert h.sum(dtype=float16).dtype is float16
        assert h.softmax(1, float64).dtype is float64
        assert functional.log_softmax(h, 1, dtype=float16).dtype is float16


@pytest.mark.parametrize("device", ["numpy", "cuda"])
def test_what_puts_tensors_together_takes_the_widest(device: str, gpu: str) -> None:
    a = ones(2, device=device)
    with autocast(device):
        h = a.to(mt.get_autocast_dtype(device))
        assert mt.cat([h, a]).dtype is mt.stack([a, h]).dtype is float32
        assert mt.cat([h, h]).dtype is h.dtype
        assert mt.cat([h, a.double()]).dtype is float64
        if device == "cuda":
            assert mt.addcmul(h, a, h).dtype is mt.dot(a, h).dtype is float32
            assert mt.dot(h, h).dtype is float16


def test_other_16_bits_have_no_place_among_these() -> None:
    x = ones(2)
    with (
        autocast("numpy"),
        pytest.raises(
            RuntimeError,
            match=r"Unexpected floating ScalarType.*bfloat16, but .* is .*float16",
        ),
    ):
        mt.cat([x, x.half()])


def test_pads_and_interpolations_depend_on_their_mode(gpu: str) -> None:
    h = ones(1, 1, 4, dtype=bfloat16)
    with autocast("numpy"):
        assert functional.pad(h, (1, 1), "reflect").dtype is float32
        assert functional.pad(h, (1, 1), mode="replicate").dtype is float32
        assert functional.pad(h, (1, 1)).dtype is functional.pad(h, (1, 1), "circular").dtype
        assert functional.pad(h, (1, 1)).dtype is bfloat16
    g = ones(1, 1, 4, device=gpu, dtype=float16)
    with autocast(gpu):
        assert functional.interpolate(g, 2).dtype is float32
        assert functional.interpolate(g, 2, None, "linear").dtype is float32
        assert functional.interpolate(g, 2, mode="area").dtype is float16


def test_binary_cross_entropy_is_unsafe_on_the_gpu(gpu: str) -> None:
    with autocast(gpu), pytest.raises(RuntimeError, match=r"are unsafe to autocast\.\nMany models"):
        functional.binary_cross_entropy(ones(2, device=gpu), ones(2, device=gpu))
    with autocast("numpy"):
        y = functional.binary_cross_entropy(ones(2, dtype=bfloat16), ones(2, dtype=bfloat16))
    assert y.dtype is float32
    with autocast(gpu):
        h = ones(2, device=gpu, dtype=float16)
        assert functional.binary_cross_entropy_with_logits(h, h).dtype is float32


@pytest.mark.parametrize("name", ["layer_norm", "rms_norm", "group_norm", "batch_norm"])
def test_norms_of_16_bits_have_weights_of_32(name: str, gpu: str) -> None:
    w = ones(4).requires_grad_()
    mean, var = mt.zeros(4, device="numpy"), ones(4)
    rest: dict[str, list[object]] = {
        "layer_norm": [(4,), w, w], "rms_norm": [(4,), w], "group_norm": [2, w, w],
        "batch_norm": [mean, var, w, w, True],
    }  # fmt: skip
    h = mt.arange(8, device="numpy", dtype=bfloat16).reshape(2, 4)
    with autocast("numpy"):
        y = getattr(functional, name)(h, *rest[name])
    assert y.dtype is bfloat16
    assert mt.allclose(y.float(), getattr(functional, name)(h.float(), *rest[name]), atol=2e-2)
    y.sum().backward()
    assert w.grad is not None
    assert (mean.sum().item() > 0) is (name == "batch_norm")  # those that are given are written
    with autocast("numpy"), pytest.raises(RuntimeError, match="to have the same dtype"):
        functional.layer_norm(h.float(), (4,), w.detach().bfloat16())


def test_only_floats_of_that_device_are_cast(gpu: str) -> None:
    with autocast(gpu):
        assert (ones(2, 2) @ ones(2, 2)).dtype is float32
    with autocast("numpy"):
        d = ones(2, 2, dtype=float64)
        assert (d @ d).dtype is float64
        i = mt.ones(2, 2, dtype=mt.int64, device="numpy")
        assert (i @ i).dtype is mt.int64
        assert i.prod().dtype is mt.int64


def test_writes_in_place_are_left_alone() -> None:
    x = mt.full((2, 2), 1 + 2**-12, device="numpy")  # which bfloat16 does not have
    with autocast("numpy"):
        y = mt.zeros(2, 2, device="numpy").addmm_(x, mt.eye(2, device="numpy"))
        assert y.dtype is float32
        assert mt.equal(y, x)
        h = x.bfloat16()
        assert h.mul_(2).exp_().dtype is bfloat16


@pytest.mark.parametrize("name", ["gru", "lstm", "rnn_tanh"])
def test_sequences_of_any_mixture_of_dtypes(name: str) -> None:
    run: Callable[..., tuple[Tensor, ...]] = getattr(functional.recurrent, name)
    gates = {"gru": 3, "lstm": 4, "rnn_tanh": 1}[name]
    x, h = ones(3, 1, 2), ones(1, 1, 2)
    params = [ones(gates * 2, 2), ones(gates * 2, 2), ones(gates * 2), ones(gates * 2)]
    with autocast("numpy"):
        for input in (x, x.bfloat16()):
            for s in (h, h.bfloat16()):
                states = (s, s) if name == "lstm" else s
                y = run(input, states, params, True, 1, 0.0, False, False, False)[0]
                wide = name == "gru" and s.dtype is float32
                assert y.dtype is (float32 if wide else bfloat16)


# ---- where it is on ----------------------------------------------------------------------------


def test_outside_every_function_is_what_it_was() -> None:
    functions = [f.function for f in (autocast("numpy").__enter__(), exchange._functions)[1]]
    autocast_codes = {f.__code__ for f in functions}
    mt.set_autocast_enabled("numpy", False)
    state.nesting = 0
    assert [f.code for f in exchange._functions] == [f.__code__ for f in functions]
    assert not autocast_codes & {f.__code__ for f in functions}
    assert {type(op) for op in exchange._ops} == {Op}


def test_a_function_that_someone_holds_is_cast_too() -> None:
    matmul, linear = mt.matmul, functional.linear
    a = ones(2, 2)
    with autocast("numpy"):
        assert matmul(a, a).dtype is linear(a, a).dtype is bfloat16
        assert isinstance(linear, Op)
    assert matmul(a, a).dtype is linear(a, a).dtype is float32


def test_arguments_by_name_and_errors_are_as_ever() -> None:
    a = ones(2, 2)
    with autocast("numpy"):
        assert mt.matmul(input=a, other=a).dtype is bfloat16
        assert mt.addmm(a, mat1=a, mat2=a, beta=2).tolist() == [[4.0, 4.0], [4.0, 4.0]]
        with pytest.raises(TypeError, match=r"matmul\(\) got an unexpected keyword argument 'b'"):
            mt.matmul(a, b=a)  # type: ignore[call-arg]
        with pytest.raises(RuntimeError, match="inner sizes differ"):
            mt.matmul(a, ones(3))
        with pytest.raises(TypeError, match="argument 'input' must be a Tensor, not list"):
            functional.linear([1.0], a)  # type: ignore[arg-type]
        assert mt.matmul(a, a).dtype is bfloat16  # an error leaves nothing behind


def test_regions_nest_and_turn_each_other_off() -> None:
    a = ones(2, 2)
    with autocast("numpy") as region:
        assert mt.is_autocast_enabled("numpy")
        assert not mt.is_autocast_enabled()
        with autocast("numpy", enabled=False):
            assert (a @ a).dtype is float32
            with autocast("numpy", float16):
                assert (a @ a).dtype is float16
            assert mt.get_autocast_dtype("numpy") is bfloat16
        assert (a @ a).dtype is bfloat16
        with region, region:  # an instance may be entered again
            pass
        assert (a @ a).dtype is bfloat16
    assert not mt.is_autocast_enabled("numpy")


def test_an_exception_ends_the_region() -> None:
    with pytest.raises(ZeroDivisionError), autocast("numpy", float16):
        raise ZeroDivisionError
    assert mt.get_autocast_dtype("numpy") is bfloat16


def test_as_a_decorator() -> None:
    @autocast("numpy", dtype=float16)
    def twice(x: Tensor, depth: int = 1) -> Tensor:
        """The square."""
        return twice(x, depth - 1) if depth else x @ x

    assert twice.__doc__ == "The square."
    assert twice(ones(2, 2)).dtype is float16
    with pytest.raises(TypeError, match="requires a callable, but got Tensor"):
        autocast("numpy")(ones(1))  # type: ignore[arg-type]


def test_each_thread_has_its_own() -> None:
    a, found = ones(2, 2), []

    def plain() -> None:
        found.append((a @ a).dtype)
        mt.set_autocast_enabled("numpy", True)  # and the thread ends so

    with autocast("numpy"):
        thread = threading.Thread(target=plain)
        thread.start()
        thread.join()
        assert (a @ a).dtype is bfloat16
    assert found == [float32]


def test_what_can_be_asked_and_set() -> None:
    assert is_autocast_available("cuda")
    assert not is_autocast_available("abacus")
    mt.set_autocast_dtype("cpu", float16)
    assert autocast("cpu").fast_dtype is float16
    mt.set_autocast_dtype("cpu", bfloat16)
    with pytest.raises(RuntimeError, match="unknown device type for autocast: 'abacus'"):
        mt.get_autocast_dtype("abacus")
    with pytest.raises(TypeError, match=r"argument 'dtype' must be minitorch\.dtype, not str"):
        mt.set_autocast_dtype("cpu", "half")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="argument 'device_type' must be str, not int"):
        mt.is_autocast_enabled(0)  # type: ignore[arg-type]


def test_what_cannot_be_a_region() -> None:
    with pytest.raises(RuntimeError, match="unsupported autocast device_type 'abacus'"):
        autocast("abacus")
    with pytest.raises(ValueError, match="Expected `device_type` of type `str`"):
        autocast(bfloat16)  # type: ignore[arg-type]
    with pytest.warns(UserWarning, match="In NUMPY autocast, but the target dtype is not support"):
        region = autocast("numpy", float64)
    with region:
        assert not mt.is_autocast_enabled("numpy")


def test_without_a_gpu_it_is_disabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mode, "_cuda", [lambda: False])
    with pytest.warns(UserWarning, match="CUDA is not available. Disabling autocast."):
        region = autocast("cuda")
    with region:
        assert not mt.is_autocast_enabled("cuda")


# ---- gradients and the weights that are kept ---------------------------------------------------


def test_gradients_have_the_dtype_of_the_weights() -> None:
    w, x = ones(2, 2).requires_grad_(), ones(3, 2)
    with autocast("numpy"):
        loss = functional.mse_loss(functional.linear(x, w).relu(), ones(3, 2, dtype=bfloat16))
    assert loss.dtype is float32
    loss.backward()
    assert w.grad is not None
    assert w.grad.dtype is float32
    assert w.grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_a_weight_is_cast_once_in_a_region() -> None:
    w, x = ones(2, 2).requires_grad_(), ones(2, 2)
    with autocast("numpy"):
        y = x @ w
        with autocast("numpy"):
            z = x @ w
        assert len(state.casts) == 1  # x is no weight
    assert not state.casts
    (y + z).sum().backward()
    assert w.grad is not None
    assert w.grad.tolist() == [[4.0, 4.0], [4.0, 4.0]]
    with autocast("numpy", cache_enabled=False):
        x @ w
        assert not state.casts


def test_a_weight_is_cast_again_after_a_write_and_where_gradients_are_recorded() -> None:
    w, x = ones(2, 2).requires_grad_(), ones(2, 2)
    with autocast("numpy"):
        with mt.no_grad():
            x @ w
        y = x @ w
        y.sum().backward()
        y = x @ w  # the cast one serves a second graph
        y.sum().backward()
        assert w.grad is not None
        assert w.grad.tolist() == [[4.0, 4.0], [4.0, 4.0]]
        with mt.no_grad():
            w.mul_(3)
        assert (x @ w).tolist() == [[6.0, 6.0], [6.0, 6.0]]
        w.data = ones(2, 2) * 5
        assert (x @ w).tolist() == [[10.0, 10.0], [10.0, 10.0]]


def test_alike_again_with_weights_of_its_own() -> None:
    w, x = ones(2, 2).requires_grad_(), ones(2, 2)
    with autocast("numpy", float16):
        x @ w
        again = CastAlike()
        with again:
            assert not state.casts
            assert (x @ w).dtype is float16
        assert len(state.casts) == 1
    with again, again:
        assert (x @ w).dtype is float16
    assert (x @ w).dtype is float32


# ---- functions of one's own --------------------------------------------------------------------


class Product(Function):
    """A product that notes what it sees."""

    seen: list[object] = []  # noqa: RUF012

    @staticmethod
    @custom_fwd(device_type="numpy")
    def forward(ctx: FunctionCtx, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        Product.seen.append(mt.is_autocast_enabled("numpy"))
        return a @ b

    @staticmethod
    @custom_bwd(device_type="numpy")
    def backward(ctx: FunctionCtx, g: Tensor) -> tuple[Tensor, Tensor]:
        a, b = ctx.saved_tensors
        Product.seen.append(mt.is_autocast_enabled("numpy"))
        return (g @ b.t()).float(), (a.t() @ g).float()


def test_backward_runs_as_forward_did() -> None:
    a, b = ones(2, 2).requires_grad_(), ones(2, 2)
    Product.seen.clear()
    with autocast("numpy"):
        y = Product.apply(a, b)
    y.sum().backward()
    z = Product.apply(a, b)
    with autocast("numpy"):
        z.sum().backward()
    assert (y.dtype, z.dtype) == (bfloat16, float32)
    assert Product.seen == [True, True, False, False]


def test_inputs_are_cast_where_autocast_is_on() -> None:
    class Same(Function):
        @staticmethod
        @custom_fwd(device_type="numpy", cast_inputs=float32)
        def forward(ctx: FunctionCtx, x: Tensor, others: list[Tensor]) -> Tensor:
            assert not mt.is_autocast_enabled("numpy")
            return x @ others[0]

    h = ones(2, 2, dtype=bfloat16)
    with autocast("numpy"):
        assert Same.apply(h, [h]).dtype is float32
    assert Same.apply(h, [h]).dtype is bfloat16


def test_a_backward_needs_its_forward() -> None:
    class Half(Function):
        @staticmethod
        def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
            return x * 2.0

        @staticmethod
        @custom_bwd(device_type="numpy")
        def backward(ctx: FunctionCtx, g: Tensor) -> Tensor:
            return g * 2.0

    y = Half.apply(ones(2).requires_grad_())
    with pytest.raises(AttributeError, match=r"decorate it with @custom_fwd\(device_type='numpy'"):
        y.sum().backward()
    with pytest.raises(ValueError, match="Expected `device_type` of type `str`"):
        custom_fwd(device_type=0)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="Expected `device_type` of type `str`"):
        custom_bwd(device_type=0)  # type: ignore[call-overload]
