"""The text format is read as node_exporter 1.5.0 reads it: what it dropped is refused, what it exposed is found.

Recorded by writing each text into a file of a textfile collector and asking /metrics.
"""

import contextlib
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldstart.errors import Unparsable
from coldstart.probes import exposition

EXPOSED = {
    "a 1\n": {"a": 1.0},
    "a\t1\n": {"a": 1.0},
    "  a 1\n": {"a": 1.0},
    "# TYPE a counter\na 1\n": {"a": 1.0},
    "# TYPE a GAUGE\na 1\n": {"a": 1.0},
    "# TYPE a\na 1\n": {"a": 1.0},
    "# TYPE\na 1\n": {"a": 1.0},
    "#TYPE a gauge\na 1\n": {"a": 1.0},
    "# HELP \na 1\n": {"a": 1.0},
    "#\tHELP\ta\tx\na 1\n": {"a": 1.0},
    "a 1\n# HELP a x\n": {"a": 1.0},
    "# x\r\na 1\n": {"a": 1.0},
    "a 1\n# EOF\n": {"a": 1.0},
    "# HELP a 排程\na 1\n": {"a": 1.0},
    "a +Inf\n": {"a": math.inf},
    "a infinity\n": {"a": math.inf},
    "a -inf\n": {"a": -math.inf},
    "a 1e-999\n": {"a": 0.0},
    "a .5\n": {"a": 0.5},
    "a 5.\n": {"a": 5.0},
    "a +5\n": {"a": 5.0},
    "a 1.79e+09\n": {"a": 1.79e9},
    "a{} 1\n": {"a": 1.0},
    'a{b="1"}1\n': {'a{b="1"}': 1.0},
    'a {b="1"} 1\n': {'a{b="1"}': 1.0},
    'a{b="1",} 1\n': {'a{b="1"}': 1.0},
    'a{b=""} 1\n': {'a{b=""}': 1.0},
    'a{ b = "1" , c="2" } 1\n': {'a{b="1",c="2"}': 1.0},
    'a{b="排程"} 1\n': {'a{b="排程"}': 1.0},
    'a{b="x\\\\y\\"z\\n"} 1\n': {'a{b="x\\y"z\n"}': 1.0},
    'a 1\nb 1\na{x="1"} 1\n': {"a": 1.0, "b": 1.0, 'a{x="1"}': 1.0},
    'a{b="1"} 1\na 1\n': {'a{b="1"}': 1.0, "a": 1.0},
    "a:b 1\n": {"a:b": 1.0},
    '# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n': {
        'h_bucket{le="+Inf"}': 1.0,
        "h_sum": 1.0,
        "h_count": 1.0,
    },
    "": {},
    "\n\n": {},
    "# x\n": {},
}

DROPPED = [
    *("a 1", "a 1\n# x", "a 1\n# TYPE b ga", "a\n", 'a{b="1"} \n', "1a 1\n", "a-b 1\n", "a + 5\n"),
    *("a 1 1700000000000\n", "a 1 2\n", "a 1 junk 5\n", "a 1 # x\n", "a 1 \n", "a 1\r\n", "a 1\n\0", "\ufeffa 1\n"),
    *("a\x0b1\n", "a\u00a01\n", "a ١\n", "a 1_0\n", "a 0x10\n", "a 0x1p2\n", "a +nan\n", "a 1e999\n"),
    *("# TYPE a gauge\n# TYPE a gauge\na 1\n", "# HELP a x\n# HELP a y\na 1\n", "# TYPE a foo\na 1\n"),
    *("a 1\n# TYPE a gauge\n", "# TYPE a gauge \na 1\n", "# TYPE 1a gauge\na 1\n", "# HELP a-b x\na 1\n"),
    *("# TYPE a gaugehistogram\na 1\n", "# TYPE a unknown\na 1\n", "# HELP a \\x\na 1\n", 'a{b="\\x"} 1\n'),
    *('a{b="1",b="2"} 1\n', 'a{b="1"c="2"} 1\n', 'a{b="1",,} 1\n', 'a{,b="1"} 1\n', 'a{b="x\ny"} 1\n'),
    *('a{__name__="x"} 1\n', '{"a.b"} 1\n', '# TYPE h histogram\nh_bucket{le="x"} 1\n'),
    '# TYPE s summary\ns{quantile="x"} 1\n',
]

WORSE = {
    'a{__b="x"} 1\n': "the exporter died of it",
    "# TYPE a gauge_histogram\na 1\n": "the exporter died of it",
    "a 1\na 2\n": "the exporter exposed the first",
    'a{x="1",y="2"} 1\na{y="2",x="1"} 1\n': "the exporter exposed one",
}


def found(text):
    return {sample.series: sample.value for sample in exposition.parse(text)}


@pytest.mark.parametrize(("text", "samples"), EXPOSED.items(), ids=repr)
def test_what_the_exporter_exposes_is_found(text, samples):
    assert samples == found(text)


def test_nan_is_a_value():
    assert [True, True] == [math.isnan(value) for value in found("a NaN\nb nan\n").values()]


@pytest.mark.parametrize("text", DROPPED, ids=repr)
def test_what_the_exporter_drops_is_refused(text):
    with pytest.raises(Unparsable):
        exposition.parse(text)


@pytest.mark.parametrize("text", WORSE, ids=repr)
def test_what_the_exporter_takes_badly_is_refused(text):
    with pytest.raises(Unparsable, match="line "):
        exposition.parse(text)


@given(st.text(alphabet='ab{}=",\\ \t\n#019.eE+-INFnaHELPTYPE', max_size=60))
def test_noise_is_refused_or_read_and_never_crashes(text):
    try:
        samples = exposition.parse(text)
    except Unparsable:
        return
    assert len({sample.series for sample in samples}) == len(samples)


@pytest.mark.parametrize(
    "piece", ['a{b="x",', "a{b =", "aaaa", 'a{b="\\\\', "a 1   ", "# HELP  ", "a{   ", 'a{b="x",c="']
)
def test_a_hostile_quarter_of_a_megabyte_on_one_line_costs_linear_time(piece):
    line = piece * ((1 << 18) // len(piece))
    started = time.process_time()
    with contextlib.suppress(Unparsable):
        exposition.parse(f"{line}\n")
    assert time.process_time() - started < 2
