"""How a read is written down for people: where it was sent from, and words that can be pasted into a shell."""

import re
from collections.abc import Iterable

from coldstart.outcome import Exchange
from coldstart.reads import BootId, Command, Ping, Read
from coldstart.render.page import Cell
from coldstart.replies import CommandReply, NoReply, PingReply

_LONG, _LONG_SHOWN = 80, 40
_SHELL_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+|['"]""")
"""A word as shlex.join writes it: quoted parts and others, without a space between them."""


def place_of(read: Read) -> str:
    """Return ``on 188`` for a command; other reads name their place themselves."""
    return f"on {read.host}" if isinstance(read, Command | BootId) else ""


def question(read: Read) -> Cell:
    """Return the read as the last cell of a row; a long command goes on after a backslash."""
    return Cell(read.describe(), keep="command" if isinstance(read, Command | Ping) else "words")


def in_brief(read: Read) -> Cell:
    """Return the read with its very long words cut: enough to recognise it; plan and --explain have it whole."""
    whole = question(read)
    # One argument may be a whole program in SQL or a template, with spaces in it: it is one word of the command.
    return Cell(_SHELL_WORD.sub(_cut, whole.text), keep=whole.keep)


def _cut(word: re.Match[str]) -> str:
    return word[0] if len(word[0]) <= _LONG else f"{word[0][:_LONG_SHOWN]}…"


def most_telling(exchanges: Iterable[Exchange], most: int) -> tuple[tuple[Exchange, ...], int]:
    """Return at most `most` exchanges, those that failed before the others, and how many are left out."""
    every = tuple(exchanges)
    chosen = sorted(every, key=_went_well)[:most]
    return tuple(chosen), len(every) - len(chosen)


def _went_well(exchange: Exchange) -> bool:
    reply = exchange.reply
    if isinstance(reply, CommandReply | PingReply):
        return reply.exit_status == 0
    return not isinstance(reply, NoReply)
