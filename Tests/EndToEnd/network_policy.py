# SPDX-License-Identifier: Apache-2.0
"""What a set of NetworkPolicies lets through, by the rules of networking.k8s.io/v1."""

from __future__ import annotations

import dataclasses
import ipaddress

Labels = dict[str, str]


@dataclasses.dataclass(frozen=True)
class Pod:
    """A peer inside the cluster."""

    namespace: str
    labels: Labels = dataclasses.field(default_factory=dict)
    namespace_labels: Labels = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Address:
    """A peer outside of it, or on the node."""

    text: str


Peer = Pod | Address


class Policies:
    """All policies of one namespace."""

    def __init__(self, documents: list[dict], namespace: str):
        self._namespace = namespace
        self._policies = [
            document["spec"]
            for document in documents
            if document["kind"] == "NetworkPolicy"
            and document["metadata"]["namespace"] == namespace
        ]

    def let_in(self, source: Peer, labels: Labels, port: int, protocol: str = "TCP") -> bool:
        return self._allow("Ingress", labels, source, port, protocol)

    def let_out(self, labels: Labels, target: Peer, port: int, protocol: str = "TCP") -> bool:
        return self._allow("Egress", labels, target, port, protocol)

    def _allow(self, way: str, labels: Labels, peer: Peer, port: int, protocol: str) -> bool:
        selecting = [
            policy
            for policy in self._policies
            if way in policy["policyTypes"] and _matches(policy["podSelector"], labels)
        ]
        if not selecting:
            return True
        rules = [rule for policy in selecting for rule in policy.get(way.lower(), [])]
        side = "from" if way == "Ingress" else "to"
        return any(
            _has_port(rule, port, protocol)
            and (side not in rule or any(self._is(peer, one) for one in rule[side]))
            for rule in rules
        )

    def _is(self, peer: Peer, rule: dict) -> bool:
        if block := rule.get("ipBlock"):
            return isinstance(peer, Address) and _within(peer.text, block)
        if not isinstance(peer, Pod):
            return False
        if "namespaceSelector" in rule:
            name = {"kubernetes.io/metadata.name": peer.namespace}
            if not _matches(rule["namespaceSelector"], {**name, **peer.namespace_labels}):
                return False
        elif peer.namespace != self._namespace:
            return False
        return _matches(rule.get("podSelector", {}), peer.labels)


def _matches(selector: dict, labels: Labels) -> bool:
    assert not selector.keys() - {"matchLabels"}, selector
    return selector.get("matchLabels", {}).items() <= labels.items()


def _has_port(rule: dict, port: int, protocol: str) -> bool:
    wanted = {"port": port, "protocol": protocol}
    return "ports" not in rule or wanted in rule["ports"]


def _within(address: str, block: dict) -> bool:
    one = ipaddress.ip_address(address)
    whole = ipaddress.ip_network(block["cidr"])
    excepted = [ipaddress.ip_network(part) for part in block.get("except", [])]
    # The API refuses an exception outside of its block.
    assert all(part.subnet_of(whole) for part in excepted), block
    return one in whole and not any(one in part for part in excepted)
