"""The program in a browser, without one: no file of the server is read, what is saved is handed over."""

import io
import zipfile

import pytest

from core import dat
from core.experiment_file import PATH_KEYS, load
from core.saved_run import read_run
from core.weights import read_weights
from tui import served
from tui.actions import ACTIONS, bindings
from tui.places import places
from tui.screens import dump
from tui.screens.main import MainScreen
from tui.screens.open import _read
from tui.screens.settings import FieldInput
from tui.settings import FIELDS

ON_DISK = 'name = "of the server"\nlayers = [2, 3, 1]\n'


@pytest.fixture
def session(tmp_path, monkeypatch):
    """Return the folder of a served session."""
    folder = tmp_path / "session"
    folder.mkdir()
    monkeypatch.setenv(served.FOLDER, str(folder))
    return folder


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.toml"
    path.write_text(ON_DISK)
    return path


def downloads_of(program):
    """Return what the browser is given from now on, by name."""
    given = {}

    def deliver(content, *, save_filename):
        with content:
            given[save_filename] = content.read()

    program.app.deliver_binary = deliver
    return given


async def downloaded(program, given, name):
    await program.until(lambda: name in given, f"{name} is downloaded; there is {list(given)}")
    await program.until(lambda: f": {name}" in program.said, "it says so")
    return given[name]


# Files of the server


async def test_the_open_dialog_offers_what_ships_and_no_path_leads_further(opened, session, secret):
    async with opened() as program:
        await program.press("o")
        await program.shows("spirals")
        assert "path" not in program.text
        program.app.screen.query_one("Input").value = str(secret)
        await program.shows("Nothing here has that in its name.")
        await program.press("enter")
        await program.shows("There is no ")
        assert program.main.described.name == "notebook"


@pytest.mark.parametrize("text", ["/", "/etc/", "~/", "./", "../", "secret", "/etc/pass"])
def test_no_text_lists_a_folder(text, session, secret, monkeypatch):
    monkeypatch.chdir(secret.parent)

    assert places(text) == []
    assert {each.kind for each in places("")} == {"ships"}


def test_a_file_is_not_read_whatever_asks_for_it(session, secret):
    for source in (str(secret), "/etc/passwd", "saved.safetensors", str(session / "no.safetensors")):
        with pytest.raises(Exception, match="only experiments that come with mlp-tui"):
            _read(source)
    assert _read("moons").experiment.name == "moons"


def test_with_trust_files_can_be_opened(session, secret, monkeypatch):
    monkeypatch.setenv(served.TRUSTED, "1")

    assert [each.label for each in places(f"{secret.parent}/sec")] == ["secret.toml"]
    assert _read(str(secret)).experiment.name == "of the server"


async def test_the_settings_have_no_field_that_names_a_file(opened, session):
    async with opened() as program:
        await program.press("x")
        keys = {each.field.key for each in program.app.screen.query(FieldInput)}
        assert keys == {field.key for field in FIELDS} - set(PATH_KEYS)
        await program.press("end", "2")  # the name becomes notebook2
        await program.press("enter")
        await program.until(lambda: program.main.described.name == "notebook2", "it starts anew")


# Downloads


async def test_dumps_come_as_a_zip_and_leave_nothing_behind(opened, session):
    async with opened() as program:
        given = downloads_of(program)
        await program.press("n", "n", "d")
        await program.shows("Your browser will download 2 files in a .zip")
        assert "Folder" not in program.text
        assert not list(program.app.screen.query("#folder"))
        await program.press("enter")
        packed = zipfile.ZipFile(io.BytesIO(await downloaded(program, given, "notebook-dumps.zip")))
        assert packed.namelist() == ["my_autograd.dat", "torch_autograd.dat"]
        packed.extractall(session / "unpacked")
        assert dat.read(session / "unpacked" / "my_autograd.dat").epoch == 2
        assert [each.name for each in session.iterdir()] == ["unpacked"]


async def test_one_dump_comes_as_it_is_and_can_be_had_again(opened, session):
    async with opened() as program:
        given = downloads_of(program)
        await program.press("n", "d")
        program.app.screen.query_one("#engine-autograd").value = False
        await program.press("enter")
        first = await downloaded(program, given, "my_autograd.dat")
        given.clear()
        await program.press("d", "enter")
        assert await downloaded(program, given, "my_autograd.dat") == first
        assert list(session.iterdir()) == []


async def test_no_download_is_larger_than_a_server_should_gather(opened, session, monkeypatch):
    monkeypatch.setattr(dump, "MOST_DOWNLOADED", 3)
    async with opened() as program:
        await program.press("n", "n", "d")
        program.app.screen.query("Dot").last().value = True
        await program.press("enter")
        await program.until(lambda: "A browser takes 3 files at once; these are 4." in program.said, "it refuses")
        assert list(session.iterdir()) == []


async def test_the_experiment_weights_and_the_run_come_as_downloads(opened, session, tmp_path):
    kinds = {"e": "notebook.toml", "w": "notebook-weights.safetensors", "r": "notebook-run.safetensors"}
    buttons = {"e": "experiment", "w": "weights", "r": "run"}
    async with opened() as program:
        given = downloads_of(program)
        await program.press("n")
        for key, name in kinds.items():
            await program.press("d")
            await program.pilot.click(f"#{buttons[key]}")
            await program.shows("Your browser will download it.")
            await program.press("enter")
            content = await downloaded(program, given, name)
            (tmp_path / name).write_bytes(content)
            await program.until(lambda: isinstance(program.app.screen, MainScreen), "the dialog has gone")
        experiment = program.main.described.experiment
    assert load(str(tmp_path / "notebook.toml")) == experiment
    assert read_weights(tmp_path / "notebook-weights.safetensors", experiment.layers).size == 151
    assert read_run(tmp_path / "notebook-run.safetensors").epoch == 1
    assert list(session.iterdir()) == []


@pytest.mark.parametrize("name", ["/etc/x.toml", "../x.toml", "~/x.toml", "a/b.toml"])
async def test_a_download_has_a_name_and_no_folder(opened, session, name):
    async with opened() as program:
        await program.press("n", "ctrl+s")
        program.app.screen.query_one("Input").value = name
        await program.shows("Give a name without a folder.")
        await program.press("enter")
        assert not isinstance(program.app.screen, MainScreen)
    assert list(session.iterdir()) == []


# Keys


def test_every_action_has_a_key_that_browsers_hand_on_and_the_footer_shows_no_other(session):
    for action in ACTIONS:
        keys = action.keys.split(",")
        assert not action.keys or action.name == "app.suspend_process" or any(map(served.works_here, keys))
    shown = {each.key_display for each in bindings("main") if each.show}
    assert {"q", "?"} < shown
    assert not shown & {"^q", "F1", "^w", "^t"}


async def test_the_help_names_no_key_that_browsers_keep(opened, session):
    async with opened(size=(120, 200)) as program:
        await program.press("question_mark")
        await program.shows("This page.")
        assert "F1" not in program.text
        assert "ctrl+q" not in program.text
        assert "suspend" not in program.text.lower()


async def test_in_a_terminal_it_names_them(opened):
    async with opened(size=(120, 200)) as program:
        await program.press("question_mark")
        await program.shows("F1")
        assert "ctrl+q" in program.text
