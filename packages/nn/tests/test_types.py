"""What a type checker makes of users' code: `assert_type` is checked by mypy, and runs as well."""

from collections.abc import Iterator
from typing import assert_type

import minitorch as torch
from minitorch import Tensor, nn, optim
from minitorch.utils.data import DataLoader, TensorDataset


class Pair(nn.Module):
    """Two outputs, as a recurrent layer has."""

    def forward(self, x: Tensor, h: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return x, x if h is None else h


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.pair = Pair()
        self.many = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
        self.mixed = nn.ModuleList([nn.Linear(2, 2), nn.ReLU()])
        self.named = nn.ModuleDict({"tanh": nn.Tanh()})
        self.stack = nn.Sequential(nn.Linear(2, 2), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc(x)
        x, h = self.pair(x)
        for layer in self.many:
            assert_type(layer, nn.Linear)
            x = layer(x)
        for module in self.mixed:
            x = module(x)
        return self.stack(self.named["tanh"](x + h))


def test_a_call_has_the_signature_of_forward() -> None:
    net = Net()
    x = torch.ones(1, 2)
    assert_type(net(x), Tensor)
    assert_type(net.pair(x, h=x), tuple[Tensor, Tensor])
    assert_type(net.fc.weight, nn.Parameter)
    assert_type(net.stack[0], nn.Module)
    assert_type(net.stack[0:1], nn.Sequential)
    assert net(x).shape == (1, 2)


def test_a_pooling_gives_a_tensor_or_says_that_it_gives_two() -> None:
    def pooled(pool: nn.MaxPool2d, x: Tensor) -> Tensor:
        return pool(x)

    x = torch.ones(1, 1, 2, 2, device="numpy")
    assert_type(pooled(nn.MaxPool2d(2), x), Tensor)
    pair = nn.MaxPool2d[tuple[Tensor, Tensor]](2, return_indices=True)
    assert_type(pair(x), tuple[Tensor, Tensor])
    y, places = pair(x)
    assert nn.MaxUnpool2d(2)(y, places).tolist() == [[[[1.0, 0.0], [0.0, 0.0]]]]


def test_a_module_with_another_weight_is_what_it_was() -> None:
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
    assert_type(layer, nn.Linear)
    assert_type(layer(torch.ones(1, 2)), Tensor)
    assert_type(nn.utils.parametrize.remove_parametrizations(layer, "weight"), nn.Linear)
    assert_type(nn.utils.skip_init(nn.Linear, 2, out_features=3), nn.Linear)
    assert type(layer) is nn.Linear


def test_a_plain_module_takes_tensors_and_gives_one() -> None:
    def evaluate(model: nn.Module, x: Tensor) -> Tensor:
        return model(x)

    assert_type(evaluate(nn.ReLU(), torch.ones(1)), Tensor)


def test_a_loader_knows_its_batches() -> None:
    x, y = torch.ones(4, 2), torch.zeros(4)
    pairs = DataLoader(TensorDataset(x, y), batch_size=2)
    assert_type(pairs, DataLoader[list[Tensor]])
    for inputs, targets in pairs:
        assert inputs.shape == (2, 2)
        assert targets.shape == (2,)
    assert_type(DataLoader(range(3)), DataLoader[Tensor])
    assert_type(DataLoader([{"a": 1.0}]), DataLoader[dict[str, Tensor]])

    def lengths(items: list[str]) -> int:
        return sum(map(len, items))

    assert_type(DataLoader(["a", "bc"], collate_fn=lengths), DataLoader[int])
    assert list(DataLoader(["a", "bc"], collate_fn=lengths)) == [1, 2]


def test_optimizers_take_parameters_names_and_groups() -> None:
    model = Net()
    assert_type(next(model.parameters()), nn.Parameter)
    names: Iterator[tuple[str, nn.Parameter]] = model.named_parameters()
    optimizer = optim.Adam(names, lr=1e-3)
    optim.SGD(model.parameters(), lr=0.1)
    optim.SGD(
        [{"params": model.fc.parameters(), "lr": 0.1}, {"params": model.stack.parameters()}], lr=0.5
    )
    for group in optimizer.param_groups:
        group["lr"] *= 0.5
    assert_type(optimizer.param_groups[0]["lr"], float)
    assert optimizer.param_groups[0]["lr"] == 0.0005


def test_a_closure_gives_its_type() -> None:
    model = nn.Linear(1, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def closure() -> Tensor:
        loss = model(torch.ones(1, 1)).sum()
        loss.backward()
        return loss

    assert_type(optimizer.step(closure), Tensor)
    optimizer.step()
