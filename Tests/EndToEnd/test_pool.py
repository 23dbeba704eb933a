# SPDX-License-Identifier: Apache-2.0
"""The pool's books: every connection that was opened is idle, in use, or closed for a reason."""

from __future__ import annotations

import faults
from callers import calling, pending
from certificates import Authority
from http_server import Answer
from metrics import Exposition, scrape
from program import Gateway, eventually
from upstream import Upstream

PREFIX = "iot_jobs_gateway_upstream"


def books_balance(gateway: Gateway, upstream: Upstream) -> bool:
    seen = scrape(gateway.admin_url)
    opened = seen.value(f"{PREFIX}_connections_opened_total")
    closed = seen.value(f"{PREFIX}_connections_closed_total")
    held = sum(
        seen.value(f"{PREFIX}_connections", state=state) for state in ("active", "idle")
    )
    return opened == upstream.connections and opened - closed == held == upstream.open


def leases(seen: Exposition) -> tuple[float, float]:
    name = f"{PREFIX}_pool_leases_total"
    return seen.value(name, connection="new"), seen.value(name, connection="kept")


def test_every_lease_and_connection_is_counted(upstream, start):
    gateway = start(upstream.url)
    with calling(gateway) as call:
        for number in range(20):
            assert call(pending(f"t-{number}"), "no-cache").ok
        assert sum(leases(scrape(gateway.admin_url))) == 20
        assert eventually(lambda: books_balance(gateway, upstream))
        # Idle connections that the peer closes are noticed without a call.
        upstream.hang_up_idle()
        assert eventually(lambda: upstream.open == 0 and books_balance(gateway, upstream))
        for spoil in (faults.reset_before_headers, faults.cut_in_body, faults.not_http):
            upstream.respond = lambda _, spoil=spoil: spoil(Answer())
            assert not call(pending("t"), "no-cache").ok
        upstream.respond = lambda _: Answer(headers={"Connection": "close"})
        assert call(pending("t"), "no-cache").ok
    assert eventually(lambda: books_balance(gateway, upstream))


def test_handshakes_are_timed_full_and_resumed_apart(start, tmp_path):
    authority = Authority()
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(authority.pem)
    context = authority.issue("localhost").server_context(tmp_path)
    with Upstream(lambda _: Answer(headers={"Connection": "close"}), tls=context) as upstream:
        gateway = start(upstream.url, "--upstream-ca-bundle", str(bundle))
        with calling(gateway) as call:
            for _ in range(5):
                assert call(pending("t"), "no-cache").ok
        seen = scrape(gateway.admin_url)
        handshakes = f"{PREFIX}_tls_handshake_seconds_count"
        resumed = sum(one.resumed for one in upstream.handshakes)
        assert seen.value(handshakes, resumed="true") == resumed > 0
        assert seen.value(handshakes) == len(upstream.handshakes)


def test_connections_are_warm_before_the_first_call(upstream, start):
    gateway = start(upstream.url, policy={"upstream_warm_connections": 2})
    assert gateway.address
    assert eventually(lambda: upstream.connections == 2)
    assert eventually(lambda: books_balance(gateway, upstream))
    with calling(gateway) as call:
        assert call(pending("t")).ok
    new, kept = leases(scrape(gateway.admin_url))
    assert (new, kept) == (0, 1)
    # One that is lost is replaced, although nobody calls.
    upstream.hang_up_idle()
    assert eventually(lambda: upstream.connections == 4)


def test_connections_that_fail_are_counted_by_what_failed(start):
    gateway = start("http://127.0.0.1:1")
    with calling(gateway) as call:
        assert not call(pending("t")).ok
    seen = scrape(gateway.admin_url)
    assert seen.value(f"{PREFIX}_connect_failures_total", reason="refused") >= 1
    assert seen.value(f"{PREFIX}_connections_opened_total") == 0
