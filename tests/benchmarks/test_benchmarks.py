"""A short run of every benchmark: it still works, and its figures are of the kind that they should be.

How fast anything is shows in `python tests/benchmarks` alone; here times are too short, and the machine is busy.
"""

import importlib
import math
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent


@pytest.fixture
def benchmark(monkeypatch):
    """Return a function that imports a module of this folder, which is no package."""
    monkeypatch.syspath_prepend(str(HERE))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if (HERE / f"{name}.py").exists():
            del sys.modules[name]


@pytest.fixture
def figure(benchmark):
    return benchmark("figure")


EXACT = ("modules of", "processes left", "frames that differ", "memory of")
"""Figures that must be right however busy the machine is, by what their names begin with."""


@pytest.mark.parametrize(
    ("name", "count"),
    [("updates", 6), ("travel", 4), ("matrices", 3), ("losses", 2), ("explaining", 2), ("pictures", 5)],
)
def test_a_benchmark_gives_its_figures(benchmark, figure, name, count):
    figures = list(benchmark(name).figures(figure.SHORT))

    assert len(figures) == count
    assert all(math.isfinite(each.value) and each.value >= 0 and each.target >= 0 for each in figures)
    assert [each.name for each in figures if each.name.startswith(EXACT) and not each.met] == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of forkpty:DeprecationWarning")
@pytest.mark.parametrize(("name", "count"), [("launching", 5), ("keypresses", 14)])
def test_a_benchmark_in_a_terminal_gives_its_figures(benchmark, figure, name, count):
    figures = list(benchmark(name).figures(figure.SHORT))

    assert len(figures) == count
    assert all(math.isfinite(each.value) and each.value >= 0 for each in figures)
    assert [each.name for each in figures if each.name.startswith(EXACT) and not each.met] == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of forkpty:DeprecationWarning")
def test_the_benchmark_in_a_browser_gives_its_figures(benchmark, figure):
    web = benchmark("web")
    if reason := web.missing():
        pytest.skip(reason)
    figures = list(web.figures(figure.SHORT))

    assert len(figures) == 4
    assert all(math.isfinite(each.value) and each.value >= 0 for each in figures)
    assert [each.name for each in figures if each.name.startswith(EXACT) and not each.met] == []


def test_without_a_browser_that_benchmark_says_why_it_measures_nothing(benchmark, figure, monkeypatch, capsys):
    web = benchmark("web")
    monkeypatch.setattr(web, "missing", lambda: "there is no Chromium")

    assert list(web.figures(figure.SHORT)) == []
    assert "skipped web: there is no Chromium" in capsys.readouterr().err


def test_the_nested_loops_train_as_the_engine_does(benchmark):
    from core.engines.scratch import Scratch
    from core.experiment_file import load
    from core.parameters import Parameters

    updates = benchmark("updates")
    experiment = load("notebook")
    x, y = updates._sample(experiment)
    scratch, loops = Scratch(experiment), updates.NestedLoops(experiment)
    start = Parameters(experiment.layers, scratch.state().parameters)
    loops.take(start.W, start.b)
    loops.learning_rate *= 2  # they follow the gradient of half the loss
    losses = np.array([(scratch.step(x, y), loops.step(x, y)) for _ in range(20)])
    end = Parameters(experiment.layers, scratch.state().parameters)

    # the loss is the square of ŷ − y, and an ulp of ŷ is 1e-16
    np.testing.assert_allclose(*np.sqrt(losses).T, rtol=0, atol=1e-14)
    for k in end.W:
        np.testing.assert_allclose(loops.W[k].T, end.W[k], rtol=1e-12)
        np.testing.assert_allclose(loops.b[k], end.b[k], rtol=1e-12)


def test_a_figure_is_met_on_the_right_side_of_its_target(figure):
    assert figure.Figure("", 1.0, 1.0).met
    assert not figure.Figure("", 1.1, 1.0).met
    assert figure.Figure("", 0.9, 0.9, at_least=True).met
    assert not figure.Figure("", 0.8, 0.9, at_least=True).met


def test_percentiles_are_values_that_were_measured(figure):
    values = [float(each) for each in range(1, 201)]

    assert [figure.percentile(values, each) for each in (50, 95, 99, 100)] == [100, 190, 198, 200]
    assert figure.percentile([3.0], 99) == 3.0


def test_the_ratio_is_taken_round_by_round(figure):
    assert figure.ratio([1.0, 10.0, 3.0], [2.0, 20.0, 30.0]) == 0.5


def test_the_table_stands_between_the_marks_of_the_readme_and_nothing_else_changes(benchmark):
    command = runpy.run_path(str(HERE / "__main__.py"))
    begin, end, between = command["BEGIN"], command["END"], command["between_marks"]
    readme = f"# A\n\n{begin}\nold\n{end}\n\nB\n"

    assert between(readme, "new\n") == f"# A\n\n{begin}\nnew\n{end}\n\nB\n"
    for broken in ("# A\n", f"{end}\n{begin}\n", f"{begin}\n{begin}\n{end}\n", f"{begin}\n{end}\n{end}\n"):
        with pytest.raises(ValueError, match="expected one line"):
            between(broken, "new\n")
