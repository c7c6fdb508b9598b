"""Two files as two engines: their passes side by side, what they hold of each, and nothing that they don't."""

import numpy as np
import pytest

from core.compare import Verdict
from core.dat import dump_of, render
from core.dat.foreign import read_any
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.errors import EpochError
from core.experiment_file import load
from core.recording import Recording
from core.session import Session
from core.tensors import Quantity, parse_tensor_name

WRONG = ('engines.scratch.mistakes=["half-loss-gradient"]',)
FOREIGN = "dW1\n[[1.5 2.5 3.5]\n [4.5 5.5 6.5]]\ndb1\n[0.5 0.25]\ndW2\n[[1.25 2.25]]\ndb2\n[{last}]\n"


def written(folder, epochs, settings=(), experiment="notebook", quantities=(Quantity.GRADIENT,)):
    """Both engines' dumps of these epochs, one after another in a file each."""
    session = Session(load(experiment, settings))
    for engine in (Scratch, Autograd):
        session.join(engine(session.experiment))
    session.advance(max(epochs))
    paths = []
    for name in session.engines:
        texts = [render(dump_of(session.frame_of(k).engines[name], k, session.experiment, quantities)) for k in epochs]
        paths.append(folder / f"{name}.dat")
        paths[-1].write_text("".join(texts))
    return paths


def recorded(a, b):
    return Recording(read_any(a), read_any(b))


def foreign(folder, name, last):
    path = folder / name
    path.write_text(FOREIGN.format(last=last))
    return path


def test_the_epochs_of_two_files_stand_side_by_side(tmp_path):
    recording = recorded(*written(tmp_path, [1, 3, 7]))

    labels = [{side: found.label for side, found in each.found.items()} for each in recording.passes]

    assert labels == [{"A": f"epoch {k}", "B": f"epoch {k}"} for k in (1, 3, 7)]
    assert all(each.pair.verdict.equal for each in recording.passes)


def test_a_frame_has_the_bits_of_the_files(tmp_path):
    scratch, autograd = written(tmp_path, [1, 2])

    frame = recorded(scratch, autograd).frame(2)

    for side, path in (("A", scratch), ("B", autograd)):
        held = read_any(path).epochs[1].tensors
        for name in ("dL/dW2", "dL/db3", "W1"):
            assert (frame.engines[side].tensor(parse_tensor_name(name)) == held[name].values).all()


def test_what_a_file_does_not_hold_is_told(tmp_path):
    frame = recorded(*written(tmp_path, [1])).frame(1)

    with pytest.raises(EpochError, match="A holds no z1"):
        frame.engines["A"].tensor(parse_tensor_name("z1"))


def test_parameters_that_are_not_held_are_no_numbers(tmp_path):
    frame = recorded(foreign(tmp_path, "a.txt", 1.0), foreign(tmp_path, "b.txt", 1.0)).frame(1)

    assert np.isnan(frame.engines["A"].before.flat).all()
    with pytest.raises(EpochError, match="A holds no W1"):
        frame.engines["A"].tensor(parse_tensor_name("W1"))


def test_the_network_is_that_of_the_dumps_experiment(tmp_path):
    sides = recorded(*written(tmp_path, [1])).at(1)

    assert (sides.layers, sides.activations) == ((2, 10, 10, 1), ("sigmoid", "sigmoid", "identity"))
    assert sides.network == "2-10-10-1 sigmoid identity"
    assert set(sides.losses) == {"A", "B"}


def test_without_an_experiment_the_widths_come_from_the_gradients(tmp_path):
    sides = recorded(foreign(tmp_path, "a.txt", 1.0), foreign(tmp_path, "b.txt", 1.0)).at(1)

    assert (sides.layers, sides.activations, sides.network) == ((3, 2, 1), ("?", "?"), "3-2-1")
    assert (dict(sides.losses), sides.loss, sides.drift) == ({}, "", None)


def test_the_only_pass_of_a_file_stands_beside_each_of_the_others(tmp_path):
    scratch, _ = written(tmp_path, [1, 2, 3])
    (tmp_path / "one").mkdir()
    _, second = written(tmp_path / "one", [2])

    recording = recorded(scratch, second)

    assert [each.found["B"].epoch for each in recording.passes] == [2, 2, 2]
    assert [each.pair.verdict.equal for each in recording.passes] == [False, True, False]
    assert recording.comparison.verdict.equal


def test_a_pass_without_a_counterpart_stands_alone(tmp_path):
    scratch, _ = written(tmp_path, [1, 2, 4])
    (tmp_path / "other").mkdir()
    _, autograd = written(tmp_path / "other", [1, 2])

    recording = recorded(scratch, autograd)

    assert [tuple(each.found) for each in recording.passes] == [("A", "B"), ("A", "B"), ("A",)]
    assert recording.at(3).pair is None
    assert tuple(recording.frame(3).engines) == ("A",)


def test_each_pass_of_two_files_has_its_verdict(tmp_path):
    recording = recorded(*written(tmp_path, [1, 2], WRONG))

    assert recording.comparison.verdict is Verdict.DIFFER
    assert [each.pair.verdict for each in recording.passes] == [Verdict.DIFFER] * 2
    assert recording.at(2).drift > 0


def test_a_tensor_of_another_shape_does_not_stand_beside_the_others(tmp_path):
    a, _ = written(tmp_path, [1], ["layers=[2, 3, 1]"])
    (tmp_path / "wide").mkdir()
    _, b = written(tmp_path / "wide", [1], ["layers=[2, 4, 1]"])

    frame = recorded(a, b).frame(1)

    with pytest.raises(EpochError, match="dL/dW1 is 4 × 2 in B and 3 × 2 in the other file"):
        frame.engines["B"].tensor(parse_tensor_name("dL/dW1"))
    assert frame.engines["B"].tensor(parse_tensor_name("dL/db2")).shape == (1,)


@pytest.mark.parametrize("number", [0, 3])
def test_there_are_no_other_passes(tmp_path, number):
    recording = recorded(*written(tmp_path, [1, 2]))

    with pytest.raises(EpochError, match="expected 1 to 2"):
        recording.frame(number)
