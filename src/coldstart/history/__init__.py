"""Earlier runs in an SQLite database: what they said, for people, for trends and for the time that a recovery takes.

It serves the verdicts and never makes one: whatever is wrong with the file or the disk is a line in `problems`.
"""

from coldstart.history.keep import Limits
from coldstart.history.store import History

__all__ = ["History", "Limits"]
