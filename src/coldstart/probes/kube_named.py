"""Objects that a baseline names: a name alone, or a name with what more is expected of it."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from coldstart.outcome import Conclusion, Part
from coldstart.probes.kubectl import KubeName, part
from coldstart.reason import Reason


class Named(BaseModel):
    """An object by its name; a plain name stands for one with all else by default."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    name: KubeName = Field(description="Its exact name.")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str | int) and not isinstance(value, bool) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": ["string", "integer"]}, handler.resolve_ref_schema(handler(core))]}


def distinct(named: Sequence[Named]) -> None:
    """Raise ValueError when a name stands twice."""
    names = [one.name for one in named]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"named twice: {', '.join(doubled)}")


def absent(name: str, what: str, namespace: str) -> Part:
    return part(name, Conclusion.UNMET, Reason.ABSENT, f"no {what} of this name in {namespace}")
