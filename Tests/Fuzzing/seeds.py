#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what fuzzers start from, a folder for each target: usage: seeds.py FOLDER.

Tests/Corpus holds those of them, and of what was found since, that reach code no other does
(Tests/fuzz.sh --merge).
"""

import base64
import gzip
import json
import pathlib
import struct
import sys

VECTORS = pathlib.Path(__file__).parent.parent / "Vectors"


def cases(name):
    vectors = json.loads((VECTORS / name).read_text())
    return vectors.get("cases") or vectors["messages"]


def utf8(text):
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


# gRPC


def message(body, flag=0):
    return struct.pack(">BI", flag, len(body)) + body


def framing():
    identity, zipped = b"\x08", b"\x09"
    yield identity + message(b"hello")
    yield identity + message(b"") + message(b"two")
    yield identity + message(b"cut")[:-1]
    yield identity + b"\x00\xff\xff\xff\xff"
    yield identity + message(b"x", flag=2)
    yield identity + message(b"x", flag=1)
    yield b"\x02" + message(b"17 bytes, one more")
    yield zipped + message(gzip.compress(b"hello" * 9, mtime=0), flag=1)
    yield zipped + message(gzip.compress(b"a", mtime=0) * 2, flag=1)
    yield zipped + message(gzip.compress(b"bomb" * 9000, mtime=0), flag=1)
    yield zipped + message(b"not gzip", flag=1) + message(b"plain")
    for vector in cases("gzip_messages.json"):
        body = base64.b64decode(vector["input"])
        if len(body) < 600:
            yield zipped + message(body, flag=1)


def metadata():
    def head(method="POST", content_type="application/grpc", te="trailers", encoding="!",
             accepted="!", timeout="!", path="/iot.Service/Method", binary="AAEC", rest="text"):
        fields = method, content_type, te, encoding, accepted, timeout, path, binary, rest
        return "\n".join(fields).encode()

    yield head()
    yield head(content_type="application/grpc+proto; a=b", encoding="gzip", accepted="identity,gzip")
    yield head(content_type="application/grpc+json")
    yield head(encoding="br", accepted="gzip;q=1, deflate")
    yield head(method="GET", path="!")
    yield head(te="!")
    for timeout in "1H 99999999M 0S 5m 123u 1n 123456789S 1 S -1S 1_0S".split():
        yield head(timeout=timeout)
    for binary in "AA== AA AAA= A AAAA,BBBB= AA=A ++//".split():
        yield head(binary=binary)
    yield head(rest=" 100% größer\r\n😀 ")


# protobuf


def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = utf8(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def pair(number, name, value):
    return field(number, field(1, name) + field(2, value))


def protobuf():
    yield b"\x00" + field(1, "thing") + field(2, "job") + field(3, 7) + field(4, 1)
    yield b"\x00" + field(1, "thing") + field(2, "$next")
    yield b"\x00" + field(1, b"\xff\xfe") + field(2, "job")
    yield b"\x01" + field(1, "thing:1-_")
    yield b"\x01" + field(1, "one") + field(1, "two") + field(99, "unknown")
    yield b"\x02" + field(1, "t") + pair(2, "k", "v") + pair(2, "l", "") + field(4, 10080)
    yield b"\x02" + field(1, "t") + field(3, 1)
    full = field(1, "t") + field(2, "j") + field(3, 2) + pair(4, "a", "1") + pair(4, "a", "2")
    full += field(6, 1 << 62) + field(7, 1) + field(8, 0) + field(9, -5) + field(10, -1)
    yield b"\x03" + full
    yield b"\x03" + field(1, "t") + field(2, "j") + field(3, 3) + field(5, 1)
    yield b"\x03" + field(1, "t") + field(2, "j") + field(3, 9)
    yield b"\x03" + full + b"\x0b\x0c" + varint(15 << 3 | 5) + b"1234" + varint(16 << 3 | 1) + b"8" * 8
    yield b"\x04" + field(1, "iot.jobs.dataplane.v1.JobsDataPlaneService")
    yield b"\x04" + field(2, 5) + varint(3 << 3 | 5) + b"1234"


def watching():
    token = bytes([1, 2]) + bytes(range(32))
    row = field(1, "job") + field(2, 1) + field(5, 3) + field(6, 1)
    yield b"\x00" + field(1, "thing") + field(1, "thing") + field(1, "other") + field(2, token)
    yield b"\x00" + b"".join(field(1, f"t{number}") for number in range(5))
    yield b"\x00" + field(1, b"\xff")
    yield b"\x01" + field(1, "t") + field(2, "j") + field(3, 1) + field(4, b"\x02\x03") + field(5, 7)
    yield b"\x01" + field(1, "t") + field(2, "$next") + field(4, 9)
    yield b"\x02" + token
    yield b"\x02" + token[:-1]
    yield b"\x03" + field(1, token) + field(2, field(1, "t") + field(2, row) + field(3, row))
    yield b"\x03" + field(3, field(1, "t") + field(2, 4) + field(3, row) + field(4, 3))
    yield b"\x03" + field(4, field(1, 12))
    yield b"\x04" + field(1, 1) + field(2, 3) + field(3, 4) + field(4, 1)


def reflection():
    def asked(*requests, limit=7):
        return bytes([limit]) + b"".join(bytes([len(request)]) + request for request in requests)

    service = "iot.jobs.dataplane.v1.JobsDataPlaneService"
    yield asked(field(7, ""), field(4, service), field(4, service + ".DescribeJobExecution"))
    yield asked(field(1, "host") + field(3, "iot/jobs/dataplane/v1/jobs_data_plane.proto"))
    yield asked(field(3, "google/protobuf/timestamp.proto"), field(3, "grpc/health/v1/health.proto"))
    yield asked(field(5, field(1, "google.rpc.Status") + field(2, 100)), field(6, "google.rpc.Status"))
    yield asked(field(6, "google.protobuf.Timestamp"), field(4, "nothing"), field(3, ""))
    yield asked(field(1, "no question"), field(9, 1), b"\xff", field(4, b"\xff"))
    yield asked(*[field(7, "")] * 5, limit=2)
    yield asked(field(3, "a") + field(7, "*") + field(4, "grpc.health.v1.Health.Watch"))


# JSON and AWS's answers


def texts():
    yield b'{"a": [1, -0, 2.5e3, true, null, "\\u00e9\\n\\u0000\\ud83d\\ude00"], "": {}}'
    yield b'{"a": 1, "a": 2, "b": null}'
    yield b"[9223372036854775807, -9223372036854775808, 1e308, 1E-400, 0.1]"
    yield b"[9223372036854775808]"
    yield b"[1e999]"
    yield b'"text"'
    yield b" null "
    yield b'{"a\\u0000": 1}'
    yield b"[" * 40 + b"]" * 40
    yield b"[" * 2100
    yield b'["\\ud800"]'
    yield b"\xef\xbb\xbf{}"
    yield '{"größe": "\x7f /"}'.encode()
    yield b"{} x"


def exchanges():
    ok = b"HTTP/1.1 200 OK\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\nX-Amzn-RequestId: r\r\n"
    for close in b"\x00", b"\x02":
        yield close + ok + b"Content-Length: 11\r\n\r\n" + b'{"key": 1}\n'
        yield close + ok + b"Content-Length: 11\r\n\r\n" + b'{"key": 1}\nHTTP/1.1 200 OK\r\n\r\n'
        yield close + ok + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nx: y\r\n\r\n"
        yield close + ok + b"Connection: close\r\n\r\nup to the end"
        yield close + ok + b"Content-Length: 257\r\n\r\n"
        yield close + ok + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na"
        yield close + b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
        yield close + b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"
        yield close + b"HTTP/1.0 503 Slow Down\r\nRetry-After: 3\r\nx-amzn-ErrorType: E:\r\n\r\nslow"
        yield close + b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"
        yield close + b"\x16\x03\x03\x00\x02\x02\x28"
        yield close
    yield b"\x01HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n\x16\x03"
    yield b"\x01HTTP/1.1 100 Continue\n\nHTTP/1.0 299\n\n"
    yield b"\x01HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
    yield b"\x01HTTP/1.1 2000 x\r\n"


def answers():
    for case in cases("parse.json"):
        response = case["response"]
        body = response.get("body")
        body = base64.b64decode(response["bodyBase64"]) if body is None and "bodyBase64" in response \
            else utf8(body or "")
        yield case["operation"], response["status"], dict(response.get("headers", [])), body


STATUSES = [200, 201, 204, 302, 400, 403, 404, 409, 429, 500, 502, 503, 504, 0, 999, -1]
CALLS = ["DescribeJobExecution", "GetPendingJobExecutions", "StartNextPendingJobExecution",
         "UpdateJobExecution"]
FIELDS = [(1, "x-amzn-errortype"), (2, "x-amzn-requestid"), (4, "x-amz-retry-after"),
          (8, "retry-after")]


def replies():
    for operation, status, headers, body in answers():
        if len(body) > 1500 or status not in STATUSES or operation not in CALLS:
            continue
        headers = {name.lower(): value for name, value in headers.items()}
        bit, name = next(((bit, name) for bit, name in FIELDS if name in headers), (0, ""))
        start = bytes([CALLS.index(operation), STATUSES.index(status), bit])
        yield start + utf8(headers.get(name, "")) + b"\n" + body
    refusal = b'{"message": "The String-to-Sign Authorization=AWS4", "executionState": ' \
        b'{"status": "IN_PROGRESS", "statusDetails": {"a": "b"}, "versionNumber": 4}}'
    yield b"\x03\x07\x01InvalidStateTransitionException:http://x/\n" + refusal
    yield b"\x00\x08\x05\x01250\n" + refusal
    yield b"\x00\x0b\x0899999999999999999\n<html>\x00\x1f</html>"


def credentials():
    keys = {"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG",
            "Token": "token", "Expiration": "2026-01-02T03:04:05Z"}
    yield b"\x00" + json.dumps(keys).encode()
    yield b"\x00" + json.dumps(keys | {"Expiration": "2026-01-02T03:04:05.123+02:00"}).encode()
    yield b"\x00" + json.dumps(keys | {"SecretAccessKey": "with space"}).encode()
    yield b"\x00" + b'{"code": "NotFound", "message": "no\\nrole"}'
    yield b"\x01" + json.dumps(keys | {"Code": "Success"}).encode()
    yield b"\x01" + b'{"Code": "AssumeRoleUnauthorizedAccess", "Message": "no"}'
    yield b"\x02" + json.dumps(keys | {"Version": 1, "SessionToken": "t"}).encode()
    yield b"\x02" + b'{"Version": "1"}'
    yield b"\x03" + b"""<?xml version="1.0"?><!-- c --><AssumeRoleResponse xmlns="https://x/">
 <AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s&amp;&#x41;&#65;
</SecretAccessKey><SessionToken><![CDATA[t]]></SessionToken><Expiration>2026-01-02T03:04:05Z\
</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
    yield b"\x03" + b"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>" \
        b"<Message>no &lt;b&gt;</Message></Error><RequestId>r</RequestId></ErrorResponse>"
    yield b"\x03" + b"<a>" * 300
    yield b"\x04" + b'{"endpointAddress": "abc.jobs.iot.us-east-1.amazonaws.com"}'
    yield b"\x04" + b'{"endpointAddress": "http://[::1]:80/x?y"}'


# HTTP/2


def frame(kind, payload=b"", flags=0, stream=0):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) \
        + payload


def literals(fields):
    block = b""
    for name, value in fields:
        block += b"\x00" + b"".join(bytes([len(utf8(text))]) + utf8(text) for text in (name, value))
    return block


REQUEST = [(":method", "POST"), (":scheme", "http"), (":path", "/a.B/C"), (":authority", "h"),
           ("te", "trailers"), ("content-type", "application/grpc")]
BLOCK = literals(REQUEST)


def http2():
    data, headers, priority, reset, settings, push, ping, goaway, window, more = range(10)
    call = frame(headers, BLOCK, 4, 1)
    yield b"\x00" + call + frame(data, message(b"hello"), 1, 1)
    yield b"\x00" + call + frame(data, b"\x03" + message(b"a") + b"000", 8, 1) + frame(reset, b"\0\0\0\x08", 0, 1)
    yield b"\x00" + frame(headers, BLOCK, 5, 1) + frame(headers, BLOCK, 5, 3) + frame(window, b"\0\0\1\0", 0, 1)
    yield b"\x00" + call + frame(headers, literals([("late", "trailer")]), 5, 1)
    yield b"\x00" + frame(headers, BLOCK[:20], 0, 1) + frame(more, BLOCK[20:], 4, 1)
    yield b"\x00" + frame(headers, b"\x02\x00\x00\x00\x00\x10" + BLOCK + b"00", 0x2C, 1)
    yield b"\x00" + frame(settings, struct.pack(">HIHIHI", 1, 0, 4, 10, 5, 16384)) + frame(settings, b"", 1)
    yield b"\x00" + frame(ping, b"12345678") + frame(ping, b"12345678", 1) + frame(goaway, b"\0" * 8 + b"bye")
    yield b"\x00" + frame(priority, b"\0\0\0\0\x10", 0, 3) + frame(0x42, b"??", 0xFF, 9) + frame(push, b"\0\0\0\2", 4, 1)
    yield b"\x00" + frame(window, b"\x7f\xff\xff\xff") + frame(window, b"\0\0\0\0", 0, 1)
    yield b"\x00" + frame(headers, literals(REQUEST + [("x", "y" * 100)] * 12), 5, 1)
    yield b"\x00" + frame(headers, b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff\x3f\xe1\x1f\x40\x01a\x01b\xbe", 5, 1)
    yield b"\x00" + b"".join(frame(headers, BLOCK, 4, stream) for stream in range(1, 13, 2))
    yield b"\x00" + call + frame(headers, BLOCK, 5, 2) + frame(headers, BLOCK, 5, 1)
    yield b"\x00" + frame(headers, literals([("UPPER", "x")] + REQUEST + [("bad", b"\xff\r\n")]), 5, 1)
    yield b"\x00" + frame(headers, literals(REQUEST + [("content-length", "5")]), 4, 1) + frame(data, b"123", 1, 1)
    yield b"\x01" + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(settings) + call + frame(data, b"", 1, 1)
    yield b"\x01" + b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    yield b"\x01" + b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


# Signatures


def signing():
    signed = [case for case in cases("sigv4-header.json") if case["config"]["region"] == "us-east-1"]
    for case in signed[:25] + cases("sigv4-presign.json")[:12]:
        request = case["request"]
        url = request.get("signedURL") or case.get("expected", {}).get("url") or request["url"]
        target = "/" + url.split("/", 3)[3]
        fields = list(request.get("headers") or [])
        fields += [f for f in case.get("expected", {}).get("headers") or [] if f not in fields]
        if not any(name.lower() == "host" for name, _ in fields):
            fields.insert(0, ["Host", url.split("/")[2]])
        lines = [f"{request['method']} {target}"] + [f"{name}:{value}" for name, value in fields]
        body = request.get("body") or ""
        body = body if isinstance(body, str) else json.dumps(body)
        if len(body) < 800:
            yield utf8("\n".join(lines) + "\n\n" + body)
    yield b"GET /a/../b//c%2f?x=%zz&=&a=b+c&a\nHost: h\nX-A:  a \t b \nx-a: c\n\n"
    yield b"PUT / \nHost: h\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/" \
        b"us-east-1/iot-jobs-data/aws4_request, SignedHeaders=host;x-amz-date, Signature=" \
        + b"0" * 64 + b"\nX-Amz-Date: 20260102T030405Z\n\n"


# The REST server and the emulator behind it


def requests():
    thing = "arn:aws:iot:us-east-1:123456789012:thing/t"
    job = json.dumps({"targets": [thing], "document": '{"do": 1}', "timeoutConfig":
                      {"inProgressTimeoutInMinutes": 10}, "jobExecutionsRetryConfig": {"criteriaList":
                      [{"failureType": "ALL", "numberOfRetries": 1}]}})
    plain = json.dumps({"targets": [thing], "document": "{}", "targetSelection": "CONTINUOUS"})
    start = "PUT /things/t/jobs/$next\n" + json.dumps(
        {"statusDetails": {"k": "\u00e9"}, "stepTimeoutInMinutes": 5}) + "\n"
    update = "POST /things/t/jobs/j\n" + json.dumps(
        {"status": "SUCCEEDED", "expectedVersion": 2, "includeJobExecutionState": True,
         "includeJobDocument": True, "executionNumber": 1, "statusDetails": {}}) + "\n"
    reads = "GET /things/t/jobs\n\nGET /things/t/jobs/j?includeJobDocument=true&executionNumber=1\n\n" \
        "GET /things/t/jobs/%24next\n\n"
    for story in (
        f"PUT /jobs/j\n{job}\n{start}{reads}{update}{reads}",
        f"PUT /jobs/j\n{job}\n{start}+\n{reads}{start}+\n{update}{reads}",
        f"PUT /jobs/j\n{plain}\nPUT /jobs/k\n{plain}\nGET /jobs?maxResults=1&status=IN_PROGRESS\n\n"
        "GET /jobs/j\n\nGET /jobs/j/job-document\n\nGET /jobs/j/things?nextToken=x\n\n",
        f"PUT /jobs/j\n{plain}\n{start}PUT /jobs/j/cancel?force=true\n"
        '{"reasonCode": "R", "comment": "c"}\nDELETE /jobs/j?force=true\n\nGET /jobs/j\n\n',
        f"PUT /jobs/j\n{plain}\nPUT /things/t/jobs/j/cancel?force=false\n"
        '{"expectedVersion": 1, "statusDetails": {"a": "b"}}\n'
        "DELETE /things/t/jobs/j/executionNumber/1?force=true\n\nGET /things/t/jobs\n\n",
        "GET /endpoint?endpointType=iot:Jobs\n\nGET /things//jobs\n\nGET /things/%zz/jobs\n\n"
        "POST /things/t/jobs/j\n[]\nPOST /things/t/jobs/j\n{\nBREW /\n\n",
        "GET /things/t/jobs/j?executionNumber=1&executionNumber=2\n\n"
        "GET /things/t/jobs/j?X-Amz-Credential=a%2Fb%2Fc%2Fiot%2Faws4_request\n\n",
    ):
        yield b"\x02" + story.encode()
    for fault in ("latency=5; error=ThrottlingException; status=429; message=slow; retry-after=9",
                  "drop=after", "truncate=after", "body=html;when=before", "status=503", ""):
        yield b"\x00" + fault.encode()
    yield b"\x01" + json.dumps(
        {"operations": ["UpdateJobExecution"], "seed": 7, "latencyMilliseconds": 20,
         "latencyJitterMilliseconds": 5, "errorRate": 0.1, "errors": ["status=503"],
         "dropAfterRate": 0.01, "truncateRate": 1, "malformedRate": 1e-3,
         "throttle": {"ratePerSecond": 50, "burst": 100}, "next": ["drop=after", ""]}).encode()


# Configuration


def configuration():
    yield b"upstream:\n  endpoint: http://127.0.0.1:8181\nregion: us-east-1\nlisten: 127.0.0.1:0\n"
    yield b"thing-limit-override: [lab-*=100/200:50/100, 'door-7=off']\nread-cache-bytes: 64MiB\n"
    yield b"thing-limit: shadow\nthing-reads-per-second: 1.5\nthing-read-burst: 2\nregion: null\n"
    yield b"---\na: {b: {c: [1, ~, \"x\\ty\", 'it''s']}}\nd: |\n  two\n  lines\ne: >-\n  folded\n  text\n...\n"
    yield b"a: &anchor x\nb: *anchor\n"
    yield b"a: 1\na: 2\n"
    yield b"? [complex]\n: value\n"
    yield b"- list\n- [of, lists]\n"
    yield b"%YAML 1.1\n---\n!!str a: !tag b\n--- second\n"
    yield b"a: " + b"{b: " * 9 + b"1" + b"}" * 9
    yield b"# only a comment\n"
    yield b"\tno: tabs\n"
    yield "grö\u00dfe: \u2028\u0085x\n".encode()
    yield b"upstream-timeout: 250ms\nreload-interval: 10s\nlog-level: debug\nthreads: 2\n"


def awsfiles():
    for case in cases("configuration.json"):
        variables = " ".join(f"{name}={value}" for name, value in case.get("env", {}).items())
        files = case.get("files", {})
        config = case.get("config") or files.get("config") or ""
        keys = case.get("credentials") or files.get("credentials") or ""
        if isinstance(config, str) and isinstance(keys, str):
            yield utf8(f"{variables}\n{config}%{keys}")
    yield b"AWS_PROFILE=dev HTTPS_PROXY=http://u:p@[::1]:3128 NO_PROXY=.a,10.0.0.0/8,*\n" \
        b"[profile dev]\nregion = eu-west-1\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = src\n" \
        b"services = s\n[profile src]\ncredential_process = '/bin/a b' \"c\\\"d\" e\\ f\n[services s]\n" \
        b"iot =\n  endpoint_url = http://h:1/p\n%[src]\naws_access_key_id=A\naws_secret_access_key=B\n"
    yield b"AWS_PROFILE=a\n[profile a]\nrole_arn=r\nsource_profile=b\n[profile b]\nrole_arn=r\nsource_profile=a\n%"
    yield b"\n[default]\nregion=x\n# c\n; c\n[default]\n[open\nkey\n =v\n  goes on\n%"


def policy():
    def rules(*texts):
        return b"rules:\n" + b"".join(b"  - " + text.strip().replace(b"\n", b"\n    ") + b"\n" for text in texts)

    fleet = b'name: devices\nidentities: ["spiffe://fleet.example/thing/{thing}"]\n' \
        b'operations: [all]\nthings: ["{thing}"]'
    ops = b"identities: [uid:1000, dns:*.ops.example, cn:admin, token:ci-*]\n" \
        b"operations: [describe, get-pending]\nthings: ['*', lab-*, '{x}']"
    yield b"spiffe://fleet.example/thing/door-7\ndoor-7\n" + rules(fleet, ops)
    yield b"a.ops.example\nlab-1\n" + rules(ops)
    yield b"1000\nx\n" + rules(fleet, fleet)
    yield b"\n\nrules: []\n"
    yield b"x\ny\nrules: [{identities: ['uid:*'], operations: [read, write], things: ['a*b*c']}]\n"
    yield b"ci-1\nt\nci-1: 0123456789abcdef\nother: sha256:" + b"0a" * 32 + b"\n# c\n"
    yield b"x\ny\nrules: [{identities: [], operations: [nothing], things: ['*{']}, 1]\nmore: 1\n"


TARGETS = {"framing": framing, "metadata": metadata, "protobuf": protobuf, "watching": watching, "json": texts,
           "replies": replies, "credentials": credentials, "http2": http2, "signing": signing,
           "reflection": reflection, "answers": exchanges, "requests": requests, "configuration": configuration, "awsfiles": awsfiles, "policy": policy}


def main():
    for target, seeds in TARGETS.items():
        folder = pathlib.Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds()):
            (folder / f"seed-{number:03}").write_bytes(seed)


if __name__ == "__main__":
    main()
