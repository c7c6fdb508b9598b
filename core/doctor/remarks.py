"""What else there is to say of a file: what it changes, what it can't do, and what can't be told apart for that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.doctor.observation import rights
from core.errors import GuestError
from core.parameters import Parameters
from core.probes import kink
from core.simulation import Simulation
from core.wording import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import FloatArray
    from core.doctor.consult import Call, Consultation, Examiner
    from core.probes import Probe
    from core.reference import Network
    from core.simulation import Given

NUDGE = 1e-30
"""Moves a unit off its kink, and nothing else by anything that can be seen."""


def remarks_on(found: Consultation, probes: Sequence[Probe], network: Network) -> list[str]:
    """Say what the file changed and what it could not do."""
    remarks = []
    if found.changed:
        remarks.append(_changes(found.changed))
    failed = [probe for probe in probes if probe.name in found.failures]
    again = [probe for probe in failed if probe.then is not None and probe.own]
    if again and again == [probe for probe in failed if probe.own]:
        remarks.append(f"It can be called once alone; a second call {_reason(found, again)}.")
        failed = [probe for probe in failed if not probe.own]
    if any(not probe.own for probe in failed):
        remarks.append(
            f"It works for its own widths alone ({_reason(found, failed)})"
            + (": a missing transpose in a square layer can't be seen there." if _square(network) else ".")
        )
    own = [probe for probe in failed if probe.own]
    if own:
        counts = sorted({len(calls[0].given.y) for calls in found.calls.values()})
        text = f"It works for N = {', '.join(map(str, counts))} alone ({_reason(found, own)})"
        if counts == [1]:
            text += (
                ": the sum, the mean and the first row over the samples are the same there, so they can't be told apart"
            )
        remarks.append(f"{text}.")
    return remarks


def _changes(changed: set[str]) -> str:
    text = f"It changes its arguments ({', '.join(sorted(changed))})"
    if changed & {"x", "y"}:
        return f"{text}: what comes after it is computed from other samples than those that were given."
    return f"{text}: weights that are updated before δ has gone down through them make the gradients below wrong."


def _reason(found: Consultation, failed: list[Probe]) -> str:
    return found.failures[failed[0].name].what


def _square(network: Network) -> bool:
    return any(a == b > 1 for a, b in zip(network.layers, network.layers[1:], strict=False))


def forward_remarks(found: Consultation) -> list[str]:
    """Say so where a z or an a that was returned beside the gradients is wrong: then it begins in the forward pass."""
    for calls in found.calls.values():
        right = Simulation(calls[0].given)
        for k in right.z:
            for name, value in ((f"z{k}", right.z[k]), (f"a{k}", right.a[k])):
                returned = calls[0].forward.get(name)
                if returned is not None and not (_alike(returned, value) or _alike(returned.T, value)):
                    return [f"{name}, which it returned, is wrong: a mistake in the forward pass."]
    return []


def _alike(value: FloatArray, right: FloatArray) -> bool:
    """Whether they agree to what float32 can show: this is to tell, not to judge."""
    return value.shape == right.shape and np.allclose(value, right, rtol=1e-4, atol=1e-5)


def ignored_remarks(examiner: Examiner, call: Call) -> list[str]:
    """Say which arguments make no difference to what comes back."""
    try:
        ignored = examiner.ignored_by(call)
    except GuestError:
        return []
    return [f"With other {joined(ignored)} it returns the same numbers: it does not use them."] if ignored else []


def follows_its_loss(examiner: Examiner, call: Call) -> bool | None:
    """Whether the gradients are the derivative of the loss that is returned, be that wrong itself; None if unknown."""
    try:
        return examiner.follows_its_loss(call)
    except GuestError:
        return None


def kink_remarks(examiner: Examiner, network: Network, found: Consultation) -> list[str]:
    """Say so where the derivative at a kink is neither that on the left, nor that on the right, nor their mean."""
    probe = kink(network)
    if probe is None or "seven samples" not in found.calls:
        return []
    try:
        (call,) = examiner.consult([probe]).calls[probe.name]
    except GuestError:
        return []
    left, right = (_at(probe.given, nudge) for nudge in (-NUDGE, NUDGE))
    for share in (0.0, 1.0, 0.5):
        answers = {name: (1 - share) * left[name][0] + share * right[name][0] for name in left}
        if all(
            call.returned[name].shape == value.shape
            and np.all(np.abs(call.returned[name] - value) <= 1e-6 * np.max(np.abs(value), initial=1e-12))
            for name, value in answers.items()
        ):
            return []
    return ["Where a unit's z is exactly 0, its derivative is neither of the two that are right there."]


def _at(given: Given, nudge: float) -> dict[str, tuple[np.ndarray, ...]]:
    moved = Parameters(given.network.layers, given.parameters.flat.copy())
    for k, name in enumerate(given.network.activations, start=1):
        if name in ("relu", "leaky_relu"):
            moved.b[k][0] = nudge
    found = rights(replace(given, parameters=moved), "float64")
    return {name: (each.value,) for name, each in found.items()}
