# SPDX-License-Identifier: Apache-2.0
"""What a caller may say about stored answers, in the words of HTTP."""

from __future__ import annotations

import itertools
import subprocess
import time

import grpc
import pytest

from callers import Answered, calling, describe, pending
from failures import HERE
from program import Gateway
from stubs import SERVICE
from upstream import Answer, Upstream
from wire import message

Code = grpc.StatusCode

# Long enough that no answer grows old by itself during a test.
KEPT = {"cache_bytes": 1_000_000, "describe_ttl": "1m", "pending_ttl": "1m"}


@pytest.fixture(scope="module")
def aws_in_python():
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def shared_call(aws_in_python):
    with Gateway(aws_in_python.url, policy=KEPT) as gateway, calling(gateway) as caller:
        yield caller


@pytest.fixture
def call(aws_in_python, shared_call):
    """AWS's version goes up by one with each describe, so that every answer tells its age."""
    versions = itertools.count(1)
    aws_in_python.respond = lambda _: Answer.json({"execution": {"versionNumber": next(versions)}})
    aws_in_python.requests.clear()
    return shared_call


def version(answered: Answered) -> int:
    return answered.execution.version_number


def test_no_cache_asks_and_what_it_learns_is_stored(call, thing):
    call(describe(thing, "j"))
    asked = call(describe(thing, "j"), "no-cache")
    assert (asked.cache, version(asked), asked.age_seconds) == ("bypass", 2, None)
    served = call(describe(thing, "j"))
    assert (served.cache, version(served)) == ("hit", 2)


def test_a_caller_may_limit_the_age(aws_in_python, call, thing):
    call(describe(thing, "j"))
    assert call(describe(thing, "j"), "max-age=600").cache == "hit"
    assert call(describe(thing, "j"), "max-age=0").cache == "bypass"
    time.sleep(1.1)
    asked = call(describe(thing, "j"), "max-age=1")
    assert (asked.cache, version(asked)) == ("miss", 3)
    assert len(aws_in_python.requests) == 3


def test_only_if_cached_never_asks(aws_in_python, call, thing):
    for request in (describe(thing, "j"), pending(thing)):
        none = call(request, "only-if-cached")
        assert (none.code, none.reason) == (Code.UNAVAILABLE, "NOT_CACHED")
        assert none.failure.info.domain == HERE
        assert none.failure.retry_delay_seconds is None
    assert aws_in_python.requests == []
    call(describe(thing, "j"))
    assert call(describe(thing, "j"), "only-if-cached").cache == "hit"
    # Nothing satisfies both.
    assert call(describe(thing, "j"), "only-if-cached, no-cache").reason == "NOT_CACHED"
    assert len(aws_in_python.requests) == 1


def test_only_if_cached_takes_nothing_that_is_past_its_time(upstream, start):
    with calling(start(upstream.url, policy={**KEPT, "pending_ttl": "50ms"})) as call:
        call(pending("t"))
        time.sleep(0.1)
        assert call(pending("t"), "only-if-cached").reason == "NOT_CACHED"
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("text", "served"),
    [
        ("", "hit"),
        (",", "hit"),
        ("private", "hit"),
        ("max-stale=5, min-fresh=1", "hit"),
        ("no-cached", "hit"),
        ('private="a, no-cache, b"', "hit"),
        ("=,=;;no cache", "hit"),
        ("x" * 4_000, "hit"),
        ('max-age="600"', "hit"),
        ("max-age=99999999999999999999999", "hit"),
        ("NO-CACHE", "bypass"),
        ("foo ,  no-cache,", "bypass"),
        ("no-cache=x", "bypass"),
        ("Max-Age=0", "bypass"),
        ("max-age", "bypass"),
        ("max-age=", "bypass"),
        ("max-age=-1", "bypass"),
        ("max-age=abc", "bypass"),
        ("max-age=600, max-age=0", "bypass"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_strange_cache_control_is_read_as_http_reads_it(call, thing, text, served):
    """What makes no sense fails no call, and brings nobody an older answer than was meant."""
    call(describe(thing, "j"))
    answered = call(describe(thing, "j"), text)
    assert answered.ok
    assert answered.cache == served


def test_curl_sees_it_too_and_may_say_it_in_several_headers(upstream, start, tmp_path):
    upstream.respond = lambda _: Answer.json({"execution": {"jobId": "j"}})
    body = tmp_path / "request.grpc"
    body.write_bytes(message(describe("t", "j").SerializeToString()))
    gateway = start(upstream.url, policy=KEPT)

    def headers(*directives: str) -> dict[str, str]:
        said = [word for one in directives for word in ("--header", f"cache-control: {one}")]
        done = subprocess.run(
            ["curl", "--silent", "--http2-prior-knowledge", "--max-time", "20", *said]
            + ["--output", "/dev/null", "--dump-header", "-", "--data-binary", f"@{body}"]
            + ["--header", "content-type: application/grpc", "--header", "te: trailers"]
            + [f"http://{gateway.address}/{SERVICE}/DescribeJobExecution"],
            capture_output=True,
            text=True,
            check=True,
        )
        lines = [line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line]
        return {name: value for name, value in lines}

    assert headers()["x-cache"] == "miss"
    stored = headers("max-age=600", "private")
    assert (stored["x-cache"], stored["age"]) in [("hit", "0"), ("hit", "1")]
    assert headers("max-age=600", "no-cache")["x-cache"] == "bypass"
    refused = headers("max-age=0", "only-if-cached")
    assert refused["grpc-status"] == str(Code.UNAVAILABLE.value[0])
