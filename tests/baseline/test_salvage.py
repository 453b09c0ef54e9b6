"""Of a baseline that is invalid, a monitor still learns where to say so."""

import pytest

from coldstart.baseline.load import load
from coldstart.baseline.salvage import monitor_of
from coldstart.errors import BaselineError

BROKEN = """
coldstart: 1
name: an invalid one
variables:
  place: {default: /srv, about: where the files are}
hosts: [a, list]
gates:
  P0:
    titel: it has none
monitor:
  host: a
  textfile: ${place}/cold.prom
  log: ${place}/last.log
  metric_prefix: my_stack
  every: 10m
"""


@pytest.fixture
def path(tmp_path):
    (tmp_path / "b.yml").write_text(BROKEN)
    return tmp_path / "b.yml"


def test_the_monitor_section_is_read_whatever_is_wrong_elsewhere(path):
    with pytest.raises(BaselineError):
        load(path)
    found = monitor_of(path, {}, ())
    assert found
    assert ("/srv/cold.prom", "/srv/last.log", "my_stack", 600.0) == (
        found.textfile,
        found.log,
        found.metric_prefix,
        found.every,
    )


def test_variables_count_as_they_do_for_a_valid_one(path, tmp_path):
    (tmp_path / "vars.yml").write_text("place: /by/file\n")
    for options, files, place in (
        ({}, ["vars.yml"], "/by/file"),
        ({"place": "/by/option"}, ["vars.yml"], "/by/option"),
    ):
        found = monitor_of(path, options, [tmp_path / name for name in files])
        assert found
        assert f"{place}/cold.prom" == found.textfile


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("monitor:", "monitr:"),
        ("cold.prom", "cold.txt"),
        ("${place}/last", "${nowhere}/last"),
        ("monitor:\n", "monitor: [x]\nmonitor2:\n"),
        ("coldstart: 1", "coldstart: ["),
    ],
)
def test_a_section_that_is_wrong_itself_says_nothing(path, old, new):
    path.write_text(BROKEN.replace(old, new))
    assert monitor_of(path, {}, ()) is None


def test_a_file_that_is_not_there_says_nothing(tmp_path):
    assert monitor_of(tmp_path / "none.yml", {}, ()) is None
