"""The trainer's end of the connection: in which order it hears and tells."""

import contextlib
import socket
import tempfile
import threading
from multiprocessing.connection import Connection

import pytest

from tui.keeper import Keeper
from tui.protocol import Numbered, Show, Start, Step, View, Window
from tui.selection import Selection
from tui.service import Service


@pytest.fixture
def ends():
    with contextlib.ExitStack() as stack:
        ours, theirs = (Connection(each.detach()) for each in socket.socketpair())
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(2)]
        yield ours, Service(theirs, Start(), Keeper([file.fileno() for file in files]))
        ours.close()


@contextlib.contextmanager
def serving(service, connection):
    """Let the service run in a thread until the connection is closed."""

    def serve():
        with contextlib.suppress(EOFError, ConnectionResetError):
            service.run()

    thread = threading.Thread(target=serve)
    thread.start()
    yield
    connection.close()
    thread.join(10)
    assert not thread.is_alive()


def views(connection):
    return (event for event in iter(connection.recv, None) if isinstance(event, View))


def test_a_command_that_has_come_is_carried_out_before_a_view_is_sent(ends):
    """Who has asked for something would else be shown what was before, and wait for its painting."""
    connection, service = ends
    for number in (1, 2, 3):
        connection.send(Numbered(number, Show(Selection().tensor, Window())))

    with serving(service, connection):
        assert next(views(connection)).handled == 3


def test_pytorch_is_imported_after_the_first_view_which_it_would_hold_up(ends):
    connection, service = ends
    begun, make = [], service._trainer.view

    def view():
        begun.append(service._importing is not None and service._importing._thread.ident is not None)
        return make()

    service._trainer.view = view
    connection.send(Numbered(1, Step(1)))
    with serving(service, connection):
        assert next(views(connection)).joined == ("scratch",)
        assert next(view for view in views(connection) if view.epoch == 1 and "autograd" in view.joined)
    assert begun[0] is False
