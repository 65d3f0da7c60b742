"""`python -m minitorch_cuda doctor`: what is there, what is missing, what to do."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from minitorch_cuda.choice import SIMULATED, VARIABLE, choice, wish
from minitorch_cuda.driver import BLOCKING, blocking
from minitorch_cuda.memory_stats import size_of
from minitorch_cuda.probe import SIMULATE, Probe, probe
from minitorch_tensor import kernel_folder


def report(found: Probe | None = None) -> str:
    """The findings, a line each."""
    found = probe() if found is None else found
    lines = [
        f"python      {platform.python_version()}, {platform.system()} {platform.machine()}",
        f"driver      {_or_none(found.driver and f'supports CUDA {found.driver}')}",
        f"GPUs        {_or_none(', '.join(_gpus(found)))}",
        f"numba-cuda  {_or_none(found.numba_cuda)}",
        f"cuda-core   {_or_none(found.cuda_core)}",
        f"nvvm        {_or_none(found.nvvm)}",
        f"nvjitlink   {found.linker or 'none: the driver makes machine code of PTX'}",
        f"kernels     {_kept(kernel_folder.wanted())}",
        f"{VARIABLE}  {wish() or 'not set'}",
        "",
    ]
    if choice.simulated:
        by = choice.used()[0].name if choice.initialized else SIMULATED[wish()]
        lines.append(f"device 'cuda' is run by the {by}, as asked")
    elif found.missing:
        lines.append("device 'cuda' cannot be used:")
        lines += [f"  - {sentence}" for sentence in found.missing]
        lines.append(f"  - or: {SIMULATE}")
    else:
        lines += [f"  - {sentence}" for sentence in found.doubts]
        if blocking():
            lines.append(
                f"  - each launch is waited for, which is slow: {' or '.join(BLOCKING)} is set"
            )
        lines.append(f"device 'cuda' is {found.devices[0]}")
    return "\n".join(lines)


def _gpus(found: Probe) -> list[str]:
    """Each GPU with its compute capability, if that is known."""
    known = [f" (sm_{major}{minor})" for major, minor in found.capabilities]
    known += [""] * (len(found.devices) - len(known))
    return [name + kind for name, kind in zip(found.devices, known, strict=True)]


def _kept(folder: Path) -> str:
    """Where compiled kernels are kept, and how many; or why they are not."""
    if not folder.exists():
        return f"none yet, they will be kept in {folder}"
    reason = kernel_folder.unsafe(folder)
    if reason is None and not os.access(folder, os.W_OK):
        reason = "it is not writable"
    if reason is not None:
        return f"are not kept in {folder}: {reason}"
    sizes = [path.stat().st_size for path in folder.glob("*.cubin")]
    return f"{len(sizes)} ({size_of(sum(sizes))}) in {folder}"


def _or_none(text: str) -> str:
    return text or "none"
