"""What of a run is right but for rounding, on the screen and behind it."""

import re

import pytest

from core.engines.autograd import Autograd
from core.experiment_file import parse
from core.tensors import Quantity, TensorName
from tui.protocol import ChangeSettings, Show, Step, Window
from tui.trainer import Trainer

PLANTED = '[engines.scratch]\nmistakes = ["half-loss-gradient"]\n'


def view_of(text, *commands, quantity=Quantity.GRADIENT):
    trainer = Trainer(parse(text, "test"), lambda event: None)
    trainer.join(Autograd)
    name = TensorName(quantity, 1, "W" if quantity.of_parameters else "")
    for command in (Show(name, Window()), *commands):
        trainer.handle(command)
        while trainer.busy:
            trainer.work()
        trainer.view()
    return trainer.view()


@pytest.mark.parametrize("quantity", [Quantity.GRADIENT, Quantity.PRE_ACTIVATION, Quantity.ACTIVATION, Quantity.DELTA])
def test_both_engines_of_the_notebook_are_right(quantity):
    view = view_of("", Step(3), quantity=quantity)

    assert set(view.judgements) == {"scratch", "autograd"}
    assert all(each.within for judged in view.judgements.values() for each in judged.values())
    assert view.parted is None
    assert view.drift < 1e-14


def test_shares_are_at_most_one_and_that_of_a_cell_is_the_larger_of_the_engines():
    matrix = view_of("", Step(2)).matrix

    assert (matrix.values["share"] <= 1).all()
    assert matrix.values["share"].max() == max(each.max() for each in matrix.shares.values())


def test_a_planted_mistake_is_found_in_the_engine_that_has_it_from_the_first_epoch_on():
    view = view_of(PLANTED, Step(4))

    assert not any(each.within for each in view.judgements["scratch"].values())
    assert all(each.within for each in view.judgements["autograd"].values())
    assert view.parted == 1
    assert view.drift > 1e-3


def test_engines_that_start_apart_are_judged_too():
    view = view_of('[engines.scratch.init]\nlaw = "unit"\n', Step(2))

    assert not view.comparable
    assert view.drift is None
    assert all(each.within for judged in view.judgements.values() for each in judged.values())


def test_nothing_is_judged_at_epoch_0_nor_where_a_quantity_has_no_reference():
    assert view_of("").judgements == {}
    assert view_of("", Step(1), quantity=Quantity.UPDATE).judgements == {}


def test_a_change_of_the_activation_is_judged_by_what_is_in_force():
    view = view_of("", Step(2), ChangeSettings({"activation": "tanh"}, 1), Step(2))

    assert view.epoch == 3
    assert all(each.within for judged in view.judgements.values() for each in judged.values())


async def test_the_marks_stand_beside_the_tensors_and_in_the_losses(opened, tmp_path):
    file = tmp_path / "planted.toml"
    file.write_text(PLANTED)
    async with opened(file) as program:
        await program.press("n", "n")
        (row,) = [line for line in program.text.splitlines() if "  W2 " in line]
        assert "✗" in row
        assert "✗ scratch beyond rounding" in program.text
        (cell,) = [line for line in program.text.splitlines() if "autograd " in line and "rounding" in line]
        assert re.search(r"✓ \S+ of rounding", cell)
        (loss,) = [line for line in program.text.splitlines() if line.startswith("│ ▸    2")]
        assert "✗ 0.0" in loss or "✗ 0.1" in loss


async def test_a_right_run_has_no_cross(opened):
    async with opened() as program:
        await program.press("n", "n")
        assert "✓ within rounding · drift" in program.text
        assert "✗" not in program.text
