"""`minitorch.cuda` and what training does on it: simulated, and where there is no package."""

import subprocess
import sys
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import minitorch as torch
from minitorch import Tensor, nn
from minitorch.utils.data import DataLoader, TensorDataset
from minitorch.utils.data.pinning import pinned

minitorch_cuda = pytest.importorskip("minitorch_cuda")


@pytest.fixture
def simulator() -> Iterator[None]:
    with torch.cuda.use_simulator(devices=2):
        yield


# --- the module -----------------------------------------------------------------------------------


def test_its_functions_are_those_of_the_package() -> None:
    for name in torch.cuda.__all__:
        if name not in ("AcceleratorError", "amp", "memory", "random", "streams"):
            assert getattr(torch.cuda, name) is getattr(minitorch_cuda, name)
    assert torch.cuda.OutOfMemoryError is torch.OutOfMemoryError
    assert torch.cuda.memory.memory_allocated is torch.cuda.memory_allocated
    assert set(torch.cuda.__all__) <= set(dir(torch.cuda))
    with pytest.raises(AttributeError, match=r"module 'minitorch.cuda' has no attribute 'graph'"):
        getattr(torch.cuda, "graph")  # noqa: B009, for a type checker knows that it is not there


WITHOUT = """
import sys; sys.modules['minitorch_cuda'] = None
import minitorch as torch
c = torch.cuda
print(c.is_available(), c.is_initialized(), c.is_bf16_supported(), c.device_count(),
      c.get_arch_list(), c.memory_allocated(), c.max_memory_reserved(0), c.memory_stats(),
      c.empty_cache(), c.manual_seed_all(3), torch.initial_seed())
for name in ("current_device", "get_device_properties", "synchronize", "Stream", "Event", "device",
             "mem_get_info", "get_rng_state", "init", "use_simulator"):
    try: getattr(c, name)()
    except RuntimeError as error: print(name, error)
"""


def test_without_the_package_there_is_nothing_on_a_device_and_the_rest_says_what_to_install() -> (
    None
):
    out = subprocess.run(
        [sys.executable, "-c", WITHOUT], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert out[0] == "False False False 0 [] 0 0 {} None None 3"
    assert len(out) == 11
    for line in out[1:]:
        assert line.endswith('not installed; run pip install "minitorch-cuda[cuda]"')


# --- modules, optimizers, checkpoints -------------------------------------------------------------


def entry(held: object, *keys: str) -> Tensor:
    for key in keys:
        assert isinstance(held, dict)
        held = held[key]
    assert isinstance(held, Tensor)
    return held


def part(held: object, key: str) -> dict[str, Tensor]:
    assert isinstance(held, dict)
    found: dict[str, Tensor] = held[key]
    return found


def trained(model: nn.Module, optimizer: torch.optim.Optimizer, device: str) -> float:
    x = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]], device=device)
    optimizer.zero_grad()
    loss = model(x).square().mean()
    loss.backward()
    optimizer.step()
    return loss.item()


def test_modules_and_optimizer_states_move(simulator: None, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    trained(model, optimizer, "cpu")
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "a")

    there = nn.Linear(3, 2).cuda(1)
    assert {str(p.device) for p in there.parameters()} == {"cuda:1"}
    there = there.to("cuda")
    loaded = torch.load(tmp_path / "a", map_location="cuda")
    assert str(entry(loaded, "model", "weight").device) == "cuda:0"
    there.load_state_dict(part(loaded, "model"))
    adam = torch.optim.Adam(there.parameters(), lr=0.1)
    adam.load_state_dict(part(loaded, "optimizer"))
    for _ in range(2):
        assert trained(there, adam, "cuda") == pytest.approx(trained(model, optimizer, "cpu"), 1e-5)
    torch.save(there.state_dict(), tmp_path / "b")
    back = torch.load(tmp_path / "b", map_location="cpu")
    assert torch.allclose(entry(back, "weight"), model.weight, rtol=1e-5)
    elsewhere = torch.load(tmp_path / "b", map_location="cuda:1")
    assert str(entry(elsewhere, "bias").device) == "cuda:1"
    with pytest.raises(RuntimeError, match="Invalid device, must be cuda device, but got cpu"):
        there.cuda("cpu")


# --- batches in pinned memory ---------------------------------------------------------------------


class Custom:
    def __init__(self, x: Tensor) -> None:
        self.x = x

    def pin_memory(self) -> "Custom":
        return Custom(self.x.pin_memory())


def test_a_loader_pins_its_batches(simulator: None) -> None:
    data = TensorDataset(torch.arange(4.0), torch.arange(4))
    for x, y in DataLoader(data, batch_size=2, pin_memory=True):
        assert x.is_pinned()
        assert y.is_pinned()
        assert x.cuda(non_blocking=True).tolist() == y.tolist()
    for batch in DataLoader([{"a": i} for i in range(2)], pin_memory=True):
        assert entry(batch, "a").is_pinned()


def test_what_is_in_a_batch_is_pinned_at_any_depth(simulator: None) -> None:
    x = torch.ones(2)
    pair = namedtuple("pair", "a b")
    found = pinned([(x, "text", b"bytes"), pair(x, 3), OrderedDict(k=x), Custom(x), range(2)])
    assert isinstance(found, list)
    plain, named, mapping, custom, numbers = found
    assert isinstance(plain, list)
    assert plain[0].is_pinned()
    assert plain[1:] == ["text", b"bytes"]
    assert isinstance(named, pair)
    assert isinstance(mapping, OrderedDict)
    assert all(value.is_pinned() for value in (named.a, mapping["k"], custom.x))
    assert (named.b, numbers) == (3, [0, 1])


def test_without_a_gpu_a_loader_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    loader = DataLoader(TensorDataset(torch.arange(2.0)), pin_memory=True)
    with pytest.warns(UserWarning, match="'pin_memory' argument is set as true but no accelerator"):
        batches = list(loader)
    assert not batches[0][0].is_pinned()


# --- a training step does not wait for the GPU ----------------------------------------------------


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.images = nn.Sequential(
            nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Dropout(0.25), nn.Linear(8, 3),
        )  # fmt: skip
        self.words = nn.Embedding(3, 3)
        self.norm = nn.LayerNorm(3)

    def forward(self, x: Tensor, word: Tensor) -> Tensor:
        scores: Tensor = self.images(x) + self.norm(self.words(word))
        return scores


OPTIMIZERS: list[Callable[[list[nn.Parameter]], torch.optim.Optimizer]] = [
    lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    lambda p: torch.optim.Adam(p, lr=0.01),
    lambda p: torch.optim.AdamW(p, lr=0.01, amsgrad=True),
]


@pytest.mark.parametrize("make", OPTIMIZERS, ids=["SGD", "Adam", "AdamW"])
def test_a_step_of_training_never_waits(
    simulator: None, make: Callable[[list[nn.Parameter]], torch.optim.Optimizer]
) -> None:
    torch.manual_seed(0)
    model = Net().cuda()
    optimizer = make(list(model.parameters()))
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    x, y = torch.randn(2, 1, 4, 4).cuda(), torch.tensor([0, 2]).cuda()
    losses = []
    for _ in range(2):
        with torch.cuda.count_synchronizations() as counted:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x, y), y, label_smoothing=0.1)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
        assert counted.total == 0, counted
        losses.append(loss)
    with torch.cuda.count_synchronizations() as counted:
        assert losses[1].item() > 0
    assert counted.downloads == 1


def test_losses_do_not_wait(simulator: None) -> None:
    F = nn.functional
    x = torch.tensor([[0.2, 0.9], [0.4, 0.1]], device="cuda", requires_grad=True)
    target = torch.tensor([0, 1], device="cuda")
    with torch.cuda.count_synchronizations() as counted:
        loss = F.binary_cross_entropy(x, x.detach().round())
        loss = loss + F.mse_loss(x, x.detach() * 2) + F.smooth_l1_loss(x, x.detach() * 2)
        loss = loss + F.nll_loss(F.log_softmax(x, 1), target) + F.multi_margin_loss(x, target)
        loss = loss + F.gaussian_nll_loss(x, x.detach(), torch.ones(2, 2, device="cuda"))
        loss.backward()
    assert counted.total == 0, counted
    with pytest.raises(RuntimeError, match="all elements of input should be between 0 and 1; for"):
        F.binary_cross_entropy(x + 1, x.detach())
    with pytest.raises(RuntimeError, match=r"target out of range: one is not in \[0, 1\]"):
        F.multi_margin_loss(x, target + 1)
    with pytest.raises(ValueError, match="var has negative entry/entries"):
        F.gaussian_nll_loss(x, x.detach(), -x.detach())
