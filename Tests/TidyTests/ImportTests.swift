// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct ImportTests {
  @Test func `each room imports only what it may`() throws {
    expectNone(try SourceTree.swiftSources().flatMap(ImportRules.violations))
  }

  @Test func `the two sides never import each other`() {
    #expect(RoomMap.edges["GatewayServer"]?.contains("Upstream") == false)
    #expect(RoomMap.edges["Upstream"]?.contains("GatewayServer") == false)
  }

  @Test func `imports point one way`() {
    /// True when `goal` can be reached from `room` over one edge or more.
    func reaches(_ room: String, _ goal: String, _ seen: Set<String> = []) -> Bool {
      (RoomMap.edges[room] ?? []).subtracting(seen).contains {
        $0 == goal || reaches($0, goal, seen.union([$0]))
      }
    }
    for room in RoomMap.edges.keys {
      #expect(!reaches(room, room), "\(room) reaches itself")
    }
  }

  @Test func `the map names every folder under Sources and no other`() throws {
    let folders = try FileManager.default
      .contentsOfDirectory(atPath: SourceTree.root.appending(path: "Sources").path)
    #expect(Set(folders) == Set(RoomMap.edges.keys).union(RoomMap.clangRooms))
  }

  @Test func `C modules show nothing but what their own folder holds`() throws {
    for file in try SourceTree.files(under: "Sources", extensions: ["c", "h", "modulemap"]) {
      #expect(RoomMap.clangRooms.contains(file.room ?? ""), "\(file.path)")
    }
  }

  @Test(arguments: [
    ("Sources/Upstream/A.swift", "import GatewayServer"),
    ("Sources/GatewayServer/A.swift", "package import Upstream"),
    ("Sources/JobsAPI/REST/A.swift", "import CProtobufC"),
    ("Sources/JobsAPI/Wire/A.swift", "internal import CZlib"),
    ("Sources/JobsAPI/Wire/A.swift", "package import CProtobufC"),
    ("Sources/Gateway/A.swift", "import CYAML"),
    ("Sources/AWSSigning/A.swift", "import COpenSSL"),
    ("Sources/JobsEmulator/A.swift", "import NIOCore"),
    ("Sources/GRPCWire/A.swift", "@preconcurrency import NIOCore"),
    ("Sources/HTTP2Engine/A.swift", "import struct NIOCore.ByteBuffer"),
    ("Sources/Telemetry/A.swift", "import JobsAPI"),
    ("Sources/Transport/A.swift", "import ArgumentParser"),
    ("Sources/JobsAPI/A.swift", "import Foundation"),
    ("Sources/RESTServer/A.swift", "import EmulatorServer"),
    ("Sources/Elsewhere/A.swift", "import NIOCore"),
    ("Sources/A.swift", "import NIOCore"),
  ])
  func `an import that is not allowed is found`(path: String, line: String) {
    let file = SourceFile(path: path, text: "// A\n\(line)\n")
    #expect(ImportRules.violations(in: file).map(\.line) == [2])
  }

  @Test(arguments: [
    ("Sources/JobsAPI/Wire/A.swift", "internal import CProtobufC"),
    ("Sources/CompressionEngine/A.swift", "import CZlib"),
    ("Sources/Upstream/A.swift", "package import NIOCore"),
    ("Sources/Gateway/A.swift", "import Upstream"),
    ("Sources/GRPCWire/A.swift", "// import NIOCore"),
    ("Sources/GRPCWire/A.swift", "let text = \"import NIOCore\""),
  ])
  func `an import that is allowed is left alone`(path: String, line: String) {
    #expect(ImportRules.violations(in: SourceFile(path: path, text: "\(line)\n")) == [])
  }
}
