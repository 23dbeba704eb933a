// SPDX-License-Identifier: Apache-2.0

internal import CJobsProto
internal import CProtobufC

/// What an encode puts into an arena: Swift values where C can point at them. Its size is that of
/// values which are bounded already, so no limit is set here.
extension WireArena {
  init(expecting expected: Int) {
    self.init(expecting: expected, limit: .max / 2)
  }

  /// Copies text and answers its place and length; NUL in it is nothing special.
  mutating func place(_ text: String) -> ProtobufCBinaryData {
    unsafe text.utf8Span.span.withUnsafeBytes { bytes in unsafe self.place(bytes) }
  }

  /// Copies bytes and answers their place and length.
  mutating func place(_ bytes: [UInt8]) -> ProtobufCBinaryData {
    unsafe bytes.withUnsafeBytes { bytes in unsafe self.place(bytes) }
  }

  private mutating func place(_ bytes: UnsafeRawBufferPointer) -> ProtobufCBinaryData {
    guard let place = unsafe self.allocate(bytes.count) else {
      return unsafe ProtobufCBinaryData(len: 0, data: nil)
    }
    unsafe UnsafeMutableRawBufferPointer(start: place, count: bytes.count).copyMemory(from: bytes)
    return unsafe ProtobufCBinaryData(
      len: bytes.count, data: place.assumingMemoryBound(to: UInt8.self))
  }

  /// Moves a C message to where another one can point at it.
  mutating func place<Message>(_ message: Message) -> UnsafeMutablePointer<Message> {
    let place = unsafe self.reserve(1, of: Message.self)
    unsafe place.initialize(to: message)
    return unsafe place
  }

  /// Places each element and answers the list of their places; nil for an empty one.
  mutating func place<Element, Message>(
    _ elements: [Element],
    _ place: (inout WireArena, Element) -> UnsafeMutablePointer<Message>
  ) -> UnsafeMutablePointer<UnsafeMutablePointer<Message>?>? {
    guard !elements.isEmpty else { return nil }
    let list = unsafe self.reserve(elements.count, of: UnsafeMutablePointer<Message>?.self)
    for (index, element) in elements.enumerated() {
      unsafe (list + index).initialize(to: place(&self, element))
    }
    return unsafe list
  }

  /// Places each text and answers the list of them; nil for an empty one.
  mutating func place(texts: [String]) -> UnsafeMutablePointer<ProtobufCBinaryData>? {
    guard !texts.isEmpty else { return nil }
    let list = unsafe self.reserve(texts.count, of: ProtobufCBinaryData.self)
    for (index, text) in texts.enumerated() {
      unsafe (list + index).initialize(to: self.place(text))
    }
    return unsafe list
  }

  /// Copies values that point at nothing; nil for an empty list.
  mutating func place<Value: BitwiseCopyable>(
    values: [Value]
  ) -> UnsafeMutablePointer<Value>? {
    guard !values.isEmpty else { return nil }
    let list = unsafe self.reserve(values.count, of: Value.self)
    for (index, value) in values.enumerated() { unsafe (list + index).initialize(to: value) }
    return unsafe list
  }

  private mutating func reserve<Value>(
    _ count: Int, of type: Value.Type
  ) -> UnsafeMutablePointer<Value> {
    guard let place = unsafe self.allocate(count * MemoryLayout<Value>.stride) else {
      // The limit of an encoding arena is beyond any address space.
      preconditionFailure("an arena without a limit refused memory")
    }
    return unsafe place.bindMemory(to: Value.self, capacity: count)
  }

  /// Encodes a message straight onto the end of `output` and answers its length. The message and
  /// all that it points at must be this arena's, or the caller's own.
  mutating func pack<Message>(_ message: inout Message, into output: inout [UInt8]) -> Int {
    unsafe Self.withBase(of: &message) { base in
      let count = unsafe protobuf_c_message_get_packed_size(base)
      output.append(addingCapacity: count) { room in
        unsafe room.withUnsafeMutableBufferPointer { bytes, written in
          unsafe written = protobuf_c_message_pack(base, bytes.baseAddress)
        }
      }
      return count
    }
  }

  /// Encodes a message within the arena.
  mutating func packed<Message>(_ message: inout Message) -> ProtobufCBinaryData {
    unsafe Self.withBase(of: &message) { base in
      let count = unsafe protobuf_c_message_get_packed_size(base)
      let place = unsafe self.reserve(count, of: UInt8.self)
      return unsafe ProtobufCBinaryData(len: protobuf_c_message_pack(base, place), data: place)
    }
  }

  /// Lends a whole message to C under the type of its first member, `base`, from which protobuf-c
  /// finds the others by their offsets. `&message.base` would lend that member alone, and what was
  /// stored into the others need then not be in memory when C looks.
  private static func withBase<Message, Result>(
    of message: inout Message, _ body: (UnsafeMutablePointer<ProtobufCMessage>) -> Result
  ) -> Result {
    unsafe withUnsafeMutablePointer(to: &message) { whole in
      // Every generated message begins with its base, so its memory is bound to that type too.
      unsafe body(UnsafeMutableRawPointer(whole).assumingMemoryBound(to: ProtobufCMessage.self))
    }
  }
}
