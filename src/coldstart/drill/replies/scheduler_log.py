"""What momo-scheduler wrote, as the lab recorded it: also from before the power loss, which proves nothing of now."""

from collections.abc import Iterator
from itertools import pairwise

from coldstart.drill.replies.containers import CONTAINERS, changes, fraction, life, phase_at
from coldstart.drill.state import Phase
from coldstart.drill.view import View

REGISTERED = ("已註冊: 每日業績匯入 06:30", "全部排程任務已註冊")
WAITS = "等待 momo-db"
LOST = (
    "momo-db 連線中斷: server closed the connection unexpectedly",
    "\tThis probably means the server terminated abnormally",
    "\tbefore or while processing the request.",
)
REFUSED = (
    "每日業績匯入 失敗: google.auth.exceptions.RefreshError: ('invalid_grant: Token has been expired or revoked.', "
    "{'error': 'invalid_grant', 'error_description': 'Token has been expired or revoked.'})"
)
"""What a scheduler says that runs, and cannot do its work: Google Drive takes its token no longer (SOP 9)."""

_UP_AFTER = 160.0
"""Seconds from a boot until it had registered its jobs, in the boots before this one."""
_EVERY = 300.0
"""Seconds between two tries to reach Google Drive."""
_SCHEDULER = next(one for one in CONTAINERS["188"] if one.name == "momo-scheduler")


def scheduler_log(view: View) -> Iterator[tuple[float, str]]:
    """Lines with the moment of each, s since the start of the scenario, oldest first; the view is 188's."""
    for at, said in sorted(_events(view), key=lambda event: event[0]):
        for number, text in enumerate(said):
            begins = f"{view.time(at):%Y-%m-%d %H:%M:%S} " if text[0] != "\t" else ""
            yield at + number * 0.0002, begins + text


def _events(view: View) -> Iterator[tuple[float, tuple[str, ...]]]:
    for boot in view.state.boots:
        if boot.ended is not None and boot.at + _UP_AFTER < boot.ended:
            yield boot.at + _UP_AFTER + fraction("registered", boot.at), REGISTERED
    for before, after in pairwise(changes(view, "momo-scheduler")):
        at = after.at - 0.1 - fraction("momo-scheduler", after.at) / 2  # it was written when the model took note of it
        if after.phase is Phase.UP:
            yield at, REGISTERED
        elif before.phase is Phase.UP and after.phase is Phase.WAITING and "188/docker" not in after.lacks:
            yield at, LOST
    part, run = view.part("momo-scheduler"), life(view, _SCHEDULER)
    if run.state == "running" and phase_at(view, "momo-db", run.started) is not Phase.UP:
        yield run.started + 0.05, (WAITS,)
    if part.phase is Phase.UP and part.fault == "failing":
        yield max(part.since, view.now - view.wall() % _EVERY), (REFUSED,)
