"""The trainer's end of the connection: in which order it hears and tells."""

import contextlib
import socket
import tempfile
import threading
from multiprocessing.connection import Connection

import pytest

from tui.keeper import Keeper
from tui.protocol import Numbered, Show, Start, View, Window
from tui.selection import Selection
from tui.service import Service


@pytest.fixture
def ends():
    with contextlib.ExitStack() as stack:
        ours, theirs = (Connection(each.detach()) for each in socket.socketpair())
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(2)]
        yield ours, Service(theirs, Start(), Keeper([file.fileno() for file in files]))
        ours.close()


def test_a_command_that_has_come_is_carried_out_before_a_view_is_sent(ends):
    """Who has asked for something would else be shown what was before, and wait for its painting."""
    connection, service = ends
    for number in (1, 2, 3):
        connection.send(Numbered(number, Show(Selection().tensor, Window())))

    def serve():
        with contextlib.suppress(EOFError, ConnectionResetError):
            service.run()

    serving = threading.Thread(target=serve)
    serving.start()
    events = iter(connection.recv, None)
    assert next(event for event in events if isinstance(event, View)).handled == 3
    connection.close()
    serving.join(10)
    assert not serving.is_alive()
