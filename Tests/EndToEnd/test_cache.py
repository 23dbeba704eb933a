# SPDX-License-Identifier: Apache-2.0
"""Stored reads: what is served from the store, for how long, and what a caller may say about it."""

from __future__ import annotations

import datetime
import itertools
import json
import time

import grpc
import pytest

from aws import client, create_job
from callers import Answered, calling, describe, pending
from failures import AWS
from metrics import scrape
from program import Emulator, eventually
from upstream import Answer

Code = grpc.StatusCode
PREFIX = "iot_jobs_gateway"

# Long enough that no answer grows old by itself during a test.
KEPT = {
    "cache_bytes": 1_000_000,
    "describe_ttl": "1m",
    "describe_terminal_ttl": "5m",
    "describe_not_found_ttl": "1m",
    "pending_ttl": "1m",
}
# Short enough to be waited out.
BRIEF = {**KEPT, "describe_ttl": "50ms", "describe_not_found_ttl": "50ms", "pending_ttl": "50ms"}


def outlive_brief() -> None:
    """An entry's time is moved by up to a tenth."""
    time.sleep(0.1)


@pytest.fixture
def call(upstream, start):
    with calling(start(upstream.url, policy=KEPT)) as caller:
        yield caller


@pytest.fixture
def brief(upstream, start):
    with calling(start(upstream.url, policy=BRIEF)) as caller:
        yield caller


def execution(version: int = 1, **members: object) -> dict:
    found = {"jobId": "j", "thingName": "t", "status": "IN_PROGRESS", "versionNumber": version}
    return {"execution": {**found, **members}}


def counting(upstream) -> None:
    """AWS's version goes up by one with each describe, so that every answer tells its age."""
    versions = itertools.count(1)
    upstream.respond = lambda _: Answer.json(execution(next(versions), jobDocument="{}"))


def version(answered: Answered) -> int:
    return answered.execution.version_number


def test_the_first_describe_asks_and_the_next_is_served_from_the_store(upstream, call):
    counting(upstream)
    first, second = call(describe("t", "j")), call(describe("t", "j"))
    assert (first.cache, first.age_seconds) == ("miss", None)
    assert (second.cache, version(second)) == ("hit", 1)
    assert second.age_seconds in (0, 1)
    assert second.message == first.message
    assert first.metadata["x-gateway-attempts"] == "1"
    assert second.metadata.get("x-gateway-attempts", "0") == "0"
    assert len(upstream.requests) == 1


def test_each_thing_job_and_number_is_stored_apart(upstream, call):
    counting(upstream)
    requests = [
        describe("t", "j"),
        describe("u", "j"),
        describe("t", "k"),
        describe("t", "$next"),
        describe("t", "j", execution_number=1),
        describe("t", "j", execution_number=2),
    ]
    assert [call(request).cache for request in requests] == ["miss"] * 6
    again = [call(request) for request in requests]
    assert [(one.cache, version(one)) for one in again] == [("hit", n) for n in range(1, 7)]


def test_an_answer_with_its_document_serves_one_without(upstream, call):
    counting(upstream)
    whole = describe("t", "j", include_job_document=True)
    bare = describe("t", "j", include_job_document=False)
    assert call(whole).execution.job_document == "{}"
    served = call(bare)
    assert (served.cache, version(served)) == ("hit", 1)
    assert not served.execution.HasField("job_document")
    # Absent means true, as with AWS.
    assert call(describe("t", "j")).cache == "hit"


def test_an_answer_without_its_document_does_not_serve_one_with(upstream, call):
    versions = itertools.count(1)

    def respond(request) -> Answer:
        document = {} if "includeJobDocument=false" in request.target else {"jobDocument": "{}"}
        return Answer.json(execution(next(versions), **document))

    upstream.respond = respond
    bare = describe("t", "j", include_job_document=False)
    assert call(bare).cache == "miss"
    assert (call(bare).cache, len(upstream.requests)) == ("hit", 1)
    whole = call(describe("t", "j"))
    assert (whole.cache, whole.execution.job_document) == ("miss", "{}")
    assert version(call(bare)) == 2
    assert len(upstream.requests) == 2


def test_the_countdown_goes_on_while_an_answer_is_stored(upstream, call):
    upstream.respond = lambda _: Answer.json(execution(approximateSecondsBeforeTimedOut=100))
    assert call(describe("t", "j")).execution.approximate_seconds_before_timed_out == 100
    time.sleep(1.1)
    later = call(describe("t", "j"))
    assert later.cache == "hit" and later.age_seconds >= 1
    left = later.execution.approximate_seconds_before_timed_out
    assert left <= 99 and abs(100 - left - later.age_seconds) <= 1


def test_the_countdown_stops_at_zero(upstream, call):
    upstream.respond = lambda _: Answer.json(execution(approximateSecondsBeforeTimedOut=1))
    call(describe("t", "j"))
    time.sleep(2.1)
    later = call(describe("t", "j"))
    # Either is right: an execution whose time is up may have changed.
    assert later.cache == "miss" or later.execution.approximate_seconds_before_timed_out == 0


def test_what_is_not_there_is_stored_briefly(upstream, brief):
    upstream.respond = lambda _: Answer.error("ResourceNotFoundException", 404, "no such thing")
    first, second = brief(describe("t", "j")), brief(describe("t", "j"))
    for one in (first, second):
        assert (one.code, one.reason) == (Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
        assert one.failure.info.domain == AWS
        assert one.failure.message == first.failure.message
    assert first.cache == "miss"
    outlive_brief()
    asked = len(upstream.requests)
    counting(upstream)
    found = brief(describe("t", "j"))
    assert (found.ok, found.cache, len(upstream.requests)) == (True, "miss", asked + 1)


@pytest.mark.parametrize(
    ("name", "http", "code"),
    [
        ("ResourceNotFoundException", 404, Code.NOT_FOUND),
        ("TerminalStateException", 410, Code.FAILED_PRECONDITION),
    ],
)
def test_a_refusal_that_will_not_change_soon_is_stored(upstream, call, name, http, code):
    upstream.respond = lambda _: Answer.error(name, http, "because")
    first, second = call(describe("t", "j")), call(describe("t", "j"))
    assert (first.cache, second.cache) == ("miss", "hit")
    assert (second.code, second.reason) == (code, first.reason)
    assert second.failure.info.metadata["httpStatus"] == str(http)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("name", "http"),
    [
        ("ThrottlingException", 429),
        ("AccessDeniedException", 403),
        ("InternalFailure", 500),
        ("ServiceUnavailableException", 503),
        ("InvalidRequestException", 400),
    ],
)
def test_another_failure_is_never_stored(upstream, call, name, http):
    upstream.respond = lambda _: Answer.error(name, http)
    assert call(describe("t", "j")).cache in ("miss", None)
    asked = len(upstream.requests)
    assert call(describe("t", "j")).cache in ("miss", None)
    assert len(upstream.requests) > asked


def test_a_finished_execution_with_its_number_is_stored_for_long(upstream, brief):
    upstream.respond = lambda _: Answer.error("TerminalStateException", 410)
    numbered, latest = describe("t", "j", execution_number=1), describe("t", "j")
    assert [brief(one).cache for one in (numbered, latest)] == ["miss", "miss"]
    outlive_brief()
    # The latest execution of a job can become another one; a finished one with its number cannot.
    assert [brief(one).cache for one in (numbered, latest)] == ["hit", "miss"]


def test_a_running_execution_with_its_number_is_stored_briefly(upstream, brief):
    counting(upstream)
    for expected in (1, 2):
        assert version(brief(describe("t", "j", execution_number=1))) == expected
        outlive_brief()


def signed_url(*, seconds_ago: float, life_seconds: int) -> str:
    signed = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds_ago)
    return (
        "https://firmware.s3.amazonaws.com/image.bin?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Date={signed:%Y%m%dT%H%M%SZ}&X-Amz-Expires={life_seconds}"
        "&X-Amz-SignedHeaders=host&X-Amz-Signature=00ff"
    )


@pytest.mark.parametrize("ampersand", ["&", "\\u0026"])
@pytest.mark.parametrize(
    ("seconds_ago", "life_seconds", "served"),
    [(0, 3_600, "hit"), (3_599, 3_600, "miss"), (7_200, 3_600, "miss"), (3_000, 3_600, "hit")],
)
def test_a_signed_url_in_the_document_is_not_served_near_its_end(
    upstream, call, ampersand, seconds_ago, life_seconds, served
):
    url = signed_url(seconds_ago=seconds_ago, life_seconds=life_seconds).replace("&", ampersand)
    document = f'{{"firmware": "{url}"}}'
    upstream.respond = lambda _: Answer.json(execution(jobDocument=document))
    assert call(describe("t", "j")).execution.job_document == document
    # Of a second that is left, half a second of storing would be; a machine may be that fast.
    if seconds_ago == 3_599:
        time.sleep(0.6)
    assert call(describe("t", "j")).cache == served


def test_an_entry_ends_with_its_time(upstream, brief):
    counting(upstream)
    assert version(brief(describe("t", "j"))) == 1
    outlive_brief()
    later = brief(describe("t", "j"))
    assert (later.cache, version(later)) == ("miss", 2)


def test_a_list_of_pending_jobs_is_stored_when_it_is_told_so(upstream, call, start):
    assert [call(pending("t")).cache for _ in range(2)] == ["miss", "hit"]
    unstored = {**KEPT, "pending_ttl": "0s"}
    with calling(start(upstream.url, policy=unstored)) as other:
        assert [other(pending("t")).cache for _ in range(2)] == ["miss", "miss"]
    assert len(upstream.requests) == 3


def test_with_aws_gone_an_old_answer_is_better_than_none(thing, job, start):
    policy = {**BRIEF, "stale_if_error": "10m"}
    program = Emulator()
    create_job(client("iot", program.url), job, thing)
    with (
        calling(start(program.url, policy=policy)) as lenient,
        calling(start(program.url, policy=BRIEF)) as strict,
    ):
        for one in (lenient, strict):
            assert one(describe(thing, job)).cache == "miss"
        program.stop()
        outlive_brief()
        old = lenient(describe(thing, job))
        assert (old.cache, old.execution.job_id) == ("stale", job)
        assert old.age_seconds is not None
        assert strict(describe(thing, job)).code == Code.UNAVAILABLE
        # Who insists on AWS is told that it is gone.
        assert lenient(describe(thing, job), "no-cache").code == Code.UNAVAILABLE
        assert lenient(describe(thing, f"{job}-other")).code == Code.UNAVAILABLE


def test_an_old_answer_does_not_hide_what_aws_says(upstream, start):
    """Not found is an answer; only an AWS that cannot answer is passed over."""
    counting(upstream)
    with calling(start(upstream.url, policy={**BRIEF, "stale_if_error": "10m"})) as call:
        call(describe("t", "j"))
        outlive_brief()
        upstream.respond = lambda _: Answer.error("ServiceUnavailableException", 503)
        assert call(describe("t", "j")).cache == "stale"
        upstream.respond = lambda _: Answer.error("ResourceNotFoundException", 404)
        assert call(describe("t", "j")).code == Code.NOT_FOUND


def test_an_old_answer_is_served_while_a_new_one_is_fetched(upstream, start):
    counting(upstream)
    with calling(start(upstream.url, policy={**BRIEF, "stale_while_revalidate": "10m"})) as call:
        call(describe("t", "j"))
        outlive_brief()
        old = call(describe("t", "j"))
        assert (old.cache, version(old)) == ("stale", 1)
        assert eventually(lambda: len(upstream.requests) == 2)
        assert eventually(lambda: version(call(describe("t", "j"))) >= 2)


def test_the_store_keeps_within_its_bytes(upstream, start):
    bound = 262_144
    gateway = start(upstream.url, policy={**KEPT, "cache_bytes": bound})
    upstream.respond = lambda _: Answer.json(execution(jobDocument="x" * 4_000))
    names = [f"t-{index}" for index in range(300)]
    with calling(gateway) as call:
        for first in range(0, len(names), 30):
            calls = [call.begin(describe(name, "j")) for name in names[first : first + 30]]
            for one in calls:
                assert one.code() == Code.OK
            seen = scrape(gateway.admin_url)
            assert 0 < seen.value(f"{PREFIX}_cache_bytes") <= bound
        # Each answer holds a document of 4,000 bytes.
        assert 0 < seen.value(f"{PREFIX}_cache_entries") <= bound / 4_000
        assert seen.value(f"{PREFIX}_cache_evictions_total") >= 300 - bound / 4_000
        # The latest is still there; nothing is served that does not belong to its thing.
        assert call(describe(names[-1], "j")).cache == "hit"


def test_an_answer_larger_than_the_store_is_not_stored(upstream, start):
    upstream.respond = lambda _: Answer.json(execution(jobDocument="x" * 100_000))
    gateway = start(upstream.url, policy={**KEPT, "cache_bytes": 65_536})
    with calling(gateway) as call:
        assert [call(describe("t", "j")).cache for _ in range(3)] == ["miss"] * 3
    assert scrape(gateway.admin_url).value(f"{PREFIX}_cache_bytes") <= 65_536


def test_without_a_store_each_call_asks(upstream, start):
    counting(upstream)
    with calling(start(upstream.url, policy={**KEPT, "cache_bytes": 0})) as call:
        assert [version(call(describe("t", "j"))) for _ in range(3)] == [1, 2, 3]


def test_each_outcome_is_counted(upstream, start):
    counting(upstream)
    gateway = start(upstream.url, policy={**BRIEF, "stale_if_error": "10m"})
    with calling(gateway) as call:
        call(describe("t", "j"))
        call(describe("t", "j"), "no-cache")
        call(describe("u", "j"), "only-if-cached")
        outlive_brief()
        upstream.respond = lambda _: Answer.error("ServiceUnavailableException", 503)
        call(describe("t", "j"))
    seen = scrape(gateway.admin_url)
    requests = f"{PREFIX}_cache_requests_total"
    found = {
        result: seen.value(requests, result=result)
        for result in ("hit", "miss", "stale", "coalesced", "bypass", "not_cached")
    }
    assert found == {
        "hit": 0,
        "miss": 1,
        "stale": 1,
        "coalesced": 0,
        "bypass": 1,
        "not_cached": 1,
    }
    assert seen.value(f"{PREFIX}_requests_total", method="DescribeJobExecution") == 4


def test_stored_answers_are_counted_as_calls_too(call, upstream, start):
    counting(upstream)
    gateway = start(upstream.url, policy=KEPT)
    with calling(gateway) as caller:
        for _ in range(10):
            caller(describe("t", "j"))
    seen = scrape(gateway.admin_url)
    assert seen.value(f"{PREFIX}_cache_requests_total", result="hit") == 9
    assert seen.value(f"{PREFIX}_requests_total", method="DescribeJobExecution", code="OK") == 10
    count = f"{PREFIX}_request_duration_seconds_count"
    assert seen.value(count, method="DescribeJobExecution") == 10
    assert seen.value(f"{PREFIX}_requests_in_flight") == 0


def test_the_defaults_store_for_a_second(default_gateway, console, iot, thing, job):
    """Long enough to spare AWS a crowd, short enough to hide nobody else's write for long."""
    create_job(iot, job, thing)
    with calling(default_gateway) as call:
        began = time.monotonic()
        answers = [call(describe(thing, job)).cache for _ in range(20)]
        elapsed = time.monotonic() - began
        # One, and one more for each nine tenths of a second that the machine needed.
        assert 1 <= answers.count("miss") <= 1 + elapsed / 0.9
        assert answers.count("hit") == 20 - answers.count("miss")
        assert eventually(lambda: call(describe(thing, job)).cache == "miss")


def test_what_others_write_shows_when_the_time_is_over_or_at_once_if_asked_for(
    emulator, start, iot, jobs_data, thing, job
):
    """The console and devices over MQTT write past the gateway; here boto3 does."""
    create_job(iot, job, thing)
    policy = {**KEPT, "describe_ttl": "10m"}
    with (
        calling(start(emulator.url, policy=policy)) as kept,
        calling(start(emulator.url, policy=BRIEF)) as brief,
    ):
        assert [version(call(describe(thing, job))) for call in (kept, brief)] == [1, 1]
        jobs_data.update_job_execution(thingName=thing, jobId=job, status="IN_PROGRESS")
        assert version(kept(describe(thing, job))) == 1
        assert version(kept(describe(thing, job), "no-cache")) == 2
        assert version(kept(describe(thing, job))) == 2
        outlive_brief()
        assert version(brief(describe(thing, job))) == 2


def test_a_stored_answer_is_the_answer(emulator, start, iot, thing, job):
    document = {"text": "Grüße 🦉", "steps": list(range(50))}
    create_job(iot, job, thing, document=document)
    with calling(start(emulator.url, policy=KEPT)) as caller:
        answers = [caller(describe(thing, job)) for _ in range(2)]
    assert [one.cache for one in answers] == ["miss", "hit"]
    assert answers[0].message == answers[1].message
    assert json.loads(answers[1].execution.job_document) == document
