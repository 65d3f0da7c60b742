"""Mixed precision on modules: autocast around a model, and the scaler around its optimizer."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable, Iterator

import pytest

import minitorch as torch
from minitorch import nn
from minitorch.utils.checkpoint import checkpoint

pytest.importorskip("minitorch_cuda")


@pytest.fixture(params=["cpu", "numpy", "cuda"])
def device(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each of them; "cuda" is the simulator."""
    kind: str = request.param
    if kind != "cuda":
        yield kind
        return
    with torch.cuda.use_simulator():
        yield kind


def low(device: str) -> torch.dtype:
    return torch.float16 if device == "cuda" else torch.bfloat16


def test_a_model_computes_in_16_bits_and_learns_in_32(device: str) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)
    ).to(device)
    x = torch.randn(2, 1, 4, 4).to(device)
    target = torch.tensor([0, 2]).to(device)
    with torch.autocast(device):
        y = model(x)
        loss = nn.functional.cross_entropy(y, target)
    assert y.dtype is low(device)
    assert loss.dtype is torch.float32
    loss.backward()
    exact = nn.functional.cross_entropy(model(x), target)
    assert loss.item() == pytest.approx(exact.item(), rel=2e-2)
    rough = [p.grad.tolist() for p in model.parameters() if p.grad is not None]
    model.zero_grad()
    exact.backward()
    for p, g in zip(model.parameters(), rough, strict=True):
        assert p.grad is not None
        assert p.grad.dtype is torch.float32
        near = torch.tensor(g) - p.grad.to("cpu")
        assert near.abs().max().item() < 2e-2


def test_other_modules_run_in_mixed_precision() -> None:
    x = torch.randn(3, 2, 4)
    for module in (
        nn.LSTM(4, 4), nn.GRU(4, 4), nn.RNN(4, 4, bidirectional=True),
        nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0),
    ):  # fmt: skip
        with torch.autocast("numpy"):
            made = module.to("numpy")
            first = nn.functional.linear(x.to("numpy"), torch.eye(4, device="numpy"))
            y = made(first)
            y = y[0] if isinstance(y, tuple) else y
            y.float().sum().backward()
        for p in module.parameters():
            assert p.grad is not None
            assert p.grad.dtype is torch.float32


def test_a_checkpoint_is_computed_again_as_it_was() -> None:
    torch.manual_seed(0)
    layer, x = nn.Linear(4, 4), torch.randn(2, 4)
    grads: list[torch.Tensor] = []
    for again in (False, True):
        layer.zero_grad()
        with torch.autocast("cpu"):
            h = layer(x)  # so the weight is cast before the part, and used in it and after it
            y = (
                checkpoint(lambda h: layer(h.relu()), h, use_reentrant=False)
                if again
                else (layer(h.relu()))
            )
            z = layer(y)
        z.float().sum().backward()  # outside of the region
        assert layer.weight.grad is not None
        grads.append(layer.weight.grad.clone())
    # All but the rounding of a sum: the weight is cast once more.
    assert (grads[0] - grads[1]).abs().max().item() < 1e-2
    assert grads[0].abs().max().item() > 0.1


def trainable(device: str) -> tuple[torch.Tensor, torch.optim.Optimizer]:
    w = torch.tensor([1.0, 2.0]).to(device).requires_grad_()
    return w, torch.optim.SGD([w], lr=0.5)


def test_a_scaler_steps_skips_and_finds_its_scale(device: str) -> None:
    w, optimizer = trainable(device)
    scaler = torch.GradScaler(device, init_scale=8.0, growth_interval=2)
    scales = []
    for factor in (1.0, 1.0, float("inf"), 1.0, float("nan"), 1.0, 1.0):
        optimizer.zero_grad()
        scaler.scale((w * factor).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        scales.append(scaler.get_scale())
    assert scales == [8.0, 16.0, 8.0, 8.0, 4.0, 4.0, 8.0]
    assert w.tolist() == [1.0 - 5 * 0.5, 2.0 - 5 * 0.5]  # two steps were left out


def test_gradients_are_unscaled_on_request(device: str) -> None:
    w, optimizer = trainable(device)
    scaler = torch.GradScaler(device)
    scaler.scale((w * w).sum()).backward()
    scaler.unscale_(optimizer)
    assert w.grad is not None
    assert w.grad.tolist() == [2.0, 4.0]
    nn.utils.clip_grad_norm_([w], 1.0)
    scaler.step(optimizer)
    with pytest.raises(RuntimeError, match=r"step\(\) has already been called since the last upd"):
        scaler.step(optimizer)
    with pytest.raises(RuntimeError, match=r"unscale_\(\) is being called after step\(\)"):
        scaler.unscale_(optimizer)
    scaler.update()
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match=r"unscale_\(\) has already been called on this optim"):
        scaler.unscale_(optimizer)


def test_the_host_waits_only_to_know_whether_to_step() -> None:
    with torch.cuda.use_simulator():
        w, optimizer = trainable("cuda")
        scaler = torch.GradScaler("cuda")
        scaler.scale(w.sum()).backward()
        with torch.cuda.count_synchronizations() as found:
            optimizer.zero_grad()
            scaler.scale((w * w).sum()).backward()
            scaler.unscale_(optimizer)
        assert found.downloads == 0
        with torch.cuda.count_synchronizations() as found:
            scaler.step(optimizer)
        assert found.downloads == 1
        with torch.cuda.count_synchronizations() as found:
            scaler.update()
        assert found.downloads == 0


def test_each_optimizer_is_looked_at_alone() -> None:
    (a, first), (b, second) = trainable("cpu"), trainable("cpu")
    scaler = torch.GradScaler("cpu", init_scale=4.0)
    losses = scaler.scale([a.sum(), (b * float("inf")).sum()])
    assert isinstance(losses, list)
    for loss in losses:
        loss.backward()
    scaler.step(first)
    scaler.step(second)
    scaler.update()
    assert a.tolist() == [0.5, 1.5]
    assert b.tolist() == [1.0, 2.0]
    assert scaler.get_scale() == 2.0


def test_what_a_scaler_refuses() -> None:
    w, optimizer = trainable("cpu")
    scaler = torch.GradScaler("cpu")
    calls: dict[str, Callable[[], object]] = {
        "step": lambda: scaler.step(optimizer),
        "unscale_": lambda: scaler.unscale_(optimizer),
        "update": lambda: scaler.update(),
    }
    for name, call in calls.items():
        with pytest.raises(AssertionError, match=f"Attempted {name} but _scale is None.  This may"):
            call()
    scaler.scale(w.sum())
    with pytest.raises(AssertionError, match="No inf checks were recorded for this optimizer"):
        scaler.step(optimizer)
    with pytest.raises(RuntimeError, match="Closure use is not currently supported"):
        scaler.step(optimizer, lambda: 0.0)
    with pytest.raises(AssertionError, match="No inf checks were recorded prior to update"):
        _begun().update()
    with pytest.raises(ValueError, match="outputs must be a Tensor or an iterable of Tensors"):
        scaler.scale(3)  # type: ignore[call-overload]
    with pytest.raises(AssertionError, match="new_scale should be a float or a 1-element"):
        scaler.update(torch.ones(2))
    with pytest.raises(AssertionError, match=r"The growth factor must be > 1\.0"):
        torch.GradScaler("cpu", growth_factor=1.0)
    with pytest.raises(AssertionError, match=r"The backoff factor must be < 1\.0"):
        torch.GradScaler("cpu", backoff_factor=1.0)
    with pytest.raises(RuntimeError, match="no mixed precision on device 'abacus'"):
        torch.GradScaler("abacus")
    h = torch.ones(2, dtype=torch.float16, requires_grad=True)
    scaler = torch.GradScaler("cpu")
    scaler.scale(h.sum()).backward()
    with pytest.raises(ValueError, match="Attempting to unscale FP16 gradients"):
        scaler.unscale_(torch.optim.SGD([h], lr=0.1))


def _begun() -> torch.GradScaler:
    scaler = torch.GradScaler("cpu")
    scaler.scale(torch.ones(1))
    return scaler


def test_a_scaler_that_is_not_enabled_does_nothing() -> None:
    w, optimizer = trainable("cpu")
    scaler = torch.GradScaler("cpu", enabled=False)
    loss = w.sum()
    assert scaler.scale(loss) is loss
    loss.backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    assert scaler.step(optimizer, lambda: 7.0) == 7.0
    scaler.update()
    assert w.tolist() == [0.0, 1.0]
    assert (scaler.get_scale(), scaler.is_enabled(), scaler.state_dict()) == (1.0, False, {})


def test_its_numbers_can_be_asked_for_and_set() -> None:
    scaler = torch.GradScaler("cpu", init_scale=4.0)
    scaler.set_growth_factor(3.0)
    scaler.set_backoff_factor(0.25)
    scaler.set_growth_interval(1)
    assert (scaler.get_growth_factor(), scaler.get_backoff_factor()) == (3.0, 0.25)
    assert scaler.get_growth_interval() == 1
    w, optimizer = trainable("cpu")
    scaler.scale(w.sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    assert scaler.get_scale() == 12.0
    scaler.scale(w.sum())
    scaler.update(5.0)
    assert scaler.get_scale() == 5.0
    scaler.update(torch.tensor(6.0))
    assert scaler.get_scale() == 6.0


def test_its_state_goes_on_in_another() -> None:
    scaler = torch.GradScaler("cpu", init_scale=4.0, growth_interval=3)
    w, optimizer = trainable("cpu")
    scaler.scale(w.sum()).backward()
    scaler.step(optimizer)
    with pytest.raises(AssertionError, match="may only be pickled at the beginning of an iterat"):
        pickle.dumps(scaler)
    scaler.update()
    other = torch.GradScaler("cpu")
    other.load_state_dict(scaler.state_dict())
    for again in (other, copy.deepcopy(scaler), pickle.loads(pickle.dumps(scaler))):
        assert again.state_dict() == scaler.state_dict()
        assert again.state_dict()["_growth_tracker"] == 1
        again.scale(w.sum())
        assert again.state_dict() == scaler.state_dict()
    with pytest.raises(RuntimeError, match="The source state dict is empty"):
        other.load_state_dict({})


def test_without_a_gpu_both_are_disabled_with_a_warning() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.warns(UserWarning, match="GradScaler is enabled, but CUDA is not available.  Disa"):
        assert not torch.GradScaler().is_enabled()
    with pytest.warns(UserWarning, match=r"CUDA is not available\. Disabling autocast"):
        region = torch.autocast("cuda")
    with region:
        assert not torch.is_autocast_enabled()


def test_the_older_names_warn_and_work() -> None:
    with torch.cuda.use_simulator():
        with pytest.warns(FutureWarning, match=r"torch\.cuda\.amp\.autocast\(args\.\.\.\)` is"):
            region = torch.cuda.amp.autocast(dtype=torch.bfloat16)
        x = torch.ones(2, 2, device="cuda")
        with region:
            assert (x @ x).dtype is torch.bfloat16
        with pytest.warns(FutureWarning, match="GradScaler"):
            assert torch.cuda.amp.GradScaler(4.0).get_scale() == 4.0

    class Same(torch.autograd.Function):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")

            @staticmethod
            @torch.cuda.amp.custom_fwd
            def forward(ctx: torch.autograd.function.FunctionCtx, x: torch.Tensor) -> torch.Tensor:
                return x * 1.0

            @staticmethod
            @torch.cuda.amp.custom_bwd
            def backward(ctx: torch.autograd.function.FunctionCtx, g: torch.Tensor) -> torch.Tensor:
                return g * 1.0

    assert [str(w.message)[:33] for w in Same.said] == [
        "`torch.cuda.amp.custom_fwd(args..",
        "`torch.cuda.amp.custom_bwd(args..",
    ]
    w = torch.ones(1, requires_grad=True)
    y = Same.apply(w)
    assert isinstance(y, torch.Tensor)
    y.backward()
    assert w.grad is not None
