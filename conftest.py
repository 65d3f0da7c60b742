"""What every test of the workspace shares: Hypothesis settings, and when torch may be missing."""

import gc
import importlib.metadata
import importlib.util
import os
from types import ModuleType

import pytest
from hypothesis import settings

REQUIRE_TORCH = "MINITORCH_REQUIRE_TORCH"

# No deadline: the first example of a test may compile a kernel.
settings.register_profile("minitorch", deadline=None)
# CI must not fail by luck: there, the same examples every time.
settings.register_profile("minitorch-ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("minitorch-ci" if os.environ.get("CI") else "minitorch")


def _torch_version() -> str | None:
    """The installed torch's version, or None; from its metadata, since importing it is slow."""
    if importlib.util.find_spec("torch") is None:
        return None
    return importlib.metadata.version("torch")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to start where torch is required and missing: a skipped comparison proves nothing."""
    if os.environ.get(REQUIRE_TORCH, "") not in ("", "0") and _torch_version() is None:
        raise pytest.UsageError(
            f"{REQUIRE_TORCH} is set, but torch is not installed: the parity tests would all be "
            "skipped. Install torch into this environment (see CONTRIBUTING.md), or unset "
            f"{REQUIRE_TORCH}."
        )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run the whole suite in two processes, if pytest-xdist is there and nothing else is said.

    A choice of files or of tests runs in one process, which starts sooner and prints as it goes.
    """
    option = config.option
    whole = not config.invocation_params.args or all(
        str(argument).startswith("-") for argument in config.invocation_params.args
    )
    chosen = option.keyword or option.markexpr or option.usepdb or option.collectonly
    is_worker = "PYTEST_XDIST_WORKER" in os.environ  # it reads this file too
    if not config.pluginmanager.hasplugin("xdist") or is_worker or chosen or not whole:
        return
    if option.numprocesses is None:
        option.numprocesses = 2
        # Neighbours need the same kernels: in one process, which then compiles them alone.
        option.dist = "worksteal"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Tell the garbage collector that the tests themselves are here to stay.

    There are a few million objects of them, which every full collection would look through.
    """
    gc.collect()
    gc.freeze()


def pytest_report_header(config: pytest.Config) -> str:
    """Say which torch the parity tests compare with."""
    version = _torch_version()
    return f"oracle: torch {version}" if version else "oracle: no torch, parity tests are skipped"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of a module that holds torch itself `parity`, so that `-m parity` finds all.

    `import minitorch as torch` is no such module: the name is looked through to what it names.
    """
    holds: dict[ModuleType, bool] = {}  # looked at once for all tests of a module
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        if item.module not in holds:
            holds[item.module] = any(
                isinstance(value, ModuleType) and value.__name__.partition(".")[0] == "torch"
                for value in vars(item.module).values()
            )
        if holds[item.module]:
            item.add_marker("parity")


@pytest.fixture(scope="module")
def settled() -> None:
    """For modules that collect garbage, or fork, in each test: only what is new is looked through.

    The objects of all tests and kernels before, a few million, would take a second each time.
    """
    gc.collect()
    gc.freeze()
