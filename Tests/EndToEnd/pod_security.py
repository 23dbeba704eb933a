# SPDX-License-Identifier: Apache-2.0
"""The Pod Security Standard "restricted", as its page lists the fields.

https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

_VOLUMES = {
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"),
    *("persistentVolumeClaim", "projected", "secret"),
}
_SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_syncookies",
}
_PROFILES = {"RuntimeDefault", "Localhost"}


def faults(pod: dict) -> list[str]:
    """What an admission controller would say against a Pod."""
    found = [f"{field} is set" for field in ("hostNetwork", "hostPID", "hostIPC") if pod.get(field)]
    of_pod = pod.get("securityContext", {})
    for sysctl in of_pod.get("sysctls", []):
        if sysctl["name"] not in _SYSCTLS:
            found.append(f"sysctl {sysctl['name']}")
    for volume in pod.get("volumes", []):
        for kind in volume.keys() - {"name"} - _VOLUMES:
            found.append(f"volume {volume['name']} is a {kind}")
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for container in pod.get(group, []):
            found += [f"{container['name']}: {fault}" for fault in _of(container, of_pod)]
    return found


def _of(container: dict, of_pod: dict) -> list[str]:
    own = container.get("securityContext", {})
    either = {**of_pod, **own}
    found = []
    if either.get("runAsNonRoot") is not True:
        found.append("runAsNonRoot is not true")
    if either.get("runAsUser") == 0:
        found.append("runAsUser is 0")
    if either.get("seccompProfile", {}).get("type") not in _PROFILES:
        found.append("seccompProfile is not RuntimeDefault")
    if own.get("allowPrivilegeEscalation") is not False:
        found.append("allowPrivilegeEscalation is not false")
    if own.get("privileged"):
        found.append("privileged")
    if own.get("procMount", "Default") != "Default":
        found.append("procMount is not Default")
    capabilities = own.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []):
        found.append("not all capabilities are dropped")
    if set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        found.append("capabilities are added")
    if either.get("seLinuxOptions", {}).keys() & {"user", "role"}:
        found.append("seLinuxOptions name a user or a role")
    if any(port.get("hostPort") for port in container.get("ports", [])):
        found.append("a hostPort")
    for hook in ("livenessProbe", "readinessProbe", "startupProbe"):
        if (container.get(hook) or {}).get("httpGet", {}).get("host"):
            found.append(f"{hook} names a host")
    return found
