"""The JSON Schema: valid of itself, as generated, and of the same mind as the loader about keys and types."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from coldstart.baseline.complaints import keys_at
from coldstart.baseline.load import load_text
from coldstart.baseline.schema import BUILT_IN, json_schema, text
from coldstart.errors import BaselineError
from coldstart.probes.registry import probe_class

from .conftest import GOOD, WHOLE

ROOT = Path(__file__).parents[2]
WRITTEN = ROOT / "docs" / "schema" / "baseline.schema.json"
BAD = ROOT / "tests" / "bad_baselines"
OF_KEYS_AND_TYPES = (
    "a-scalar",
    "alert-test",
    "alert-test-missing-keys",
    "alert-test-not-a-mapping",
    "alert-test-unknown-keys",
    "any-of",
    "conditions",
    "covers",
    "done-criteria",
    "gate-and-check-names",
    "hosts-is-a-list",
    "missing-keys",
    "needs-unknown-verdict",
    "nested-parameters",
    "no-checks",
    "no-hosts",
    "not-a-mapping",
    "out-of-range",
    "probe-is-a-list",
    "probe-parameters",
    "protection-tiers",
    "references",
    "releases",
    "runbook-empty-values",
    "runbook-missing-keys",
    "runbook-unknown-keys",
    "runbook-wrong-items",
    "runbook-wrong-types",
    "schema-version",
    "schema-version-not-a-number",
    "unknown-keys",
    "unknown-keys-everywhere",
    "unknown-probe",
    "wrong-types",
)


ALERT = "alert_test: {url: 'http://a/', receiver: r, alertname: N, summary: s"


@pytest.fixture(scope="module")
def validator():
    return Draft202012Validator(json_schema())


def complaints(validator, written):
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(yaml.safe_load(written))]


def check(extra):
    return f"""
coldstart: 1
name: x
variables: {{n: 3, s: warn, t: 5s, y: "true"}}
hosts: {{"110": {{address: a}}}}
gates: {{P0: {{title: x, checks: [{{id: a, claim: x, {extra}}}]}}}}
"""


def test_the_file_in_docs_is_the_one_that_the_code_makes():
    assert text() == WRITTEN.read_text("utf-8"), "run: make gen"


def test_the_schema_is_valid_by_its_own_dialect(validator):
    Draft202012Validator.check_schema(validator.schema)
    assert "https://json-schema.org/draft/2020-12/schema" == validator.schema["$schema"]


def test_every_reference_leads_to_a_definition(validator):
    targets = {part.partition('"')[0] for part in json.dumps(validator.schema).split('"#/$defs/')[1:]}
    assert set() == targets - set(validator.schema["$defs"])


@pytest.mark.parametrize("text", [GOOD, WHOLE], ids=["good", "whole"])
def test_a_good_baseline_is_valid(text, validator):
    assert [] == complaints(validator, text)


def test_every_section_has_its_description(validator):
    assert all(schema["description"] for schema in validator.schema["properties"].values())


@pytest.mark.parametrize(
    "path", sorted((ROOT / "baselines").rglob("*.yml")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_every_shipped_baseline_is_valid(path, validator):
    assert [] == complaints(validator, path.read_text("utf-8"))


@pytest.mark.parametrize("name", OF_KEYS_AND_TYPES)
def test_a_bad_baseline_of_keys_and_types_is_not_valid(name, validator):
    assert complaints(validator, (BAD / f"{name}.yml").read_text("utf-8"))


@pytest.mark.parametrize(
    "extra",
    [
        'probe: ping, with: {count: "${n}"}',
        'probe: ping, severity: "${s}", timeout: "${t}", sudo: "${y}"',
        "probe: ping, hosts: 110",
        "probe: ping, hosts: [110]",
        "probe: ping, sop: 3",
        "probe: ping, covers: [9/188 cron, 13.4]",
        'probe: http, with: {url: "http://a/", json: [{path: a, equals: 1}, {path: b, one_of: [x, "${s}"]}]}',
        "any_of: [{id: a, claim: a, probe: ping}, {id: b, claim: b, probe: tcp, with: {port: 22}}]",
        f"{ALERT}, sent: {{url: 'http://a/{{run}}', json: 'a[0].b', equals: true, via: 110, every: '${{t}}'}}}}",
        f"{ALERT}, sent: {{url: 'http://a/', json: a, contains: '{{run}}', at_least: '${{n}}'}}}}",
        f"{ALERT}, received: {{prometheus: 'http://a:9090', counter: sum(x), within: 2m}}}}",
    ],
)
def test_what_the_loader_takes_the_schema_takes(extra, validator):
    assert load_text(check(extra), "b.yml")
    assert [] == complaints(validator, check(extra))


@pytest.mark.parametrize(
    "extra",
    [
        "probe: ping, with: {port: 22}",
        "probe: tcp, with: {count: 2}",
        "probe: ping, with: {count: many}",
        "probe: ping, covers: []",
        'probe: http, with: {url: "http://a/", values: [{path: a, equals: 1}]}',
        'probe: http, with: {url: "http://a/", json: [{path: a, equls: 1}]}',
        'probe: http, with: {url: "http://a/", json: [{equals: 1}]}',
        f"{ALERT}, sent: {{url: 'http://a/{{run}}', equals: a}}}}",
        f"{ALERT}, sent: {{prometheus: 'http://a/', url: 'http://a/{{run}}', counter: x}}}}",
        f"{ALERT}, received: {{counter: x}}}}",
        f"{ALERT}, received: a}}",
        'alert_test: {url: "http://a/", receiver: r, alertname: N, summary: s}, probe: ping',
        'alert_test: {url: "http://a/", receiver: r, alertname: N}',
        'alert_test: {url: "http://a/", receiver: r, alertname: N, summary: s}, hosts: all',
        "probe: ping, any_of: [{id: a, claim: a, probe: ping}, {id: b, claim: b, probe: ping}]",
        "any_of: [{id: a, claim: a, probe: ping, severity: warn}, {id: b, claim: b, probe: ping}]",
        "any_of: [{id: a, claim: a, probe: ping}]",
        "probe: ping, hosts: []",
        "probe: ping, timeout: 5",
        "probe: ping, timeout: ",
    ],
)
def test_what_the_loader_refuses_the_schema_refuses(extra, validator):
    with pytest.raises(BaselineError):
        load_text(check(extra), "b.yml")
    assert complaints(validator, check(extra))


@pytest.mark.parametrize("kind", BUILT_IN)
def test_every_kind_of_probe_has_its_parameters_described(kind, validator):
    described = validator.schema["$defs"][f"with.{kind}"]
    assert set(keys_at(probe_class(kind), ())) == set(described["properties"])
    assert described["description"]
    assert described["additionalProperties"] is False


@pytest.mark.parametrize("kind", BUILT_IN)
def test_a_parameter_with_another_name_in_the_code_is_known_only_as_it_is_written(kind):
    for name, field in probe_class(kind).model_fields.items():
        if field.alias:
            with pytest.raises(BaselineError, match=f"probe {kind}: unknown key '{name}': .*known: .*{field.alias}"):
                load_text(check(f"probe: {kind}, with: {{{name}: x}}"), "b.yml")
