"""What an export says in its file, what it leaves as it was, and what it refuses."""

import io
import os
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F
from minitorch.onnx import OnnxExporterError, TracerWarning
from minitorch.onnx.recorder import Recorder
from minitorch_tensor import Op

from .onnx_helpers import Function, Of

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

onnx = pytest.importorskip("onnx")
pytestmark = pytest.mark.usefixtures("reference_device")
ANYHOW: Function = torch.onnx.export  # with arguments that a type checker would refuse


def evaluated(
    proto: "ModelProto", feed: Mapping[str, torch.Tensor]
) -> list[npt.NDArray[np.float64]]:
    """The outputs, by the library's own slow evaluator."""
    from onnx.reference import ReferenceEvaluator

    found = ReferenceEvaluator(proto).run(None, {k: np.array(x.numpy()) for k, x in feed.items()})
    return [np.asarray(array, np.float64) for array in found]


def shapes(values: "Iterable[ValueInfoProto]") -> dict[str, list[object]]:
    return {
        x.name: [d.dim_param or d.dim_value for d in x.type.tensor_type.shape.dim] for x in values
    }


class Net(nn.Module):
    """One of everything that has a name."""

    shift: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 2)
        self.norm = nn.BatchNorm1d(2)
        self.register_buffer("shift", torch.ones(2))
        self.plain = torch.tensor([5.0, 7.0])
        self.tied = self.linear

    def forward(self, x: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
        return self.norm(self.tied(x)) * scale + self.shift + self.plain


# ---- what is in the file -----------------------------------------------------------------------


def test_parameters_have_their_names_and_sizes_are_named() -> None:
    net = Net()
    proto = torch.onnx.export(
        net, torch.ones(4, 3), output_names=["y"], dynamic_axes={"x": {0: "n"}, "y": {0: "rows"}}
    )
    names = [x.name for x in proto.graph.initializer if not x.name.startswith("constant")]
    kept = ["linear.weight", "linear.bias", "norm.weight", "norm.bias", "norm.running_mean",
            "norm.running_var", "shift"]  # fmt: skip
    assert names == kept
    stored = {x.name: onnx.numpy_helper.to_array(x) for x in proto.graph.initializer}
    assert stored["linear.weight"].tolist() == net.linear.weight.tolist()
    assert shapes(proto.graph.input) == {"x": ["n", 3]}
    assert shapes(proto.graph.output) == {"y": ["rows", 2]}
    assert proto.producer_name == "minitorch"
    assert proto.opset_import[0].version == 18


def test_parameters_may_be_left_out() -> None:
    net = Net()
    proto = torch.onnx.export(net, torch.ones(4, 3), export_params=False)
    inputs = shapes(proto.graph.input)
    assert inputs["linear.weight"] == [2, 3]
    assert "linear.weight" not in [x.name for x in proto.graph.initializer]
    feed = {"x": torch.ones(4, 3), **{k: v for k, v in net.state_dict().items() if k in inputs}}
    wanted = net.eval()(torch.ones(4, 3)).detach().numpy()
    assert np.allclose(evaluated(proto, feed)[0], wanted)


def test_arguments_by_name_constants_and_trees() -> None:
    class Trees(nn.Module):
        def forward(
            self, pair: tuple[torch.Tensor, torch.Tensor], by: dict[str, torch.Tensor], k: int = 2
        ) -> dict[str, object]:
            return {"a": pair[0] + by["z"] * k, "b": [pair[1], None]}

    x, y, z = torch.ones(2), torch.ones(3) * 2, torch.ones(2) * 3
    proto = torch.onnx.export(Trees(), ((x, y),), kwargs={"by": {"z": z}, "k": 5})
    assert list(shapes(proto.graph.input)) == ["pair_0", "pair_1", "by_0"]
    assert list(shapes(proto.graph.output)) == ["output_0", "output_1"]
    feed = {"pair_0": x, "pair_1": y, "by_0": z}
    assert [y.tolist() for y in evaluated(proto, feed)] == [[16.0, 16.0], [2.0, 2.0, 2.0]]


def test_constants_are_folded_and_what_is_not_needed_is_left_out() -> None:
    def forward(x: torch.Tensor) -> torch.Tensor:
        mask = torch.tril(torch.ones(3, 3))
        _ = (x * 2).exp()
        return x * (mask.sum(1) + 1)

    proto = torch.onnx.export(Of(forward), torch.ones(2, 3))
    assert [node.op_type for node in proto.graph.node] == ["Mul"]


def test_one_tensor_may_be_two_inputs() -> None:
    x = torch.ones(2)
    model = Of(lambda x, y: x - y * 2)
    proto = torch.onnx.export(model, (x, x), input_names=["x", "y"])
    assert evaluated(proto, {"x": x, "y": x * 5})[0].tolist() == [-9.0, -9.0]


def test_a_file_is_written_to_a_path_or_a_stream(tmp_path: Path) -> None:
    model, path, stream = nn.Linear(2, 2), tmp_path / "model.onnx", io.BytesIO()
    proto = torch.onnx.export(model, torch.ones(1, 2), path)
    torch.onnx.export(model, (torch.ones(1, 2),), stream)
    assert path.read_bytes() == stream.getvalue() == proto.SerializeToString()
    assert os.listdir(tmp_path) == ["model.onnx"]
    onnx.checker.check_model(str(path))


# ---- what is left as it was --------------------------------------------------------------------


def test_the_model_and_the_devices_are_left_as_they_were() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5), nn.BatchNorm1d(2).eval())
    backend, call = torch.device("numpy").backend, Op.__call__
    before = torch.get_rng_state().tolist()
    torch.onnx.export(model, torch.ones(3, 2))
    with pytest.raises(OnnxExporterError):
        torch.onnx.export(Of(torch.randn_like), torch.ones(3))
    assert [module.training for module in model] == [True, True, False]
    assert torch.device("numpy").backend is backend
    assert Op.__call__ is call
    assert torch.get_rng_state().tolist() == before
    assert all(p.grad is None and p.is_leaf for p in model.parameters())


def test_inputs_that_forward_writes_into_are_left_as_they_were() -> None:
    x = torch.ones(2, 3)
    proto = torch.onnx.export(Of(lambda x: x.mul_(3)), x, input_names=["x"])
    assert x.tolist() == [[1.0] * 3] * 2
    assert evaluated(proto, {"x": x})[0].tolist() == [[3.0] * 3] * 2


def test_other_threads_are_not_recorded() -> None:
    def forward(x: torch.Tensor) -> torch.Tensor:
        other = threading.Thread(target=lambda: nn.Linear(2, 2)(torch.randn(3, 2)).relu())
        other.start()
        y = x + 1
        other.join()
        return y

    proto = torch.onnx.export(Of(forward), torch.ones(2))
    assert [node.op_type for node in proto.graph.node] == ["Add"]


@pytest.mark.parametrize("device", ["numpy", "cpu"])
def test_a_model_is_exported_from_its_device(device: str) -> None:
    model = Net().to(device)
    model.plain = model.plain.to(device)
    x = torch.ones(2, 3, device=device)
    found = evaluated(torch.onnx.export(model, x), {"x": x.to("numpy")})[0]
    assert np.allclose(found, model.eval()(x).detach().numpy())


# ---- what is refused ---------------------------------------------------------------------------


def host(x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(x.numpy() * 2)


def past_the_backend(x: torch.Tensor) -> torch.Tensor:
    y = x * 2
    np.asarray(y.storage.buffer)[0] = 5.0
    y[1] = 7.0
    return y


def of_half(x: torch.Tensor) -> torch.Tensor:
    return x[: x.shape[0] // 2]


def by_size(x: torch.Tensor) -> torch.Tensor:
    return x.exp() if x.shape[0] > 4 else x.sin()


def table(x: torch.Tensor) -> torch.Tensor:
    return x + torch.tensor([float(k * k) for k in range(x.shape[0])])


def three() -> torch.Tensor:
    return torch.ones(3)


REFUSED: dict[str, tuple[Function, Callable[[], torch.Tensor], bool, str]] = {
    "random numbers": (
        lambda x: x + torch.randn_like(x), three, False,
        "random numbers are drawn by randn_like at .*an input of the model"),
    "dropout": (lambda x: F.dropout(x), three, False, "drawn by dropout at .*eval"),
    "numbers on the host": (host, three, False, "numpy at .*back from the device"),
    "writes past the backend": (past_the_backend, three, False, "past its backend before setitem"),
    "shifts": (lambda x: x.int() << 1, three, False, "no ONNX operator for LShift"),
    "nonzero": (lambda x: x.nonzero(), three, False, "nonzero at .*test_onnx_rules.py:"),
    "a mask as an index": (lambda x: x[x > 0], three, False, "from the inputs back"),
    "indices of windows": (
        lambda x: F.max_pool2d(x, 2, return_indices=True), lambda: torch.ones(1, 1, 4, 4), False,
        "indices of max_pool2d cannot be exported"),
    "other bytes": (lambda x: x.view(torch.int32), three, False, "another dtype"),
    "no operator": (torch.lgamma, three, False, "no ONNX operator for lgamma"),
    "a number returned": (lambda x: x.shape[0], three, False, "must return tensors"),
    "bfloat16": (
        lambda x: x + 1, lambda: torch.ones(3).bfloat16(), False, "bfloat16 cannot be exported"),
    "a cast to bfloat16": (lambda x: x.bfloat16().float(), three, False, "bfloat16 cannot be exp"),
    "an if on a size": (by_size, three, True, "Sin of sin.* became Exp|size of a dynamic"),
    "half of a size": (of_half, three, True, "Slice of .* needs follows the dynamic axes"),
    "a table of a size": (table, three, True, "Add of .* reads numbers that change"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_said_is_refused_by_name(name: str) -> None:
    function, x, dynamic, message = REFUSED[name]
    axes = {"x": {0: "n"}} if dynamic else None
    file = io.BytesIO()
    with pytest.raises(OnnxExporterError, match=message):
        torch.onnx.export(Of(function), x(), file, input_names=["x"], dynamic_axes=axes)
    assert file.getvalue() == b""


def test_a_number_that_is_read_is_frozen_with_a_warning() -> None:
    model = Of(lambda x: x * 2 if x.sum() > 0 else x)
    with pytest.warns(TracerWarning, match="is read by"):
        proto = torch.onnx.export(model, torch.ones(2), input_names=["x"])
    assert evaluated(proto, {"x": torch.ones(2) * -1})[0].tolist() == [-2.0, -2.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        torch.onnx.export(
            Of(lambda x, m: x * m.weight.sum().item(), nn.Linear(2, 2)), torch.ones(2)
        )


def test_axes_that_must_be_alike_need_one_name() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.onnx.export(
            Of(lambda x, y: x + y), (torch.ones(3), torch.ones(3)), input_names=["x", "y"],
            dynamic_axes={"x": [0], "y": [0]},
        )  # fmt: skip
    assert any("need one name" in note for note in caught.value.__notes__)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"opset_version": 9}, "opset_version must be 18 to 23, but got 9"),
        ({"input_names": ["a", "b"]}, r"1 tensors among the arguments, \['input'\], but 2 input"),
        ({"output_names": ["a", "b"]}, "returns 1 tensors"),
        ({"dynamic_axes": {"input": {2: "n"}}}, "dynamic axis 2 of 'input' is none of its 2"),
        ({"input_names": ["weight"]}, r"\['weight'\] stand for inputs and for parameters"),
        (
            {"input_names": ["a"], "output_names": ["a"]},
            r"\['a'\] stand for inputs and for outputs",
        ),
        ({"dynamic_axes": {"x": [0]}}, r"are given for \['x'\], but the inputs are \['input'\]"),
    ],
)
def test_arguments_that_do_not_fit(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ANYHOW(nn.Linear(2, 2), torch.ones(1, 2), None, **options)


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(TypeError, match="model must be a Module, not function"):
        ANYHOW(F.relu, torch.ones(1))


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'minitorch\[onnx\]'"):
        torch.onnx.export(nn.Linear(2, 2), torch.ones(1, 2))


def test_a_result_that_shares_memory_with_an_operand_leaves_it_alone() -> None:
    recorder, x = Recorder(), torch.ones(2)
    before = recorder.value((2,), x.dtype, "input", "x")
    after = recorder.value((2,), x.dtype, "input", "y")
    recorder.hold(x, before)
    y = recorder.result(x.detach(), after)
    assert recorder.read(x) is before
    assert recorder.read(y) is after
