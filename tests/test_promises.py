"""Promises that a reader of the source can check, checked: who may send, who may run, who may import what."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "coldstart"
FILES = sorted(SOURCE.rglob("*.py"))

SENDS_A_COMMAND = {"create_session", "create_process", "run", "create_connection", "open_session"}
RUNS_A_PROCESS = {"create_subprocess_exec", "create_subprocess_shell", "subprocess_exec", "subprocess_shell", "Popen"}
WRITES_BY_HTTP = {"post", "put", "patch", "delete", "options"}


@cache
def tree_of(path):
    return ast.parse(path.read_text("utf-8"))


@cache
def calls(tree):
    """Every call of an attribute in a module: the attribute's name, and the node."""
    return tuple(
        (node.func.attr, node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    )


@cache
def imports(tree):
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return tuple(found)


def sites(*names):
    """``file: call`` of every call of an attribute with one of these names."""
    return [
        f"{path.relative_to(SOURCE)}: {name}" for path in FILES for name, _ in calls(tree_of(path)) if name in names
    ]


def modules_that_import(package):
    return sorted(
        str(path.relative_to(SOURCE))
        for path in FILES
        if any(name.split(".")[0] == package for name in imports(tree_of(path)))
    )


def test_there_is_source_to_look_at():
    assert len(FILES) > 40


def test_one_place_sends_a_command_by_ssh():
    assert 1 == len(sites("create_session"))
    assert sites("create_session")[0].startswith("transport/ssh")
    assert [] == sites("create_process", "open_session")


def test_one_place_sends_an_http_request():
    assert 1 == len([site for site in sites("send", "request", "stream") if site.startswith("transport/http")])
    assert [] == sites(*WRITES_BY_HTTP)


def test_one_place_runs_a_process():
    assert ["transport/local.py: subprocess_exec"] == sites(*RUNS_A_PROCESS)
    assert [] == sites("system", "popen", "spawnl", "spawnv", "execv", "execve", "fork")
    assert [] == modules_that_import("pty")


def test_only_a_trusted_ssh_config_may_name_something_to_run():
    """`Match exec` of the operator's own file, obeyed with --trust-ssh-config alone (ssh_config(5))."""
    assert ["transport/sshconfig.py"] == modules_that_import("subprocess")


def test_asyncssh_and_httpx_are_each_known_in_one_room():
    served = {"drill/ssh_host.py", "drill/ssh_keys.py"}
    assert all(name in served or name.startswith("transport/ssh") for name in modules_that_import("asyncssh"))
    assert modules_that_import("asyncssh")
    assert ["transport/http.py"] == modules_that_import("httpx")
    assert ["drill/web.py"] == modules_that_import("aiohttp")


def test_the_drill_listens_and_leads_on_to_loopback_and_connects_to_nothing():
    """Its reads leave by the same transports as any; what its hosts open is a port of its own services."""
    opens = {
        "connect",
        "connect_ex",
        "connect_ssh",
        "connect_reverse",
        "open_connection",
        "create_connection",
        "request",
    }
    assert [] == [site for site in sites(*opens) if site.startswith("drill/")]
    (forward,) = [node for path in FILES for name, node in calls(tree_of(path)) if name == "forward_connection"]
    assert "LOOPBACK" == ast.unparse(forward.args[0])


def test_nothing_but_its_own_command_knows_of_the_drill():
    knows = {
        str(path.relative_to(SOURCE))
        for path in FILES
        if any(name.startswith("coldstart.drill") for name in imports(tree_of(path)))
    }
    assert {"cli/drilling.py"} == {name for name in knows if not name.startswith("drill/")}


def test_a_read_knows_no_http_method_but_get_and_head():
    text = (SOURCE / "reads.py").read_text("utf-8")
    assert 'method: Literal["GET", "HEAD"] = "GET"' in text


def test_only_the_alert_test_can_post():
    """Requests are built in one method, with the read's own GET or HEAD; `alert/webhook.py` alone says otherwise."""
    methods = {
        (str(path.relative_to(SOURCE)), ast.unparse(node.args[0]))
        for path in FILES
        for name, node in calls(tree_of(path))
        if name == "_built"
    }
    assert {("transport/http.py", "read.method"), ("alert/webhook.py", "'POST'")} == methods
    changing = {"POST", "PUT", "PATCH", "DELETE"}
    named = {
        str(path.relative_to(SOURCE))
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and node.value in changing
    }
    assert {"alert/webhook.py", "drill/sites_api.py"} == named, "the drill's webhook answers a POST"
    assert ["transport/http.py: build_request"] == sites("build_request")


@pytest.mark.parametrize("package", ["probes", "engine", "render", "baseline"])
def test_input_and_output_live_in_the_transport(package):
    """Probes, engine and renderers open no socket; files are read by the loader and written by the sinks."""
    allowed = {"baseline/source.py", "render/sinks.py", "render/html/page.py"}  # the last: its own style sheet
    forbidden = {"socket", "ssl", "asyncssh", "httpx", "httpcore", "urllib.request", "http.client"}
    for path in (SOURCE / package).rglob("*.py"):
        name = str(path.relative_to(SOURCE))
        tree = tree_of(path)
        assert not forbidden & set(imports(tree)), name
        if name not in allowed:
            opened = Counter(attribute for attribute, _ in calls(tree))
            assert not {"read_text", "read_bytes", "write_text", "write_bytes"} & set(opened), name


def test_only_the_reducer_makes_results_and_exit_codes():
    """Results are made in reduce.py; the rest of the engine may ask whether there was none, nobody else decides."""
    deciders = {
        str(path.relative_to(SOURCE))
        for path in (SOURCE / "engine").rglob("*.py")
        if any(f"Result.{name}" in path.read_text("utf-8") for name in ("GREEN", "DEGRADED", "BLOCKED"))
    }
    assert {"engine/reduce.py"} == deciders
