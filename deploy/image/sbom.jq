# SPDX-License-Identifier: Apache-2.0
# What is in the image, as SPDX 2.3. $debian and $swift are tables with a line for each package and
# tabs between the fields; their columns are named where they are read.

def rows($table): $table | split("\n")[] | select(. != "") | split("\t");

def reference($locator):
  [{
    referenceCategory: "PACKAGE-MANAGER",
    referenceType: "purl",
    referenceLocator: $locator
  }];

def spdx_id($kind; $name): "SPDXRef-\($kind)-\($name | gsub("[^A-Za-z0-9.-]"; "-"))";

def package($kind; $name; $version):
  {
    SPDXID: spdx_id($kind; $name),
    name: $name,
    versionInfo: $version,
    filesAnalyzed: false,
    licenseConcluded: "NOASSERTION",
    licenseDeclared: "NOASSERTION",
    copyrightText: "NOASSERTION"
  };

def debian_package:
  . as [$name, $version, $architecture, $source, $digest]
  | package("Debian"; $name; $version) + {
      supplier: "Organization: Debian",
      downloadLocation: "NOASSERTION",
      sourceInfo: "built from the source package \($source)",
      checksums: [{algorithm: "SHA256", checksumValue: $digest}],
      externalRefs: reference(
        "pkg:deb/debian/\($name | @uri)@\($version | @uri)"
        + "?arch=\($architecture)&distro=debian-\($release)")
    };

def swift_package:
  . as [$name, $version, $revision, $address]
  | package("Swift"; $name; $version) + {
      supplier: "NOASSERTION",
      downloadLocation: "git+\($address)@\($revision)",
      externalRefs: reference(
        "pkg:swift/\($address | ltrimstr("https://") | rtrimstr(".git"))@\($version)")
    };

def gateway:
  package("Gateway"; "iot-jobs-gateway"; $version) + {
    supplier: "NOASSERTION",
    downloadLocation: "NOASSERTION",
    licenseDeclared: "Apache-2.0",
    primaryPackagePurpose: "APPLICATION",
    checksums: [{algorithm: "SHA256", checksumValue: $digest}]
  };

def relationship($from; $kind; $to):
  {spdxElementId: $from, relationshipType: $kind, relatedSpdxElement: $to};

[rows($debian) | debian_package] as $shared
| [rows($swift) | swift_package] as $linked
| gateway as $gateway
| {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: "iot-jobs-gateway-\($version)",
    # Another binary or another set of packages is another document.
    documentNamespace:
      "https://spdx.org/spdxdocs/iot-jobs-gateway-\($version)-\($digest)",
    creationInfo: {created: ($epoch | todate), creators: ["Tool: deploy/image/rootfs.sh"]},
    packages: ([$gateway] + $linked + $shared),
    relationships: (
      [relationship("SPDXRef-DOCUMENT"; "DESCRIBES"; $gateway.SPDXID)]
      + [$linked[] | relationship($gateway.SPDXID; "STATIC_LINK"; .SPDXID)]
      + [$shared[] | relationship($gateway.SPDXID; "DEPENDS_ON"; .SPDXID)])
  }
