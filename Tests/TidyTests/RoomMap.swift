// SPDX-License-Identifier: Apache-2.0

/// Who may import whom. Imports point down only; the two sides meet at `JobsBackend`.
enum RoomMap {
  /// Each room with the modules of this project that it may import.
  static let edges: [String: Set<String>] = [
    "HTTP2Engine": ["CNGHTTP2"],
    "CryptoEngine": ["COpenSSL"],
    "JobsAPI": ["CJobsProto", "CProtobufC", "Telemetry"],
    "Authorization": ["JobsAPI"],
    "CompressionEngine": ["CZlib"],
    "GRPCWire": ["CompressionEngine"],
    "StandardServices": ["CDescriptorSet"],
    "AWSSigning": ["CryptoEngine"],
    "AWSConfiguration": ["AWSSigning", "JobsAPI"],
    "Telemetry": [],
    "Transport": ["CryptoEngine"],
    "TrafficPolicy": ["AWSSigning", "JobsAPI", "Telemetry", "Transport"],
    "JobWatching": ["JobsAPI", "Telemetry", "Transport"],
    "Upstream": [
      "AWSConfiguration", "AWSSigning", "CryptoEngine", "JobsAPI", "Telemetry", "Transport",
    ],
    "GatewayServer": [
      "Authorization", "CompressionEngine", "CryptoEngine", "GRPCWire", "HTTP2Engine",
      "JobWatching", "JobsAPI", "StandardServices", "Telemetry", "Transport",
    ],
    "GatewayClient": [
      "CryptoEngine", "GRPCWire", "HTTP2Engine", "JobsAPI", "StandardServices", "Transport",
    ],
    "OperatorServer": ["CryptoEngine", "Telemetry", "Transport"],
    "JobsEmulator": ["JobsAPI"],
    "RESTServer": ["AWSSigning", "JobsAPI", "Transport"],
    "RESTDoor": [
      "AWSSigning", "Authorization", "GRPCWire", "GatewayServer", "JobsAPI", "RESTServer",
      "Telemetry", "Transport",
    ],
    "EmulatorServer": ["AWSSigning", "JobsAPI", "RESTServer", "Transport"],
    "Gateway": [
      "AWSConfiguration", "AWSSigning", "Authorization", "CYAML", "CryptoEngine",
      "EmulatorServer", "GRPCWire", "GatewayClient", "GatewayServer", "HTTP2Engine", "JobWatching",
      "JobsAPI", "JobsEmulator", "OperatorServer", "RESTDoor", "RESTServer", "StandardServices",
      "Telemetry",
      "TrafficPolicy", "Transport",
      "Upstream",
    ],
  ]

  /// Rooms that hold C alone: module maps, shims, generated code.
  static let clangRooms: Set<String> = [
    "CNGHTTP2", "COpenSSL", "CProtobufC", "CYAML", "CZlib", "CJobsProto",
    "CDescriptorSet",
  ]

  /// Each C module with the folder that fences it in. Nobody else imports it.
  static let fences: [String: String] = [
    "CNGHTTP2": "Sources/HTTP2Engine/",
    "COpenSSL": "Sources/CryptoEngine/",
    "CProtobufC": "Sources/JobsAPI/Wire/",
    "CJobsProto": "Sources/JobsAPI/Wire/",
    "CYAML": "Sources/Gateway/Configuration/",
    "CZlib": "Sources/CompressionEngine/",
    "CDescriptorSet": "Sources/StandardServices/Reflection/",
  ]

  /// Modules from elsewhere, with the rooms that may import them; no room is named for those that
  /// all may have.
  static let outside: [String: Set<String>] = [
    "ArgumentParser": ["Gateway"],
    "Configuration": ["Gateway"],
    "Logging": [
      "Telemetry", "TrafficPolicy", "Transport", "Upstream", "GatewayServer", "OperatorServer",
      "Gateway",
    ],
    "NIOCore": [
      "Transport", "TrafficPolicy", "Upstream", "GatewayServer", "OperatorServer", "RESTServer",
      "RESTDoor", "EmulatorServer", "Gateway", "GatewayClient", "JobWatching",
    ],
    "NIOHTTP1": [
      "Transport", "GatewayServer", "OperatorServer", "RESTServer", "RESTDoor", "EmulatorServer",
    ],
    "NIOPosix": ["Transport", "Upstream", "GatewayServer", "Gateway", "GatewayClient"],
    "ServiceLifecycle": ["Gateway"],
    "UnixSignals": ["Gateway"],
    "BasicContainers": [],
    "DequeModule": [],
    "Glibc": [],
    "HeapModule": [],
    "OrderedCollections": [],
    "Synchronization": [],
  ]
}
