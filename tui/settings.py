"""Settings: an experiment as a form of texts, a field a key; which fields there are, and what was changed in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from core.errors import MlpError
from core.experiment import CHANGEABLE, Experiment
from core.experiment_file import altered, choices, parsed_setting
from core.functions.optimizers import OPTIMIZERS
from core.mistakes import MISTAKES
from core.sources import SOURCES

if TYPE_CHECKING:
    from collections.abc import Mapping

Texts = dict[str, str]
"""What stands in each field, by its dotted key."""


@dataclass(frozen=True)
class Field:
    """One setting."""

    key: str
    """Dotted, as in a TOML file."""
    group: str
    help: str
    """What it means, in a few words."""

    @property
    def label(self) -> str:
        """The key, without the table that the group names already."""
        inside = ("optimizer.", "init.", "data.", "engines.")
        return next((self.key.removeprefix(each) for each in inside if self.key.startswith(each)), self.key)

    @property
    def choices(self) -> list[str]:
        """The names that it may say; empty where it takes something else."""
        if self.key == "engines.scratch.mistakes":
            return [f'["{name}"]' for name in MISTAKES]
        return ["true", "false"] if self.key in _YES_OR_NO else choices(self.key)


_YES_OR_NO = ("shuffle", "optimizer.nesterov", "optimizer.centered", "data.standardize")

_NOTHING_SAID = {
    "batch": "all",
    "data.inputs": "all others",
    "data.targets": "the last one",
    "engines.scratch.precision": "the run's",
    "engines.autograd.precision": "the run's",
}
"""What an empty field means, in a word, where that is no value."""

FIELDS = (
    Field("name", "Network", "what the run is called"),
    Field("layers", "Network", "widths from the input to the output: [2, 10, 10, 1]"),
    Field("activation", "Network", "of the hidden layers: one for all, or a list with one each"),
    Field("output", "Network", "the output layer's activation"),
    Field("loss", "Network", "what is to become small"),
    Field("precision", "Network", "what both engines compute in"),
    Field("epochs", "Run", "how many are planned"),
    Field("batch", "Run", "samples an update; empty: all at once"),
    Field("shuffle", "Run", "whether each epoch takes the samples in another order"),
    Field("seed", "Run", "of the initial weights and of the order of the samples"),
    Field("init.law", "Start", "what the initial weights are drawn by"),
    Field("init.file", "Start", "weights to start from: .safetensors or .pt; in the place of a law"),
    Field("optimizer.name", "Optimizer", "how parameters follow their gradients"),
    Field("optimizer.lr", "Optimizer", "the learning rate"),
    Field("optimizer.momentum", "Optimizer", "how much of the last step goes on"),
    Field("optimizer.nesterov", "Optimizer", "Nesterov's momentum"),
    Field("optimizer.weight_decay", "Optimizer", "how much the weights are drawn to 0"),
    Field("optimizer.betas", "Optimizer", "decay of the means of g and g²: [0.9, 0.999]"),
    Field("optimizer.alpha", "Optimizer", "decay of the mean of g²"),
    Field("optimizer.eps", "Optimizer", "added to the denominator"),
    Field("optimizer.centered", "Optimizer", "whether the variance takes the place of the mean of g²"),
    Field("optimizer.lr_decay", "Optimizer", "how the learning rate falls with the steps"),
    Field("data.source", "Data", "what makes the samples"),
    Field("data.samples", "Data", "how many are made; empty: what the source says"),
    Field("data.noise", "Data", "the standard deviation of what is added to each coordinate"),
    Field("data.seed", "Data", "of the samples, and of which are held out"),
    Field("data.file", "Data", "CSV, TSV, NPZ or NPY; in the place of a source"),
    Field("data.inputs", "Data", 'the inputs\' columns, by name or number: ["x1", "x2"]; empty: all others'),
    Field("data.targets", "Data", "the targets' columns; empty: the last one"),
    Field("data.standardize", "Data", "whether inputs are brought to mean 0 and deviation 1"),
    Field("data.test_fraction", "Data", "how much is held out of the training, below 1"),
    Field("engines.scratch.precision", "Engines", "scratch's own precision; empty: the run's"),
    Field("engines.scratch.mistakes", "Engines", "mistakes planted in scratch's backward pass, a list"),
    Field("engines.autograd.precision", "Engines", "autograd's own precision; empty: the run's"),
)


class Form:
    """The settings in force where a run stands, to be changed: for a new run, or for this one from there on."""

    def __init__(self, experiment: Experiment, epoch: int = 0) -> None:
        self.experiment = experiment
        self.texts = texts_of(experiment.at(epoch + 1))
        """What stands in each field to begin with."""

    def changed(self, texts: Mapping[str, str]) -> Texts:
        """Return the fields that say something else by now; what means nothing beside the others is left empty."""
        without = meaningless(texts)
        now = {key: "" if key in without else text.strip() for key, text in texts.items()}
        return {key: text for key, text in now.items() if text != self.texts[key]}

    def anew(self, texts: Mapping[str, str]) -> Experiment:
        """Return the experiment with what was changed; what it changes midway stays.

        Raises:
            MlpError: that describes nothing that can be run.
        """
        return altered(self.experiment, self.changed(texts))

    def midway(self, texts: Mapping[str, str]) -> dict[str, Any] | None:
        """Return what a change midway sets, by dotted keys; None where something was changed that can't be changed so.

        Raises:
            MlpError: that describes nothing that can be run.
        """
        changes = self.changed(texts)
        if not changes or any(key.split(".")[0] not in CHANGEABLE for key in changes):
            return None
        if any(key.startswith("optimizer.") and not text for key, text in changes.items()):
            optimizer = msgspec.to_builtins(altered(self.experiment.at(1), changes).optimizer)
            given = {key: value for key, value in optimizer.items() if value is not None}
            changes = {key: text for key, text in changes.items() if not key.startswith("optimizer.")}
            return {**_parsed(changes), "optimizer": given} if all(changes.values()) else None
        return _parsed(changes) if all(changes.values()) else None

    @staticmethod
    def unsaid(texts: Mapping[str, str]) -> Texts:
        """Return what each field stands for where it is empty: a value, or in a word what comes then."""
        values = {key: text for key, text in texts_of(Experiment()).items() if text}
        rule, source = OPTIMIZERS.get(texts["optimizer.name"]), SOURCES.get(texts["data.source"])
        if rule is not None:
            values |= {f"optimizer.{name}": _text(value) for name, value in rule.defaults.items()}
        if source is not None:
            values |= {"data.samples": str(source.samples), "data.noise": str(source.noise)}
        return {key: values.get(key) or _NOTHING_SAID.get(key, "none") for key in texts}

    def wrong_fields(self, texts: Mapping[str, str]) -> frozenset[str]:
        """Return the keys that a line of `wrong` is about: the one that it names, or what was changed in a table."""
        place = self.wrong(texts).partition(":")[0].partition("[")[0]
        within = {key for key in self.changed(texts) if place and key.startswith(f"{place}.")}
        return frozenset({place} & texts.keys() or within)

    def wrong(self, texts: Mapping[str, str]) -> str:
        """Say in a line what is wrong; empty where it can be run."""
        try:
            self.anew(texts)
        except MlpError as error:
            return str(error).removeprefix(f"{self.experiment.name}: ")
        return ""


def texts_of(experiment: Experiment) -> Texts:
    """Return what stands in each field, `""` where nothing is said."""
    values = msgspec.to_builtins(experiment)
    return {field.key: _text(_at(values, field.key)) for field in FIELDS}


def meaningless(texts: Mapping[str, str]) -> frozenset[str]:
    """Return the keys that mean nothing beside the others: adam has no momentum, a file no noise."""
    rule, source = OPTIMIZERS.get(texts["optimizer.name"]), SOURCES.get(texts["data.source"])
    others: set[str] = set()
    if rule is not None:
        options = {key for key in texts if key.startswith("optimizer.")} - {"optimizer.name", "optimizer.lr"}
        others |= options - {f"optimizer.{name}" for name in rule.defaults}
    if texts["init.file"].strip():
        others.add("init.law")
    if texts["data.file"].strip():
        others |= {"data.source", "data.samples", "data.noise"}
    else:
        others |= {"data.inputs", "data.targets"}
        others |= {"data.samples", "data.noise"} if source is not None and source.fixed else set()
    return frozenset(others)


def _parsed(changes: Mapping[str, str]) -> dict[str, Any]:
    return dict(parsed_setting(f"{key}={text}") for key, text in changes.items())


def _at(values: Any, key: str) -> Any:  # noqa: ANN401 - TOML's values are of any type
    for name in key.split("."):
        values = None if values is None else values.get(name)
    return values


def _text(value: Any) -> str:  # noqa: ANN401 - as above
    """Write a value as TOML does, a text bare; nothing, and an empty list, as nothing."""
    if value is None or value in ((), []):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(json.dumps(each) if isinstance(each, str) else str(each) for each in value)}]"
    return str(value)
