"""Whether PyTorch's autograd calls backward passes that were written by hand; runs in the user's process."""

from __future__ import annotations

from typing import Any


def by_hand(outputs: Any, written: type) -> bool:  # noqa: ANN401 - tensors, in tuples or lists
    """Whether the graph above some tensors has a node of the type that a `torch.autograd.Function` gets.

    `written` is that type, as PyTorch stays out of this program.
    """
    nodes = _beginnings(outputs)
    seen = set()
    while nodes:
        node = nodes.pop()
        if isinstance(node, written):
            return True
        if node is not None and node not in seen:
            seen.add(node)
            nodes += [above for above, _ in node.next_functions]
    return False


def _beginnings(outputs: Any) -> list[Any]:  # noqa: ANN401
    if isinstance(outputs, (tuple, list)):
        return [node for each in outputs for node in _beginnings(each)]
    return [getattr(outputs, "grad_fn", None)]
