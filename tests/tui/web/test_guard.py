"""Who is let in by the server: Host, Origin and token, one after the other."""

import hmac

import pytest

pytest.importorskip("aiohttp", reason="mlp-tui[web] is not installed")

from tui.web.guard import HEADERS, Asked, Guard, is_loopback

GUARD = Guard("127.0.0.1", 8000, "the-token")
OWN = "127.0.0.1:8000"


@pytest.mark.parametrize(
    "asked",
    [
        Asked(OWN, token="the-token"),
        Asked(OWN, cookie="the-token"),
        Asked("localhost:8000", cookie="the-token"),
        Asked("LOCALHOST:8000", origin="http://localhost:8000", cookie="the-token", session=True),
        Asked("[::1]:8000", origin="http://[::1]:8000", cookie="the-token", session=True),
        Asked(OWN, token="the-token", cookie="of an earlier start"),
    ],
)
def test_who_has_the_token_and_comes_from_the_own_page_is_let_in(asked):
    assert GUARD.refusal(asked) is None


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (Asked(OWN), "with its token"),
        (Asked(OWN, token=""), "not the token"),
        (Asked(OWN, token="the-toke"), "not the token"),
        (Asked(OWN, token="the-token2"), "not the token"),
        (Asked(OWN, cookie="another"), "not the token"),
        (Asked(OWN, token="änother\udcff"), "not the token"),
        (Asked(OWN, token="another", cookie="the-token"), "not the token"),
        (Asked(OWN, origin="http://elsewhere.example", cookie="the-token"), "Another page"),
        (Asked(OWN, origin="http://127.0.0.1:9000", cookie="the-token"), "Another page"),
        (Asked(OWN, origin="http://localhost:8000", cookie="the-token"), "Another page"),
        (Asked(OWN, origin="null", cookie="the-token"), "Another page"),
        (Asked(OWN, cookie="the-token", session=True), "which page"),
        (Asked("elsewhere.example:8000", cookie="the-token"), "not a name"),
        (Asked("127.0.0.1.elsewhere.example:8000", cookie="the-token"), "not a name"),
        (Asked("127.0.0.1:9000", cookie="the-token"), "not a name"),
        (Asked("127.0.0.1", cookie="the-token"), "not a name"),
        (Asked("192.168.1.5:8000", cookie="the-token"), "not a name"),
        (Asked("", cookie="the-token"), "not a name"),
    ],
)
def test_who_does_not_is_told_why(asked, reason):
    assert reason in GUARD.refusal(asked)


def test_beyond_loopback_addresses_and_own_names_are_known_and_no_others():
    guard = Guard("0.0.0.0", 8000, "the-token")

    for name in ("192.168.1.5:8000", "[fe80::1]:8000", "localhost:8000"):
        assert guard.refusal(Asked(name, cookie="the-token")) is None
    assert "not a name" in guard.refusal(Asked("elsewhere.example:8000", cookie="the-token"))
    named = Guard("classroom.example", 80, "the-token")
    assert named.refusal(Asked("classroom.example", cookie="the-token")) is None
    assert "not a name" in named.refusal(Asked("elsewhere.example", cookie="the-token"))


def test_tokens_are_compared_in_constant_time(monkeypatch):
    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((a, b)) or False)

    assert "not the token" in GUARD.refusal(Asked(OWN, token="a guess"))
    assert "not the token" in GUARD.refusal(Asked(OWN, cookie="the-token"))
    assert compared == [(b"a guess", b"the-token"), (b"the-token", b"the-token")]


def test_a_token_cannot_be_guessed_and_is_not_printed_with_the_guard():
    one, two = Guard("127.0.0.1", 1), Guard("127.0.0.1", 1)

    assert one.token != two.token
    assert len(one.token) >= 43  # 32 bytes in base 64
    assert one.token not in repr(one)
    assert one.address == f"http://127.0.0.1:1/?token={one.token}"
    assert Guard("::1", 1, "t").address == "http://[::1]:1/?token=t"


def test_which_addresses_are_of_this_machine_alone():
    assert all(map(is_loopback, ("127.0.0.1", "127.1.2.3", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.5", "elsewhere.example")))


def test_the_policy_lets_the_page_load_from_its_own_server_alone():
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))

    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["font-src"] == "'self'"
    assert not any(word in HEADERS["Content-Security-Policy"] for word in ("http", "*", "unsafe-eval"))
