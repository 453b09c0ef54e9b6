"""How a problem is said: what was meant, where, and without repeating a secret."""

import pytest
from pydantic import BaseModel, ConfigDict, Field

from coldstart.baseline.complaints import filled, keys_at
from coldstart.baseline.problems import Problems, shown
from coldstart.baseline.source import Source, tree


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    said_so: str = Field(default="", alias="as")


class Other(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    inners: tuple[Inner, ...] = Field(default=(), alias="list")
    by_name: dict[str, Inner | Other] = Field(default_factory=dict)
    nested: list[list[Inner]] = Field(default_factory=list)


def said(written):
    problems = Problems()
    root = tree(Source("b.yml", written.encode()), problems)
    assert filled(Outer, root, "probe x", problems) is None
    return [str(problem) for problem in sorted(problems.found)]


@pytest.mark.parametrize(
    ("loc", "expected"),
    [
        ((), ("list", "by_name", "nested")),
        (("list", 3), ("name", "as")),
        (("by_name", "a", "Inner"), ("name", "as", "size")),
        (("nested", 0, 1), ("name", "as")),
        (("nested", 0, 1, "name"), ()),
    ],
)
def test_the_keys_of_a_nested_mapping_are_those_of_the_forms_that_may_stand_there(loc, expected):
    assert expected == keys_at(Outer, loc)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "list: [{name: a}, {nmae: a, name: b}]\n",
            "b.yml:1:20: probe x, in list[1]: unknown key 'nmae': did you mean",
        ),
        ("list:\n  - name: a\n    a.s: x\n", "b.yml:3:5: probe x, in list[0]: unknown key 'a.s': "),
        ("list: [{as: x}]\n", "b.yml:1:8: probe x, in list[0]: the key 'name' is missing: add it"),
        ("list: [{name: [a]}]\n", "b.yml:1:15: probe x: list[0].name: a list is not text: write one value"),
        (
            "nested:\n  - - name: a\n  - - name: b\n    - [c]\n",
            "b.yml:4:7: probe x: nested[1][1]: a list is not a mapping",
        ),
        ("inners: []\n", "b.yml:1:1: probe x: unknown key 'inners': known: list, by_name, nested"),
        ("a.b: []\n", "b.yml:1:1: probe x: unknown key 'a.b': known: list, by_name, nested"),
    ],
)
def test_a_problem_in_a_list_of_mappings_is_at_its_own_place(written, expected, parser):
    (line,) = said(written)
    assert line.startswith(expected)


@pytest.mark.parametrize(
    "secret",
    [
        "http://root:hunter2@a/",
        "http://root:hun/ter2 hunter2@a/",
        "root:hunter2@a",
        "postgresql://hunter2:x@a/b",
        "https://a/?token=hunter2",
        "http://" + "r" * 50 + ":hunter2" + "x" * 50 + "@a/",
    ],
)
def test_a_value_is_shown_without_its_secret(secret):
    assert "hunter" not in shown(secret)


@pytest.mark.parametrize("value", ["postgresql@14-main", "http://a:1/x", "^a?b:c$", "22:30", "a@b@c"])
def test_a_value_without_a_secret_is_shown_whole(value):
    assert f"'{value}'" == shown(value)


def test_a_secret_that_a_message_repeats_is_left_out_too():
    problems = Problems()
    problems.add(("b.yml", 1, 2), "'root:hunter2@a' is not a host, nor is x:hunter2@b: write one like a@b")
    assert ["b.yml:1:2: '…@a' is not a host, nor is …@b: write one like a@b"] == [str(one) for one in problems.found]


def test_looking_for_secrets_in_a_long_value_does_not_take_long():
    for long in ("a" * 65536, "://" * 20000, ":@" * 30000, "a:b'" * 16000):
        assert shown(long)
        Problems().add(("b.yml", 1, 1), long)


def test_of_many_names_the_first_are_listed_with_their_number():
    names = [f"name-{number}" for number in range(22)]
    assert f"known: {', '.join(names[:20])}, … (22 in all)" == Problems().meant("x", names)
