"""JSON from the world, read strictly: what two readers could understand differently decides no verdict (RFC 8259)."""

import json
from typing import Any, NoReturn

from coldstart import errors
from coldstart.text import one_line


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def parse(text: str, what: str) -> Any:
    """Return the value of a whole JSON text; `what` names it for people ("the body").

    Raises `Unparsable` where it is cut, has a key twice in an object, NaN or Infinity, or nests too deep.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        problem = "it nests too deep"
    except ValueError as error:
        problem = str(error)
    seen = "it is empty" if not text.strip() else problem
    raise errors.Unparsable(f"{what} is not JSON: {one_line(seen, 200)}", evidence=text[:2000])
