// SPDX-License-Identifier: Apache-2.0

/// A `ServerReflectionRequest`, which is the same in v1 and v1alpha.
package struct ReflectionRequest: Equatable, Sendable {
  package enum Question: Equatable, Sendable {
    case file(named: String)
    case fileDeclaring(symbol: String)
    case fileExtending(message: String, number: Int32)
    case extensionNumbers(of: String)
    case services
  }

  package var host = ""
  /// Nil when none was asked, or one that is not known here.
  package var question: Question?
  /// The message as it came, since an answer repeats it.
  var original: [UInt8]

  package init(_ message: [UInt8]) throws(ProtobufError) {
    self.original = message
    var reader = ProtobufReader(message[...])
    while let (field, value) = try reader.next() {
      switch field {
      case 1: self.host = try value.text()
      // Of a oneof the last member counts.
      case 3: self.question = .file(named: try value.text())
      case 4: self.question = .fileDeclaring(symbol: try value.text())
      case 5: self.question = try Self.extensionQuestion(value)
      case 6: self.question = .extensionNumbers(of: try value.text())
      case 7:
        _ = try value.text()
        self.question = .services
      default: break
      }
    }
  }

  private static func extensionQuestion(
    _ value: ProtobufReader.Value
  ) throws(ProtobufError) -> Question {
    guard case .bytes(let bytes) = value else { throw .malformed }
    let node = try DescriptorNode(bytes)
    return .fileExtending(
      message: try node.text(1), number: Int32(truncatingIfNeeded: try node.number(2)))
  }
}
