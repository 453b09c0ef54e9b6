from tests.render.plans import full

from coldstart.render import plan


def lines(width: int = 140) -> list[str]:
    return plan.render(full(), width=width, color=False).splitlines()


def test_a_read_that_two_checks_use_is_one_row_with_both():
    (row,) = [line for line in lines(200) if "systemctl show" in line]
    assert row.endswith("units, nginx-is-stable")


def test_every_read_and_every_check_of_the_plan_is_there():
    text = " ".join(" ".join(lines(200)).split())
    for gate in full().gates:
        for check in gate.checks:
            assert check.id.partition("/")[2] in text
            assert [] == [read.asks for read in check.reads if read.asks not in text]


def test_reads_stand_under_the_place_that_they_are_sent_from():
    text = lines()
    at = text.index("P2-WORKLOAD-ALERTCHAIN  AWOOOI workload and alert chain")
    assert "  from this machine" == text[at + 2]
    assert "GET http://192.168.0.125:32334/api/v1/health" in text[at + 3]
    assert "  on 110" == text[at + 4]


def test_what_is_left_out_says_why():
    assert "  not asked  ollama@188: left out by --skip P0-188-DATA/ollama" in lines()
