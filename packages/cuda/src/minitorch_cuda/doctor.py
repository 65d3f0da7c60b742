"""`python -m minitorch_cuda doctor`: what is there, what is missing, what to do."""

from __future__ import annotations

import platform

from minitorch_cuda.choice import VARIABLE, choice, wish
from minitorch_cuda.probe import SIMULATE, Probe, probe


def report(found: Probe | None = None) -> str:
    """The findings, a line each."""
    found = probe() if found is None else found
    lines = [
        f"python      {platform.python_version()}, {platform.system()} {platform.machine()}",
        f"driver      {_or_none(found.driver and f'supports CUDA {found.driver}')}",
        f"GPUs        {_or_none(', '.join(found.devices))}",
        f"numba-cuda  {_or_none(found.numba_cuda)}",
        f"cuda-core   {_or_none(found.cuda_core)}",
        f"{VARIABLE}  {wish() or 'not set'}",
        "",
    ]
    if choice.simulated:
        lines.append("device 'cuda' is run by the simulator, as asked")
    elif found.missing:
        lines.append("device 'cuda' cannot be used:")
        lines += [f"  - {sentence}" for sentence in found.missing]
        lines.append(f"  - or: {SIMULATE}")
    else:
        lines.append(f"device 'cuda' is {found.devices[0]}")
    return "\n".join(lines)


def _or_none(text: str) -> str:
    return text or "none"
