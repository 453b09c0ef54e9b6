"""What a hint may say is decided by the protection tier of what failed (SOP 10)."""

import pytest
from tests.support.scripted import Script, any_of, baseline, check

from coldstart.clock import FixedClock
from coldstart.engine.program import compile_program
from coldstart.engine.runner import run
from coldstart.engine.tiers import spoken

BLOCK = "Needs human approval (BLOCK: no automatic destructive action)."
CRITICAL = "Needs human approval (CRITICAL_HITL: restart and repair with a human in the loop)."


@pytest.mark.parametrize(
    ("hint", "tier", "shown"),
    [
        ("Restart it.", "BLOCK", f"Restart it. {BLOCK}"),
        ("Restart it.", "CRITICAL_HITL", f"Restart it. {CRITICAL}"),
        ("", "BLOCK", BLOCK),
        ("Human approval, then pg_resetwal.", "BLOCK", "Human approval, then pg_resetwal."),
        ("A restart needs human\n  approval.", "BLOCK", "A restart needs human\n  approval."),
        ("Restart it, with approval.", "BLOCK", f"Restart it, with approval. {BLOCK}"),
        ("Restart it without human approval.", "BLOCK", f"Restart it without human approval. {BLOCK}"),
        ("It needs no human approval.", "CRITICAL_HITL", f"It needs no human approval. {CRITICAL}"),
        ("Look at its pods.", "STANDARD_HITL", "Look at its pods."),
        ("Look at it.", "AUTO", "Look at it. Automation may restart it after verification (AUTO)."),
        ("Look at it.", "", "Look at it."),
    ],
)
def test_a_hint_of_a_protected_tier_always_says_human_approval(hint, tier, shown):
    assert shown == spoken(hint, tier)


async def test_every_result_carries_its_tier_and_what_the_tier_says_up_to_the_root():
    gates = {
        "P0": (
            (),
            (
                check("P0", "net"),
                any_of("P0", "either", check("P0", "left", tier="BLOCK"), tier="BLOCK", hint="Look."),
                check("P0", "db", hint="Restart it.", tier="BLOCK"),
            ),
        ),
    }
    program = compile_program(baseline(gates))
    report = (await run(program, Script({"db": "no"}), FixedClock(5000.0))).report
    net, either, db = report.gates[0].checks
    assert ("", "BLOCK", "BLOCK", "BLOCK") == (net.tier, either.tier, either.members[0].tier, db.tier)
    assert (f"Look. {BLOCK}", f"Restart it. {BLOCK}") == (either.hint, db.hint)
    assert ("BLOCK", f"Restart it. {BLOCK}") == (report.root.tier, report.root.hint)
