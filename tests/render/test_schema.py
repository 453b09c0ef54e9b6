from pathlib import Path

import pytest

from coldstart.render.schema import DOCUMENTS, main

FOLDER = Path(__file__).parents[2] / "docs" / "schema"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_schema_in_docs_is_the_one_that_the_models_give(name):
    assert (FOLDER / f"{name}.schema.json").read_text("utf-8") == DOCUMENTS[name](), "`make gen` writes it anew"


def test_the_module_prints_a_schema(capsys):
    assert 0 == main(["plan"])
    assert DOCUMENTS["plan"]() == capsys.readouterr().out


@pytest.mark.parametrize("names", [[], ["nonsense"], ["report", "plan"]])
def test_any_other_use_is_exit_3_and_says_how(names, capsys):
    assert 3 == main(names)
    assert "report|plan" in capsys.readouterr().err
