"""`--version` and `--help` answer without loading what only a run needs."""

import subprocess
import sys

import pytest

HEAVY = {"asyncssh", "httpx", "httpcore", "cryptography", "coldstart.baseline.model", "coldstart.outcome", "yaml"}

LOOK = """
import sys
from coldstart.__main__ import main
code = main({arguments!r})
sys.stderr.write("\\n".join(sorted(sys.modules)))
sys.exit(code)
"""


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["check", "--help"], ["plan", "-h"], ["lint", "-h"]])
def test_answers_about_itself_import_nothing_heavy(arguments):
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(arguments=arguments)], capture_output=True, text=True, check=True
    )
    assert done.stdout
    assert set() == HEAVY & set(done.stderr.splitlines())
