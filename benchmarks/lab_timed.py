"""Run one program and print, as JSON, what it took: ``python -I -S lab_timed.py ARGV…``; its output goes nowhere.

A process of its own, and a small one: the peak memory of a child counts from its fork (getrusage(2), ru_maxrss), so
that a large parent would be measured in its place.
"""

import json
import os
import sys
import time


def main(argv: list[str]) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    begin = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nothing, fd) for fd in (0, 1)])
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - begin
    found = {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss * 1024}
    print(json.dumps(found | {"status": os.waitstatus_to_exitcode(status)}))


if __name__ == "__main__":
    main(sys.argv[1:])
