# SPDX-License-Identifier: Apache-2.0
"""What a call costs, against what the least one could do costs on the same machine.

Measured by turns with its floors, see bursts.py: nghttpd for an answer from the cache, nginx as a
plain reverse proxy for a forwarded call. Prints tables in Markdown; the rest of the figures is in
the JSON. The machine may be shared and slow: it is the ratios that count.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

ROOT = pathlib.Path(__file__).resolve().parents[2]
RATIOS = pathlib.Path(__file__).with_name("ratios.json")
PAGE = ROOT / "Sources/Gateway/Documentation.docc/Performance.md"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, required=True, help="the gateway's program")
    parser.add_argument("--against", type=pathlib.Path, help="another, measured by turns with it")
    parser.add_argument("--short", action="store_true", help="the least that says something")
    parser.add_argument("--cases", help="these alone, by name, comma-separated, and their floors")
    parser.add_argument("--rounds", type=int, help="bursts of each case (7; 3 with --short)")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="steady load, no more")
    parser.add_argument("--json", type=pathlib.Path, help="where all figures are written")
    parser.add_argument("--markdown", type=pathlib.Path, help="where the tables are written too")
    parser.add_argument("--in-process", type=pathlib.Path, help="the program in-process-benchmark")
    parser.add_argument("--list", action="store_true", help="names the cases")
    parser.add_argument(
        "--check", action="store_true", help=f"fails where a case is dearer than in {RATIOS.name}"
    )
    record = f"writes {RATIOS.name} and, of a whole run, the tables in {PAGE.name}"
    parser.add_argument("--record", action="store_true", help=record)
    given = parser.parse_args()
    for binary in filter(None, (given.binary, given.against)):
        if not binary.is_file():
            parser.error(f"there is no program {binary}")
    given.rounds = given.rounds or (3 if given.short else 7)
    return given


def chosen(given: argparse.Namespace):
    """The cases to measure, each with what it is compared with."""
    from cases import CASES

    named = {case.name: case for case in CASES}
    if given.cases:
        wanted = set(given.cases.split(","))
        if strangers := wanted - set(named):
            sys.exit(f"no such case: {', '.join(sorted(strangers))}")
        for name in list(wanted):
            case = named[name]
            wanted |= {*case.floors, case.bound.of if case.bound else name}
    else:
        wanted = {case.name for case in CASES if case.is_short or not given.short}
    cases = [case for case in CASES if case.name in wanted]
    if given.against:
        cases += [case.of("other") for case in cases if case.is_gateway]
    return cases


def measure(given: argparse.Namespace, servers):
    """All that was asked for. The longest parts come last."""
    import allocations
    import growth
    import memory
    import start
    from bursts import Rounds
    from cases import LATENCIES
    from results import Results

    results = Results()
    if given.soak:
        results.soak = memory.soak(servers, given.soak)
        return results
    cases = chosen(given)
    results.rounds = Rounds(cases)
    progress(f"{len(cases)} cases, {given.rounds} rounds")
    results.rounds.run(servers, given.rounds)
    progress("allocations")
    results.allocations = allocations.of_cases(servers, cases)
    if given.cases:
        return results
    progress("latencies")
    results.latencies = Rounds(LATENCIES, beside="direct")
    results.latencies.run(servers, given.rounds, connections=1, streams=1, calls=2_000)
    progress("starts")
    results.starts = start.of_kinds(servers, 5 if given.short else 20)
    progress("memory")
    results.memory = memory.of_forwarded(servers, 50_000 if given.short else 1_000_000)
    if not given.short:
        progress("growth")
        results.growth = growth.of_connections(servers, [1, 256, 1_000, 5_000], 50_000)
        results.growth += growth.of_things(servers, [1, 1_000, 1_000_000], 50_000)
    return results


def progress(words: str) -> None:
    print(f"{time.strftime('%X')} {words}", file=sys.stderr, flush=True)


def main() -> int:
    given = options()
    os.environ["GATEWAY_BINARY"] = str(given.binary)
    missing = [name for name in ("h2load", "nghttpd", "nginx") if not shutil.which(name)]
    if missing:
        print(f"SKIP: {', '.join(missing)} not installed")
        return 0
    import baseline
    import report
    from servers import Servers

    if given.list:
        from cases import CASES

        print("\n".join(f"{case.name:20} {case.what}" for case in CASES))
        return 0
    binaries = {"": given.binary.resolve(), "other": (given.against or given.binary).resolve()}
    with (
        tempfile.TemporaryDirectory(prefix="iot-jobs-benchmark-") as folder,
        Servers(pathlib.Path(folder), binaries) as servers,
    ):
        results = measure(given, servers)
        if given.check:
            baseline.measure_again(servers, results, RATIOS, given.rounds)
    if given.in_process:
        results.measure_in_process(given.in_process)
    text = report.markdown(results)
    print(text)
    if given.markdown:
        given.markdown.write_text(text + "\n")
    if given.json:
        given.json.write_text(json.dumps(report.figures(results), indent=2) + "\n")
    if given.record:
        baseline.record(results, RATIOS)
        if results.is_whole:
            baseline.publish(text, PAGE)
    return verdict(results) if given.check else 0


def verdict(results) -> int:
    """Tells what has become dearer. What cannot be told on this machine is no failure."""
    import baseline

    dearer, unsure = baseline.dearer(results, RATIOS)
    for words in unsure:
        print(f"SKIP: {words}; this machine is too unsteady to tell")
    print("\n".join(dearer) or f"No case is dearer than {RATIOS.name} allows.")
    return 1 if dearer else 0


if __name__ == "__main__":
    sys.exit(main())
