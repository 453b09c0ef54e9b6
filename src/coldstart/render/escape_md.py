"""Text of the world in Markdown (CommonMark with GitHub's tables and autolinks): always text, never markup.

What was observed stands in code spans, in which nothing means anything. Prose is escaped, and its words that a renderer
would turn into links or mails become code spans; in a table, where a code span can be broken by a pipe, they are
escaped as well. Only for text after a label: what a line begins with (``#``, ``-``, ``1.``) is not escaped.
"""

import re

from coldstart.text import one_line, visible

_MARKUP = re.compile(r"[\\`*\[\]<>|~&$]|(?<![a-z0-9])_|_(?![a-z0-9])|(?<=\w):(?=//)|(?<=www)\.", re.IGNORECASE)
r"""An underscore within a word means nothing; ``http\://`` and ``www\.`` are no links."""
_LINK = re.compile(r"://|www\.|mailto:|xmpp:|@", re.IGNORECASE)
_END_OF_SENTENCE = re.compile(r"[.,;:!?)\]]*$")
_CODE_MOST = 400
_NOTHING = "-"


def code(text: str) -> str:
    """Return `text` on one line as a code span whose fence is longer than any run of backticks in it."""
    line = one_line(text, _CODE_MOST).strip()
    if not line:
        return _NOTHING
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def prose(text: str) -> str:
    """Return `text` on one line, for the middle of a paragraph or a list item."""
    return " ".join(_word(word) for word in visible(text).split())


def cell(text: str) -> str:
    """Return `text` on one line, for a cell of a table."""
    return " ".join(_escaped(word) for word in visible(text).split())


def _word(word: str) -> str:
    rest = _END_OF_SENTENCE.sub("", word)
    if "`" in word or not _LINK.search(rest):
        return _escaped(word)
    return code(rest) + _escaped(word[len(rest) :])


def _escaped(word: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", word)
