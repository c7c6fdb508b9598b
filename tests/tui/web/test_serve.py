"""`mlp-tui serve`: what it prints, and what it refuses."""

import importlib.util
import sys
from pathlib import Path

import pytest

pytest.importorskip("textual_serve", reason="mlp-tui[web] is not installed")

from core.errors import MlpError
from tui import served
from tui.protocol import Mine
from tui.web import start
from tui.web.guard import Guard
from tui.web.server import Offer, Server, _tell
from tui.web.sessions import COMMAND, Program

spec = importlib.util.spec_from_file_location("visitor", Path(__file__).with_name("visitor.py"))
visitor_module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(visitor_module)
visiting = visitor_module.visiting


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)])
def test_beyond_this_machine_a_sentence_names_the_risk(host, warned, capsys):
    _tell(Guard(host, 8000, "t"), Offer(host=host))
    said = capsys.readouterr()

    assert ":8000/?token=t\n" in said.out
    assert said.out.count("token=") == 1
    assert ("nothing is encrypted" in said.err) == warned
    assert said.err.count("\n") == (1 if warned else 0)


def test_trusting_is_warned_of_too(capsys):
    _tell(Guard("127.0.0.1", 8000, "t"), Offer(Program(trust=True)))

    assert "read the files that you can read" in capsys.readouterr().err


async def test_a_port_that_is_taken_is_told_in_a_line():
    async with visiting() as visitor:
        port = visitor.server.guard.port
        with pytest.raises(MlpError, match=rf"127.0.0.1:{port}: can't listen there \(.*; expected a free port"):
            await Server(Offer(port=port)).start()


def test_without_the_extra_serve_says_what_to_install(monkeypatch, mlp_tui):
    monkeypatch.setattr(start, "find_spec", lambda name: None if name == "textual_serve" else name)

    assert "pip install 'mlp-tui[web]'" in mlp_tui("serve").refusal


def test_a_wrong_experiment_is_told_to_the_server_not_to_its_visitors(mlp_tui):
    assert "nonsense" in mlp_tui("serve", "nonsense").refusal
    assert "port" in mlp_tui("serve", "--port", "70000").refusal.lower()


def test_a_session_opens_the_experiment_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert start.words_of(None, ()) == start.words_of("notebook", ()) == ()
    assert start.words_of("moons", ["epochs=3"]) == ("moons", "--set", "epochs=3")
    assert start.words_of("own.toml", ()) == (str(tmp_path / "own.toml"),)
    assert start.words_of("notebook", ["epochs=3"]) == ("notebook", "--set", "epochs=3")
    assert COMMAND[0] == sys.executable


def test_a_file_of_somebodys_own_goes_along_and_says_itself_what_it_is_for(tmp_path):
    own = Mine(tmp_path / "own.py", None, 64 << 20)
    words = ("--mine", str(own.path), "--memory", str(64 << 20))

    assert start.words_of(None, (), own) == words
    assert start.words_of("notebook", (), own) == ("notebook", *words)
    assert start.words_of("moons", ["epochs=3"], own) == ("moons", "--set", "epochs=3", *words)


def test_mine_is_off_unless_visitors_are_trusted(mlp_tui, tmp_path, monkeypatch):
    own = tmp_path / "own.py"
    assert mlp_tui("new", own).returncode == 0
    assert (
        "--mine runs a file of this machine in every session; expected --trust"
        in mlp_tui("serve", "--mine", own).refusal
    )
    assert "no such file" in mlp_tui("serve", "--trust", "--mine", tmp_path / "nothing.py").refusal

    served_with = []
    monkeypatch.setattr(start, "run", lambda words, **settings: served_with.append((words, settings["trust"])) or 0)
    assert mlp_tui("serve", "--trust", "--mine", own, "--memory", "64M").returncode == 0
    assert served_with == [(("--mine", str(own), "--memory", str(64 << 20)), True)]


def test_nor_does_a_session_itself_run_one(mlp_tui, tmp_path, monkeypatch):
    own = tmp_path / "own.py"
    assert mlp_tui("new", own).returncode == 0
    monkeypatch.setenv(served.FOLDER, str(tmp_path))
    assert "your own file is off in a browser" in mlp_tui("--mine", own).refusal
