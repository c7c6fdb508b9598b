"""What the core may load, seen in a process of its own."""

import json
import pkgutil
import subprocess
import sys

import pytest

import core

TORCH_FILES = {"core.engines.autograd", "core.torch_files"}


def modules_of_core():
    return [module.name for module in pkgutil.walk_packages(core.__path__, "core.")]


def packages_loaded_by(*modules):
    """Import the modules in a fresh interpreter; return the top-level packages that are loaded then."""
    program = (
        "import importlib, json, sys\n"
        "for name in json.loads(sys.argv[1]): importlib.import_module(name)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(modules)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def modules_loaded_by(module):
    """Import a module in a fresh interpreter; return all modules that are loaded then."""
    program = f"import json, sys, {module}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    return set(json.loads(done.stdout))


def test_the_core_without_its_torch_files_loads_neither_torch_nor_any_screen():
    modules = [name for name in modules_of_core() if name not in TORCH_FILES]

    assert {"core.session", "core.dat.format", "core.engines.scratch"} <= set(modules)
    assert packages_loaded_by(*modules).isdisjoint({"torch", "textual", "rich", "tui"})


TRAINING = """
import json, sys
import numpy as np
from core.engines.autograd import Autograd
from core.experiment import Experiment, Optimizer
from core.functions.optimizers import OPTIMIZERS
for name in OPTIMIZERS:
    engine = Autograd(Experiment(optimizer=Optimizer(name)))
    engine.step(np.ones((3, 2)), np.ones((3, 1)))
    engine.restore(engine.state())
    engine.step(np.ones((3, 2)), np.ones((3, 1)))
print(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture(scope="module")
def loaded_by_training():
    """All modules that are loaded when PyTorch's engine has trained with every optimizer."""
    done = subprocess.run([sys.executable, "-c", TRAINING], capture_output=True, text=True, check=True, timeout=120)
    return set(json.loads(done.stdout))


def test_the_autograd_engine_loads_torch_but_no_screen(loaded_by_training):
    assert "torch" in loaded_by_training
    assert loaded_by_training.isdisjoint({"textual", "rich", "tui"})


def test_the_autograd_engine_does_without_pytorchs_compiler_which_takes_as_long_to_load_as_the_rest(loaded_by_training):
    assert "torch.optim" in loaded_by_training
    assert "torch._dynamo" not in loaded_by_training


@pytest.mark.parametrize("module", ["core.experiment", "core.tensors", "core.errors", "core.mistakes", "core.dat"])
def test_what_the_command_line_needs_first_loads_no_numpy(module):
    loaded = packages_loaded_by(module)

    assert "core" in loaded
    assert "numpy" not in loaded


def test_the_screen_paints_its_first_frame_before_any_of_the_core_but_names_is_loaded():
    loaded = modules_loaded_by("tui.app")

    assert {name for name in loaded if name.startswith("core")} <= {"core", "core.errors", "core.files", "core.tensors"}
    assert not loaded & {"numpy", "torch", "tomllib", "cyclopts"}
