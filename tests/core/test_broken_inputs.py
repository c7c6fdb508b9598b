"""A short run of the campaign against broken inputs; `tests/campaigns/inputs.py` is the long one."""

import subprocess
import sys
from pathlib import Path

CAMPAIGN = Path(__file__).parents[1] / "campaigns" / "inputs.py"


def test_broken_experiments_tables_and_arrays_are_refused_in_a_line():
    done = subprocess.run(
        [sys.executable, str(CAMPAIGN), "--count", "600"], capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "refused in a line" in done.stdout
    assert "read" in done.stdout
