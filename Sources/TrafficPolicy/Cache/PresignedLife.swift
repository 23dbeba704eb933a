// SPDX-License-Identifier: Apache-2.0

/// How long the presigned URLs in a text go on working.
///
/// Known are the forms of AWS's own signers: SigV4 (`X-Amz-Date` and `X-Amz-Expires`), SigV2 and
/// CloudFront's canned policies (`Expires`, seconds since 1970); those of other clouds that are
/// spelled alike come with them. CloudFront's custom policy holds its end inside of `Policy`, where
/// it is not looked for. Each has a parameter whose name ends in `Signature`, so a text without that
/// word has no presigned URL: mostly one quick search is all.
///
/// Sources: "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)" and
/// "Signing and authenticating REST requests" (version 2) in the S3 API reference; "Using signed
/// URLs" in the CloudFront developer guide.
enum PresignedLife: Equatable {
  /// There is no presigned URL.
  case unlimited
  /// The first of them stops working in so many seconds. Zero or less: it has.
  case seconds(Int64)
  /// There is one whose end cannot be told.
  case unreadable

  /// - Parameter epochSeconds: the present by the wall clock. One that stands wrong cannot make a
  ///   SigV4 URL's life longer than it was when it was signed.
  init(of text: String, at epochSeconds: Int64) {
    let bytes = text.utf8Span.span
    guard Self.holdsSignature(bytes) else {
      self = .unlimited
      return
    }
    var scan = PresignedURLScan(at: epochSeconds)
    var reader = URLTextReader()
    while let symbol = reader.next(in: bytes) { scan.received(symbol) }
    self = scan.finish()
  }

  /// The shorter of two; what cannot be told is shortest.
  func shorter(_ other: PresignedLife) -> PresignedLife {
    switch (self, other) {
    case (.unreadable, _), (_, .unreadable): .unreadable
    case (.unlimited, let life), (let life, .unlimited): life
    case (.seconds(let left), .seconds(let right)): .seconds(min(left, right))
    }
  }

  /// Whether the word `signature` stands anywhere, in whatever case.
  ///
  /// Horspool's search: looks at every ninth byte as long as none is a letter of the word. The
  /// letters of this word all differ, so a mismatch below its last letter skips the whole word.
  private static func holdsSignature(_ bytes: Span<UInt8>) -> Bool {
    let word: InlineArray<9, UInt8> = [0x73, 0x69, 0x67, 0x6E, 0x61, 0x74, 0x75, 0x72, 0x65]
    var end = word.count - 1
    while end < bytes.count {
      // Sets the bit that tells small letters from large; no other byte becomes a letter by it.
      let step = self.distanceFromEnd(bytes[end] | 0x20)
      if step == 0 {
        var length = 1
        while length < word.count, bytes[end - length] | 0x20 == word[8 - length] { length += 1 }
        if length == word.count { return true }
      }
      end += step == 0 ? word.count : step
    }
    return false
  }

  /// How far a letter of the word `signature` stands from its end; its length for any other.
  private static func distanceFromEnd(_ letter: UInt8) -> Int {
    switch letter {
    case UInt8(ascii: "e"): 0
    case UInt8(ascii: "r"): 1
    case UInt8(ascii: "u"): 2
    case UInt8(ascii: "t"): 3
    case UInt8(ascii: "a"): 4
    case UInt8(ascii: "n"): 5
    case UInt8(ascii: "g"): 6
    case UInt8(ascii: "i"): 7
    case UInt8(ascii: "s"): 8
    default: 9
    }
  }
}
