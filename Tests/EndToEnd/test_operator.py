# SPDX-License-Identifier: Apache-2.0
"""The operator's listener: who may ask, what it shows, and the one thing that it changes."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess

import grpc
import pytest

from aws import create_job
from callers import calling, describe, pending
from metrics import scrape
from operator_page import Answer, ask
from program import CREDENTIALS, SECRET_KEY, Gateway, eventually, run_to_end

OPERATOR = ("--operator-listen", "127.0.0.1:0")
PATHS = ("/", "/live", "/config", "/top", "/debug/pool", "/debug/cache", "/loglevel")
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def shown(emulator):
    """A gateway that shows itself, with a limit that a test can reach."""
    policy = {"thing_limit": "enforce", "thing_reads_per_second": 1, "cache_bytes": "1MiB"}
    with Gateway(emulator.url, *OPERATOR, policy=policy) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def operator(shown) -> str:
    return shown.listener("operator")


def set_level(address: str, level: str, **headers: str) -> Answer:
    told = {**JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return ask(address, "/loglevel", "PUT", {"level": level}, told)


def test_it_is_off_unless_somebody_wants_it(gateway):
    assert not any(record.get("listener") == "operator" for record in gateway.records)


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:80", "nowhere"])
def test_it_is_never_for_other_machines(address):
    done = run_to_end(
        *("serve", "--region", "us-east-1", "--upstream-endpoint", "http://127.0.0.1:1"),
        *("--operator-listen", address),
        env=CREDENTIALS,
    )
    assert done.returncode == 64
    assert "loopback" in done.stderr and "listening on" not in done.stderr


def test_every_page_answers_and_can_be_neither_kept_nor_framed(operator):
    for path in PATHS:
        answer = ask(operator, path)
        assert answer.status == 200, path
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "access-control-allow-origin" not in answer.headers
        if path != "/":
            assert answer.headers["content-type"] == "application/json"
            assert answer.json is not None


def test_metrics_stay_where_they_are(operator, shown):
    assert ask(operator, "/metrics").status == 404
    admin = shown.admin_url.removeprefix("http://")
    assert all(ask(admin, path).status == 404 for path in PATHS)


@pytest.mark.parametrize("host", ["attacker.example", "attacker.example:80", "10.0.0.1", ""])
def test_a_name_that_was_made_to_lead_here_is_refused(operator, host):
    for path in PATHS:
        answer = ask(operator, path, headers={"Host": host})
        assert answer.status == 421 and b"loopback" in answer.body


def test_the_near_end_of_a_tunnel_is_welcome(operator):
    for host in ("localhost", "localhost:9000", "127.0.0.1:1", "[::1]:5"):
        assert ask(operator, "/live", headers={"Host": host}).status == 200


def test_other_sites_may_link_here_and_nothing_else(operator):
    cross = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert ask(operator, "/config", headers=cross).status == 403
    assert ask(operator, "/", headers=cross | {"Sec-Fetch-Mode": "navigate"}).status == 200
    assert ask(operator, "/loglevel", "OPTIONS", headers={"Origin": "http://a.example"}).status in (
        403,
        415,
    )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({}, 415),
        ({**JSON, "Origin": "http://attacker.example"}, 403),
        ({**JSON, "Origin": "null"}, 403),
        ({**JSON, "Sec-Fetch-Site": "cross-site"}, 403),
        ({**JSON, "Host": "attacker.example"}, 421),
    ],
)
def test_nobody_elses_page_changes_anything(operator, headers, status):
    before = ask(operator, "/loglevel").json["level"]
    for method in ("PUT", "POST"):
        answer = ask(operator, "/loglevel", method, {"level": "trace"}, headers)
        assert answer.status == status
    assert ask(operator, "/loglevel").json["level"] == before


def test_the_log_level_changes_at_once_and_says_so(emulator, thing):
    with Gateway(emulator.url, *OPERATOR) as gateway, calling(gateway) as call:
        address = gateway.listener("operator")
        assert ask(address, "/loglevel").json["level"] == "info"

        def failures() -> int:
            return len(gateway.logged("call failed"))

        call(describe(thing, "absent"))
        quiet = failures()
        assert set_level(address, "debug").json["level"] == "debug"
        assert set_level(address, "loud").status == 400
        call(describe(thing, "absent"))
        assert eventually(lambda: failures() > quiet)
        assert set_level(address, "error", Origin=f"http://{address}").status == 200
        told = gateway.logged("log level changed")
        assert [(line["former-log-level"], line["log-level"]) for line in told] == [
            ("info", "debug"),
            ("debug", "error"),
        ]


def test_the_configuration_is_shown_with_its_sources_and_without_secrets(emulator, tmp_path):
    file = tmp_path / "gateway.yaml"
    file.write_text("threads: 2\n")
    with Gateway(
        emulator.url,
        *(*OPERATOR, "--config", str(file)),
        env={"IOT_JOBS_GATEWAY_DRAIN_GRACE": "7s"},
    ) as gateway:
        answer = ask(gateway.listener("operator"), "/config")
    assert SECRET_KEY.encode() not in answer.body
    rows = {row["name"]: row for row in answer.json}
    assert rows["region"]["source"] == "--region"
    assert rows["drain-grace"]["value"] == "7s"
    assert rows["drain-grace"]["source"] == "IOT_JOBS_GATEWAY_DRAIN_GRACE"
    assert rows["threads"]["value"] == "2" and str(file) in rows["threads"]["source"]
    assert rows["thing-reads-per-second"]["source"] == "default"
    assert all(row["meaning"] for row in rows.values())


def test_the_things_that_are_refused_most_lead_the_list(shown, operator, iot, thing, job):
    create_job(iot, job, thing)
    with calling(shown) as call:
        for _ in range(40):
            call(describe(thing, job), "no-cache")
    top = ask(operator, "/top").json
    assert top["refusals"] >= 10
    assert thing in [row["thing"] for row in top["things"]]
    row = next(row for row in top["things"] if row["thing"] == thing)
    assert row["refusals"] >= 10 and row["refusals_per_second"] > 0


def test_pools_and_stored_answers_are_told_one_by_one(shown, operator, iot, thing, job):
    create_job(iot, job, thing)
    with calling(shown) as call:
        assert call(describe(thing, job)).ok
    (pool,) = ask(operator, "/debug/pool").json
    assert pool["connections"] and pool["connections"][0]["requests"] >= 1
    assert {connection["state"] for connection in pool["connections"]} <= {
        "active",
        "idle",
        "connecting",
    }
    cache = ask(operator, "/debug/cache").json
    assert cache["entries"] >= 1 and cache["bytes"] <= cache["max_bytes"]
    assert (thing, job) in [(entry["thing"], entry["job"]) for entry in cache["biggest"]]


def test_what_is_live_is_what_prometheus_is_told(emulator, iot, thing, job):
    create_job(iot, job, thing)
    with Gateway(emulator.url, *OPERATOR) as gateway, calling(gateway) as call:
        address = gateway.listener("operator")
        assert eventually(lambda: ask(address, "/live").json["last"] >= 1)
        for _ in range(30):
            assert call(describe(thing, job)).ok
        for _ in range(7):
            assert call(describe(thing, "absent")).code == grpc.StatusCode.NOT_FOUND

        def counted(series: str) -> float:
            live = ask(address, "/live").json
            # Rates over moments of two seconds, more or less.
            times = live["time"]
            spans = [2, *(after - before for before, after in zip(times, times[1:]))]
            return sum(rate * span for rate, span in zip(live["series"][series], spans))

        assert eventually(lambda: counted("calls.ok") > 29)
        assert eventually(lambda: round(counted("calls.caller")) >= 6)
        live = ask(address, "/live").json
        reasons = {
            (failure["side"], failure["reason"]): failure["count"] for failure in live["failures"]
        }
        exposition = scrape(gateway.admin_url)
    name = "iot_jobs_gateway_failures_total"
    assert exposition.value(name, reason="RESOURCE_NOT_FOUND", code="NOT_FOUND") == 7
    assert reasons["answered", "RESOURCE_NOT_FOUND"] == 7
    assert reasons["aws", "ResourceNotFoundException"] == 7
    assert any(value for value in live["series"]["latency.p99"])
    assert live["status"]["ready"] is True


def test_only_what_is_new_is_sent_again(operator):
    assert eventually(lambda: ask(operator, "/live").json["last"] >= 2)
    live = ask(operator, "/live").json
    rest = ask(operator, f"/live?after={live['last']}").json
    assert len(rest["time"]) <= 1
    assert all(len(values) == len(rest["time"]) for values in rest["series"].values())
    assert len(ask(operator, "/live?after=1000000").json["time"]) >= len(live["time"])
    assert ask(operator, "/live?after=x").status == 200


def test_a_body_without_end_and_a_request_without_end_get_nowhere(operator):
    host, _, port = operator.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as peer:
        peer.sendall(
            b"PUT /loglevel HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000000\r\n\r\n" + b"x" * 4096
        )
        try:
            assert peer.recv(1024) == b""
        except ConnectionResetError:
            pass
    assert ask(operator, "/live").status == 200


def test_requests_on_one_connection_are_answered_in_their_order(operator):
    host, _, port = operator.rpartition(":")
    paths = ["/debug/cache", "/loglevel", "/live", "/nowhere", "/top"]
    with socket.create_connection((host, int(port)), timeout=20) as peer:
        for path in paths:
            peer.sendall(f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        heads = b""
        while heads.count(b"\r\n\r\n") < len(paths):
            heads += peer.recv(65536)
    statuses = [head.split()[1] for head in heads.split(b"\r\n\r\n") if head]
    assert statuses == [b"200", b"200", b"200", b"404", b"200"]


def test_a_unix_socket_is_for_its_owner_and_group(emulator, tmp_path):
    path = tmp_path / "operator.sock"
    with Gateway(emulator.url, "--operator-listen", f"unix:{path}") as gateway:
        assert gateway.listener("operator") == f"unix:{path}"
        assert stat.S_IMODE(path.lstat().st_mode) == 0o660
        done = subprocess.run(
            ["curl", "-sf", "--unix-socket", str(path), "http://localhost/loglevel"],
            capture_output=True,
            timeout=20,
            check=True,
        )
        assert json.loads(done.stdout)["level"] == "info"
    assert not os.path.exists(path)


def test_it_is_there_until_the_last_call_is_done(emulator, console, thing):
    """What hinders a drain is what an operator wants to see."""
    with Gateway(emulator.url, *OPERATOR, "--drain-grace", "20s") as gateway:
        address = gateway.listener("operator")
        with calling(gateway) as call:
            console.plan(next=["latency=3000"])
            waiting = call.begin(pending(thing))
            assert eventually(lambda: console.faults_to_come() == 0)
            gateway.terminate()
            assert eventually(lambda: ask(address, "/live").json["status"]["ready"] is False)
            assert ask(address, "/live").json["status"]["reasons"] == ["draining"]
            waiting.cancel()
        assert gateway.wait() == 0
