"""Variables: where their values come from, and that none of them can be used to break the loader."""

import pytest

from coldstart.baseline.build import declared_variables
from coldstart.baseline.load import load_text
from coldstart.baseline.problems import Problems
from coldstart.baseline.source import Source, tree
from coldstart.errors import BaselineError
from coldstart.probes.params import PlainScalar

TEMPLATE = """\
coldstart: 1
name: %s
variables:
%s
hosts: {"110": {address: a}}
gates:
  P0:
    title: x
    checks:
      - {id: a, claim: x, probe: ping}
"""


def text(name, **variables):
    return TEMPLATE % (name, "".join(f"  {key}: {value}\n" for key, value in variables.items()))


def name_of(written, variables=None, vars_files=(), **declared):
    loaded = load_text(text(written, **declared), "b.yml", variables=variables or {}, vars_files=vars_files)
    return loaded.baseline.name


def problems(written, variables=None, vars_files=(), **declared):
    with pytest.raises(BaselineError) as caught:
        name_of(written, variables, vars_files, **declared)
    return list(caught.value.problems)


def test_a_reference_is_replaced_anywhere_in_a_value():
    assert "from a to b, a" == name_of("from ${x} to ${y}, ${x}", x="a", y="b")


def test_a_doubled_dollar_is_a_literal_reference():
    assert "${x} and $5 and $x" == name_of("$${x} and $5 and $x", x="a")


def test_a_replaced_text_is_not_looked_at_again():
    assert "${y}" == name_of("${x}", x="$${y}", y="b")


def test_a_default_may_refer_to_other_variables_whatever_the_order():
    assert "http://10.0.0.1:80" == name_of("${url}", url="http://${address}", address="${ip}:80", ip="10.0.0.1")


def test_a_long_chain_of_variables_is_resolved():
    chain = {f"v{number}": f"${{v{number + 1}}}" for number in range(3000)}
    assert "end" == name_of("${v0}", **chain, v3000="end")


def test_set_wins_over_the_last_vars_file_which_wins_over_the_first(tmp_path):
    (tmp_path / "a.yml").write_text("x: a\ny: a\nz: a\n")
    (tmp_path / "b.yml").write_text("y: b\nz: b\n")
    files = [tmp_path / "a.yml", tmp_path / "b.yml"]
    assert "0abs" == name_of("${w}${x}${y}${z}", {"z": "s"}, files, w=0, x=0, y=0, z=0)


def test_a_required_variable_is_given_by_set():
    assert "/etc/ca.pem" == name_of("${ca}", {"ca": "/etc/ca.pem"}, ca="{about: must be set}")


def test_an_unset_variable_that_nothing_uses_is_no_problem():
    loaded = load_text(text("plain", ca="{about: must be set}"), "b.yml")
    assert {"ca": 4} == loaded.unused_variables


def test_an_unset_variable_is_reported_where_it_is_used():
    expected = ["b.yml:2:7: variable 'ca' is unset (the CA file): give it by --set ca=VALUE"]
    assert expected == problems("${ca}", ca="{about: the CA file}")


def test_setting_an_unknown_variable_names_the_known_ones():
    expected = ["--set harbr: no variable 'harbr' in the baseline: did you mean 'harbor'? (known: harbor, other)"]
    assert expected == problems("x", {"harbr": "1"}, harbor="a", other="b")


def test_an_unknown_variable_in_a_vars_file_is_reported_in_that_file(tmp_path):
    path = tmp_path / "vars.yml"
    path.write_text("x: 1\nharbr: 2\n")
    expected = [f"{path}:2:1: no variable 'harbr' in the baseline: did you mean 'harbor'? (known: x, harbor)"]
    assert expected == problems("${x}", None, [path], x=0, harbor=0)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "the file is empty"),
        ("- x\n", "where the file must be a mapping"),
        ("x: [1]\n", "variable 'x' is a list: a variable is one text"),
        ("x:\n", "variable 'x' is empty"),
        ("x: &a 1\n", "anchors are not supported"),
        ("x: 1\nx: 2\n", "already given at 1:1"),
        ("x: ${nowhere}\n", "variable 'nowhere' is not declared"),
        ("x: ${y}\n", "variables refer to each other: x → y → x"),
        ("x: '\x07'\n", "control or invisible character U+0007"),
    ],
)
def test_a_vars_file_is_held_to_the_same_rules(tmp_path, content, says):
    path = tmp_path / "vars.yml"
    path.write_text(content)
    (line,) = problems("${x}", None, [path], x="0", y="${x}")
    assert line.startswith(str(path))
    assert says in line


def test_a_missing_vars_file_is_reported_beside_the_problems_of_the_baseline(tmp_path):
    found = problems("${lost}", None, [tmp_path / "none.yml"], x="0")
    assert ["cannot be read", "not declared"] == [
        next(words for words in ("cannot be read", "not declared") if words in line) for line in sorted(found)
    ]


def test_a_control_character_in_an_option_is_refused():
    assert ["--set x: 'a\\x1b[31m' holds a control or invisible character: remove it"] == problems(
        "${x}", {"x": "a\x1b[31m"}, x="0"
    )


def test_circles_beyond_those_that_are_named_still_end():
    rings = {f"v{number}": f"${{v{number}}}" for number in range(40)}
    found = problems("${v39}", **rings)
    assert 20 == sum("refer to each other" in line for line in found)


def test_a_value_that_grows_without_bound_is_refused():
    doubling = {f"v{number}": f"${{v{number + 1}}}${{v{number + 1}}}" for number in range(64)}
    (line,) = problems("${v0}", **doubling, v64="lol")
    assert "too long after its variables are replaced" in line


@pytest.mark.parametrize(
    ("held", "value", "plain"),
    [
        ("${x}", "3", True),
        ('"${x}"', "3", True),
        ("${x}", '"3"', False),
        ("${x}", "${y}", True),
        ("a${x}", '"3"', True),
        ('"a${x}"', "3", False),
    ],
)
def test_a_lone_reference_is_as_unquoted_as_its_variable(held, value, plain, parser):
    problems = Problems()
    written = f"variables:\n  x: {value}\n  y: 3\nheld: {held}\n"
    root = tree(Source("b.yml", written.encode()), problems)
    variables = declared_variables(root, problems)
    variables.check()
    variables.substitute(root.entries["held"])
    assert plain is isinstance(root.entries["held"].value, PlainScalar)
    assert 0 == len(problems)


def test_references_are_the_same_in_every_scalar_style(parser):
    for written in ("${x}", '"${x}"', "'${x}'", ">-\n  ${x}\n", "|-\n  ${x}\n"):
        assert "a" == name_of(written, x="a")
