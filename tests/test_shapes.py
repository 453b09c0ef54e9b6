"""The read-only promise, as properties: of every allowed shape, and of every read of every built-in probe."""

import re
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from tests.support.effort import examples

from coldstart import shapes
from coldstart.errors import ForbiddenCommand
from coldstart.probes.base import Place, Target
from coldstart.probes.registry import BUILT_IN, probe_class
from coldstart.reads import BootId, Command, Neighbour, Ping

FEW = settings(max_examples=examples(50), deadline=None)

HOSTILE = (
    *(
        "-x",
        "--",
        "--help",
        "-",
        "",
        " ",
        "a b",
        "a;reboot",
        ";",
        "&&",
        "| sh",
        "> /x",
        "$(id)",
        "${IFS}",
        "`id`",
        "a\nb",
    ),
    *(
        "a\n",
        "\n",
        "a\0b",
        "../etc",
        "/var/log/../../etc/shadow",
        "/..",
        "/./x",
        "/a/..",
        "'",
        '"',
        "~/x",
        "#",
        "!x",
        "a\tb",
    ),
    *("/var/log/..", "a\u202eb", "é"),
)
"""Words that no operand may be."""

NEVER = re.compile(
    r"(?:ba|da|z|k|c|tc|fi|pw|a)?sh|busybox|toybox|env|xargs|find|parallel|[gm]?awk|sed|perl|python[0-9.]*|ruby|node|lua|php"
    r"|tclsh|expect|less|more|most|pg|man|vi|vim|nano|emacs|ed|ex|tee|dd|cp|mv|rm|rmdir|ln|install|touch|truncate|shred"
    r"|chmod|chown|chattr|mkdir|mktemp|rsync|scp|sftp|ssh|nc|ncat|socat|telnet|curl|wget|tar|cpio|gzip|zip|sudo|su|doas"
    r"|runuser|setpriv|timeout|nice|nohup|setsid|script|watch|strace|gdb|systemd-run|nsenter|unshare|chroot|at|batch"
    r"|kill|pkill|killall|reboot|shutdown|poweroff|halt|init|telinit|mount|umount|mkfs.*|fsck.*|sysctl|iptables|nft"
    r"|modprobe|insmod|logger|wall|write|eval|exec|source|git|make|apt.*|dpkg|rpm|yum|dnf|pip[0-9.]*"
)
"""Shells, interpreters, pagers, writers, and what runs other commands."""

MUTATIONS = [
    line.split()
    for line in (
        "systemctl restart docker",
        "systemctl stop docker",
        "systemctl start docker",
        "systemctl reload nginx",
        "systemctl kill docker",
        "systemctl enable docker",
        "systemctl disable docker",
        "systemctl mask docker",
        "systemctl reset-failed docker",
        "systemctl set-property docker MemoryMax=1",
        "systemctl daemon-reload",
        "systemctl edit docker",
        "systemctl reboot",
        "systemctl isolate rescue.target",
        "systemctl set-environment A=B",
        "journalctl --rotate",
        "journalctl --flush",
        "journalctl --vacuum-time=1s",
        "journalctl --vacuum-size=1",
        "journalctl --setup-keys",
        "journalctl --update-catalog",
        "docker restart momo",
        "docker stop momo",
        "docker start momo",
        "docker kill momo",
        "docker rm momo",
        "docker rm -f momo",
        "docker exec momo id",
        "docker run rigbox",
        "docker cp momo:/x /y",
        "docker update --restart=no momo",
        "docker system prune",
        "docker volume rm x",
        "docker compose up",
        "docker commit momo",
        "docker attach momo",
        "kubectl delete pod x",
        "kubectl apply -f x",
        "kubectl patch node x",
        "kubectl edit node x",
        "kubectl exec x -- id",
        "kubectl drain x",
        "kubectl cordon x",
        "kubectl scale --replicas=0 deploy/x",
        "kubectl rollout restart deploy/x",
        "kubectl replace -f x",
        "redis-cli set a b",
        "redis-cli flushall",
        "redis-cli flushdb",
        "redis-cli shutdown",
        "redis-cli config set save x",
        "redis-cli del a",
        "redis-cli eval x 0",
        "redis-cli --eval x",
        "redis-cli --pipe",
        "redis-cli --cluster fix x",
        "psql -c DROP",
        "psql -f x",
        "psql",
        "psql -d momo",
        "docker exec momo-db psql -c DROP",
        "docker exec -it momo-db bash",
        "hostname evil",
        "hostname -F /x",
        "hostname -b evil",
        "date -s 2026-01-01",
        "date --set=2026-01-01",
        "date 010100002026",
        "date -f /etc/shadow",
        "ip link set eth0 down",
        "ip -json link set eth0 down",
        "ip -json route add default",
        "ip -json neighbour flush all",
        "ip -batch x",
        "ip netns exec x sh",
        "tail -f /var/log/syslog",
        "tail --follow=name /var/log/syslog",
        "last -f /etc/shadow",
        "who -b /etc/shadow",
        "cat /etc/shadow",
        "ping -f 192.168.0.188",
        "rm -rf /",
        "tee /etc/passwd",
        "dd if=/dev/zero of=/dev/sda",
        "sh -c id",
        "bash -c id",
        "env id",
        "python3 -c x",
        "reboot",
        "shutdown -r now",
        "crontab",
        "crontab -",
        "crontab -r",
        "crontab -e",
        "crontab /tmp/table",
        "crontab -l -r",
        "crontab -l -u root",
        "ip -json address add 192.168.0.125/32 dev eth0",
        "ip -json address show dev eth0",
        "ip -json address flush dev eth0",
        "systemctl list-units --all --no-pager --output=json --host=root@x",
        "systemctl list-jobs",
        "head --bytes=262144 /home/x/.ssh/id_ed25519",
        "head --bytes=262144 /etc/ssl/private/x.key",
        "head --bytes=262144 /home/x/.env",
        "head --bytes=262144 /home/x/prod.env",
        "head --bytes=262144 /proc/self/environ",
        "head --bytes=262144 /dev/zero",
        "head --bytes=262144 /run/secrets/token",
        "head --bytes=9999999999 /etc/hostname",
        "sha256sum --check /tmp/list",
        "sha256sum /etc/hostname",
        "systemctl show --no-pager --property=Environment docker",
        "systemctl show --no-pager --property=Id,ExecStart docker",
        "systemctl show --no-pager --property=SetCredential,Id docker",
    )
]


def name(shape):
    return " ".join((shape.program, *shape.words, shape.operand or ""))[:80]


def from_pattern(pattern):
    """Words that match; short ones, for the length of a name is not what these tests are about."""
    return st.from_regex(re.sub(r"\{([01]),\d{2,4}\}", r"{\1,9}", pattern), fullmatch=True)


@st.composite
def argvs(draw, shape):
    """An argv of that shape, and how many operands it has."""
    options = draw(st.lists(st.sampled_from(shape.options), max_size=3)) if shape.options else []
    words = [draw(from_pattern(pattern)) for option in options for pattern in option]
    least, most = shape.operands
    operands = draw(st.lists(from_pattern(shape.operand), min_size=least, max_size=min(most, 3))) if most else []
    then = [draw(from_pattern(pattern)) for pattern in shape.then]
    return [shape.program, *shape.words, *then, *words, *operands], len(operands)


each_shape = pytest.mark.parametrize("shape", shapes.SHAPES, ids=name)
any_argv = st.sampled_from(shapes.SHAPES).flatmap(lambda shape: argvs(shape).map(lambda made: (shape, *made)))


@each_shape
def test_no_program_is_a_shell_an_interpreter_a_pager_or_a_writer(shape):
    assert re.fullmatch(r"[a-z][a-z0-9_-]*", shape.program), "a bare name: PATH on the host decides, not the baseline"
    assert not NEVER.fullmatch(shape.program)


@each_shape
def test_every_shape_says_why_it_is_harmless(shape):
    assert shape.why


@each_shape
def test_a_shape_is_well_formed(shape):
    least, most = shape.operands
    assert 0 <= least <= most
    assert (most > 0) == (shape.operand is not None)
    for pattern in (word for option in shape.options for word in option):
        assert not re.fullmatch(pattern, "")


@FEW
@given(any_argv)
def test_what_a_shape_describes_is_allowed(made):
    _, argv, _ = made
    assert shapes.allowed(argv)
    shapes.require(argv)


@FEW
@given(any_argv)
def test_a_hostile_word_after_an_allowed_argv_is_refused(made):
    _, argv, _ = made
    assert [] == [word for word in HOSTILE if shapes.allowed([*argv, word])]


@each_shape
@settings(max_examples=examples(5), deadline=None)
@given(data=st.data())
def test_a_hostile_word_in_place_of_an_operand_is_refused(shape, data):
    argv, operands = data.draw(argvs(shape))
    places = range(len(argv) - operands, len(argv))
    taken = [(at, word) for at in places for word in HOSTILE if shapes.allowed([*argv[:at], word, *argv[at + 1 :]])]
    assert [] == taken


@FEW
@given(any_argv, st.text(min_size=1))
def test_a_word_more_than_a_shape_has_operands_is_refused(made, word):
    shape, argv, operands = made
    assume(operands == shape.operands[1] and not word.startswith("-"))
    assert not shape.allows([*argv, word], sudo=False)


@FEW
@given(any_argv, st.sampled_from(["\n", "\0", " ", ";", "\n-x", "$(id)"]), st.data())
def test_a_word_with_something_glued_to_it_is_refused(made, glue, data):
    _, argv, _ = made
    at = data.draw(st.integers(0, len(argv) - 1))
    changed = [*argv[:at], argv[at] + glue, *argv[at + 1 :]]
    assert not shapes.allowed(changed)


@FEW
@given(st.sampled_from([shape for shape in shapes.SHAPES if shape.operands[0]]), st.data())
def test_an_argv_without_its_end_is_refused_unless_that_is_a_shape_too(shape, data):
    """No required operand may be left out: `redis-cli` alone would read commands from its input."""
    argv, operands = data.draw(argvs(shape))
    assume(operands == shape.operands[0])
    shorter = argv[:-1]
    assert not shape.allows(shorter, sudo=False)


@pytest.mark.parametrize("shape", [shape for shape in shapes.SHAPES if shape.then], ids=name)
@settings(max_examples=examples(3), deadline=None)
@given(data=st.data())
def test_a_word_that_must_follow_is_neither_left_out_nor_given_twice(shape, data):
    """`psql` alone would read statements from its input, and `docker exec` run another program."""
    argv, _ = data.draw(argvs(shape))
    first = 1 + len(shape.words)
    for at in range(first, first + len(shape.then)):
        assert not shape.allows([*argv[:at], *argv[at + 1 :]], sudo=False)
        assert not shape.allows([*argv[:at], argv[at], *argv[at:]], sudo=False)


def test_no_operand_begins_with_a_dash_even_where_its_pattern_would_match_one():
    shape = shapes.Shape("tail", operand=".*", operands=(1, 1))
    assert shape.allows(("tail", "x"), sudo=False)
    assert not shape.allows(("tail", "-x"), sudo=False)


@FEW
@given(any_argv)
def test_sudo_is_allowed_only_where_a_shape_says_so(made):
    _, argv, _ = made
    expected = any(shape.sudo and shape.allows(argv, sudo=False) for shape in shapes.SHAPES)
    assert expected == shapes.allowed(argv, sudo=True)


@pytest.mark.parametrize("program", ["systemctl", "hostname", "date", "who", "last", "cat", "ip", "ping", "redis-cli"])
def test_what_needs_no_right_gets_none(program):
    assert not [name(shape) for shape in shapes.SHAPES if shape.program == program and shape.sudo]


@pytest.mark.parametrize(
    "path", ["/etc/shadow", "/root/.ssh/id_ed25519", "/var/log/../../etc/shadow", "/var/logs/x", "/var/log/"]
)
def test_with_sudo_only_logs_are_read_by_path(path):
    assert not shapes.allowed(("tail", "--lines=5", path), sudo=True)
    assert not shapes.allowed(("stat", "--format=%Y", path), sudo=True)
    assert shapes.allowed(("tail", "--lines=5", "/var/log/postgresql/postgresql-14-main.log"), sudo=True)


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("/etc/nginx/nginx.conf", True),
        ("/etc/nginx/conf.d/upstreams.conf", True),
        ("/etc/nginx/sites-enabled/188-all-sites.conf", True),
        ("/etc/nginx/sites-available/default", True),
        ("/etc/nginx/conf.d/upstreams.key", False),
        ("/etc/nginx/sites-enabled/site.key", False),
        ("/etc/nginx/sites-enabled/site.pem", False),
        ("/etc/nginx/ssl/site.key", False),
        ("/etc/nginx/.htpasswd", False),
        ("/etc/nginx/sites-enabled/../../shadow", False),
        ("/etc/nginx/sites-enabled/x/y", False),
        ("/etc/shadow", False),
        ("/var/log/syslog", False),
        ("/root/x.yml", False),
    ],
)
def test_with_sudo_only_the_configuration_of_nginx_is_read_as_text(path, may):
    assert may == shapes.allowed(("head", f"--bytes={shapes.HEAD_BYTES}", path), sudo=True)
    assert may == shapes.allowed(("stat", "--dereference", f"--format={shapes.STAT_FORMAT}", path), sudo=True)
    assert not shapes.allowed(("sha256sum", path, "/etc/hostname"), sudo=True)


OPTIONS = sorted(
    {
        *("--no-pager", "--quiet", "-q", "--", "--all", "-n", "-H", "--user", "--force", "--property=Id", "--help"),
        *(
            "-h",
            "-p",
            "6380",
            "localhost",
            "-u",
            "x",
            "--boot",
            "--format",
            "{{json .}}",
            "--context=x",
            "-A",
            "-o",
            "json",
        ),
    }
)


@pytest.mark.parametrize("argv", MUTATIONS, ids=" ".join)
def test_a_command_that_changes_something_is_refused(argv):
    assert not shapes.allowed(argv)
    assert not shapes.allowed(argv, sudo=True)


@given(st.sampled_from(MUTATIONS), st.data(), st.booleans())
@settings(max_examples=examples(300), deadline=None)
def test_a_command_that_changes_something_is_refused_whatever_options_stand_around_it(argv, data, sudo):
    disguised = argv[:1]
    for word in argv[1:]:
        disguised += data.draw(st.lists(st.sampled_from(OPTIONS), max_size=2))
        disguised.append(word)
    disguised += data.draw(st.lists(st.sampled_from(OPTIONS), max_size=2))
    assert not shapes.allowed(disguised, sudo=sudo)


@FEW
@given(any_argv, st.sampled_from(["sudo", "env", "sh", "nohup", "timeout", "xargs", "/bin/sh", "nice"]))
def test_an_allowed_argv_behind_another_program_is_refused(made, program):
    _, argv, _ = made
    assert not shapes.allowed([program, *argv])


@FEW
@given(st.lists(st.text(max_size=8), max_size=4))
def test_an_arbitrary_argv_is_refused_with_its_words_in_the_error(argv):
    assume(not shapes.allowed(argv))
    with pytest.raises(ForbiddenCommand, match="matches no allowed read-only command shape"):
        shapes.require(argv)


# --------------------------------------------------------------------------------- every read of every built-in probe

WORDS = st.one_of(
    *(
        from_pattern(pattern)
        for pattern in (shapes.UNIT, shapes.NAME, shapes.HOSTNAME, shapes.PATH, r"/var/log/[a-z]{1,9}")
    ),
    st.sampled_from(
        [
            *("15m", "1h30m", "6h", "512MiB", "95%", "192.168.0.125"),
            *("http://127.0.0.1:9090/-/ready", "https://awoooi.wooo.work/x"),
        ]
    ),
    st.sampled_from(["public.kine", "public.日期", 'public.kine"', "日期'"]),
    st.sampled_from(HOSTILE),
    st.text(max_size=6),
)
NUMBERS = st.integers(0, 70_000) | st.floats(0, 1e6)
SCALARS = {bool: st.booleans(), str: WORDS, type(None): st.none()}


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Plain values, many of them valid, of a parameter's type; what its own rules refuse is left out."""
    made = _values(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return made
    adapter = TypeAdapter(annotation)
    return made.filter(lambda value: _valid(adapter, value))


def _valid(adapter: TypeAdapter[Any], value: Any) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        made = _values(args[0])
    elif origin is Literal:
        made = st.sampled_from(args)
    elif origin in (Union, types.UnionType):
        made = st.one_of(*(values(arg) for arg in args))
    elif origin in (tuple, list, set, frozenset):
        made = st.lists(values(args[0]), max_size=3)
    elif origin is dict:
        made = st.dictionaries(values(args[0]), values(args[1]), max_size=2)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        made = _model(annotation)
    else:
        made = SCALARS.get(annotation, NUMBERS | WORDS)
    return made


def _model(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    fields = {field.alias or key: values(_annotation(field)) for key, field in model.model_fields.items()}
    required = {field.alias or key for key, field in model.model_fields.items() if field.is_required()}
    return st.fixed_dictionaries(
        {key: value for key, value in fields.items() if key in required},
        optional={key: value for key, value in fields.items() if key not in required},
    )


def _annotation(field: FieldInfo) -> Any:
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def _argvs_of(read):
    """What is executed for a read, here or on the host; nothing for those that only open a connection."""
    if isinstance(read, Command):
        return (read.argv,)
    if isinstance(read, Neighbour):
        return (read.route_argv, read.entry_argv)
    return (read.argv,) if isinstance(read, Ping) else ()


def test_the_boot_id_that_the_engine_itself_reads_is_allowed():
    assert shapes.allowed(BootId(host="188", moment="end").command.argv)


OWN_TEST = {
    "command": "its argv is the baseline's own",
    "sql_tables_agree": "needs parameters that fit each other",
    "systemd_properties": "needs names and values that fit each other",
    "textfile_metrics": "needs names that end in .prom",
}
"""Kinds whose own test in tests/probes says the same of better made parameters."""


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind, _ in BUILT_IN if kind not in OWN_TEST])
def test_every_read_of_a_built_in_probe_is_allowed_whatever_its_parameters(kind):
    model = probe_class(kind)
    places = (Place("188", "192.168.0.188"), Place("110", "192.168.0.110"))
    target = Target(hosts=places if model.spans_hosts else places[:1])
    seen = []

    @settings(max_examples=examples(20), deadline=None, suppress_health_check=list(HealthCheck))
    @given(_model(model))
    def check(params):
        try:
            probe = model.model_validate(params)
        except ValidationError:
            assume(False)  # noqa: FBT003 - hypothesis's way to say "not an example"
        for read in probe.reads(target):
            for argv in _argvs_of(read):
                assert shapes.allowed(argv, sudo=getattr(read, "sudo", False)), read.describe()
            seen.append(read)

    check()
    assert seen, "no parameters were found that this probe accepts"
