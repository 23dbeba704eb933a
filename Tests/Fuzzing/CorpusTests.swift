// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct CorpusTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../Corpus").standardizedFileURL

  private static func inputs(for target: FuzzTarget) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(
      at: self.folder.appending(path: target.rawValue), includingPropertiesForKeys: nil
    ).sorted { $0.path < $1.path }
  }

  @Test(arguments: FuzzTarget.allCases)
  func `every input of the corpus keeps the claims`(target: FuzzTarget) throws {
    let inputs = try Self.inputs(for: target)
    #expect(inputs.count > 2)
    for input in inputs {
      let bytes = try [UInt8](Data(contentsOf: input))
      #expect(throws: Never.self, "\(target.rawValue)/\(input.lastPathComponent)") {
        try target.run(bytes)
      }
    }
  }

  /// A cheap neighbour of what fuzzers do, on every run.
  @Test(arguments: FuzzTarget.allCases)
  func `inputs of the corpus that end early or have one byte changed keep the claims`(
    target: FuzzTarget
  ) throws {
    for input in try Self.inputs(for: target) {
      let bytes = try [UInt8](Data(contentsOf: input))
      var chance = bytes.chance
      guard !bytes.isEmpty else { continue }
      for _ in 0..<20 {
        var changed = Array(bytes.prefix(Int.random(in: 1...bytes.count, using: &chance)))
        let position = Int.random(in: 0..<changed.count, using: &chance)
        changed[position] = UInt8.random(in: 0...255, using: &chance)
        #expect(throws: Never.self, "\(target.rawValue)/\(input.lastPathComponent): \(changed)") {
          try target.run(changed)
        }
      }
    }
  }

  @Test func `a folder of the corpus belongs to a target`() throws {
    let folders = try FileManager.default.contentsOfDirectory(
      at: Self.folder, includingPropertiesForKeys: nil)
    #expect(
      folders.map(\.lastPathComponent).sorted() == FuzzTarget.allCases.map(\.rawValue).sorted())
  }
}
