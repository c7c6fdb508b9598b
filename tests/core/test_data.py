"""Samples."""

import numpy as np
import pytest

from core import data
from core.experiment import Data


def test_the_notebooks_sample_is_the_one_that_it_printed():
    samples = data.load(Data(source="notebook", seed=4))

    # 5e-9: half a unit of the last of the eight digits that the notebook printed
    np.testing.assert_allclose(samples.x, [[0.96702984, 0.54723225]], rtol=0, atol=5e-9)
    assert samples.y.shape == (1, 1)
    # 1e-15: two squares, a sum and a half are within a few roundings of 1e-16
    assert samples.y[0, 0] == pytest.approx((samples.x**2).sum() / 2, rel=1e-15)


def test_drawing_the_sample_leaves_numpys_global_generator_alone():
    np.random.seed(1)
    expected = np.random.random()
    np.random.seed(1)

    data.load(Data())

    assert np.random.random() == expected


def test_cast_samples_are_in_the_asked_precision_and_read_only():
    samples = data.load(Data()).cast("float32")

    assert (samples.x.dtype, samples.y.dtype) == (np.float32, np.float32)
    assert not samples.x.flags.writeable
    assert not samples.y.flags.writeable
