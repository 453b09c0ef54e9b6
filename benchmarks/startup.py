"""How long `coldstart --version` and `--help` take, as ratios to a trivial typer application, in one run.

Usage: python benchmarks/startup.py [ROUNDS]. Interleaved, medians; near 1 means that nothing heavy is imported.
"""

import statistics
import subprocess
import sys
import time

TRIVIAL = (
    "import typer\napp = typer.Typer()\n@app.command()\ndef one(): pass\napp(args=['--help'], standalone_mode=False)"
)
CASES = {
    "trivial typer app --help": ["-c", TRIVIAL],
    "coldstart --version": ["-m", "coldstart", "--version"],
    "coldstart --help": ["-m", "coldstart", "--help"],
    "coldstart check --help": ["-m", "coldstart", "check", "--help"],
    "import of everything that a check needs": ["-c", "import coldstart.cli.session, coldstart.transport.ssh"],
}


def timed(arguments: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for number in range(rounds + 1):
        for name, arguments in CASES.items():
            taken = timed(arguments)
            if number:  # the first round warms the file cache
                times[name].append(taken)
    base = times["trivial typer app --help"]
    print(f"{'':42} {'median':>8} {'ratio':>7}")
    for name, all_taken in times.items():
        ratio = statistics.median(one / other for one, other in zip(all_taken, base, strict=True))
        print(f"{name:42} {statistics.median(all_taken) * 1000:6.0f}ms {ratio:6.2f}x")


if __name__ == "__main__":
    main()
