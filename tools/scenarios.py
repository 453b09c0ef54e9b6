"""The page of the drill's scenarios, made from their files."""

from coldstart.drill import library
from coldstart.drill.scenario import Event, Scenario, Stage
from coldstart.drill.telling import moment

HEAD = """\
# Scenarios

What `coldstart drill NAME` plays ([how a drill works](drill.md)). Each has a time line of causes, and the right answer
of coldstart at every attempt of its watch; the test suite plays all of them and asserts the whole course.
"""


def page() -> str:
    """Every scenario: what it teaches, what happens, what must be found, what to do."""
    return "\n".join([HEAD, *(_scenario(one) for one in library.every())])


def _scenario(one: Scenario) -> str:
    begins = "All hosts are without power." if one.begins == "cold" else "The stack has been up for two hours."
    happens = "".join(f"- {_happens(event)}\n" for event in one.timeline)
    course = "".join(f"| {_attempts(stage)} | {_must_find(stage)} |\n" for stage in one.course)
    return (
        f"## {one.name}\n\n**{one.title}** (SOP {one.sop}). {one.teaches}\n\n{begins}\n\n{happens}\n"
        f"| attempt | must find |\n|---|---|\n{course}\n*The right answer:* {one.answer}\n"
    )


def _happens(event: Event) -> str:
    return f"{moment(event.at)} {event.say}"


def _attempts(stage: Stage) -> str:
    first, last = stage.attempts
    return str(first) if first == last else f"{first} to {last}"


def _must_find(stage: Stage) -> str:
    place = "/".join(word for word in (stage.gate, stage.check) if word)
    return f"{stage.result} at `{place}`" if place else str(stage.result)
