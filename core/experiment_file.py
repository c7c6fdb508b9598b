"""An experiment's file: TOML in, TOML out, and the experiments that ship.

Reading is strict: an unknown key or a wrong type is an `ExperimentError` that names the file, the key and what was
expected.
"""

from __future__ import annotations

import difflib
import itertools
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from core import data
from core.errors import ExperimentError
from core.experiment import Data, Experiment, Optimizer, Width, put
from core.functions.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MOST_BYTES = 1_000_000
"""No experiment is longer than that."""

PATH_KEYS = ("data.file", "init.file", "engines.scratch.init.file", "engines.autograd.init.file")
"""The keys that name files; in an experiment's file, a path is relative to the folder of that file."""

INSTEAD = {"hidden": "layers", "data.file": "data.source", "init.file": "init.law"}
"""Keys of which one stands in the place of the other."""

DEFAULT = "notebook"
"""The experiment that runs when none is named."""


def shipped() -> tuple[str, ...]:
    """Name the experiments that come with the package, the default one first."""
    folder = resources.files("core") / "experiments"
    names = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(sorted(names, key=lambda name: name != DEFAULT))


def describe(name: str) -> str:
    """Say in a line what an experiment that ships is: the comment that its file begins with."""
    comment = itertools.takewhile(lambda line: line.startswith("#"), _text_of_shipped(name).splitlines())
    return " ".join(line.lstrip("# ") for line in comment)


def load(source: str, settings: Sequence[str] = ()) -> Experiment:
    """Return the experiment of that name, or of that file, with settings such as `optimizer.lr=0.3` put over it.

    The files of data and weights that it names have been read, and fit.

    A name that ships wins over a file of the same name without an ending; write `./notebook` for such a file.

    Raises:
        ExperimentError: the name is not known, or the file can't be read or says something that can't be run.
        DataError: the data file can't be read, or doesn't fit the network.
        FileError: a file of weights can't be read, or holds another network's.
    """
    if source in shipped():
        experiment = parse(_text_of_shipped(source), source, settings=settings)
    else:
        path = Path(source)
        experiment = parse(_text_of(path), source, path.parent, settings)
    check_files(experiment)
    return experiment


def parse(text: str, where: str, folder: Path | None = None, settings: Sequence[str] = ()) -> Experiment:
    """Read an experiment's TOML; `where` names it in errors, `settings` are put over what it says.

    Relative paths in it begin at `folder`, if it is given; those in the settings where the program runs. `hidden`, in
    the place of `layers`, leaves both ends to the data.

    Raises:
        ExperimentError: no TOML, an unknown key, a wrong type or a value out of range.
        DataError: the data file, which has to say where `hidden` layers begin and end, can't be read.
    """
    values = _toml(text, where)
    if folder is not None:
        _make_absolute(values, folder)
    given = dict(map(parsed_setting, settings))
    for key in sorted(given, key=lambda key: key != "optimizer.name"):  # its other keys are those of the new one
        _put_over(values, key, given[key])
    if given:
        _make_absolute(values, Path.cwd())
    try:
        values = _with_layers(values)
        return msgspec.convert(values, Experiment)
    except msgspec.ValidationError as error:
        raise _explained(str(error), values, where, given) from None


def parsed_setting(setting: str) -> tuple[str, Any]:
    """Read `optimizer.lr=0.3`: a dotted key, and a value as TOML has it; a bare word is a text.

    Raises:
        ExperimentError: it has no key.
    """
    key, equals, value = (part.strip() for part in setting.partition("="))
    if not equals or not re.fullmatch(r"[\w-]+(\.[\w-]+)*", key):
        raise ExperimentError(f"{setting!r} sets nothing", expected="a key and a value, such as optimizer.lr=0.3")
    try:
        (read,) = tomllib.loads(f"value = {value}").values()
    except (ValueError, RecursionError):
        return key, value
    return key, read


def altered(experiment: Experiment, settings: Mapping[str, str]) -> Experiment:
    """Return an experiment with settings put over it: texts by their dotted keys, as in `optimizer.lr=0.3`.

    An empty text leaves the key out, so that it takes the value of the `notebook` experiment. The files that it names
    are not looked at: see `check_files`.

    Raises:
        ExperimentError: that describes nothing that can be run.
    """
    values = _filled(msgspec.to_builtins(experiment))
    for key, text in settings.items():
        if text.strip():
            _put_over(values, *parsed_setting(f"{key}={text}"))
        else:
            _leave_out(values, key)
    _make_absolute(values, Path.cwd())
    try:
        return msgspec.convert(values, Experiment)
    except msgspec.ValidationError as error:
        raise _explained(str(error), values, experiment.name) from None


def check_files(experiment: Experiment) -> None:
    """Read the files of data and weights that an experiment names.

    Raises:
        DataError: the data file can't be read, or doesn't fit the network.
        FileError: a file of weights can't be read, or holds another network's.
    """
    if experiment.data.file is not None:
        data.of(experiment)
    for init in (experiment.init, experiment.engines.scratch.init, experiment.engines.autograd.init):
        if init is not None and init.file is not None:
            from core.weights import read_weights  # noqa: PLC0415 - it needs NumPy, which most starts don't wait for

            read_weights(Path(init.file), experiment.layers)


def choices(key: str) -> list[str]:
    """List the names that a key may say; empty where it takes something else."""
    return list(dict.fromkeys(_names_in(_kind_of(key))))


def _leave_out(values: dict[str, Any], key: str) -> None:
    """Take a dotted key out of a table of tables, in place."""
    *tables, last = key.split(".")
    table: Any = values
    for name in tables:
        table = table.get(name, {})
    table.pop(last, None)


def _put_over(values: dict[str, Any], key: str, value: Any) -> None:  # noqa: ANN401 - as TOML has them
    """Set a value by its dotted key; what it stands in the place of is taken out."""
    both_ways = INSTEAD | {other: key for key, other in INSTEAD.items()}
    if key in both_ways:
        *tables, last = both_ways[key].split(".")
        table = values.get(tables[0]) if tables else values
        if isinstance(table, dict):
            table.pop(last, None)
    if key == "optimizer.name":
        _drop_others_keys(values.get("optimizer"), value)
    put(values, key, value)


def _drop_others_keys(optimizer: Any, name: object) -> None:  # noqa: ANN401 - as TOML has it
    """Take out of an optimizer's table what says something to others, and nothing to the one of this name."""
    if isinstance(optimizer, dict) and isinstance(name, str) and name in OPTIMIZERS:
        known = {"name", "lr", *OPTIMIZERS[name].defaults}
        for key in set(Optimizer.__struct_fields__) - known:
            optimizer.pop(key, None)


def to_toml(experiment: Experiment) -> str:
    """Write an experiment as TOML that `parse` reads back to an equal one."""
    import tomlkit  # noqa: PLC0415 - only a run that saves needs it

    return tomlkit.dumps(_filled(msgspec.to_builtins(experiment)))


class _Hidden(msgspec.Struct):
    """What `hidden` needs to become `layers`."""

    hidden: Annotated[tuple[Width, ...], msgspec.Meta(max_length=98)]
    data: Data = Data()
    output: str = "identity"

    def layers(self) -> tuple[int, ...]:
        """Return all widths, both ends as the data have them."""
        first, last = data.ends(self.data, self.output)
        return (first, *self.hidden, last)


def _with_layers(values: dict[str, Any]) -> dict[str, Any]:
    """Return the same values with `layers` in the place of `hidden`.

    Raises:
        ValidationError: `hidden` or what it needs is not what it should be.
        DataError: the data file can't be read.
    """
    if "hidden" not in values:
        return values
    if "layers" in values:
        raise msgspec.ValidationError("Expected one of `hidden` and `layers`, got both")
    others = {key: value for key, value in values.items() if key != "hidden"}
    return {**others, "layers": msgspec.convert(values, _Hidden).layers()}


def _text_of_shipped(name: str) -> str:
    return (resources.files("core") / "experiments" / f"{name}.toml").read_text("utf-8")


def _toml(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ExperimentError("is nested too deeply", where) from None
    except ValueError as error:  # no TOML, or a number too long for Python to read
        raise ExperimentError(f"is no TOML: {error}", where) from None


def _make_absolute(values: dict[str, Any], folder: Path) -> None:
    """Let the paths of an experiment begin at the root, in place; what is no path is left to be refused."""
    for key in PATH_KEYS:
        *tables, last = key.split(".")
        table: Any = values
        for name in tables:
            table = table.get(name) if isinstance(table, dict) else None
        if isinstance(table, dict) and isinstance(table.get(last), str) and table[last]:
            table[last] = str((folder / table[last]).absolute())


def _text_of(path: Path) -> str:
    """Read an experiment's file: a regular one, of at most a megabyte of UTF-8."""
    expected = f"a TOML file, or one of {', '.join(shipped())}"
    try:
        if path.exists() and not path.is_file():
            raise ExperimentError("is no regular file", str(path), expected)
        if path.stat().st_size > MOST_BYTES:
            raise ExperimentError("is larger than a megabyte", str(path), "a TOML file of a few lines")
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise ExperimentError("is not UTF-8 text", str(path), expected) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ExperimentError(f"can't be read ({reason})", str(path), expected) from None


def _filled(table: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not given, and tables with nothing in them."""
    inner = {key: _filled(value) if isinstance(value, dict) else value for key, value in table.items()}
    return {key: value for key, value in inner.items() if value is not None and value not in ({}, [], ())}


def _explained(message: str, values: dict[str, Any], where: str, given: Iterable[str] = ()) -> ExperimentError:
    """Turn msgspec's message into what is wrong, the key, and what was expected.

    `where` names what says it, unless it is one of the settings that are given by their keys.
    """
    placed = re.fullmatch(r"(.*) - at `\$\.?([^`]*)`", message, re.DOTALL)
    text, key = (placed[1], placed[2]) if placed else (message, "")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", text, re.DOTALL)
    if unknown:
        return _unknown_key(unknown[1], key, where, given)
    at = _place(key, where, given)
    if text.startswith("Invalid enum value"):
        return ExperimentError(f"got {_value_at(values, key)}", at, " or ".join(choices(key)))
    wanted = re.fullmatch(r"Expected (.*?)(?:, got (.*))?", text.replace(" | null`", "`"), re.DOTALL)  # TOML has none
    if not wanted:
        return ExperimentError(text, at)
    got = _value_at(values, key) if not wanted[2] or wanted[2].strip("`") in _TYPES else wanted[2]
    return ExperimentError(f"got {got}", at, _plain(wanted[1]))


def _place(key: str, where: str, given: Iterable[str]) -> str:
    """Name what says the value of a key: a setting, else the file."""
    if any(re.match(rf"{re.escape(each)}([.\[]|$)", key) for each in given):
        return f"setting {key}"
    return f"{where}: {key}" if key else where


_TYPES = {"int", "float", "bool", "str", "array", "object", "date", "time", "datetime"}
"""As msgspec calls them; what stands there says more than its type."""

_PLAIN = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "array": "a list",
    "object": "a table",
}


def _plain(expected: str) -> str:
    """Say what msgspec expects in the words of TOML's readers: `int | null` is a whole number."""
    kinds = re.fullmatch(r"`([a-z| ]+)`(.*)", expected, re.DOTALL)
    names = [each for each in kinds[1].split(" | ") if each != "null"] if kinds else []
    if not kinds or not set(names) <= set(_PLAIN):
        return expected
    return " or ".join(_PLAIN[each] for each in names) + kinds[2]


def _value_at(values: Any, key: str) -> str:  # noqa: ANN401 - TOML's values are of any type
    """Return what stands at a key such as `engines.scratch.mistakes[0]`, as TOML writes it; long ones cut short."""
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", key):
        values = values[int(index)] if index else values[name]
    plain = str(values).lower() if isinstance(values, bool) else str(values)
    text = repr(values) if isinstance(values, str | list | dict) else plain
    return text if len(text) <= 60 else f"{text[:57]}…"


def _unknown_key(name: str, table: str, where: str, given: Iterable[str]) -> ExperimentError:
    key = f"{table}.{name}" if table else name
    if any(f"{each}.".startswith(f"{key}.") for each in given):
        where = "setting"
    known = _keys(table)
    nearest = difflib.get_close_matches(name, known, n=1)
    expected = f"{nearest[0]}?" if nearest else f"one of {', '.join(known)}"
    return ExperimentError(f"unknown key {key}", where, expected)


def _keys(table: str) -> list[str]:
    """List the keys of a table, by its dotted path."""
    names = getattr(_kind_of(table), "__struct_fields__", ())
    return [*names] if table else [*names, "hidden"]


def _names_in(kind: Any) -> Iterator[str]:  # noqa: ANN401 - a type of any kind
    """Go through the names that a type allows, those of a list's elements included."""
    if get_origin(kind) is Literal:
        yield from get_args(kind)
    else:
        for inner in get_args(kind):
            yield from _names_in(inner)


def _kind_of(key: str) -> Any:  # noqa: ANN401 - a type of any kind
    """Return the declared type of a key, by its dotted path; the type that it has where it is given."""
    kind: Any = Experiment
    for part in re.sub(r"\[\d+\]", "", key).split(".") if key else ():
        kind = get_type_hints(kind)[part]
        given = [each for each in get_args(kind) if each is not type(None)]
        if type(None) in get_args(kind) and len(given) == 1:
            kind = given[0]
    return kind
