"""Each wheel stands alone: built, installed with what it declares and no more, imported, tested.

For every member of the workspace, two at a time, each in a fresh virtual environment:

1. install its wheel; its dependencies within the workspace come from the wheels just built, the
   others from the registry at the versions of uv.lock;
2. import it, and check that of the workspace exactly its declared dependencies can be found;
3. add pytest and Hypothesis, and run the member's own tests and doctests, from a copy of its tests
   that lies outside the repository, so that nothing is found by being near.

    python .ci/wheels.py FOLDER [MEMBER ...]
"""

import argparse
import email.parser
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("pytest", "hypothesis")

# torch is not declared by anyone, so here the parity tests are skipped.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in ("MINITORCH_REQUIRE_TORCH", "PYTHONPATH")
}

# Reads names on the command line, prints those that can be imported.
PROBE = "import importlib.util, sys; print(*filter(importlib.util.find_spec, sys.argv[1:]))"


class Failure(Exception):
    """A step of one member that did not hold; the message is what the reader sees."""


@dataclass(frozen=True)
class Wheel:
    """A built member: its source folder, the file, and its dependencies inside the workspace."""

    folder: Path
    file: Path
    distribution: str
    needs: tuple[str, ...]

    @property
    def module(self) -> str:
        """The import name."""
        return self.distribution.replace("-", "_")


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """The command's output; a Failure that shows all of it when the command fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=ENVIRONMENT,
    )
    if done.returncode != 0:
        line = " ".join(str(part) for part in command)
        raise Failure(f"$ {line}\n{done.stdout}(exit status {done.returncode})")
    return done.stdout


def build(dist: Path) -> dict[str, Wheel]:
    """Build every member, the wheel from its source archive, so that both are complete."""
    run("uv", "build", "--quiet", "--all-packages", "--out-dir", dist)
    wheels: dict[str, Wheel] = {}
    for pyproject in sorted(ROOT.glob("*/*/pyproject.toml")):
        name = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["name"]
        (file,) = dist.glob(f"{name.replace('-', '_')}-*.whl")
        wheels[name] = Wheel(pyproject.parent, file, name, _needs(file))
    return dict(sorted(wheels.items(), key=lambda item: len(_closure(item[1], wheels))))


def _needs(file: Path) -> tuple[str, ...]:
    """What the wheel's own metadata asks for from the workspace, extras left out."""
    with zipfile.ZipFile(file) as archive:
        (path,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.parser.Parser().parsestr(archive.read(path).decode())
    required = metadata.get_all("Requires-Dist") or []
    names = [re.split(r"[^A-Za-z0-9._-]", text)[0] for text in required if "extra ==" not in text]
    return tuple(name for name in names if name.startswith("minitorch"))


def _closure(wheel: Wheel, wheels: dict[str, Wheel]) -> set[Wheel]:
    """The wheel and all that it needs, and they need, within the workspace."""
    return {wheel}.union(*(_closure(wheels[name], wheels) for name in wheel.needs))


def check(wheel: Wheel, wheels: dict[str, Wheel], constraints: list[Path], work: Path) -> str:
    """Install, import and test one wheel; the summary line of its tests."""
    environment = work / f"venv-{wheel.distribution}"
    python = environment / "bin" / "python"
    pins = [part for path in constraints for part in ("--constraints", path)]
    install = ("uv", "pip", "install", "--quiet", "--python", python, *pins)
    run("uv", "venv", "--quiet", "--clear", "--python", sys.executable, environment)
    run(*install, f"{wheel.distribution} @ {wheel.file.as_uri()}")

    # -I: neither the current folder nor PYTHONPATH may help. -W error: an import warns of nothing.
    run(python, "-I", "-W", "error", "-c", f"import {wheel.module}", cwd=work)
    found = run(python, "-I", "-c", PROBE, *[w.module for w in wheels.values()], cwd=work).split()
    expected = {w.module for w in _closure(wheel, wheels)}
    if set(found) != expected:
        raise Failure(f"importable there: {found}; declared: {sorted(expected)}")

    bench = work / f"tests-{wheel.distribution}"
    here = bench / wheel.folder.relative_to(ROOT)
    shutil.copytree(wheel.folder, here, ignore=shutil.ignore_patterns("src", "__pycache__"))
    for name in ("pyproject.toml", "conftest.py"):
        shutil.copy(ROOT / name, bench)
    run(*install, *TOOLS)
    tests = (here / "tests").relative_to(bench)
    if not list((bench / tests).rglob("test_*.py")):
        raise Failure(f"{wheel.folder.relative_to(ROOT)}/tests holds no test")
    out = run(
        *(environment / "bin" / "pytest", "-q", "-p", "no:cacheprovider"),
        *(tests, "--pyargs", wheel.module),
        cwd=bench,
    )
    return out.splitlines()[-1]


def main() -> int:
    """Check the members named, or all; 1 if one failed."""
    parser = argparse.ArgumentParser(description="Check that each built wheel stands alone.")
    parser.add_argument("work", type=Path, help="an empty folder to work in")
    parser.add_argument("members", nargs="*", help="distributions to check (default: all)")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)

    wheels = build(work / "dist")
    # By file, never by name: the registry may hold a stranger's distribution of the same name.
    ours = work / "workspace.txt"
    ours.write_text("".join(f"{w.distribution} @ {w.file.as_uri()}\n" for w in wheels.values()))
    locked = work / "locked.txt"
    export = ("uv", "export", "--quiet", "--frozen", "--no-emit-workspace", "--no-hashes")
    run(*export, "--output-file", locked)

    def report(name: str) -> bool:
        """Check one, and say how it went."""
        start = time.perf_counter()
        try:
            summary, good = check(wheels[name], wheels, [ours, locked], work), True
        except Failure as failure:
            summary, good = "FAILED", False
            print(f"\n{name}: {failure}", file=sys.stderr, flush=True)
        line = f"           {name}: {summary} [{time.perf_counter() - start:.0f} s]\n"
        print(line, end="", flush=True)
        return good

    # The longest first, so that the last are short ones and no processor waits for long.
    names = sorted(arguments.members or wheels, key=lambda name: -_size(wheels[name]))
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        return int(not all(list(pool.map(report, names))))


def _size(wheel: Wheel) -> int:
    """The bytes of a member's tests."""
    return sum(path.stat().st_size for path in (wheel.folder / "tests").rglob("*.py"))


if __name__ == "__main__":
    sys.exit(main())
