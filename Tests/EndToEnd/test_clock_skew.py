# SPDX-License-Identifier: Apache-2.0
"""A clock that is off: AWS's Date sets it right, once, and signatures follow it from then on."""

from __future__ import annotations

import datetime

import pytest

from callers import calling, pending, update
from http_server import Answer, Received, http_date
from program import RETRIES
from upstream import Upstream

TOLERATED = datetime.timedelta(minutes=5)


class OtherClock:
    """An AWS whose clock is this far from ours, and which looks at each request's date."""

    def __init__(self, off_seconds: float, refusal: Answer):
        self.off = datetime.timedelta(seconds=off_seconds)
        self.refusal = refusal

    def __call__(self, request: Received) -> Answer:
        date = {"Date": http_date(self.off.total_seconds())}
        signed = datetime.datetime.strptime(request.header("X-Amz-Date"), "%Y%m%dT%H%M%SZ")
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) + self.off
        if abs(now - signed) > TOLERATED:
            return Answer(self.refusal.status, self.refusal.body, self.refusal.headers | date)
        return Answer(headers=date)


REFUSALS = {
    "expired": Answer.error(
        "InvalidSignatureException",
        403,
        "Signature expired: 20260102T030405Z is now earlier than 20260102T040405Z",
    ),
    "not-yet-current": Answer.error(
        "InvalidSignatureException",
        403,
        "Signature not yet current: 20260102T030405Z is still later than 20260102T020405Z",
    ),
    "skewed": Answer.error("RequestTimeTooSkewed", 403, "The difference is too large."),
    "request-expired": Answer.error("RequestExpired", 400, "Request has expired."),
}


@pytest.mark.parametrize("off_seconds", [3600, -3600, 86_400], ids=["ahead", "behind", "a-day"])
@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_clock_that_is_off_is_set_right_by_awss_date(start, refusal, off_seconds):
    with Upstream(OtherClock(off_seconds, REFUSALS[refusal])) as upstream:
        with calling(start(upstream.url, policy=RETRIES)) as call:
            # A request whose signature is refused was surely not carried out.
            answered = call(update("t", "j"))
            assert answered.ok, answered.failure
            assert answered.metadata["x-gateway-attempts"] == "2"
            # What was learnt is kept.
            answered = call(pending("t"), "no-cache")
            assert answered.metadata["x-gateway-attempts"] == "1"


def test_the_correction_is_tried_once(start):
    skewed = REFUSALS["skewed"]
    with Upstream() as upstream:
        upstream.respond = lambda _: Answer(
            skewed.status, skewed.body, skewed.headers | {"Date": http_date(7200)}
        )
        with calling(start(upstream.url, policy=RETRIES)) as call:
            answered = call(pending("t"))
            assert (answered.code.name, answered.reason) == ("INTERNAL", "CLOCK_SKEW")
            assert len(upstream.requests) == 2


@pytest.mark.parametrize("date", [None, "yesterday", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_date_that_cannot_be_meant_changes_nothing(start, date):
    skewed = REFUSALS["skewed"]
    with Upstream() as upstream:
        dated = {} if date is None else {"Date": date}
        upstream.respond = lambda _: Answer(skewed.status, skewed.body, skewed.headers | dated)
        with calling(start(upstream.url, policy=RETRIES)) as call:
            answered = call(pending("t"))
            assert (answered.code.name, answered.reason) == ("INTERNAL", "CLOCK_SKEW")
            upstream.respond = lambda _: Answer()
            assert call(pending("t"), "no-cache").ok
        dates = [request.header("X-Amz-Date")[:4] for request in upstream.requests]
        assert dates[-1] == str(datetime.datetime.now(datetime.UTC).year)
