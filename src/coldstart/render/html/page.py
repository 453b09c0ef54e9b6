"""A report as one HTML page: everything in it, nothing loaded, nothing run.

Three walls against hostile text: Jinja escapes every value for HTML, `_shown` makes control and bidi characters of
every value visible, and the page's own Content-Security-Policy (W3C CSP Level 3) allows one style sheet, by its hash,
and nothing else at all: neither a script nor a picture from elsewhere.
"""

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from coldstart.outcome import Report
from coldstart.reads import Read
from coldstart.render import done, releases, words
from coldstart.render.asked import in_brief
from coldstart.render.explain import summary
from coldstart.render.html import facts
from coldstart.render.html.critical import critical_path
from coldstart.render.html.dag import NODE_HEIGHT, picture
from coldstart.render.html.excerpts import Excerpts
from coldstart.render.html.timeline import BAR, KINDS, LABELS, chart
from coldstart.render.spans import own, used_by_gate
from coldstart.text import one_line, plural, visible

_PACKAGE = "coldstart.render.html"
_BRIEF_MOST = 180


def render(report: Report) -> str:
    """Return the page; moments are in UTC, so that the same report gives the same bytes everywhere."""
    spans = used_by_gate(report)
    critical = critical_path(report, spans)
    gates = [
        {
            "result": gate,
            "id": facts.anchor(at, gate.name),
            "when": facts.when(own(spans, gate.name)),
            "shared": len(spans[gate.name]) - len(own(spans, gate.name)),
        }
        for at, gate in enumerate(report.gates)
    ]
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            csp=policy(),
            style=Markup(stylesheet()),  # noqa: S704 - a file of this package
            gates=gates,
            ids={gate.name: facts.anchor(at, gate.name) for at, gate in enumerate(report.gates)},
            dag=picture(report),
            chart=chart(report, spans, critical),
            critical=critical,
            reads=len({id(span) for used in spans.values() for span in used}),
            excerpts=Excerpts.of(report),
            root_check=facts.root_check(report),
        )
    )


@cache
def stylesheet() -> str:
    """The one style sheet, as it stands in the page."""
    return resources.files(_PACKAGE).joinpath("style.css").read_text("utf-8")


@cache
def policy() -> str:
    """The Content-Security-Policy: the style sheet by its hash, pictures that are in the page, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(stylesheet().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.globals.update(
        facts=facts,
        words=words,
        summary=summary,
        brief=_brief,
        plural=plural,
        criteria=done.counted,
        releases=releases,
        kinds=KINDS,
        labels=LABELS,
        bar=BAR,
        node_height=NODE_HEIGHT,
    )
    return environment


def _brief(read: Read) -> str:
    """Enough of a read to recognise it."""
    return one_line(in_brief(read).text, _BRIEF_MOST)


def _shown(value: Any) -> Any:
    """What stands for a value in the page: text without anything that could reorder or hide it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(facts.cut(str(value)))
    return value
