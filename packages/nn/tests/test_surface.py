"""What `import minitorch as torch` gives: the layers under their names, and lightly."""

import importlib
import importlib.metadata
import subprocess
import sys
from types import ModuleType

import pytest

import minitorch
import minitorch_tensor
from minitorch_tensor import functional

MODULES = [
    "minitorch",
    "minitorch.amp",
    "minitorch.autograd",
    "minitorch.autograd.anomaly_mode",
    "minitorch.autograd.function",
    "minitorch.autograd.functional",
    "minitorch.autograd.grad_mode",
    "minitorch.autograd.graph",
    "minitorch.autograd.variable",
    "minitorch.cuda",
    "minitorch.cuda.amp",
    "minitorch.datasets",
    "minitorch.func",
    "minitorch.linalg",
    "minitorch.metrics",
    "minitorch.nn",
    "minitorch.nn.functional",
    "minitorch.nn.init",
    "minitorch.nn.utils",
    "minitorch.nn.utils.clip_grad",
    "minitorch.nn.utils.convert_parameters",
    "minitorch.nn.utils.parametrizations",
    "minitorch.nn.utils.parametrize",
    "minitorch.nn.utils.prune",
    "minitorch.nn.utils.rnn",
    "minitorch.onnx",
    "minitorch.nn.utils.stateless",
    "minitorch.operators",
    "minitorch.optim",
    "minitorch.optim.lr_scheduler",
    "minitorch.optim.swa_utils",
    "minitorch.random",
    "minitorch.scalar",
    "minitorch.serialization",
    "minitorch.tensor",
    "minitorch.tensor_data",
    "minitorch.transforms",
    "minitorch.transforms.functional",
    "minitorch.utils",
    "minitorch.utils.checkpoint",
    "minitorch.utils.data",
    "minitorch.utils.data.distributed",
]

INTERNAL = {  # contracts between the layers: they are imported from the layer itself
    "Array", "Backend", "Buffer", "DType", "Device", "FusedNode", "HostArray", "Layout",
    "LayoutKind", "MemoryFormat",
    "NumpyBackend", "Op", "Sample", "Storage", "bool_", "record_fused", "register_backend",
    "registered",
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_the_public_names_are_a_list_of_what_is_there(name: str) -> None:
    module = importlib.import_module(name)
    public: list[str] = module.__all__
    assert len(public) == len(set(public))
    assert [n for n in public if not hasattr(module, n)] == []


@pytest.mark.parametrize("name", [n for n in MODULES if n != "minitorch.datasets"])
def test_nothing_public_is_left_out_of_the_list(name: str) -> None:
    module = importlib.import_module(name)
    hidden = {
        n
        for n, value in vars(module).items()
        if not n.startswith("_")
        and not isinstance(value, ModuleType)
        and getattr(value, "__module__", None) == name
    } - set(module.__all__)
    allowed = {"minitorch.nn.init": {"fans"}, "minitorch.serialization": {"Writable"}}
    assert hidden - allowed.get(name, set()) == set()


def test_every_function_of_tensors_is_there() -> None:
    assert set(minitorch_tensor.__all__) - INTERNAL - set(minitorch.__all__) == set()
    assert set(minitorch.nn.functional.__all__) == set(functional.__all__)
    for name in set(minitorch_tensor.__all__) - INTERNAL:
        assert getattr(minitorch, name) is getattr(minitorch_tensor, name)


def test_tensor_is_a_function_and_a_module() -> None:
    from minitorch.tensor import Tensor

    assert minitorch.tensor([1.0, 2.0]).tolist() == [1.0, 2.0]
    assert Tensor is minitorch.Tensor
    module = importlib.import_module("minitorch.tensor")
    assert isinstance(module, ModuleType)
    assert callable(minitorch.tensor)
    assert not isinstance(minitorch.tensor, ModuleType)


def test_datasets_is_a_dictionary_and_a_module() -> None:
    from minitorch.datasets import Graph

    graph = minitorch.datasets["Xor"](50)
    assert isinstance(graph, Graph)
    assert graph.N == 50


def test_the_layers_have_their_course_names() -> None:
    assert minitorch.operators.mul(2.0, 3.0) == 6.0
    assert minitorch.Scalar(2.0).data == 2.0
    assert minitorch.scalar.MLP is not None
    assert minitorch.Module is minitorch.nn.Module
    assert minitorch.Parameter is minitorch.nn.Parameter


def test_dtypes_have_their_short_names() -> None:
    assert minitorch.float is minitorch.float32
    assert minitorch.double is minitorch.float64
    assert minitorch.long is minitorch.int64
    assert minitorch.int is minitorch.int32
    assert minitorch.short is minitorch.int16
    assert isinstance(minitorch.bool, minitorch.dtype)
    assert minitorch.tensor([True]).dtype is minitorch.bool
    assert minitorch.device("cpu") == minitorch.ones(1).device


def test_is_tensor_and_typename() -> None:
    assert minitorch.is_tensor(minitorch.ones(1))
    assert not minitorch.is_tensor(1.0)
    assert minitorch.typename(minitorch.ones(1)) == "minitorch.Tensor"
    assert minitorch.typename(minitorch.nn.Linear(1, 1)) == "minitorch.nn.linear.Linear"


def test_the_version_is_that_of_the_package() -> None:
    assert minitorch.__version__ == importlib.metadata.version("minitorch")


def test_the_state_of_the_generator_can_be_kept() -> None:
    state = minitorch.get_rng_state()
    first = minitorch.rand(3)
    minitorch.set_rng_state(state)
    assert minitorch.rand(3).tolist() == first.tolist()
    with pytest.raises(TypeError, match="expected a tensor of dtype uint8"):
        minitorch.set_rng_state(minitorch.ones(3))
    with pytest.raises(RuntimeError, match="expected a state of shape"):
        minitorch.set_rng_state(minitorch.ones(3, dtype=minitorch.uint8))


def test_backward_of_several_tensors_adds_up() -> None:
    x = minitorch.tensor([1.0, 2.0], requires_grad=True)
    shared = x * x
    minitorch.autograd.backward([shared.sum(), (3 * shared).sum()])
    assert x.grad is not None
    assert x.grad.tolist() == [8.0, 16.0]
    y = minitorch.ones(2, requires_grad=True)
    minitorch.autograd.backward(y * 2, minitorch.ones(2))
    assert y.grad is not None
    assert y.grad.tolist() == [2.0, 2.0]
    with pytest.raises(RuntimeError, match="got 2 tensors and 1 gradients"):
        minitorch.autograd.backward([x, x], [None])


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_importing_is_light() -> None:
    heavy = ["numba", "llvmlite", "safetensors", "torch", "scipy", "matplotlib", "typer"]
    late = [  # what writes and compiles kernels, and what only few programs need
        *("minitorch_cuda", "minitorch_fast.cache", "minitorch_fast.templates"),
        *("minitorch_fast.target", "importlib.metadata", "logging", "numpy.random"),
    ]
    found = f"[name for name in {heavy + late} if name in sys.modules]"
    assert run(f"import sys, minitorch; print({found})") == "[]"


def test_importing_makes_the_compiled_backend_that_of_the_cpu() -> None:
    assert run("import minitorch; print(minitorch.device('cpu').backend.name)") == "fast"


def test_without_the_gpu_package_there_is_no_gpu_and_all_else_works() -> None:
    out = run(
        "import sys; sys.modules['minitorch_cuda'] = None\n"
        "import minitorch as torch\n"
        "print(torch.cuda.is_available(), torch.cuda.device_count(), torch.ones(2).sum().item())\n"
        "for attempt in (torch.cuda.synchronize, torch.cuda.get_device_name):\n"
        "    try: attempt()\n"
        "    except RuntimeError as error: print(error)\n"
        "try: torch.ones(2, device='cuda')\n"
        "except RuntimeError as error: print(error)\n"
    )
    first, *errors = out.splitlines()
    assert first == "False 0 2.0"
    assert all("cuda" in error for error in errors)
    assert len(errors) == 3
    assert all("minitorch-cuda is not installed; run pip install" in error for error in errors)


def test_the_gpu_package_is_imported_when_it_is_needed() -> None:
    pytest.importorskip("minitorch_cuda")
    asked = "import sys, minitorch as t; before = 'minitorch_cuda' in sys.modules; {}; "
    told = "print(before, 'minitorch_cuda' in sys.modules)"
    assert run(asked.format("t.device('cuda')") + told) == "False True"
    assert run(asked.format("t.cuda.is_available()") + told) == "False True"
    assert run(asked.format("t.nn.Linear(2, 2)(t.ones(1, 2, device='numpy').cpu())") + told) == (
        "False False"
    )


def test_is_available_is_a_bool() -> None:
    assert minitorch.cuda.is_available() in (True, False)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("complex64", "complex numbers are out of its scope"),
        ("sparse_coo_tensor", "sparse tensors are out of its scope"),
        ("quantize_per_tensor", "quantised tensors are out of its scope"),
        ("compile", "compilation and export is out of its scope"),
        ("no_such_name", "module 'minitorch' has no attribute 'no_such_name'"),
    ],
)
def test_what_is_left_out_on_purpose_says_so(name: str, why: str) -> None:
    with pytest.raises(AttributeError, match=why):
        getattr(minitorch, name)


def test_the_modules_below_say_what_is_left_out_too() -> None:
    for module, name, why in (
        (minitorch.nn, "DataParallel", "several devices at once are out of its scope"),
        (minitorch.nn, "SyncBatchNorm", "several devices at once are out of its scope"),
        (minitorch.optim, "SparseAdam", "sparse tensors are out of its scope"),
    ):
        with pytest.raises(AttributeError, match=f"{module.__name__} has no '{name}': {why}"):
            getattr(module, name)
        with pytest.raises(AttributeError, match=f"'{module.__name__}' has no attribute 'Nothing'"):
            _ = module.Nothing


def test_what_few_need_at_the_start_is_imported_when_it_is_asked_for() -> None:
    code = """
import sys
import minitorch as torch
late = ["minitorch_fast", "minitorch.optim", "minitorch.utils", "minitorch_autodiff.course"]
print(*(name in sys.modules for name in late))
print(torch.optim.SGD, torch.Scalar(2.0).data, torch.tensor([1.0]).device.backend.name)
print(*(name in sys.modules for name in late), {"optim", "Scalar"} <= {*dir(torch)})
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second, third = run.stdout.splitlines()
    assert first == "False False False False"
    assert second == "<class 'minitorch.optim.sgd.SGD'> 2.0 fast"
    assert third.split()[0] == third.split()[-1] == "True"


def test_a_device_in_use_gets_the_backend_that_is_promised_later() -> None:
    code = """
import minitorch_tensor
x = minitorch_tensor.ones(2)
print(x.device.backend.name)
import minitorch
print(x.device.backend.name, (x + 1).tolist())
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["numpy", "fast [2.0, 2.0]"]
