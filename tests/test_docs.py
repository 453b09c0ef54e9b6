"""What is generated from the code is what lies in docs/, and says what an operator needs."""

import re
from pathlib import Path

import pytest
from tools.docs import pages

from coldstart.probes.registry import BUILT_IN, probe_class

DOCS = Path(__file__).parents[1] / "docs"


def test_every_page_is_what_the_code_says():
    drifted = [name for name, text in pages() if not (DOCS / name).exists() or text != (DOCS / name).read_text("utf-8")]
    assert [] == drifted, f"docs/ has drifted: run `make gen` ({', '.join(drifted)})"


def test_every_probe_has_its_page_and_every_page_its_probe():
    kinds = {kind for kind, _ in BUILT_IN}
    assert kinds | {"README"} == {path.stem for path in (DOCS / "probes").glob("*.md")}


@pytest.mark.parametrize("kind", [kind for kind, _ in BUILT_IN])
def test_every_probe_says_what_it_asks_and_gives_an_example(kind):
    text = probe_class(kind).__doc__
    assert "Example:" in text
    assert "SOP" in text
    assert f"probe: {kind}" in text
    for name, field in probe_class(kind).model_fields.items():
        assert field.description, f"{kind}.{name} is not described"


def test_links_between_the_pages_lead_somewhere():
    for page in (*DOCS.rglob("*.md"), DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md"):
        for link in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"
