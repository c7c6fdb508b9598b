"""Whether two files hold the same gradients: tensor by tensor, and as one verdict."""

from core.compare.comparing import compare, compare_passes, side_by_side
from core.compare.verdict import Comparison, Pair, Row, Verdict

__all__ = ["Comparison", "Pair", "Row", "Verdict", "compare", "compare_passes", "side_by_side"]
