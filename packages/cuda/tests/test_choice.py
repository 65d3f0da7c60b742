"""Which launcher runs "cuda", and what is said where there is none."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import minitorch_cuda
from minitorch_cuda import choice as module
from minitorch_cuda import devices, doctor, numba_cuda
from minitorch_cuda import probe as probing
from minitorch_cuda.__main__ import main
from minitorch_cuda.choice import Choice, choice, use_simulator
from minitorch_cuda.doctor import report
from minitorch_cuda.probe import Probe, probe
from minitorch_cuda.simulated import SimulatorLauncher
from minitorch_tensor.device import Device
from minitorch_tensor.dtype import float32

NOTHING = Probe("", "libcuda.so.1 was not found", (), "", "")
NO_PACKAGES = Probe("13.0", "", ("NVIDIA H100",), "", "")
EVERYTHING = Probe("13.0", "", ("NVIDIA H100", "NVIDIA H100"), "0.30.4", "1.2.2")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Probe:
    """A machine that has what the parameter says, where nobody has chosen yet."""
    found = request.param
    assert isinstance(found, Probe)
    monkeypatch.setattr(module, "probe", lambda: found)
    monkeypatch.setattr(doctor, "probe", lambda: found)
    monkeypatch.setattr(devices, "probe", lambda: found)
    monkeypatch.delenv("MINITORCH_CUDA", raising=False)
    monkeypatch.setattr(choice, "_launchers", None)
    return found


def on(found: Probe) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("machine", [found], indirect=True)


@on(NOTHING)
def test_without_a_gpu_using_cuda_says_what_is_missing(machine: Probe) -> None:
    assert not minitorch_cuda.is_available()
    assert minitorch_cuda.device_count() == 0
    expected = (
        r"device 'cuda' cannot be used: no NVIDIA driver \(libcuda.so.1 was not found\); install "
        r".*; "
        r'numba-cuda is not installed; run pip install "minitorch-cuda\[cuda\]"; cuda-core is .* '
        r"Or: minitorch_cuda.use_simulator\(\), or MINITORCH_CUDA=simulator in the"
    )
    with pytest.raises(RuntimeError, match=expected):
        Device("cuda").backend.empty(3, float32)
    for use in (minitorch_cuda.get_device_name, minitorch_cuda.synchronize):
        with pytest.raises(RuntimeError, match="device 'cuda' cannot be used"):
            use()


@on(NO_PACKAGES)
def test_with_a_gpu_but_no_compiler_it_says_what_to_install(machine: Probe) -> None:
    assert not minitorch_cuda.is_available()
    with pytest.raises(RuntimeError, match=r"cannot be used: numba-cuda is not installed; run pip"):
        minitorch_cuda.get_device_name()


@on(EVERYTHING)
def test_with_everything_the_gpus_are_counted(machine: Probe) -> None:
    assert minitorch_cuda.is_available()
    assert minitorch_cuda.device_count() == 2


@on(NOTHING)
def test_the_simulator_is_chosen_by_a_call(machine: Probe) -> None:
    with use_simulator():
        assert minitorch_cuda.is_available()
        assert minitorch_cuda.device_count() == 1
        assert minitorch_cuda.get_device_name() == "simulator"
        minitorch_cuda.synchronize()
        assert len(Device("cuda").backend.empty(3, float32)) == 3
    assert not minitorch_cuda.is_available()
    use_simulator()
    assert minitorch_cuda.is_available()


@on(EVERYTHING)
def test_the_simulator_is_chosen_by_the_environment(
    machine: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINITORCH_CUDA", "simulator")
    assert minitorch_cuda.device_count() == 1
    assert isinstance(Choice().get(), SimulatorLauncher)


@on(NOTHING)
def test_compiled_kernels_without_a_gpu_want_their_compiler(
    machine: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba_cuda, "installed", lambda: False)
    monkeypatch.setenv("MINITORCH_CUDA", "ptx")
    assert minitorch_cuda.device_count() == 1
    expected = r'made by numba-cuda, which is not installed; run: pip install "minitorch-cuda'
    with pytest.raises(ImportError, match=expected):
        Choice().get()
    with pytest.raises(ImportError, match=expected):
        use_simulator(compiled=True)
    assert choice.used() == []
    monkeypatch.setattr(numba_cuda, "installed", lambda: True)
    launcher = Choice().get()
    assert launcher.name == launcher.properties.name == "interpreter of PTX"
    assert report(NOTHING).endswith("device 'cuda' is run by the interpreter of PTX, as asked")


@on(NOTHING)
def test_a_wish_for_a_device_is_not_answered_by_the_simulator(
    machine: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINITORCH_CUDA", "device")
    with pytest.raises(RuntimeError, match="no NVIDIA driver"):
        Choice().get()


@on(NOTHING)
def test_an_unknown_wish_is_an_error(machine: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINITORCH_CUDA", "gpu")
    with pytest.raises(
        RuntimeError, match="MINITORCH_CUDA must be 'simulator', 'ptx' or 'device', got 'gpu'"
    ):
        minitorch_cuda.is_available()


@on(NOTHING)
def test_the_doctor_says_what_to_do(machine: Probe, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "driver      none" in out
    assert '  - numba-cuda is not installed; run pip install "minitorch-cuda[cuda]"' in out
    assert "  - or: minitorch_cuda.use_simulator()" in out


@on(EVERYTHING)
def test_the_doctor_names_the_gpu_or_the_simulator(machine: Probe) -> None:
    assert report().endswith("device 'cuda' is NVIDIA H100")
    assert "driver      supports CUDA 13.0" in report()
    assert report(NOTHING).startswith("python")
    with use_simulator():
        assert report().endswith("device 'cuda' is run by the simulator, as asked")


FINDINGS = [
    (
        Probe("13.0", "cuInit gives error 802", (), "0.30.4", "1.2.2"),
        r"finds no GPU \(cuInit gives error 802\); nvidia-smi may say why",
    ),
    (
        Probe("13.0", "", ("H100",), "0.30.4", "1.2.2", nvvm=""),
        r"numba-cuda has no CUDA toolkit: NVVM, .* or set CUDA_HOME to a toolkit",
    ),
    (
        Probe("13.0", "", ("H100",), "0.30.4", "1.2.2", nvvm="13.4.52", linker=""),
        r"PTX of CUDA 13.4.52 is newer than the driver, which supports CUDA 13.0, and than the "
        r"linker \(none\).* Update the driver, or install nvidia-nvjitlink of version 13.4.52",
    ),
    (Probe("13.0", "", ("H100",), "0.31.0", "1.2.2"), r"numba-cuda 0.31.0 was not tried; .* 0.30"),
    (
        Probe("12.4", "", ("Tesla P100",), "0.30.4", "1.2.2", "12.4", "12.4", ((6, 0),)),
        r"Tesla P100 \(sm_60\)[\s\S]*Tesla P100 has compute capability 6.0; .* only 7.5 and later",
    ),
]


@pytest.mark.parametrize(("found", "message"), FINDINGS)
@on(EVERYTHING)
def test_the_doctor_finds(machine: Probe, found: Probe, message: str) -> None:
    assert re.search(message, report(found))


@on(EVERYTHING)
def test_where_all_is_well_the_doctor_has_no_doubt(
    machine: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "  - " not in report()
    newer = Probe("13.0", "", ("H100",), "0.30.4", "1.2.2", nvvm="13.4.5", linker="13.4.5")
    assert newer.doubts == []  # machine code of such a linker needs nothing of the driver
    monkeypatch.setenv("MINITORCH_CUDA_BLOCKING", "1")
    assert "each launch is waited for" in report()


@on(EVERYTHING)
def test_the_doctor_says_where_kernels_are(machine: Probe, folder: Path) -> None:
    assert f"kernels     none yet, they will be kept in {folder}" in report()
    folder.mkdir(mode=0o700)
    (folder / "add.cubin").write_bytes(b"12345")
    assert f"kernels     1 (5 bytes) in {folder}" in report()
    folder.chmod(0o777)
    assert f"are not kept in {folder}: others can write to it (mode 777); chmod 700" in report()


def test_a_toolkit_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "_USUAL", tmp_path / "nothing")
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    assert probing._toolkit() == ""
    (tmp_path / "nvvm").mkdir()
    assert probing._toolkit() == f"in {tmp_path}"


def test_there_is_one_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: python -m minitorch_cuda doctor" in capsys.readouterr().err


def test_this_machine_can_be_looked_at() -> None:
    found = probe()
    assert found is probe()
    assert bool(found.driver) != bool(found.driver_error) or not found.devices


def test_a_driver_without_a_gpu_is_told_apart() -> None:
    (sentence,) = Probe("13.0", "", (), "0.30.4", "1.2.2").missing
    assert sentence.startswith("the driver finds no GPU")


def test_importing_it_loads_nothing_heavy() -> None:
    names = ("numba", "llvmlite", "cuda", "greenlet", "torch")
    program = f"import minitorch_cuda, sys; print([n for n in {names} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"


def test_the_public_names_are_sorted_and_there() -> None:
    assert minitorch_cuda.__all__ == sorted(minitorch_cuda.__all__)
    for name in minitorch_cuda.__all__:
        assert getattr(minitorch_cuda, name) is not None
