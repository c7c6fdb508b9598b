"""The experiments that ship learn what they are about, within their planned epochs."""

import pytest

from core import data
from core.agreement import loss_digits
from core.engines.autograd import Autograd
from core.engines.scratch import Scratch
from core.experiment_file import load
from core.metrics import accuracy
from core.session import Session


def trained(name, *engines, epochs=None):
    described = load(name)
    session = Session(described)
    for engine in engines:
        session.join(engine(described))
    session.advance(epochs or described.epochs)
    return session


CLASSES = {"xor": 1.0, "moons": 0.97, "spirals": 0.97, "flowers": 0.97}
"""The accuracy in training that each reaches with the seed that it has."""


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_told_apart(name):
    session = trained(name, Scratch)

    assert accuracy(session.predictions()["scratch"], session.samples.y) >= CLASSES[name]


@pytest.mark.parametrize("name", ["moons", "spirals", "flowers"])
def test_classes_are_told_apart_in_samples_that_were_held_out(name):
    described = load(name)
    held_out = data.of(described).held_out
    engine = Scratch(described)
    session = Session(described)
    session.join(engine)

    session.advance(described.epochs)

    # 0.9: of 30 or 40 samples, the few that lie among those of another class
    assert accuracy(engine.look(held_out.x, held_out.y).a[described.depth], held_out.y) >= 0.9


def test_the_waves_are_followed_within_a_twentieth_of_their_height():
    session = trained("waves", Scratch)

    # 0.0025: the mean of squares of 0.05, where the waves swing by 1.5
    assert session.losses("scratch")[-1] < 0.0025


def test_digits_are_read_by_both_engines_in_lockstep():
    session = trained("digits", Scratch, Autograd, epochs=5)

    first = {name: session.losses(name, 1, 1) for name in session.engines}
    assert loss_digits(first, dict.fromkeys(first, "float64"))[0] >= 10
    for prediction in session.predictions().values():
        assert accuracy(prediction, session.samples.y) >= 0.95
