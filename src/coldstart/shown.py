"""The one type of a string that may hold text from the world."""

from typing import Annotated

from pydantic import AfterValidator

from coldstart.text import visible

Shown = Annotated[str, AfterValidator(visible)]
"""A string that may hold text from the world: control and bidi characters become visible escapes."""
