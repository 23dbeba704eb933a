// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Set for the builds of Tests/fuzz.sh alone; see the end of this file.
let isFuzzing = Context.environment["IOT_JOBS_GATEWAY_FUZZING"] != nil
/// Makes the code tell libFuzzer which way it goes.
let coverage: [SwiftSetting] =
  isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer", "-enable-testing"])] : []

/// Every Swift target is built the same way.
///
/// `NonisolatedNonsendingByDefault` keeps a backend's async call in the event loop that made it;
/// strict memory safety makes each step outside the language visible as `unsafe`.
let settings: [SwiftSetting] =
  coverage + [
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .strictMemorySafety(),
    .treatWarning("StrictMemorySafety", as: .error),
  ]

/// The static standard library asks the linker to export every symbol, which nobody loads this program
/// for: 17,000 names, and all the code behind them kept. Packed relocations (DT_RELR) need glibc 2.36,
/// which Debian 12 has, and the linker that comes with Swift. Functions whose code is the same are kept
/// once, and the tables by which C++ finds who catches its exceptions are left out, index and all: nothing
/// here throws any, and profilers follow the frame pointers, which Swift keeps. Together 7.6 of 29.1 MB.
let lean = [
  "-use-ld=lld", "-Xlinker", "--no-export-dynamic", "-Xlinker", "-z", "-Xlinker",
  "pack-relative-relocs", "-Xlinker", "--icf=all", "-Xlinker", "--no-eh-frame-hdr", "-Xlinker",
  Context.packageDirectory + "/Sources/Gateway/lean.ld",
]

/// Small beats fast where nobody waits: the binary sits beside every pod, and its pages are read from
/// disk when the pod starts.
let small: [SwiftSetting] = [.unsafeFlags(["-Osize"], .when(configuration: .release))]

let nio = "swift-nio"
let nioCore = Target.Dependency.product(name: "NIOCore", package: nio)
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: nio)
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: nio)
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: nio)
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

/// A library of Debian's that one room fences in.
func library(_ name: String, pkgConfig: String, package: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A room that no call passes through.
func quietRoom(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings + small)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The rooms that Tests/Fuzzing knocks at.
let fuzzed: [Target.Dependency] = [
  "iot-jobs-gateway", "AWSConfiguration", "AWSSigning", "Authorization", "EmulatorServer",
  "GRPCWire", "GatewayTestKit", "HTTP2Engine", "JobWatching", "JobsAPI", "JobsEmulator",
  "RESTServer",
  "StandardServices", "Transport", "Upstream", nioCore, nioEmbedded, nioHTTP1,
]

let package = Package(
  name: "iot-jobs-gateway",
  products: [
    .executable(name: "iot-jobs-gateway", targets: ["iot-jobs-gateway"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // C libraries, each behind one fence.
    library("CNGHTTP2", pkgConfig: "libnghttp2", package: "libnghttp2-dev"),
    library("COpenSSL", pkgConfig: "openssl", package: "libssl-dev"),
    library("CProtobufC", pkgConfig: "libprotobuf-c", package: "libprotobuf-c-dev"),
    library("CZlib", pkgConfig: "zlib", package: "zlib1g-dev"),
    library("CYAML", pkgConfig: "yaml-0.1", package: "libyaml-dev"),
    .target(name: "CJobsProto", dependencies: ["CProtobufC"]),
    .target(name: "CDescriptorSet"),

    // Engines: bytes in, bytes out, no sockets.
    room("HTTP2Engine", ["CNGHTTP2"]),
    room("CryptoEngine", ["COpenSSL"]),
    room("CompressionEngine", ["CZlib"]),

    // The language of the house, and the rules that need no socket.
    room("JobsAPI", ["CJobsProto", "CProtobufC", "Telemetry"]),
    room("Authorization", ["JobsAPI"]),
    room("GRPCWire", ["CompressionEngine"]),
    quietRoom("StandardServices", ["CDescriptorSet"]),
    room("AWSSigning", ["CryptoEngine"]),
    quietRoom("AWSConfiguration", ["AWSSigning", "JobsAPI"]),
    room("Telemetry", [logging]),

    // The two sides and the policies between them, which meet only at JobsBackend.
    room("Transport", ["CryptoEngine", nioCore, nioPosix]),
    room(
      "TrafficPolicy",
      ["AWSSigning", "JobsAPI", "Telemetry", "Transport", deque, logging, nioCore]),
    room("JobWatching", ["JobsAPI", "Telemetry", "Transport", deque, heap, nioCore]),
    room(
      "Upstream",
      [
        "AWSConfiguration", "AWSSigning", "CryptoEngine", "JobsAPI", "Telemetry", "Transport",
        deque, logging, nioCore, nioPosix,
      ]),
    room(
      "GatewayServer",
      [
        "Authorization", "CompressionEngine", "CryptoEngine", "GRPCWire", "HTTP2Engine",
        "JobWatching", "JobsAPI", "StandardServices", "Telemetry", "Transport", nioCore, nioHTTP1,
        nioPosix, logging,
      ]),

    // The callers' end: a gRPC client for commands, and for programs in Swift.
    quietRoom(
      "GatewayClient",
      [
        "CryptoEngine", "GRPCWire", "HTTP2Engine", "JobsAPI", "StandardServices", "Transport",
        nioCore, nioPosix,
      ]),

    // Pages and JSON for whoever operates the gateway.
    .target(
      name: "OperatorServer",
      dependencies: ["CryptoEngine", "Telemetry", "Transport", nioCore, nioHTTP1, logging],
      resources: ["page.html", "page.css", "format.js", "chart.js", "cards.js", "page.js"].map {
        .embedInCode("Page/\($0)")
      },
      swiftSettings: settings + small),

    // AWS's own form over HTTP/1.1, in front of any backend.
    room("RESTServer", ["AWSSigning", "JobsAPI", "Transport", nioCore, nioHTTP1]),

    // The same form in front of the gateway's own calls.
    room(
      "RESTDoor",
      [
        "AWSSigning", "Authorization", "GatewayServer", "GRPCWire", "JobsAPI", "RESTServer",
        "Telemetry", "Transport", nioCore, nioHTTP1,
      ]),

    // AWS in a box, for demos and for everybody's tests.
    quietRoom("JobsEmulator", ["JobsAPI"]),
    quietRoom(
      "EmulatorServer",
      ["AWSSigning", "JobsAPI", "RESTServer", "Transport", nioCore, nioHTTP1]),

    // The program.
    .executableTarget(
      name: "iot-jobs-gateway",
      dependencies: [
        "AWSConfiguration", "AWSSigning", "Authorization", "CryptoEngine", "CYAML",
        "EmulatorServer", "GatewayClient", "GatewayServer", "GRPCWire", "HTTP2Engine",
        "JobWatching", "JobsAPI", "JobsEmulator", "OperatorServer", "RESTDoor", "RESTServer",
        "StandardServices", "Telemetry",
        "TrafficPolicy", "Transport", "Upstream", nioCore, nioPosix, logging, argumentParser,
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      path: "Sources/Gateway",
      exclude: ["lean.ld"],
      swiftSettings: settings,
      linkerSettings: [.unsafeFlags(lean, .when(platforms: [.linux], configuration: .release))]),

    // What several test targets share.
    .target(
      name: "GatewayTestKit", dependencies: ["CNGHTTP2", "COpenSSL", "CryptoEngine", "JobsAPI"],
      path: "Tests/GatewayTestKit", swiftSettings: settings),
    .target(
      name: "RESTTestKit", dependencies: ["JobsAPI", "RESTServer", nioCore, nioEmbedded, nioHTTP1],
      path: "Tests/RESTTestKit", swiftSettings: settings),

    // Counts what a test's thread asks of malloc.
    .target(name: "CAllocationCount", path: "Tests/CAllocationCount"),

    // Measures the parts of a call, and what the policies keep in great numbers; no part of the
    // product.
    .systemLibrary(name: "CMalloc", path: "Tests/Benchmarks/CMalloc"),
    .executableTarget(
      name: "in-process-benchmark",
      dependencies: [
        "AWSSigning", "CAllocationCount", "CMalloc", "JobsAPI", "Telemetry", "TrafficPolicy",
      ],
      path: "Tests/Benchmarks/InProcess", swiftSettings: settings),

    tests("AuthorizationTests", ["Authorization", "JobsAPI"]),
    tests("AWSConfigurationTests", ["AWSConfiguration", "AWSSigning"]),
    tests("AWSSigningTests", ["AWSSigning", "CAllocationCount", "CryptoEngine"]),
    tests("CompressionEngineTests", ["CompressionEngine", "GatewayTestKit"]),
    tests("CryptoEngineTests", ["CryptoEngine", "GatewayTestKit"]),
    tests(
      "EmulatorServerTests",
      [
        "EmulatorServer", "AWSSigning", "JobsAPI", "RESTServer", "RESTTestKit", "Transport",
        nioCore, nioEmbedded, nioHTTP1, nioPosix,
      ]),
    tests(
      "GatewayClientTests",
      [
        "GatewayClient", "CryptoEngine", "GRPCWire", "HTTP2Engine", "JobsAPI", "Transport", nioCore,
        nioEmbedded, nioPosix,
      ]),
    tests("GRPCWireTests", ["CompressionEngine", "GatewayTestKit", "GRPCWire"]),
    tests("HTTP2EngineTests", ["GatewayTestKit", "HTTP2Engine"]),
    tests(
      "JobWatchingTests",
      [
        "JobWatching", "GatewayTestKit", "JobsAPI", "Telemetry", "Transport", nioCore, nioEmbedded,
        nioPosix,
      ]),
    tests("JobsAPITests", ["CAllocationCount", "JobsAPI"]),
    tests("JobsEmulatorTests", ["GatewayTestKit", "JobsEmulator", "JobsAPI"]),
    tests(
      "RESTServerTests",
      ["RESTServer", "JobsAPI", "RESTTestKit", nioCore, nioEmbedded, nioHTTP1]),
    tests(
      "RESTDoorTests",
      [
        "RESTDoor", "AWSSigning", "Authorization", "GatewayServer", "JobsAPI", "RESTServer",
        "RESTTestKit", "Telemetry", "Transport", logging, nioCore, nioEmbedded, nioHTTP1,
      ]),
    tests(
      "UpstreamTests",
      [
        "Upstream", "AWSConfiguration", "AWSSigning", "CryptoEngine", "GatewayTestKit", "JobsAPI",
        "Telemetry", "Transport", logging, nioCore, nioEmbedded, nioHTTP1, nioPosix,
      ]),
    tests(
      "OperatorServerTests",
      ["OperatorServer", "Telemetry", "Transport", nioCore, nioEmbedded, nioHTTP1, logging]),
    tests("StandardServicesTests", ["StandardServices"]),
    tests("TelemetryTests", ["CAllocationCount", "Telemetry", logging]),
    tests(
      "TrafficPolicyTests",
      [
        "TrafficPolicy", "AWSSigning", "CMalloc", "GatewayTestKit", "JobsAPI", "JobsEmulator",
        "Telemetry", "Transport", logging, nioCore, nioEmbedded, nioPosix,
      ]),
    tests(
      "TransportTests",
      ["Transport", "CryptoEngine", "GatewayTestKit", nioCore, nioEmbedded, nioPosix]),
    tests(
      "GatewayServerTests",
      [
        "GatewayServer", "Authorization", "CompressionEngine", "CryptoEngine", "GatewayTestKit",
        "GRPCWire", "HTTP2Engine", "JobWatching", "JobsAPI", "StandardServices", "Telemetry",
        "Transport", nioCore, nioEmbedded, nioHTTP1, nioPosix, logging,
      ]),
    tests(
      "GatewayTests",
      [
        "iot-jobs-gateway", "AWSConfiguration", "AWSSigning", "Authorization", "CryptoEngine",
        "GRPCWire", "GatewayClient", "GatewayServer", "GatewayTestKit", "HTTP2Engine", "JobsAPI",
        "Telemetry", "TrafficPolicy", "Transport", "Upstream", argumentParser, logging, nioCore,
        nioEmbedded, nioPosix,
      ]),
    tests("TidyTests", []),

    // What strangers' bytes meet, with the corpus that fuzzing has found.
    .testTarget(
      name: "FuzzingTests", dependencies: fuzzed, path: "Tests/Fuzzing",
      exclude: ["CLibFuzzer", "choose.py", "Dictionaries", "FuzzProgram.swift", "seeds.py"],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)

// While fuzzing, one program takes the place of all others and of the tests. The product becomes a
// library, since one program cannot be linked into another.
if isFuzzing {
  let gateway = package.targets.filter { $0.name == "iot-jobs-gateway" }.map { program in
    let entryPoint = ["-Xfrontend", "-entry-point-function-name", "-Xfrontend", "gateway_main"]
    return Target.target(
      name: program.name, dependencies: program.dependencies, path: program.path,
      exclude: program.exclude, swiftSettings: settings + [.unsafeFlags(entryPoint)])
  }
  package.products = []
  package.targets.removeAll { $0.type == .executable || $0.type == .test }
  package.targets += gateway
  package.targets += [
    .systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzzing/CLibFuzzer"),
    .executableTarget(
      name: "fuzz", dependencies: fuzzed + ["CLibFuzzer"], path: "Tests/Fuzzing",
      exclude: ["CLibFuzzer", "choose.py", "CorpusTests.swift", "Dictionaries", "seeds.py"],
      swiftSettings: settings,
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]),
  ]
}
