# SPDX-License-Identifier: Apache-2.0
"""The places where AWS hands out credentials, each a real HTTP server.

Every key says in its id which place gave it, so that a signed request tells whose credentials won.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable

from http_server import Answer, Received, Server
from program import REGION
from signatures import Issuer, Key, signature_complaint


class CredentialServer(Server):
    """Hands out keys of one name; `refuse`, if it answers, answers first."""

    def __init__(self, issuer: Issuer, source: str, lifetime_seconds: float = 3600):
        self.issuer = issuer
        self.source = source
        self.lifetime_seconds = lifetime_seconds
        self.issued: list[Key] = []
        # What a request did that the real service would not have liked.
        self.complaints: list[str] = []
        self.refuse: Callable[[Received], Answer | None] = lambda _: None
        super().__init__(lambda request: self.refuse(request) or self.answer(request))

    def answer(self, request: Received) -> Answer:
        raise NotImplementedError

    def issue(self, source: str | None = None) -> Key:
        key = self.issuer.issue(source or self.source, self.lifetime_seconds)
        self.issued.append(key)
        return key

    def complain(self, complaint: str, answer: Answer) -> Answer:
        self.complaints.append(complaint)
        return answer

    def __exit__(self, kind, value, traceback) -> None:
        super().__exit__(kind, value, traceback)
        if kind is None:
            assert self.complaints == []


def _members(key: Key) -> dict[str, str]:
    assert key.token
    return {
        "AccessKeyId": key.id,
        "SecretAccessKey": key.secret,
        "Token": key.token,
        "Expiration": key.expiry_text,
    }


class InstanceMetadata(CredentialServer):
    """IMDSv2 of a node with a role: nothing without a token."""

    PATH = "/latest/meta-data/iam/security-credentials/"

    def __init__(self, issuer: Issuer, lifetime_seconds: float = 3600, role: str = "node"):
        self.role: str | None = role
        self.tokens_given = 0
        self._tokens: set[str] = set()
        self._forgotten: set[str] = set()
        super().__init__(issuer, "IMDS", lifetime_seconds)

    def environment(self) -> dict[str, str]:
        return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": self.url}

    def answer(self, request: Received) -> Answer:
        if (request.method, request.target) == ("PUT", "/latest/api/token"):
            return self._token(request)
        token = request.header("x-aws-ec2-metadata-token")
        if token not in self._tokens:
            if token not in self._forgotten:
                self.complaints.append("a token that was never given out")
            return Answer(401, b"", {"Content-Type": "text/plain"})
        if self.role and request.target == self.PATH:
            return Answer(200, self.role.encode(), {"Content-Type": "text/plain"})
        if self.role and request.target == self.PATH + self.role:
            document = {"Code": "Success", "Type": "AWS-HMAC", **_members(self.issue())}
            return Answer.json(document)
        return Answer(404, b"", {"Content-Type": "text/html"})

    def _token(self, request: Received) -> Answer:
        lifetime = request.header("x-aws-ec2-metadata-token-ttl-seconds") or ""
        if not (lifetime.isdigit() and 1 <= int(lifetime) <= 21600):
            return self.complain(f"time to live {lifetime!r}", Answer(400, b""))
        self.tokens_given += 1
        token = f"imds-token-{self.tokens_given}=="
        self._tokens.add(token)
        headers = {"Content-Type": "text/plain", "x-aws-ec2-metadata-token-ttl-seconds": lifetime}
        return Answer(200, token.encode(), headers)

    def forget_tokens(self) -> None:
        """As after a restart of the service: tokens given out before are refused."""
        self._forgotten |= self._tokens
        self._tokens.clear()


class ContainerEndpoint(CredentialServer):
    """What ECS and the EKS Pod Identity agent offer; asks for a token if it was given one."""

    def __init__(self, issuer: Issuer, lifetime_seconds: float = 3600, token: str | None = None):
        self.token = token
        super().__init__(issuer, "CONTAINER", lifetime_seconds)

    def environment(self) -> dict[str, str]:
        return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self.url}/v1/credentials"}

    def answer(self, request: Received) -> Answer:
        if (request.method, request.target) != ("GET", "/v1/credentials"):
            return self.complain(f"{request.method} {request.target}", Answer(404))
        given = request.header("Authorization")
        if given != self.token:
            text = f"authorization {given!r}, not {self.token!r}"
            return self.complain(text, Answer.json({"code": "Denied", "message": "no"}, 403))
        return Answer.json(_members(self.issue()))


_STS_ANSWER = """<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <{action}Result>
    <Credentials>
      <AccessKeyId>{key.id}</AccessKeyId>
      <SecretAccessKey>{key.secret}</SecretAccessKey>
      <SessionToken>{key.token}</SessionToken>
      <Expiration>{key.expiry_text}</Expiration>
    </Credentials>
    <AssumedRoleUser><Arn>{role}</Arn><AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>
  </{action}Result>
  <ResponseMetadata><RequestId>00000000-feed-4bad-8bad-000000000001</RequestId></ResponseMetadata>
</{action}Response>"""

_STS_ERROR = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>
  <RequestId>00000000-feed-4bad-8bad-000000000002</RequestId>
</ErrorResponse>"""

_XML = {"Content-Type": "text/xml"}


def sts_error(code: str, status: int = 400, message: str = "no") -> Answer:
    return Answer(status, _STS_ERROR.format(code=code, message=message).encode(), _XML)


def form(request: Received) -> dict[str, str]:
    """An STS call's parameters; none of them may come twice."""
    text = request.body.decode()
    pairs = urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=True)
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


class SecurityTokenService(CredentialServer):
    """STS: a web identity is exchanged unsigned, a role is assumed with a checked signature."""

    def __init__(
        self,
        issuer: Issuer,
        lifetime_seconds: float = 3600,
        *,
        web_tokens: set[str] | None = None,
        region: str = REGION,
    ):
        # Tokens of the identity provider that are in force; None takes any.
        self.web_tokens = web_tokens
        self.calls: list[dict[str, str]] = []
        self._region = region
        super().__init__(issuer, "STS", lifetime_seconds)

    def environment(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL_STS": self.url}

    def answer(self, request: Received) -> Answer:
        members = form(request)
        self.calls.append(members)
        if (request.method, request.target) != ("POST", "/"):
            return self.complain(f"{request.method} {request.target}", Answer(404))
        if members.get("Version") != "2011-06-15":
            return self.complain(f"version of {members}", sts_error("InvalidAction"))
        if not 2 <= len(members.get("RoleSessionName", "")) <= 64:
            return self.complain(f"session name of {members}", sts_error("ValidationError"))
        match members["Action"]:
            case "AssumeRoleWithWebIdentity":
                return self._web_identity(request, members)
            case "AssumeRole":
                return self._assume_role(request, members)
            case other:
                return self.complain(f"action {other}", sts_error("InvalidAction"))

    def _web_identity(self, request: Received, members: dict[str, str]) -> Answer:
        if request.header("Authorization"):
            return self.complain("a web identity call is signed", sts_error("InvalidAction"))
        if self.web_tokens is not None and members["WebIdentityToken"] not in self.web_tokens:
            return sts_error("ExpiredTokenException", 400, "Token expired: current date/time")
        return self._granted(members, "WEB")

    def _assume_role(self, request: Received, members: dict[str, str]) -> Answer:
        complaint = signature_complaint(
            request, keys=self.issuer.keys, region=self._region, service="sts"
        )
        if complaint:
            return self.complain(complaint, sts_error("SignatureDoesNotMatch", 403))
        return self._granted(members, members["RoleArn"].rsplit("/", 1)[-1])

    def _granted(self, members: dict[str, str], source: str) -> Answer:
        key = self.issue(source)
        text = _STS_ANSWER.format(action=members["Action"], key=key, role=members["RoleArn"])
        return Answer(200, text.encode(), _XML)


class EndpointDirectory(Server):
    """The control plane's `DescribeEndpoint`, which tells an account's own jobs endpoint."""

    def __init__(self, address: str, keys: dict[str, Key], *, region: str = REGION):
        self.address = address
        self.complaints: list[str] = []
        self._keys = keys
        self._region = region
        super().__init__(self.describe)

    def environment(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL_IOT": self.url}

    def describe(self, request: Received) -> Answer:
        complaint = signature_complaint(
            request, keys=self._keys, region=self._region, service="iot"
        )
        if complaint:
            self.complaints.append(complaint)
            return Answer.error("InvalidSignatureException", 403, complaint)
        target = urllib.parse.urlsplit(request.target)
        query = urllib.parse.parse_qs(target.query)
        asked = (request.method, target.path, query)
        if asked != ("GET", "/endpoint", {"endpointType": ["iot:Jobs"]}):
            return Answer.error("InvalidRequestException", 400, "endpointType")
        return Answer.json({"endpointAddress": self.address})

    def __exit__(self, kind, value, traceback) -> None:
        super().__exit__(kind, value, traceback)
        if kind is None:
            assert self.complaints == []
