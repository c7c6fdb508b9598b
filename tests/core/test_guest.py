"""Somebody's own file in its process: what it may return, and what it can't harm."""

import itertools
import os
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

import numpy as np
import pytest

from core.errors import GuestError
from core.guest.process import OUTPUT_KEPT, Guest, Limits
from core.guest.returned import ReturnedError, named

FORWARD = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def right(x, y, weights, biases):
    a = [x]
    for k in range(len(weights)):
        z = a[-1] @ weights[k] + biases[k]
        a.append(sigmoid(z) if k < len(weights) - 1 else z)
    d, dW, db = 2 * (a[-1] - y), [], []
    for k in reversed(range(len(weights))):
        dW.insert(0, a[k].T @ d)
        db.insert(0, d.sum(axis=0))
        if k:
            d = d @ weights[k].T * a[k] * (1 - a[k])
    return np.sum((a[-1] - y) ** 2), dW, db
"""
RIGHT = f"{FORWARD}\ngradients = right\n"


def function(body):
    """A file whose `gradients` has this body."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f"{FORWARD}\ndef gradients(x, y, weights, biases):\n{lines}\n"


def arrays(layers=(2, 4, 1), samples=3):
    numbers = np.random.default_rng(4)
    made = {"x": numbers.normal(size=(samples, layers[0])), "y": numbers.normal(size=(samples, layers[-1]))}
    for k in range(1, len(layers)):
        made |= {f"W{k}": numbers.normal(size=layers[k - 1 : k + 1]), f"b{k}": numbers.normal(size=layers[k])}
    return made


@pytest.fixture
def guest_of(tmp_path):
    """Start the process for a file of this text."""
    guests = []

    def start(text, limits=None, name="mine.py"):
        (tmp_path / name).write_text(text, "utf-8")
        guests.append(Guest(tmp_path / name, limits))
        return guests[-1]

    yield start
    for guest in guests:
        guest.close()


def called(guest, **options):
    guest.load()
    return guest.call(arrays(), 2, **options)


def complaint(guest):
    with pytest.raises(GuestError) as caught:
        called(guest)
    line = str(caught.value)
    assert "\n" not in line
    assert "mine.py" in line
    return caught.value


HOSTILE = {
    "sys.exit": ("import sys; sys.exit(7)", "called sys.exit(7)"),
    "os._exit": ("import os; os._exit(3)", "ended its process with status 3"),
    "a segmentation fault": ("import ctypes; ctypes.string_at(0)", "crashed (segmentation fault)"),
    "it kills itself": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "was ended by SIGKILL"),
    "ten gigabytes": ("return np.ones((50_000, 25_000)), [], []", "ran out of the memory"),
    "an exception": ("return 1 / 0", "raised ZeroDivisionError: division by zero"),
    "endless recursion": ("return gradients(x, y, weights, biases)", "raised RecursionError"),
    "None": ("pass", "returned None"),
    "too few values": ("return 1.0, []", "returned 2 values"),
    "text for the loss": ("_, dW, db = right(x, y, weights, biases)\nreturn 'low', dW, db", "expected numbers"),
    "text for gradients": ("return 1.0, ['a', 'b'], ['c', 'd']", "expected numbers"),
    "too few layers": ("l, dW, db = right(x, y, weights, biases)\nreturn l, dW[:1], db", "returned 1 arrays as dW"),
    "a ragged list": ("return 1.0, [[[1.0, 2.0], [3.0]], 2], [1, 2]", "no array"),
    "an odd __array__": (
        "class Odd:\n    def __array__(self, *a, **k): raise OSError('no')\nreturn 1.0, [Odd(), Odd()], [1, 2]",
        "no array: no",
    ),
    "bytes into our pipe": (
        "import os\nfor fd in range(3, 200):\n    try: os.write(fd, b'x' * 100)\n    except OSError: pass\nreturn 1",
        "mine.py",
    ),
    "all descriptors closed": ("import os; os.closerange(0, 4096); return 1", "took away what its process needs"),
    "it kills what started it": ("import os; os.kill(os.getppid(), 9)\nwhile True: pass", "was ended by SIGKILL"),
    "more and more memory": ("kept = []\nwhile True: kept.append(bytearray(10**7))", "ran out of the memory"),
    "a generator": ("yield 1.0, [], []", "returned a generator"),
    "an array of all there is": ("return 1.0, [np.broadcast_to(0.0, (10**6, 10**6))] * 2, [1, 2]", "numbers as dW[0]"),
    "complex numbers": ("return 1.0, [1j, 2j], [1, 2]", "returned a complex of complex128 as dW[0]"),
    "an __array__ that is itself": (
        "class Odd:\n    def __array__(self, *a, **k): return np.asarray(self)\nreturn 1.0, [Odd(), Odd()], [1, 2]",
        "no array",
    ),
    "a terminal's commands": ("raise ValueError('\\x1b[2Jgone')", "raised ValueError: �[2Jgone"),
    "globals deleted": ("globals().clear(); return np.sum(x)", "raised NameError"),
    "builtins deleted": ("import builtins; builtins.__dict__.clear(); return 1", "took away what its process needs"),
    "an exception that can't be shown": (
        "class Odd(Exception):\n    def __str__(self): raise SystemExit\nraise Odd",
        "raised Odd, whose text can't be had",
    ),
}


@pytest.mark.parametrize(("body", "said"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_one_clear_sentence(guest_of, body, said):
    error = complaint(guest_of(function(body), Limits(seconds=20, memory=2**30)))

    assert said in str(error)


def test_an_endless_loop_is_ended_when_its_time_is_over(guest_of):
    begun = time.monotonic()
    error = complaint(guest_of(function("while True: pass"), Limits(seconds=0.8)))

    assert "took longer than the 0.8 s" in str(error)
    assert time.monotonic() - begun < 10  # ended, on however busy a machine


def test_a_fork_answers_once_and_leaves_no_process_behind(guest_of):
    body = "import os\nchild = os.fork()\nwhile not child: pass\nprint('child', child)"
    guest = guest_of(function(f"{body}\nreturn right(x, y, weights, biases)"))

    answer = called(guest)
    guest.close()
    (child,) = [int(line.split()[1]) for line in guest.output.text().splitlines() if line.startswith("child")]

    assert {"loss", "dW1", "db2"} <= answer.arrays.keys()
    for _ in range(200):
        if not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]:
            break
        time.sleep(0.01)
    else:
        pytest.fail("the child is still there")


ESCAPES = """
import os
if os.fork() == 0:
    os.setsid()
    print("escaped", os.getpid(), flush=True)
    while True:
        os.read(os.pipe()[0], 1)
os.wait3(os.WNOHANG)
"""


def test_a_process_that_begins_a_session_of_its_own_is_ended_too(guest_of):
    guest = guest_of(f"{ESCAPES}{function('return right(x, y, weights, biases)')}")

    called(guest)
    await_line(guest, "escaped")
    guest.close()

    escaped = [int(line.split()[1]) for line in guest.output.text().splitlines() if line.startswith("escaped")]
    assert escaped
    assert not any(Path(f"/proc/{pid}").exists() for pid in escaped)


def await_line(guest, word):
    until = time.monotonic() + 10
    while word not in guest.output.text():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_a_crash_is_told_with_the_users_own_lines(guest_of):
    error = complaint(guest_of(function("import ctypes\nctypes.string_at(0)")))

    assert error.lines[-1].endswith(", in gradients: ctypes.string_at(0)")
    assert all(line.startswith("mine.py, line ") for line in error.lines)


def test_modules_that_it_changes_harm_no_answer(guest_of):
    body = "import json\njson.dumps = json.loads = None\nreturn right(x, y, weights, biases)"

    assert {"loss", "dW1", "db2"} <= called(guest_of(function(body))).arrays.keys()


def test_both_sides_of_a_fork_may_return_and_one_answer_comes(guest_of):
    guest = guest_of(function("import os\nos.fork()\nreturn right(x, y, weights, biases)"))
    guest.load()

    answers = [guest.call(arrays(), 2).arrays["loss"].item() for _ in range(3)]

    assert len(set(answers)) == 1


def test_endless_output_is_read_away_and_its_ends_are_kept(guest_of):
    body = "print('first')\nprint('x' * 30_000_000)\nprint('last')\nreturn right(x, y, weights, biases)"
    guest = guest_of(function(body))

    called(guest)
    guest.close()

    text = guest.output.text()
    assert text.startswith("first")
    assert text.rstrip().endswith("last")
    assert "bytes left out" in text
    assert len(text) < 2 * OUTPUT_KEPT


def test_what_it_prints_and_warns_of_is_kept_apart(guest_of, capfd):
    guest = guest_of(
        function("import warnings\nprint('hello')\nwarnings.warn('oh')\nreturn right(x, y, weights, biases)")
    )

    called(guest)
    guest.close()

    assert "hello" in guest.output.text()
    assert "UserWarning: oh" in guest.output.text()
    assert capfd.readouterr() == ("", "")


def test_a_changed_global_generator_changes_nothing_here(guest_of):
    np.random.seed(1)
    before = np.random.get_state()[1].tolist()

    called(guest_of(function("np.random.seed(99); np.random.rand(5)\nreturn right(x, y, weights, biases)")))

    assert np.random.get_state()[1].tolist() == before


def test_arguments_can_not_be_changed_and_the_error_says_which_line_tried(guest_of):
    error = complaint(guest_of(function("weights[0] -= 0.1\nreturn right(x, y, weights, biases)")))

    assert error.read_only
    assert "weights[0] -= 0.1" in error.lines[-1]


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        ("weights[1] -= 0.1", ["W2"]),
        ("weights[0] = weights[0] - 1", ["W1"]),
        ("biases[1][...] = 0\nx *= 2", ["x", "b2"]),
        ("weights.append(1); weights.pop()", []),
    ],
)
def test_what_it_changes_where_it_can_is_told(guest_of, body, changed):
    answer = called(guest_of(function(f"result = right(x, y, weights, biases)\n{body}\nreturn result")), writable=True)

    assert answer.words["changed"] == changed


def test_a_traceback_has_the_users_lines_alone(guest_of):
    step = "def step(x):\n    return np.linalg.inv(x)\n"
    error = complaint(guest_of(f"{FORWARD}\n{step}\ndef gradients(*given):\n    return step(np.zeros((2, 2)))\n"))

    assert [line.rpartition(": ")[2] for line in error.lines] == [
        "return step(np.zeros((2, 2)))",
        "return np.linalg.inv(x)",
    ]
    assert all(line.startswith("mine.py, line") for line in error.lines)


def test_a_syntax_error_names_its_line(guest_of):
    error = complaint(guest_of("def gradients(x y):\n    pass\n"))

    assert "is no Python that can be run (SyntaxError: " in str(error)
    assert error.lines == ("mine.py, line 1: def gradients(x y):",)


def test_no_such_file_and_no_such_function_are_told(guest_of, tmp_path):
    assert "has no function `gradients" in str(complaint(guest_of("x = 1\n")))
    with Guest(tmp_path / "mine2.py") as guest, pytest.raises(GuestError, match="no such file"):
        guest.load()
    with Guest(tmp_path) as guest, pytest.raises(GuestError, match="is a folder"):
        guest.load()


@pytest.mark.parametrize("name", ["core", "data", "tui", "numpy_helpers"])
def test_the_users_own_modules_beside_it_are_the_ones_that_it_imports(guest_of, tmp_path, name):
    (tmp_path / f"{name}.py").write_text("HALF = 0.5\n", "utf-8")
    guest = guest_of(
        f"from {name} import HALF\n{FORWARD}\ndef gradients(*given):\n    return HALF, *right(*given)[1:]\n"
    )

    assert called(guest).arrays["loss"] == 0.5


@pytest.mark.parametrize("name", ["numpy", "json", "random", "os"])
def test_a_file_of_a_librarys_name_beside_it_harms_nothing(guest_of, tmp_path, name):
    (tmp_path / f"{name}.py").write_text("raise RuntimeError('the wrong one')\n", "utf-8")

    assert called(guest_of(RIGHT)).arrays["loss"] > 0


def test_a_file_named_core_is_run_as_any_other(guest_of):
    assert called(guest_of(RIGHT, name="core.py")).arrays["loss"] > 0


def test_a_module_is_run_anew_where_that_is_asked_for_and_keeps_its_state_where_not(guest_of):
    guest = guest_of(
        f"{FORWARD}\nn = []\ndef gradients(*given):\n    n.append(1)\n    return len(n), *right(*given)[1:]\n"
    )
    guest.load()

    counts = [guest.call(arrays(), 2, fresh=fresh).arrays["loss"].item() for fresh in (True, False, False, True)]

    assert counts == [1, 2, 3, 1]


def test_constants_are_taken_and_functions_of_their_names_are_not(guest_of):
    guest = guest_of(
        f"{RIGHT}\nlayers = (2, np.int64(4), 1)\nactivation = ['tanh']\ndef loss(y): pass\noutput = sigmoid\n"
    )

    guest.load()

    assert guest.constants == {"layers": [2, 4, 1], "activation": ["tanh"]}


@pytest.mark.parametrize(
    ("text", "said", "unused"),
    [
        ("loss = 'mse'\nloss = 'mae'\ndef loss(y): pass\n", {"loss": "mae"}, []),
        ("layers: list = [2, 4, 1]\nlayers = [object(), object()]\n", {"layers": [2, 4, 1]}, []),
        ("loss, output = 'mse', 'tanh'\ndef loss(y): pass\n", {"loss": "mse", "output": "tanh"}, []),
        ("layers = [object(), object()]\noutput = open\n", {}, ["layers"]),
        ("loss = 'mse'\ndef f():\n    loss = 'mae'\nloss = 0.5\n", {"loss": "mse"}, []),
    ],
)
def test_a_constant_whose_name_stands_for_something_else_later_is_what_it_was_written_to_be(
    guest_of, text, said, unused
):
    guest = guest_of(f"{RIGHT}\n{text}")

    guest.load()

    assert (guest.constants, guest.unused) == (said, unused)


@pytest.mark.parametrize(
    "names", ["weights, biases, x, y", "X, Y, W, b", "X, targets, bs, Ws", "W, b, inputs, t, lr=0.1", "p, q, r, s"]
)
def test_arguments_are_given_in_the_order_of_their_names_where_all_are_known(guest_of, names):
    given = [name.partition("=")[0] for name in names.split(", ")[:4]]
    known = {"p": "x", "q": "y", "r": "w", "s": "b", "i": "x", "t": "y"}
    x, y, W, b = sorted(given, key=lambda name: "xywb".index(known.get(name[0].lower(), name[0].lower())))
    right = called(guest_of(RIGHT)).arrays

    answer = called(guest_of(f"{FORWARD}\ndef gradients({names}):\n    return right({x}, {y}, {W}, {b})\n"))

    assert {name: each.tolist() for name, each in answer.arrays.items()} == {
        name: each.tolist() for name, each in right.items()
    }


def test_a_notebook_and_a_class_alone_are_told_what_to_do(guest_of):
    method = "def gradients(self, x, y, weights, biases):\n        pass"
    told = [
        complaint(guest_of("null", name="mine.py.ipynb")),
        complaint(guest_of("class Net:\n    pass\n")),
        complaint(guest_of(f"class Net:\n    {method}\n")),
    ]

    assert [each.what.partition("; ")[0] for each in told] == [
        "is a notebook: save its code as a .py file",
        "has no function `gradients(x, y, weights, biases)`, but a class Net",
        "has no function `gradients(x, y, weights, biases)` outside of its class Net",
    ]
    assert all("mlp-tui new FILE --from-class" in each.what for each in told[1:])


def test_a_learning_rate_is_given_where_one_is_taken(guest_of):
    guest = guest_of(f"{FORWARD}\ndef gradients(x, y, W, b, lr=1):\n    return lr, *right(x, y, W, b)[1:]\n")

    assert called(guest, lr=0.25).arrays["loss"] == 0.25
    assert guest.rate == "lr"


def test_the_process_ends_with_its_guest(guest_of):
    guest = guest_of(f"import os\nprint('pid', os.getpid())\n{RIGHT}")
    called(guest)
    assert guest.alive

    guest.close()

    assert not guest.alive
    pid = int(guest.output.text().split()[1])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


# What may be returned

W, B = [np.ones((2, 3)), np.ones((3, 1))], [np.zeros(3), np.zeros(1)]


class Tensor:
    """As PyTorch's, as far as it is asked."""

    def __init__(self, array):
        self._array = array

    def detach(self):
        return self

    cpu = detach

    def numpy(self):
        return self._array


@pytest.mark.parametrize(
    "returned",
    [
        (2.0, W, B),
        [np.float64(2), tuple(W), tuple(B)],
        (np.array([[2.0]]), [each.tolist() for each in W], [each.tolist() for each in B]),
        (Tensor(np.array(2.0)), [Tensor(each) for each in W], [Tensor(each) for each in B]),
        {"loss": 2, "dW": W, "db": B},
        {"loss": 2, "dW1": W[0], "dW2": W[1], "db1": B[0], "db2": B[1]},
        (2.0, {"dW1": W[0], "db1": B[0], "dW2": W[1], "db2": B[1]}),
        (2.0, W, B, {"z": W, "delta": W}),
        {"cost": 2, "grad_w": W, "grad_b": B},
        (2.0, reversed([W[1], W[0]]), deque(B)),
        (2.0, (each for each in W), {1: B[0], 2: B[1]}.values()),
        (W, B, np.float64(2)),
        (W, B, Tensor(np.array(2.0))),
    ],
)
def test_many_forms_are_one_loss_and_its_gradients(returned):
    found = named(returned, 2)

    assert found["loss"] == 2
    assert {name: found[name].shape for name in ("dW1", "dW2", "db1", "db2")} == {
        "dW1": (2, 3),
        "dW2": (3, 1),
        "db1": (3,),
        "db2": (1,),
    }


def test_the_layers_of_a_dict_are_in_the_order_of_their_numbers():
    layers = range(1, 13)
    keyed = {f"dW{k}": np.full((1, 1), k) for k in reversed(layers)} | {f"db{k}": np.full(1, k) for k in layers}

    for dW in (keyed, {"dW": dict(zip(layers, map(float, layers), strict=True)), "db": [keyed["db1"]] * 12}):
        assert [named((1.0, dW), 12)[f"dW{k}"].item() for k in layers] == [*layers]


def test_a_loss_in_the_middle_and_arrays_without_an_end_are_refused():
    with pytest.raises(ReturnedError, match="it comes first: return loss, dW, db"):
        named((W, 2.0, B), 2)
    with pytest.raises(ReturnedError, match="returned 1000 arrays as dW; expected 2"):
        named((2.0, itertools.repeat(W[0]), B), 2)
    with pytest.raises(ReturnedError, match="returned a set as dW"):
        named((2.0, {1, 2}, B), 2)


def test_float32_stays_float32_and_whole_numbers_become_float64():
    found = named((np.float32(1), [each.astype("float32") for each in W], [each.astype(int) for each in B]), 2)

    assert [found[name].dtype for name in ("loss", "dW1", "db1")] == ["float32", "float32", "float64"]


@pytest.mark.parametrize(
    "returned", [None, 1.0, "text", (1.0, None, B), (1.0, W, 3), {"dW": W, "db": B}, ([1, 2], W, B)]
)
def test_what_is_no_loss_with_gradients_is_refused(returned):
    with pytest.raises(ReturnedError, match="returned"):
        named(returned, 2)


ABANDONS = """
import os, sys
from pathlib import Path
from core.guest.process import Guest

guest = Guest(Path(sys.argv[1]))
begun = __import__("threading").Thread(target=guest.load)
begun.start()
begun.join(0.7)  # it is in its endless loop by now
print(guest._process.pid, flush=True)
os._exit(0)
"""


def test_the_process_ends_with_the_one_that_started_it(tmp_path):
    (tmp_path / "mine.py").write_text("while True: pass", "utf-8")
    command = [sys.executable, "-c", ABANDONS, str(tmp_path / "mine.py")]
    pid = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    until = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and b"supervisor.py" in Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < until
