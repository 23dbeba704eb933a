# SPDX-License-Identifier: Apache-2.0
"""Makes configuration.json: what botocore makes of environments and shared files.

usage: .build/venv/bin/python Tests/Vectors/configuration.py >Tests/Vectors/configuration.json

Each case runs in a home of its own with nothing else configured. No request leaves the process: all
are caught at botocore's HTTP session and answered as the real services answer. A case in which the
gateway means to differ says so in `differs`, with its outcome in `gateway`. All keys are made up.
"""

import functools
import io
import json
import os
import re
import tempfile
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qsl

import botocore
import botocore.loaders
import botocore.session
from botocore.awsrequest import AWSResponse

from configuration_cases import GROUPS

CALLS = [
    ("iot-jobs-data", "get_pending_job_executions", {"thingName": "t"}),
    ("iot", "describe_endpoint", {"endpointType": "iot:Jobs"}),
    ("sts", "get_caller_identity", {}),
]

PROVIDERS = {
    "env": "environment",
    "assume-role": "assume-role",
    "assume-role-with-web-identity": "web-identity",
    "shared-credentials-file": "shared-credentials-file",
    "custom-process": "process",
    "config-file": "config-file",
    "container-role": "container",
    "iam-role": "instance-metadata",
}

JSON_SET = {
    "Code": "Success",
    "Version": 1,
    "AccessKeyId": "ASIAANSWERED00000000",
    "SecretAccessKey": "answered",
    "SessionToken": "answered-token",
    "Token": "answered-token",
    "Expiration": "2999-01-02T03:04:05Z",
}

STS_ANSWER = """<{0}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{0}Result>
<Credentials><AccessKeyId>ASIAASSUMED{1:09d}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
<SessionToken>t</SessionToken><Expiration>2999-01-02T03:04:05Z</Expiration></Credentials>
</{0}Result></{0}Response>"""


class Network:
    """Stands where botocore's requests would leave, and keeps those that tell something."""

    def __init__(self):
        self.requests = []

    def send(self, request):
        body = request.body or b""
        body = body.decode() if isinstance(body, bytes) else body
        if "/latest/" in request.url:
            return self.metadata(request)
        form = dict(parse_qsl(body))
        if "Action" not in form:
            seen = {"url": request.url}
            if request.headers.get("Authorization"):
                seen["authorization"] = text(request.headers["Authorization"])
            self.requests.append(seen)
            return answer(request, json.dumps(JSON_SET))
        if form["RoleSessionName"].startswith("botocore-session-"):
            form["RoleSessionName"] = "SESSION"
        seen = {"url": request.url, "form": form}
        signature = text(request.headers.get("Authorization", ""))
        if signature:
            seen["signedWith"] = re.search("Credential=([^/]+)/[0-9]+/(.*?),", signature).group(1)
        self.requests.append(seen)
        return answer(request, STS_ANSWER.format(form["Action"], len(self.requests)))

    def metadata(self, request):
        if request.url.endswith("/latest/api/token"):
            self.requests.append({"url": request.url.removesuffix("latest/api/token")})
            return answer(request, "token")
        if request.url.endswith("/security-credentials/"):
            return answer(request, "role")
        return answer(request, json.dumps(JSON_SET))


class Program:
    """Stands where botocore would run a process."""

    returncode = 0

    def __init__(self, network, command, **_):
        network.requests.append({"command": command})

    def communicate(self):
        return json.dumps(JSON_SET).encode(), b""


# The services' models, which take longer to read than all else here.
LOADER = botocore.loaders.create_loader()


def new_session():
    session = botocore.session.Session()
    session.register_component("data_loader", LOADER)
    return session


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def answer(request, body):
    raw = io.BytesIO(body.encode())
    raw.stream = lambda **_: iter([raw.read()])
    return AWSResponse(request.url, 200, {}, raw)


def tried(function):
    try:
        return function()
    except Exception as error:  # Whatever botocore raises is its answer.
        return {"error": type(error).__name__}


def credentials(session, network):
    found = session.get_credentials()
    if found is None:
        return None
    key = found.get_frozen_credentials().access_key
    outcome = {"source": PROVIDERS.get(found.method, found.method)}
    if outcome["source"] in ("environment", "shared-credentials-file", "config-file"):
        outcome["accessKeyId"] = key
    return outcome | ({"requests": network.requests} if network.requests else {})


class Caught(BaseException):
    """Ends a call at the point where it would leave."""

    def __init__(self, request):
        self.request = request


def catch(_session, request):
    raise Caught(request)


def first_request(call):
    """Where a call goes, and the scope of its signature. Keys in code keep the chain out of it."""
    service, operation, arguments = call
    client = new_session().create_client(
        service, aws_access_key_id="AKIAINCODE0000000000", aws_secret_access_key="s"
    )
    with mock.patch("botocore.httpsession.URLLib3Session.send", catch):
        try:
            getattr(client, operation)(**arguments)
        except Caught as caught:
            signature = text(caught.request.headers["Authorization"])
            scope = re.search("Credential=[^/]+/[0-9]+/(.*?)/aws4_request", signature).group(1)
            return {"url": caught.request.url, "scope": scope}


def run(case, looks):
    network = Network()
    with tempfile.TemporaryDirectory() as home:
        names = {"$HOME": home, "$TOKEN": f"{home}/token"}
        Path(f"{home}/token").write_text("head.body.tail")
        os.mkdir(f"{home}/.aws")
        for name in ("config", "credentials"):
            if name in case:
                Path(f"{home}/.aws/{name}").write_text(put(case[name], names))
        environment = {k: put(v, names) for k, v in case.get("env", {}).items()}
        environment |= {"HOME": home, "BOTO_CONFIG": f"{home}/none"}
        popen = functools.partial(Program, network)
        with (
            mock.patch.dict(os.environ, environment, clear=True),
            mock.patch("botocore.httpsession.URLLib3Session.send", network.send),
            mock.patch("botocore.credentials.ProcessProvider.__init__.__defaults__", (popen,)),
        ):
            outcome = {}
            if "endpoints" in looks:
                outcome["endpoints"] = {
                    call[0]: tried(lambda: first_request(call)) for call in CALLS
                }
            if "credentials" in looks:
                outcome["credentials"] = tried(lambda: credentials(new_session(), network))
        return outcome


def put(value, names):
    for name, path in names.items():
        value = value.replace(name, path)
    return value


def main():
    cases = [(case, looks) for group, looks in GROUPS for case in group]
    lines = [
        json.dumps(
            {"id": f"g{number:03d}", **case, "botocore": run(case, looks)}, ensure_ascii=False
        )
        for number, (case, looks) in enumerate(cases, 1)
    ]
    print('{"kind": "configuration",')
    print(f' "generator": "botocore {botocore.__version__}",')
    print(f' "count": {len(lines)},')
    print(' "cases": [\n' + ",\n".join(lines) + "\n]}")


if __name__ == "__main__":
    main()
