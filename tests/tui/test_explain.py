"""Every number explains itself: its operands are links, and each way there is a way back."""

import re
from decimal import Decimal

import pytest

from core.engines.scratch import Scratch
from core.experiment_file import parse
from core.session import Session
from core.tensors import INPUT, TARGET, Quantity, TensorName, parse_tensor_name
from core.trace import Address, parse_address, walk
from core.trace import explain as trace_explain
from tui.panes.explain import ExplainPane
from tui.panes.walk_line import ARROWS
from tui.protocol import Explain, ShowPhases
from tui.screens import slow_motion
from tui.selection import FEW_TERMS, MORE, Selection
from tui.trainer import Trainer

CLASSES = "output = 'softmax'\nloss = 'cross_entropy'\nbatch = 16\n"
FLOWERS = f"layers = [4, 8, 3]\nactivation = 'tanh'\n{CLASSES}[data]\nsource = 'flowers'\n"
WIDE = f"layers = [64, 20, 10]\n{CLASSES}[data]\nsource = 'digits'\n"
ADAM = "layers = [2, 3, 1]\n[optimizer]\nname = 'adam'\nlr = 0.01\n"
PLANTED = "layers = [2, 4, 1]\n[engines.scratch]\nmistakes = ['derivative-at-activation@1']\n"
DIVERGES = "layers = [2, 4, 1]\nactivation = 'relu'\n[optimizer]\nlr = 1e200\n"


@pytest.fixture
def experiment(tmp_path):
    """Return a function that writes an experiment's file."""

    def write(text):
        path = tmp_path / "one.toml"
        path.write_text(f"name = 'one'\n{text}")
        return path

    return write


def pane(program):
    return program.main.query_one(ExplainPane)


def explained(program):
    """Return the address that is explained on the screen, once it is there."""
    explanation = pane(program).explanation
    return None if explanation is None else str(explanation.address)


async def explain(program, text):
    """Select a cell by its address, and open its explanation by key."""
    frame, experiment = program.conductor.trainer._session.frame(), program.main.described.experiment
    address = parse_address(frame, experiment, text)
    row, column = (*address.cell, 0)[:2]
    program.main.selection = program.selection.of(address.tensor).at(row, column)
    await program.press("3", "enter")
    await program.until(lambda: explained(program) == text, f"{text} is explained")


async def choose(program, link):
    """Put the cursor on a link by the arrows alone."""
    links = pane(program).links
    row, wanted = next((row, at) for at, (row, each) in enumerate(links) if str(each) == link)
    while links[pane(program)._cursor][0] != row:
        await program.press("down" if links[pane(program)._cursor][0] < row else "up")
    while pane(program)._cursor != wanted:
        await program.press("right" if pane(program)._cursor < wanted else "left")
    assert str(pane(program).link) == link


async def follow(program, *links):
    for link in links:
        await choose(program, link)
        await program.press("enter")
        await program.until(lambda link=link: explained(program) == link, f"{link} is explained")


async def come_back(program, *stops):
    for stop in stops:
        await program.press("backspace")
        await program.until(lambda stop=stop: explained(program) == stop, f"back at {stop}")


def path(program):
    return pane(program)._path()


# Opening, and what it says


async def test_enter_on_a_cell_of_the_matrix_explains_it(opened):
    async with opened() as program:
        await program.press("n", "3", "down", "right", "enter")
        await program.shows("dL/dW1[1,1] = Σₙ dL/dz1[n,1]·x[n,1]")
        assert program.focused == "explain"
        assert "4 Explain · dL/dW1[1,1] · scratch" in program.text


async def test_4_explains_the_selected_cell_and_3_shows_the_matrix_again(opened):
    async with opened() as program:
        await program.press("n", "4")
        await program.shows("dL/dW1[0,0] = Σₙ dL/dz1[n,0]·x[n,0]")
        await program.press("3")
        await program.shows("3 Gradient")
        assert program.focused == "grid"


async def test_both_engines_have_their_numbers_in_full(opened):
    async with opened() as program:
        await program.press("n", "n")
        await explain(program, "dL/dW1[2,0]")
        frame = program.conductor.trainer._session.frame()
        for engine in frame.engines.values():
            assert f"{engine.tensor(parse_tensor_name('dL/dW1'))[2, 0]: .16e}" in program.text


@pytest.mark.parametrize(
    ("size", "address", "keys"),
    [((80, 60), "z2[0,3]", []), ((120, 40), "dL/dz1[0,1]", ["s"]), ((240, 60), "dL/dz1[0,1]", ["e"])],
)
async def test_the_numbers_of_the_table_add_up_to_the_last_digit_printed(opened, size, address, keys):
    async with opened(size=size) as program:
        await program.press("n", "n", "n")
        await explain(program, address)
        await program.press(*keys)
        await program.shows("in their order" if keys == ["s"] else "largest first")
        *terms, total = table(program)
        assert len(terms) >= 10
        assert sum(terms) == total


async def test_where_there_are_no_terms_to_sort_or_to_list_the_keys_say_so(opened):
    async with opened() as program:
        await program.press("n")
        await explain(program, "a1[0,0]")
        await program.press("s")
        assert "no terms here that could be sorted" in program.said
        await program.press("t")
        assert "no more terms here" in program.said


async def test_what_is_left_out_of_a_long_sum_is_said_and_counted_in(opened, experiment):
    async with opened(experiment(WIDE)) as program:
        await program.press("n")
        await explain(program, "z1[3,5]")
        await program.shows("53 more terms")  # 64 inputs and a bias, 12 shown
        *terms, total = table(program)
        assert len(terms) == 12 + 2
        assert sum(terms) == total
        await program.press("t")
        await program.until(lambda: pane(program).explanation.left_out == 65 - FEW_TERMS * MORE, "more are listed")
        await program.press("t")
        await program.until(lambda: pane(program).explanation.left_out == 0, "all terms are listed")
        await program.press("t")
        await program.until(lambda: pane(program).explanation.left_out == 53, "few are listed again")


NUMBER = r"-?\d\.\d+(?:e[-+]\d+)?"


def table(program):
    """Read the terms, what is left out, the rounding and the result off the screen."""
    texts = [found[1] for line in program.text.splitlines() if (found := re.search("│ ([▸ ] [^│]*)│$", line))]
    begin = next(at for at, text in enumerate(texts) if text.startswith("  terms, "))
    values = []
    for text in texts[begin + 1 :]:
        label, value = re.match(rf"[▸ ] (.+?)  +({NUMBER})", text).groups()
        values.append(Decimal(value))
        if label == explained(program):
            break
    return values


async def test_the_explanation_follows_the_epoch(opened):
    async with opened() as program:
        await program.press("n", "n")
        await explain(program, "dL/dW2[3,7]")
        for key, epoch in [("n", 3), ("p", 2), ("p", 1), ("n", 2)]:
            await program.press(key)
            await program.until(lambda epoch=epoch: program.view.epoch == epoch, "the epoch is there")
            gradient = program.conductor.trainer._session.frame().engines["scratch"].tensor(parse_tensor_name("dL/dW2"))
            await program.shows(f"{gradient[3, 7]: .16e}".strip())


async def test_before_any_training_only_parameters_are_there_to_be_explained(opened):
    async with opened() as program:
        await program.press("4")
        await program.shows("Nothing has been computed yet")
        assert "Press n to train the first epoch" in program.text.replace("│\n", "")
        await program.press("v")
        await program.shows("W1[0,0] is a parameter")


async def test_an_update_shows_the_weight_before_and_after(opened, experiment):
    async with opened(experiment(ADAM)) as program:
        await program.press("n", "n")
        await explain(program, "update W1[2,1]")
        engine = program.conductor.trainer._session.frame().engines["scratch"]
        assert re.search(rf"│ . W1\[2,1\] +before +{engine.before.W[1][2, 1]:.16e}", program.text)
        assert re.search(rf"│ . next W1\[2,1\] +after +{engine.after.W[1][2, 1]:.16e}", program.text)
        await follow(program, "next m(W1[2,1])", "dL/dW1[2,1]")


async def test_a_number_that_does_not_come_from_its_formula_is_shown_as_such(opened, experiment):
    async with opened(experiment(PLANTED)) as program:
        await program.press("n")
        await explain(program, "dL/dz1[0,1]")
        await program.shows("✗ The formula gives")
        assert re.search(r"that is not\W+rounding \(at most \d", program.text)


async def test_a_run_that_has_left_the_finite_numbers_is_explained_all_the_same(opened, experiment):
    async with opened(experiment(DIVERGES)) as program:
        await program.press("n", "n", "n")
        for address in ("dL/dW1[0,0]", "z2[0,0]", "dL/dz1[0,0]", "update W2[0,0]"):
            await explain(program, address)
            assert "nan" in program.text or "inf" in program.text


# Links


@pytest.mark.parametrize(
    ("source", "start", "ways"),
    [
        ("notebook", "dL/dW1[9,1]", {
            "input": ["x[0,1]"],
            "target": ["dL/dz1[0,9]", "dL/dz2[0,4]", "dL/dz3[0,0]", "y[0,0]"],
            "weight": ["dL/dz1[0,9]", "dL/dz2[0,4]", "W3[0,4]"],
        }),
        (FLOWERS, "dL/dW1[5,2]", {
            "input": ["x[5,2]"],
            "target": ["dL/dz1[5,5]", "dL/dz2[5,1]", "y[5,1]"],
            "weight": ["dL/dz1[5,5]", "W2[2,5]"],
        }),
    ],
)  # fmt: skip
async def test_from_a_gradient_of_the_first_layer_links_lead_to_input_target_and_last_weights_and_back(
    opened, experiment, source, start, ways
):
    async with opened(experiment(source) if "\n" in source else source) as program:
        await program.press("n", "n")
        await explain(program, start)
        selected = (program.selection.tensor, program.selection.row, program.selection.column)
        for way in ways.values():
            await follow(program, *way)
            assert path(program) == " › ".join([start, *way])
            await come_back(program, *reversed([start, *way[:-1]]))
            assert (program.selection.tensor, program.selection.row, program.selection.column) == selected
            assert str(pane(program).link) == way[0]
            assert path(program) == start
        await program.press("backspace")
        await program.until(lambda: program.focused == "grid", "the matrix is in focus")
        assert f"[{', '.join(map(str, selected[1:] if 'W' in start else selected[1:2]))}]" in program.text


def test_links_lead_there_from_every_gradient_of_the_first_layer():
    experiment = parse("layers = [2, 5, 4, 1]", "one")
    session = Session(experiment)
    session.join(Scratch(experiment))
    session.advance(1)
    frame, links = session.frame(), {}

    def reached(start):
        """Follow every link that is offered, and those that are offered there."""
        seen, waiting = set(), [start]
        while waiting:
            address = waiting.pop()
            if address not in seen:
                seen.add(address)
                if address not in links:
                    links[address] = [each.address for each in trace_explain(frame, experiment, address).operands]
                waiting += links[address]
        return {each.tensor for each in seen}

    weights, biases = (TensorName(Quantity.GRADIENT, 1, part) for part in ("W", "b"))
    cells = [Address(weights, (i, j)) for i in range(5) for j in range(2)] + [Address(biases, (i,)) for i in range(5)]
    for each in cells:
        assert {INPUT, TARGET, TensorName(Quantity.PARAMETER, 3, "W")} <= reached(each)


async def test_keys_pressed_in_one_breath_wait_for_the_explanations_that_they_are_for(opened):
    async with opened() as program:
        await program.press("n", "3", "enter", "enter", "enter", "right", "enter")
        await program.until(lambda: (explained(program) or "").startswith("W3[0,"), "three links deep")
        first, second, third = (str(each.explained) for each in program.selection.trail)
        assert (first, second, third[:8]) == ("dL/dW1[0,0]", "dL/dz1[0,0]", "dL/dz2[0")
        await program.press("backspace", "escape", "backspace", "backspace")
        await program.until(lambda: program.focused == "grid", "back at the matrix")
        assert (str(program.selection.tensor), program.selection.row) == ("dL/dW1", 0)


async def test_a_link_that_is_followed_selects_its_tensor_and_cell(opened):
    async with opened() as program:
        await program.press("n")
        await explain(program, "dL/dW1[4,0]")
        await follow(program, "dL/dz1[0,4]")
        await program.press("3")
        await program.shows("3 Units · dL/dz1")
        assert "[0, 4]" in program.text
        await program.press("4")
        await program.until(lambda: path(program) == "dL/dW1[4,0] › dL/dz1[0,4]", "the path is kept")


async def test_another_cell_begins_another_path(opened):
    async with opened() as program:
        await program.press("n")
        await explain(program, "dL/dW1[4,0]")
        await follow(program, "dL/dz1[0,4]")
        await program.press("right_square_bracket")
        await program.until(lambda: explained(program) == "dL/dz2[0,4]", "the next layer's is explained")
        assert path(program) == "dL/dz2[0,4]"


async def test_u_lists_what_a_number_feeds_into_and_its_links_lead_there(opened):
    async with opened() as program:
        await program.press("n", "v")
        await explain(program, "W2[3,7]")
        await program.shows("W2[3,7] feeds into")
        await follow(program, "z2[0,3]")
        await program.press("u")
        await program.shows("z2[0,3] feeds into")
        await follow(program, "a2[0,3]")
        assert path(program) == "W2[3,7] › z2[0,3] › a2[0,3]"
        await program.press("u", "u")
        await program.shows("a2[0,3] = σ(z2[0,3])")
        await program.press("u", "escape")
        await program.until(lambda: not pane(program).lists_uses, "escape closes the list")
        assert explained(program) == "a2[0,3]"


async def test_what_no_pane_shows_is_explained_and_the_cell_stays(opened):
    async with opened() as program:
        await program.press("n")
        await explain(program, "dL/dz2[0,3]")
        await follow(program, "σ′(z2[0,3])")
        assert str(program.selection.tensor) == "dL/dz2"
        await program.press("3", "enter")
        await program.until(lambda: explained(program) == "dL/dz2[0,3]", "the cell is explained")


async def test_the_difference_of_the_engines_is_shown_by_what_it_comes_in_through(opened):
    async with opened() as program:
        await program.press(*"nnn")
        await explain(program, "dL/dz1[0,1]")
        await program.press("e", "e")
        await program.shows("comes in through")
        difference = pane(program).explanation.differences["scratch", "autograd"]
        for cause in difference.causes:
            name = "arises here" if cause.operand is None else cause.operand.text
            assert re.search(rf"{re.escape(name)} +{re.escape(f'{cause.amount:.3e}')}", program.text)
        link = next(each.operand.text for each in difference.causes if each.operand)
        await follow(program, link)
        assert path(program) == f"dL/dz1[0,1] › {link}"


async def test_where_they_have_the_same_number_it_is_said(opened):
    async with opened() as program:
        await program.press("n", "v")
        await explain(program, "W1[0,0]")
        await program.press("e", "e")
        await program.shows("The engines have the same number, to the last bit.")


async def test_a_click_on_a_link_follows_it(opened):
    async with opened() as program:
        await program.press("n")
        await explain(program, "dL/dW1[4,0]")
        lines = program.text.splitlines()
        y = next(y for y, line in enumerate(lines) if re.search(r"│ . x\[0,0\] ", line))
        await program.pilot.click(offset=(lines[y].index("x[0,0]") + 1, y))
        await program.until(lambda: explained(program) == "x[0,0]", "the input is explained")


async def test_a_long_explanation_can_be_read_to_its_end_on_a_small_screen(opened):
    async with opened(size=(80, 24)) as program:
        await program.press("n", "n", "n")
        await explain(program, "z2[0,3]")
        assert "more lines" in program.text
        await program.press("pagedown", "pagedown", "pagedown")
        await program.shows("u: feeds into a2[0,3]")
        assert "more line" not in program.text
        await program.press("up")
        await program.shows("z2[0,3] = Σⱼ a1[0,j]·W2[3,j] + b2[3]")


async def test_the_palette_finds_what_an_explanation_offers(opened):
    async with opened() as program:
        await program.press("n")
        commands = {each.title: each for each in program.app.get_system_commands(program.main)}
        await commands["Used by"].callback()
        await program.until(lambda: "feeds into" in program.text, "the explanation is opened for it")


# What it costs


async def test_what_is_not_looked_at_is_not_explained(opened, monkeypatch):
    async with opened() as program:
        await program.press("n", "4", "3")
        await program.until(lambda: program.view.explained is None, "it is explained no more")
        monkeypatch.setattr("tui.explaining.explain", lambda *_, **__: pytest.fail("explained"))
        await program.press("n", "down", "v", "right_square_bracket")


def test_a_frame_is_explained_once(monkeypatch):
    trainer = Trainer(parse("layers = [2, 3, 1]", "one"), lambda _: None)
    trainer.handle(slow_motion.Step(1))
    while trainer.busy:
        trainer.work()
    asked = Explain(TensorName(Quantity.GRADIENT, 1, "W"), (2, 1))
    trainer.handle(asked)
    first = trainer.view().explained
    monkeypatch.setattr("tui.explaining.explain", lambda *_, **__: pytest.fail("explained twice"))

    assert trainer.view().explained is first
    assert first.asked == asked


def test_beyond_the_tensors_edge_the_last_cell_is_meant():
    trainer = Trainer(parse("layers = [2, 3, 1]", "one"), lambda _: None)
    trainer.handle(Explain(TensorName(Quantity.PARAMETER, 1, "W"), (9, 9)))

    assert str(trainer.view().explained.explanation.address) == "W1[2,1]"


def test_a_number_that_another_network_does_not_have_is_refused_in_words():
    trainer = Trainer(parse("layers = [2, 3, 1]", "one"), lambda _: None)
    trainer.handle(Explain(TensorName(Quantity.PARAMETER, 7, "W"), (0, 0)))
    explained = trainer.view().explained

    assert explained.explanation is None
    assert "W7" in explained.reason


# The selection


def test_a_way_back_is_kept_link_by_link_and_the_engine_shown_stays():
    start = Selection(row=3, column=7)
    first, second = (
        Address(TensorName(Quantity.DELTA, 2), (0, 3)),
        Address(TensorName(Quantity.PARAMETER, 3, "W"), (0, 3)),
    )
    origin = Address(TensorName(Quantity.GRADIENT, 1, "W"), (3, 7))
    there = start.follow(origin, first).follow(first, second).next_shown(("scratch", "autograd"))

    assert there.asked.tensor == second.tensor
    assert [str(each.explained) for each in there.trail] == ["dL/dW1[3,7]", "dL/dz2[0,3]"]
    back = there.back().back()
    assert (back.tensor, back.row, back.column, back.trail, back.shown) == (start.tensor, 3, 7, (), "autograd")
    assert back.back() is back
    assert there.at(0, 0).trail == there.of(TensorName(Quantity.DELTA, 1)).trail == ()


def test_more_terms_are_listed_until_all_are_then_few_again():
    few = Selection()
    more = few.with_more(100)

    assert (few.most, more.most, more.with_more(100).most) == (FEW_TERMS, FEW_TERMS * MORE, FEW_TERMS * MORE**2)
    assert more.with_more(40).most == FEW_TERMS


# Slow motion


def at_work(program):
    work = program.main.at_work
    return None if work is None else work.place


async def test_the_walk_goes_through_every_phase_in_order_and_shows_what_each_computes(opened):
    async with opened(size=(120, 40)) as program:
        await program.press("n", "n")
        phases, begun = walk(program.main.described.experiment, 2), program.main.selection.tensor
        for place, phase in enumerate(phases, 1):
            await program.press("greater_than_sign")
            await program.until(lambda place=place: at_work(program) == place, f"phase {place}")
            assert phase.equation in program.text
            await program.shows(
                f"{ARROWS[phase.stage]} {phase.layer} {program.main.described.activations[phase.layer - 1]}"
            )
            if isinstance(phase.tensor, TensorName):
                await program.until(lambda phase=phase: program.view.matrix.tensor == phase.tensor, "it is shown")
        await program.press("greater_than_sign")
        await program.until(lambda: (program.view.epoch, at_work(program)) == (3, 1), "the next epoch begins")
        await program.press("less_than_sign")
        await program.until(lambda: (program.view.epoch, at_work(program)) == (2, len(phases)), "and back")
        await program.press("less_than_sign")
        await program.until(lambda: at_work(program) == len(phases) - 1, "by a phase")
        await program.press("escape")
        assert at_work(program) is None
        assert program.main.selection.tensor == begun


async def test_k_walks_by_itself_to_the_end_of_the_epoch_and_trains_the_first_one_if_need_be(opened, monkeypatch):
    monkeypatch.setattr(slow_motion, "PACES", (0.01,) * 6)
    async with opened() as program:
        await program.press("k")
        count = len(walk(program.main.described.experiment, 1))
        await program.until(lambda: at_work(program) == count, "the last phase")
        await program.until(lambda: "halted" in program.text, "it halts there")
        assert program.view.epoch == 1
        await program.press("k")
        await program.until(lambda: program.view.epoch == 2, "k goes on to the next epoch")


async def test_a_walk_begun_while_an_epoch_is_on_its_way_trains_no_other(opened):
    async with opened() as program:
        await program.pilot.press("n", "greater_than_sign")
        await program.until(lambda: at_work(program) == 1, "the first phase")
        await program.press("greater_than_sign")
        assert (program.view.epoch, program.view.trained) == (1, 1)


def walk_in_one_breath(program, *steps):
    """Step faster than the trainer answers."""
    for by in steps:
        program.app.action_walk_step(by)


async def test_steps_in_one_breath_all_count_though_the_phases_have_yet_to_come(opened):
    async with opened() as program:
        await program.press("n")
        walk_in_one_breath(program, *[1] * 5, -1)
        await program.until(lambda: at_work(program) == 4, "the fourth phase")
        assert program.view.epoch == 1


async def test_steps_across_an_epochs_end_in_one_breath_all_count(opened):
    async with opened() as program:
        await program.press("n")
        count = len(walk(program.main.described.experiment, 1))
        walk_in_one_breath(program, *[1] * (count + 3), *[-1] * 4)
        await program.until(lambda: program.view.trained == 2, "the second epoch is trained")
        await program.until(lambda: (program.view.epoch, at_work(program)) == (1, count - 1), "back at the first's end")


async def test_k_halts_and_the_pace_is_changed_by_key(opened):
    async with opened() as program:
        await program.press("n", "k")
        await program.shows("▶ 2 s")
        await program.press("plus", "plus")
        await program.shows("▶ 0.5 s")
        await program.press("minus")
        await program.shows("▶ 1 s")
        await program.press("k")
        await program.shows("halted")
        await program.press("k", "greater_than_sign")
        await program.shows("halted")


async def test_what_is_selected_during_a_walk_stays_until_the_next_phase(opened):
    async with opened() as program:
        await program.press("n", "greater_than_sign")
        await program.until(lambda: at_work(program) == 1, "the first phase")
        await program.press("v", "n", "p")
        assert str(program.selection.tensor) == "a1"
        await program.press("greater_than_sign", "greater_than_sign")
        await program.until(lambda: str(program.selection.tensor) == "z2", "the phase is selected")


async def test_the_loss_is_explained_when_the_walk_has_come_to_it(opened):
    async with opened() as program:
        await program.press("n", "4", *["greater_than_sign"] * 7)
        await program.until(lambda: explained(program) == "L", "the loss is explained")
        assert "L = Σ(ŷ − y)²" in program.text
        computed = program.conductor.trainer._session.frame().engines["scratch"].computed
        squares = f"= ({computed.a[3][0, 0]:.5g} − {computed.y[0, 0]:.5g})² = {computed.loss:.5g}"
        assert squares in program.text.splitlines()[-2]


async def test_another_experiment_ends_the_walk_and_phases_cost_nothing_afterwards(opened):
    async with opened() as program:
        await program.press("n", "k")
        await program.until(lambda: at_work(program) == 1, "the first phase")
        await program.press("escape")
        assert ShowPhases(False) in program.conductor.sent
        await program.until(lambda: program.view.phases == (), "no phases are sent")


async def test_the_walk_says_which_update_of_the_epoch_it_goes_through(opened):
    async with opened("moons") as program:
        await program.press("n", ">")
        await program.shows("the last of 5 updates")
    async with opened("moons", size=(80, 24)) as program:
        await program.press("n", *[">"] * 10)
        await program.shows("last of 5 · ")
    async with opened() as program:
        await program.press("n", ">")
        await program.shows("forward, layer 1 of 3")
        assert "updates" not in program.text


@pytest.mark.parametrize("pane", ["3", "6", "8"])
async def test_esc_ends_the_walk_where_it_began(opened, pane):
    async with opened() as program:
        await program.press("n", "v", "v", "right_square_bracket", pane)
        begun = program.main.right.current, program.selection.tensor
        await program.press(*[">"] * 5)
        await program.until(lambda: program.main.at_work is not None, "it walks")
        assert (program.main.right.current, program.selection.tensor) != begun
        await program.press("escape")
        await program.until(lambda: program.main.at_work is None, "it walks no more")
        assert (program.main.right.current, program.selection.tensor) == begun
