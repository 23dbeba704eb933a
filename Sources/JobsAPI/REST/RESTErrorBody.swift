// SPDX-License-Identifier: Apache-2.0

/// What the body of one of AWS's errors says. What is not of the type that it should be says nothing.
struct RESTErrorBody {
  private(set) var code: String?
  private(set) var capitalCode: String?
  /// `__type`, and that of the object `Output`.
  private(set) var type: String?
  private(set) var outputType: String?
  private(set) var message: String?
  private(set) var capitalMessage: String?
  /// A help, not the answer: one that cannot be read is left out.
  private(set) var executionState: JobExecutionState?

  /// - Returns: Nil for a text that is not a JSON object.
  init?(_ text: Span<UInt8>) {
    var json = ReplyReader()
    do {
      let body = try json.answer(text) { json throws(JSONError) in
        try RESTErrorBody(&json, text)
      }
      guard let body else { return nil }
      self = body
    } catch {
      return nil
    }
  }

  private init(_ json: inout ReplyReader, _ text: Span<UInt8>) throws(JSONError) {
    while let member = try json.nextMember(text) {
      switch member {
      case .code: self.code = try json.string(text)
      case .capitalCode: self.capitalCode = try json.string(text)
      case .type: self.type = try json.string(text)
      case .output: self.outputType = try Self.outputType(&json, text)
      case .message: self.message = try json.string(text)
      case .capitalMessage: self.capitalMessage = try json.string(text)
      case .executionState:
        _ = json.takeFault()
        let state = try json.executionState(text)
        self.executionState = json.takeFault() == nil ? state : nil
      default: try json.skip(text)
      }
    }
  }

  private static func outputType(
    _ json: inout ReplyReader, _ text: Span<UInt8>
  ) throws(JSONError) -> String? {
    let type = try json.object(text) { json throws(JSONError) in
      var type: String?
      while let member = try json.nextMember(text) {
        if member == .type { type = try json.string(text) } else { try json.skip(text) }
      }
      return type
    }
    return type ?? nil
  }
}
