"""The examples of the seed projects, item by item: S0.1 to S0.14, S1.2 to S1.8, S2.1 to S2.8.

The items are those of the public documents this project started from: zhouzaida/minitorch (S0),
omidiu/Mini-Torch (S1) and krjadhav/pytorch-mini (S2). Where they disagree with PyTorch, PyTorch
wins: gradients are recorded only for `requires_grad=True`. The course items (C.1 to C.10) are in
`test_course.py`.
"""

from __future__ import annotations

import numpy as np
import pytest

import minitorch
from minitorch import Tensor, nn, optim
from minitorch.nn import functional as F


def assert_close(ours: Tensor, expected: object, tolerance: float = 1e-6) -> None:
    """The numbers of a tensor are these."""
    np.testing.assert_allclose(
        np.array(ours.tolist()), np.array(expected), rtol=tolerance, atol=tolerance
    )


class TestS0:
    """zhouzaida/minitorch."""

    def test_1_create_and_add(self) -> None:
        t = Tensor(2.0) + Tensor(3.0)
        assert t.item() == 5.0
        assert repr(t) == "Tensor(5.0, requires_grad=False)"

    def test_1_from_lists_and_arrays(self) -> None:
        assert Tensor([1.0, 2.0]).tolist() == [1.0, 2.0]
        assert Tensor(np.ones((2, 2))).shape == (2, 2)

    def test_2_autograd(self) -> None:
        t1, t2 = Tensor(2.0, requires_grad=True), Tensor(3.0)
        (t1 * (t1 + t2)).backward()
        assert repr(t1.grad) == "Tensor(7.0, requires_grad=False)"
        assert t2.grad is None

    def test_3_gradient_of_a_broadcast(self) -> None:
        t1, t2 = Tensor([1.0, 2.0], requires_grad=True), Tensor(2.0, requires_grad=True)
        (t1 + t2).backward(Tensor([1.0, 1.0]))
        assert repr(t1.grad) == "Tensor([1., 1.], requires_grad=False)"
        assert repr(t2.grad) == "Tensor(2.0, requires_grad=False)"

    def test_4_only_scalars_have_an_implicit_gradient(self) -> None:
        with pytest.raises(RuntimeError, match="scalar outputs"):
            Tensor([1.0, 2.0], requires_grad=True).backward()

    def test_5_operators(self) -> None:
        x, y = np.array([[1.0, -2.0], [3.0, 0.5]], "f4"), np.array([[2.0, 4.0], [-1.0, 8.0]], "f4")
        a, b = Tensor(x), Tensor(y)
        for ours, expected in [
            (a + b, x + y),
            (a - b, x - y),
            (a * b, x * y),
            (a / b, x / y),
            (a**2, x**2),
            (a @ b, x @ y),
            (-a, -x),
            (5 + a, 5 + x),
            (5 * a, 5 * x),
            (5 - a, 5 - x),
            (5 / a, 5 / x),
        ]:
            assert_close(ours, expected)

    def test_5_augmented_operators(self) -> None:
        a = Tensor([1.0, 2.0])
        same = a
        a += 1
        a *= Tensor([2.0, 3.0])
        a -= 1
        assert a is same
        assert a.tolist() == [3.0, 8.0]

    def test_6_reductions_and_functions(self) -> None:
        a = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
        assert a.mean(axis=0).tolist() == [2.5, 3.5, 4.5]
        assert a.mean(dim=0).tolist() == [2.5, 3.5, 4.5]
        assert a.sum(axis=(0, 1)).item() == 21.0
        a.mean(axis=0).sum().backward()
        assert a.grad is not None
        assert a.grad.tolist() == [[0.5] * 3] * 2
        assert a.t().shape == (3, 2)
        assert Tensor([-1.0, 2.0]).relu().tolist() == [0.0, 2.0]
        assert_close(Tensor([0.0, 1.0]).exp(), [1.0, np.e])

    @pytest.mark.parametrize(
        "name",
        ["sum", "mean", "neg", "t", "relu", "exp", "add", "sub", "mul", "div", "matmul", "pow"],
    )
    def test_7_functional_names(self, name: str) -> None:
        assert callable(getattr(minitorch, name))
        assert callable(getattr(minitorch.autograd.functional, name))

    def test_8_the_graph_can_be_walked_to_the_leaf(self) -> None:
        t1 = Tensor(2.0, requires_grad=True)
        t3 = t1 + Tensor(3.0)
        assert t3.grad_fn is not None
        assert t3.grad_fn.name() == "AddBackward0"
        (leaf, slot), (nothing, _) = t3.grad_fn.next_functions
        assert type(leaf).__name__ == "AccumulateGrad"
        assert slot == 0
        assert nothing is None

    def test_9_rand(self) -> None:
        x = minitorch.rand(2, 3)
        assert x.shape == (2, 3)
        assert ((x >= 0) & (x < 1)).all()

    def test_10_modules(self) -> None:
        class Model(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.linear_1 = nn.Linear(3, 5, bias=True)
                self.linear_2 = nn.Linear(5, 6)

            def forward(self, input: Tensor) -> Tensor:
                return self.linear_2(self.linear_1(input))

        model = Model()
        assert model(minitorch.rand(2, 3)).shape == (2, 6)
        names = [name for name, _ in model.named_modules(prefix="model")]
        assert names == ["model", "model.linear_1", "model.linear_2"]
        assert len(list(model.parameters())) == 4
        model.linear_2.weight = model.linear_2.weight
        shared = nn.Sequential(model.linear_1, model.linear_1)
        assert len(list(shared.parameters())) == 2
        with pytest.raises(AttributeError, match="no_such"):
            _ = model.no_such
        model(minitorch.rand(2, 3)).sum().backward()
        model.zero_grad()
        assert all(p.grad is None for p in model.parameters())

    def test_11_linear_and_parameter(self) -> None:
        assert nn.Linear(3, 5)(minitorch.rand(2, 3)).shape == (2, 5)
        assert nn.Parameter(minitorch.ones(2)).requires_grad

    def test_12_activations_and_mse(self) -> None:
        a, b = Tensor([1.0, 2.0, 3.0, 4.0, 5.0]), Tensor([6.0, 7.0, 8.0, 9.0, 10.0])
        assert nn.MSELoss()(a, b).item() == 25.0
        assert nn.MSELoss(reduction="none")(a, b).tolist() == [25.0] * 5
        assert nn.MSELoss(reduction="sum")(a, b).item() == 125.0
        assert nn.ReLU()(Tensor([-1.0, 1.0])).tolist() == [0.0, 1.0]
        assert nn.Sigmoid()(Tensor([0.0])).tolist() == [0.5]


class TestS1:
    """omidiu/Mini-Torch."""

    def test_2_tensor(self) -> None:
        a = Tensor([1.0, 2.0], requires_grad=True)
        (a**2).mean().backward()
        assert a.grad is not None
        assert a.grad.tolist() == [1.0, 2.0]
        assert a.data.shape == (2,)

    def test_3_state_dict_and_repr(self) -> None:
        class MLP(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.linear_1 = nn.Linear(3, 3)
                self.linear_2 = nn.Linear(3, 6)
                self.linear_3 = nn.Linear(6, 1)

        keys = [f"linear_{i}.{part}" for i in (1, 2, 3) for part in ("weight", "bias")]
        model = MLP()
        assert list(model.state_dict()) == keys
        assert repr(model) == (
            "MLP(\n"
            "  (linear_1): Linear(in_features=3, out_features=3, bias=True)\n"
            "  (linear_2): Linear(in_features=3, out_features=6, bias=True)\n"
            "  (linear_3): Linear(in_features=6, out_features=1, bias=True)\n"
            ")"
        )

    def test_4_functional(self) -> None:
        x = minitorch.ones(2, 4, 3)
        assert F.linear(x, minitorch.ones(5, 3)).shape == (2, 4, 5)
        assert F.tanh(Tensor([0.0])).item() == 0.0
        assert F.mse_loss(Tensor([1.0]), Tensor([3.0])).item() == 4.0

    def test_5_reduction_must_be_known(self) -> None:
        with pytest.raises(ValueError, match=r"product"):
            nn.MSELoss(reduction="product")(Tensor([1.0]), Tensor([2.0]))

    def test_7_the_readme_mlp_learns(self) -> None:
        minitorch.manual_seed(0)

        class MLP(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.linear_1 = nn.Linear(3, 3)
                self.linear_2 = nn.Linear(3, 6)
                self.linear_3 = nn.Linear(6, 1)

            def forward(self, x: Tensor) -> Tensor:
                x = F.tanh(self.linear_1(x))
                x = F.tanh(self.linear_2(x))
                return F.tanh(self.linear_3(x))

        model = MLP()
        optimizer, criterion = optim.Adam(model.parameters(), lr=0.01), nn.MSELoss()
        x = Tensor([[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]])
        y = Tensor([[1.0], [-1.0], [-1.0], [1.0]])
        for _ in range(200):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        assert loss.item() < 0.05

    def test_8_many_dimensions(self) -> None:
        a = minitorch.tensor(np.ones((3, 1, 1, 4), "f4"), requires_grad=True)
        b = Tensor([[2.0, 31.0, 13.0, -8.0]], requires_grad=True)
        (a * b).sum().backward()
        assert a.grad is not None
        assert b.grad is not None
        assert a.grad.tolist() == [[[[2.0, 31.0, 13.0, -8.0]]]] * 3
        assert b.grad.tolist() == [[3.0] * 4]


class TestS2:
    """krjadhav/pytorch-mini."""

    def test_1_tensor_is_a_function_and_a_module(self) -> None:
        from minitorch.tensor import Tensor as FromModule

        assert FromModule is Tensor
        assert minitorch.tensor([1.0, 2.0]).tolist() == [1.0, 2.0]

    def test_2_example(self) -> None:
        a = Tensor([1, 2, 3], requires_grad=True)
        b = Tensor([4, 5, 6], requires_grad=True)
        assert (a + b).tolist() == [5.0, 7.0, 9.0]
        d = a * b
        assert d.tolist() == [4.0, 10.0, 18.0]
        d.sum().backward()
        assert a.grad is not None
        assert b.grad is not None
        assert a.grad.tolist() == [4.0, 5.0, 6.0]
        assert b.grad.tolist() == [1.0, 2.0, 3.0]

    def test_3_integers_and_floats_promote(self) -> None:
        y = minitorch.tensor([1, 2]) + minitorch.tensor([0.5, 0.5])
        assert y.dtype is minitorch.float32
        assert y.tolist() == [1.5, 2.5]

    def test_4_unary_functions_have_gradients(self) -> None:
        for name in ("exp", "log", "relu", "tanh"):
            x = minitorch.tensor([0.5, 1.5], requires_grad=True, dtype=minitorch.float64)
            f = getattr(minitorch, name)
            f(x).sum().backward()
            numeric = (f(x.detach() + 1e-6) - f(x.detach() - 1e-6)) / 2e-6
            assert x.grad is not None
            assert_close(x.grad, numeric.tolist(), 1e-8)
        x = minitorch.ones(2, 3, 4, requires_grad=True)
        x.flatten(1).sum().backward()
        assert x.grad is not None
        assert x.grad.shape == (2, 3, 4)

    def test_5_reductions_and_comparisons(self) -> None:
        out = minitorch.tensor([[0.1, 0.9], [0.8, 0.2]])
        pred = out.argmax(dim=1, keepdim=True)
        target = minitorch.tensor([1, 1])
        assert pred.eq(target.view_as(pred)).sum().item() == 1
        assert len(out) == 2
        assert out[0, 1].item() == pytest.approx(0.9)

    def test_6_movement_does_not_copy(self) -> None:
        x = minitorch.arange(6.0)
        y = x.reshape(3, 2)
        y[0, 0] = 9
        assert x[0].item() == 9.0
        assert x.to("cpu") is x
        assert x.cpu() is x

    def test_7_topological_order(self) -> None:
        x = Tensor(2.0, requires_grad=True)
        y = x * x
        (y * y + y).backward()
        assert x.grad is not None
        assert x.grad.item() == 4 * 2.0**3 + 2 * 2.0

    def test_8_the_scalar_network_learns_four_points(self) -> None:
        import random

        from minitorch.scalar import MLP

        random.seed(1337)
        model = MLP(3, [4, 4, 1])
        xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
        ys = [1.0, -1.0, -1.0, 1.0]
        for _ in range(100):
            loss = minitorch.Scalar(0.0)
            for x, y in zip(xs, ys, strict=True):
                out = model(x)
                assert isinstance(out, minitorch.Scalar)
                loss = loss + (out - y) * (out - y)
            for p in model.parameters():
                p.grad = None
            loss.backward()
            for p in model.parameters():
                if p.grad is not None:
                    p.data -= 0.05 * p.grad.data
        assert loss.data < 0.05
