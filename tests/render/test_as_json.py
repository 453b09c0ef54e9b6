import json

import jsonschema
import pytest
from tests.render import reports
from tests.render.plans import full
from tests.render.reports import SCENARIOS

from coldstart.outcome import Exchange, Outcome, Report, Result
from coldstart.plan import Plan
from coldstart.render import as_json
from coldstart.render.schema import DOCUMENTS
from coldstart.replies import CommandReply


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_report_comes_back_equal_and_gives_the_same_bytes(name):
    text = as_json.render(SCENARIOS[name]())
    again = Report.model_validate_json(text)
    assert SCENARIOS[name]() == again
    assert text == as_json.render(again)
    assert text.endswith("}\n")


def test_a_plan_comes_back_equal():
    assert full() == Plan.model_validate_json(as_json.render(full()))


def validator(name: str) -> jsonschema.Draft202012Validator:
    schema = json.loads(DOCUMENTS[name]())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_every_report_is_valid_by_its_schema():
    report_validator = validator("report")
    for scenario in SCENARIOS.values():
        report_validator.validate(json.loads(as_json.render(scenario())))


def test_a_plan_is_valid_by_its_schema():
    validator("plan").validate(json.loads(as_json.render(full())))


def test_another_version_is_not_valid():
    document = json.loads(as_json.render(SCENARIOS["all_green"]())) | {"schema_version": 2}
    assert not validator("report").is_valid(document)


def one_check(outcome: Outcome, *exchanges: Exchange) -> Report:
    result = reports.check("P0/x", "188", "x", outcome, exchanges=exchanges)
    return reports.report([reports.gate("P0", "p", [result])], result=Result.GREEN, headline="")


def test_replies_stay_whole_also_where_they_are_not_text():
    data = bytes(range(256)) * 300
    read = reports.command("188", "cat", "/x")
    exchange = Exchange(read=read, reply=CommandReply(started=0, ended=1, exit_status=0, stdout=data))
    report = one_check(Outcome.met("ok"), exchange)
    reply = Report.model_validate_json(as_json.render(report)).gates[0].checks[0].exchanges[0].reply
    assert isinstance(reply, CommandReply)
    assert data == reply.stdout


def test_mappings_are_sorted_so_that_insertion_order_does_not_show():
    first = one_check(Outcome.met("ok", facts={"b": 1, "a": 2}))
    second = one_check(Outcome.met("ok", facts={"a": 2, "b": 1}))
    assert as_json.render(first) == as_json.render(second)


def test_a_fact_that_is_no_number_is_null():
    document = json.loads(as_json.render(one_check(Outcome.met("ok", facts={"age": float("nan")}))))
    assert document["gates"][0]["checks"][0]["outcome"]["facts"] == {"age": None}
