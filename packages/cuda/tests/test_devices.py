"""Several devices, streams, events, memory and seeds: `torch.cuda`'s functions, simulated."""

import threading
from collections.abc import Callable, Iterator

import pytest

import minitorch_cuda as cuda
import minitorch_tensor as t
from minitorch_cuda import use_simulator
from minitorch_cuda.choice import choice
from minitorch_cuda.probe import Probe
from minitorch_tensor import Tensor
from minitorch_tensor.accelerator import AcceleratorError, OutOfMemoryError
from minitorch_tensor.device import Device

from .fake_gpu import FakeGpu

MIB = 1 << 20


@pytest.fixture
def two() -> Iterator[None]:
    with use_simulator(devices=2):
        yield


# --- devices --------------------------------------------------------------------------------------


def test_the_current_device_is_what_cuda_means(two: None) -> None:
    assert cuda.device_count() == 2
    assert cuda.current_device() == 0
    with cuda.device(1):
        assert t.zeros(2, device="cuda").device is Device("cuda:1")
        with cuda.device("cuda:0"):
            assert t.zeros(2, device="cuda").get_device() == 0
        with cuda.device(None), cuda.device(-1):
            assert cuda.current_device() == 1
        with cuda.device_of(t.zeros(2, device="cuda:0")):
            assert cuda.current_device() == 0
        with cuda.device_of(t.zeros(2)):
            assert cuda.current_device() == 1
    cuda.set_device(1)
    cuda.set_device(-1)
    assert str(t.ones(1).cuda().device) == "cuda:1"
    assert str(t.ones(1).cuda(0).device) == "cuda:0"


def test_each_thread_means_a_device_of_its_own(two: None) -> None:
    cuda.set_device(1)
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(cuda.current_device()))
    thread.start()
    thread.join()
    assert found == [0]


def test_a_device_that_is_not_there(two: None) -> None:
    message = r"invalid device ordinal; there are 2 devices, so the index must be below 2"
    with pytest.raises(RuntimeError, match=message):
        t.zeros(2, device="cuda:2")
    with pytest.raises(RuntimeError, match=message):
        cuda.get_device_name(7)
    with pytest.raises(AcceleratorError, match=r"device ordinal: 2, but the number .* is 2"):
        cuda.set_device(2)
    with pytest.raises(AcceleratorError), cuda.device(2):
        pass
    with pytest.raises(ValueError, match="Expected a cuda device, but got: cpu"):
        cuda.set_device("cpu")
    with pytest.raises(ValueError, match="devices must be at least 1, but got 0"):
        use_simulator(devices=0)


def test_tensors_of_two_devices_do_not_mix(two: None) -> None:
    a, b = t.ones(2, 2, device="cuda:0"), t.ones(2, 2, device="cuda:1")
    mixes: list[Callable[[], Tensor]] = [
        lambda: a + b,
        lambda: a @ b,
        lambda: t.cat([a, b]),
        lambda: t.where(a > 0, a, b),
    ]
    for mix in mixes:
        with pytest.raises(RuntimeError, match=r"cuda:0.*cuda:1|cuda:1.*cuda:0"):
            mix()


def test_a_tensor_moves_from_one_device_to_another_without_the_host(two: None) -> None:
    x = t.arange(6.0, device="cuda:0", requires_grad=True)
    with cuda.count_synchronizations() as counted:
        y = x.reshape(2, 3).t().to("cuda:1")
        (y * y).sum().backward()
    assert counted.total == 0
    assert y.tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
    assert x.grad is not None
    assert str(x.grad.device) == "cuda:0"
    assert x.grad.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]


def test_what_a_device_is(two: None) -> None:
    known = cuda.get_device_properties(1)
    assert known.name == cuda.get_device_name() == "simulator"
    assert known.total_memory == cuda.mem_get_info(1)[1] == 16 << 30
    assert known.uuid == "simulator-1"
    assert cuda.get_device_capability() == (0, 0)
    assert cuda.get_arch_list() == []
    assert cuda.is_bf16_supported()
    assert not cuda.is_bf16_supported(including_emulation=False)
    assert cuda.can_device_access_peer(0, 1)
    assert not cuda.can_device_access_peer(0, 0)
    cuda.init()
    cuda.ipc_collect()
    assert cuda.is_initialized()


def test_the_models_of_the_gpus_are_what_is_compiled_for(
    gpu: FakeGpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Probe("13.0", "", ("Fake GPU",), "0.30.4", "1.2.2")
    monkeypatch.delenv("MINITORCH_CUDA", raising=False)
    monkeypatch.setattr("minitorch_cuda.choice.probe", lambda: found)
    monkeypatch.setattr("minitorch_cuda.devices.probe", lambda: found)
    before = choice.put(None)
    try:
        assert not cuda.is_initialized()
        assert cuda.memory_allocated() == cuda.max_memory_reserved() == 0
        assert cuda.get_arch_list() == ["sm_90"]
        assert cuda.is_bf16_supported(including_emulation=False)
        assert cuda.get_device_name() == "Fake GPU"
        x = t.ones(3, device="cuda")
        assert (x + x).tolist() == [2.0, 2.0, 2.0]
        assert cuda.is_initialized()
    finally:
        choice.put(before)


def test_a_forked_process_cannot_use_the_gpu(gpu: FakeGpu) -> None:
    from minitorch_cuda.runtime import DeviceLauncher

    before = choice.put([DeviceLauncher()])
    try:
        cuda.init()
        choice.forked()  # as Python calls it in the child
        with pytest.raises(RuntimeError, match=r"forked subprocess.* use the 'spawn' start method"):
            t.ones(2, device="cuda")
    finally:
        choice.put(before)
    with use_simulator():
        choice.forked()
        assert t.ones(2, device="cuda").tolist() == [1.0, 1.0]


# --- streams --------------------------------------------------------------------------------------


def test_the_current_stream_changes_within_a_block(two: None) -> None:
    main, side, other = cuda.current_stream(), cuda.Stream(), cuda.Stream(device=1, priority=-1)
    assert main == cuda.default_stream() != side
    assert (side.device, other.device) == (Device("cuda:0"), Device("cuda:1"))
    assert (other.priority, side.priority) == (-1, 0)
    with cuda.stream(side):
        assert cuda.current_stream() == side
        with cuda.stream(other), cuda.stream(None):
            assert cuda.current_device() == 1
            assert cuda.current_stream() == other
            assert cuda.current_stream(0) == side
        assert cuda.current_device() == 0
    with side, other:
        assert cuda.current_stream() == other
    assert cuda.current_stream() == main
    cuda.set_stream(other)
    assert cuda.current_device() == 1
    assert len({main, cuda.default_stream(0), side, other}) == 3
    assert f"device=cuda:0 cuda_stream={side.cuda_stream:#x}" in repr(side)


def test_streams_wait_for_one_another(two: None) -> None:
    side = cuda.Stream()
    side.wait_stream(cuda.current_stream())
    event = side.record_event()
    cuda.current_stream().wait_event(event)
    assert event.query()
    assert side.query()
    with cuda.count_synchronizations() as counted:
        side.synchronize()
        event.synchronize()
        cuda.synchronize(0)
    assert (counted.waits, counted.downloads) == (3, 0)
    assert all("test_devices.py" in place for place in counted.places)


def test_events_measure_the_time_between_them(two: None) -> None:
    start, end = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
    with pytest.raises(ValueError, match="must be recorded before calculating"):
        start.elapsed_time(end)
    assert "not recorded" in repr(start)
    start.record()
    t.ones(3, device="cuda").add_(1)
    end.record(cuda.current_stream())
    assert start.elapsed_time(end) > 0
    with pytest.raises(ValueError, match="with argument 'enable_timing=True'"):
        start.elapsed_time(cuda.Event())
    with pytest.raises(RuntimeError, match="interprocess=True is not supported"):
        cuda.Event(interprocess=True)
    fresh = cuda.Event()
    fresh.wait()
    fresh.synchronize()
    assert fresh.query()


def test_an_event_that_was_not_reached_has_no_time(
    gpu: FakeGpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    from minitorch_cuda.runtime import DeviceLauncher

    before = choice.put([DeviceLauncher()])
    try:
        start, end = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
        start.record()
        end.record()
        assert start.elapsed_time(end) >= 0
        gpu.streams[0].behind = True
        assert not end.query()
        assert not cuda.current_stream().query()
        with pytest.raises(ValueError, match="must be completed before calculating"):
            start.elapsed_time(end)
        side = cuda.Stream(priority=-1)
        end.wait(side)
        assert len(gpu.streams[1].waits) == 1
        end.synchronize()
        assert end.query()
        assert side.priority == -1
    finally:
        choice.put(before)


# --- memory ---------------------------------------------------------------------------------------


def test_memory_is_counted(two: None) -> None:
    before = cuda.memory_allocated(1)
    x = t.empty(1000, device="cuda:1")
    assert cuda.memory_allocated(1) == before + 4096
    y = t.empty(MIB, device="cuda:1")
    assert cuda.memory_allocated("cuda:1") == before + 4096 + 4 * MIB
    assert cuda.memory_reserved(1) == 22 * MIB == cuda.max_memory_reserved(1)
    del y
    assert cuda.max_memory_allocated(1) == before + 4096 + 4 * MIB
    cuda.reset_peak_memory_stats(1)
    assert cuda.max_memory_allocated(1) == cuda.memory_allocated(1) == before + 4096
    assert cuda.mem_get_info(1)[0] == (16 << 30) - 22 * MIB
    cuda.empty_cache()
    assert cuda.memory_reserved(1) == 2 * MIB
    assert cuda.memory_stats(1)["segment.all.freed"] == 1
    cuda.reset_accumulated_memory_stats(1)
    assert cuda.memory_stats(1)["segment.all.freed"] == 0
    assert "memory of cuda:1" in cuda.memory_summary(1)
    assert cuda.memory_allocated(0) == 0
    assert x.numel() == 1000


def test_memory_runs_out() -> None:
    with use_simulator(memory=24 * MIB):
        kept = t.empty(MIB, device="cuda")
        with pytest.raises(
            OutOfMemoryError,
            match=r"Tried to allocate 20.00 MiB on cuda:0 \(the simulator\): 4.00 MiB of 24.00 MiB "
            r"are free. 4.00 MiB are allocated by tensors \(at most 4.00 MiB so far\), and 16.00 ",
        ):
            t.empty(5 * MIB, device="cuda")
        del kept
        assert t.empty(5 * MIB, device="cuda").numel() == 5 * MIB
        assert cuda.memory_stats()["num_ooms"] == 1


# --- random numbers -------------------------------------------------------------------------------


def test_each_device_draws_from_its_own_generator(two: None) -> None:
    t.manual_seed(5)
    assert cuda.initial_seed() == 5
    same = [t.rand(3, device=f"cuda:{i}").tolist() for i in range(2)]
    assert same[0] == same[1]
    cuda.manual_seed(7)
    state = cuda.get_rng_state()
    assert (state.dtype, state.shape, str(state.device)) == (t.uint8, (16,), "cpu")
    first = t.rand(3, device="cuda").tolist()
    assert cuda.initial_seed() == 7
    assert t.initial_seed() == 5
    cuda.set_rng_state(state)
    assert t.rand(3, device="cuda").tolist() == first
    assert t.rand(3, device="cuda:1").tolist() != first
    states = cuda.get_rng_state_all()
    assert len(states) == 2
    after = t.rand(3, device="cuda:1").tolist()
    cuda.set_rng_state_all(states)
    assert t.rand(3, device="cuda:1").tolist() == after
    cuda.manual_seed_all(3)
    assert t.rand(3, device="cuda").tolist() == t.rand(3, device="cuda:1").tolist()
    cuda.seed()
    assert cuda.initial_seed() != 3
    cuda.seed_all()


# --- where the host waits -------------------------------------------------------------------------


def test_waiting_can_be_told_and_forbidden(two: None) -> None:
    x = t.ones(2, device="cuda")
    try:
        cuda.set_sync_debug_mode("warn")
        with pytest.warns(UserWarning, match="called a synchronizing CUDA operation"):
            x.sum().item()
        cuda.set_sync_debug_mode(2)
        assert cuda.get_sync_debug_mode() == 2
        with pytest.raises(RuntimeError, match="called a synchronizing CUDA operation"):
            x.nonzero()
        cuda.synchronize()  # asked for by name
        (x + 1).sum()
        with pytest.raises(RuntimeError, match=r"expected one of .* but got 'never'"):
            cuda.set_sync_debug_mode("never")
    finally:
        cuda.set_sync_debug_mode("default")
    with cuda.count_synchronizations() as counted:
        assert x.sum().item() == 2
    assert repr(counted).startswith("<1 downloads, 0 waits: ")
