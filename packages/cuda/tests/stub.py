"""The driver that does nothing (`stub_driver.c`), built where there is a C compiler."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("stub_driver.c")


def built(folder: Path) -> Path | None:
    """The folder with the library, for LD_LIBRARY_PATH; None where there is no compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    library = folder / "libcuda.so.1"
    # -w: what a stub ignores is no news.
    command = [compiler, "-shared", "-fPIC", "-O1", "-w", "-o", str(library), str(SOURCE)]
    subprocess.run(command, check=True)
    return folder
