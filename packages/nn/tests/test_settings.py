"""The lines at the head of a training script: switches, and the choice of a device."""

import importlib

import pytest

import minitorch as torch
import minitorch.backends.cudnn as cudnn
from minitorch import accelerator, backends

pytest.importorskip("minitorch_cuda")


def test_a_script_may_set_pytorchs_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("benchmark", "deterministic"):
        monkeypatch.setattr(cudnn, name, False)  # and as before afterwards
    torch.backends.cudnn.benchmark = True
    assert cudnn.benchmark
    with cudnn.flags(enabled=True, deterministic=True):
        assert cudnn.deterministic
        assert not cudnn.benchmark
    assert (cudnn.benchmark, cudnn.deterministic) == (True, False)
    assert cudnn.version() is None
    assert not cudnn.is_available()


def test_tf32_is_one_setting_under_two_names() -> None:
    torch.backends.cuda.matmul.allow_tf32 = True
    assert torch.get_float32_matmul_precision() == "high"
    torch.set_float32_matmul_precision("highest")
    assert not torch.backends.cuda.matmul.allow_tf32
    assert torch.backends.cuda.is_built()
    assert not torch.cuda.is_tf32_supported()


def test_what_is_there_says_so() -> None:
    assert not backends.mps.is_available()
    assert not backends.mps.is_built()
    assert not backends.mkldnn.is_available()
    assert not backends.openmp.is_available()
    assert isinstance(backends.mkl.is_available(), bool)
    assert backends.cpu.get_cpu_capability() in ("AVX512", "AVX2", "DEFAULT")
    assert torch.version.__version__ == torch.__version__
    assert torch.version.cuda is None


def test_without_an_accelerator() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert not accelerator.is_available()
    assert accelerator.current_accelerator() is None
    assert accelerator.device_count() == 0
    assert accelerator.memory_allocated() == 0
    for call in (
        accelerator.current_device_index, accelerator.synchronize, accelerator.current_stream,
        accelerator.get_memory_info, lambda: accelerator.set_device_index(0),
    ):  # fmt: skip
        with pytest.raises(RuntimeError, match=r"Cannot access accelerator device when none is"):
            call()


def test_the_accelerator_is_the_gpu() -> None:
    with torch.cuda.use_simulator(devices=2):
        found = accelerator.current_accelerator()
        assert found is torch.device("cuda:0")
        with accelerator.device_index(1):
            assert accelerator.current_device_index() == 1
            x = torch.ones(3, device="cuda")
            with accelerator.device_index(None):
                assert accelerator.current_device_index() == 1
        assert accelerator.current_device_index() == 0
        assert x.device == torch.device("cuda:1")
        accelerator.synchronize()
        assert accelerator.memory_allocated(1) == torch.cuda.memory_allocated(1) > 0
        assert accelerator.max_memory_allocated(1) >= accelerator.memory_allocated(1)
        assert accelerator.memory_reserved(1) <= accelerator.max_memory_reserved(1)
        assert accelerator.memory_stats(1) == torch.cuda.memory_stats(1)
        accelerator.reset_peak_memory_stats(1)
        accelerator.reset_accumulated_memory_stats(1)
        accelerator.empty_cache()
        free, total = accelerator.get_memory_info(1)
        assert 0 < free <= total
        side = torch.cuda.Stream()
        accelerator.set_stream(side)
        assert accelerator.current_stream() == side
        accelerator.set_stream(torch.cuda.default_stream())


def test_every_name_of_the_accelerator_is_there() -> None:
    module = importlib.import_module("minitorch.accelerator")
    assert all(callable(getattr(module, name)) for name in module.__all__)
