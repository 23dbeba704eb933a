// SPDX-License-Identifier: Apache-2.0

internal import CJobsProto
internal import CProtobufC

/// The form of protobuf-c's generated decoders.
typealias WireUnpack<Message> = (
  UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?
) -> UnsafeMutablePointer<Message>?

/// Decodes into an arena and lets `read` copy the message out.
func decode<Message, Value>(
  _ wire: Span<UInt8>, _ memoryLimit: Int, _ unpack: WireUnpack<Message>,
  _ read: (UnsafeMutablePointer<Message>) throws(WireError) -> Value
) throws(WireError) -> Value {
  // A message takes about four times its wire form here; more comes when it is needed. Up to 1 KiB
  // the allocator has at hand.
  var arena = WireArena(expecting: 512 + wire.count * 4, limit: memoryLimit)
  let message = unsafe wire.withUnsafeBufferPointer { bytes in
    unsafe arena.withAllocator { allocator in
      unsafe unpack(allocator, bytes.count, bytes.baseAddress)
    }
  }
  guard let message = unsafe message else {
    throw arena.isExhausted ? .tooComplex(limit: memoryLimit) : .malformed
  }
  let value = unsafe try read(message)
  // The message's memory is the arena's, which must not end before it has been read.
  extendLifetime(arena)
  return value
}

/// Takes text with its length; protobuf demands UTF-8 of it, which protobuf-c does not check.
func wireText(_ data: ProtobufCBinaryData, field: StaticString) throws(WireError) -> String {
  guard let text = unsafe wireString(data) else {
    throw .invalid([FieldViolation(field: "\(field)", rule: "must be valid UTF-8")])
  }
  return text
}

func wireString(_ data: ProtobufCBinaryData) -> String? {
  // The bytes are the arena's and copied at once. `String(validating:as:)` would take them one by one.
  let bytes = unsafe Span(_unsafeElements: UnsafeBufferPointer(start: data.data, count: data.len))
  guard let text = try? UTF8Span(validating: bytes) else { return nil }
  return String(copying: text)
}
