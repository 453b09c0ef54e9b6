"""``python -m coldstart.render.schema report|plan`` prints the JSON Schema of that document (docs/schema/)."""

import sys

from coldstart.outcome import Report
from coldstart.plan import Plan
from coldstart.render import as_json

DOCUMENTS = {
    "report": lambda: as_json.schema(Report, "A report of coldstart", Report.model_fields["schema_version"].default),
    "plan": lambda: as_json.schema(Plan, "A plan of coldstart", Plan.model_fields["schema_version"].default),
}


def main(names: list[str]) -> int:
    """Print the schema of the one document named; returns 3 on any other use."""
    if len(names) != 1 or names[0] not in DOCUMENTS:
        sys.stderr.write(f"usage: python -m coldstart.render.schema {'|'.join(DOCUMENTS)}\n")
        return 3
    sys.stdout.write(DOCUMENTS[names[0]]())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
