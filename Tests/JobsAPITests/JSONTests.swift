// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import JobsAPI

struct JSONTests {
  private func parse(_ text: String) throws(JSONError) -> JSONValue {
    try JSONValue(parsing: Array(text.utf8))
  }

  @Test func `every kind of value is told apart`() throws {
    let kinds: [(String, JSONValue.Kind)] = [
      ("{}", .object), ("[]", .array), (#""""#, .string), ("0", .integer), ("0.0", .real),
      ("true", .bool), ("false", .bool), ("null", .null), (" \n{} \t", .object),
    ]
    for (text, kind) in kinds {
      #expect(try self.parse(text).kind == kind)
    }
  }

  @Test func `a view of a member outlives the view of the whole`() throws {
    var inner: JSONValue?
    do {
      inner = try self.parse(#"{"a":{"b":["x",{"c":"deep"}]}}"#)["a"]?["b"]
    }
    let elements = try #require(inner).elements.map { $0 }
    #expect(elements.first?.string == "x")
    #expect(elements.last?["c"]?.string == "deep")
  }

  @Test func `integers are exact over all of 64 bits`() throws {
    for number in [Int64.min, -1, 0, 1, 9_007_199_254_740_993, Int64.max] {
      #expect(try self.parse("\(number)").int64 == number)
    }
  }

  @Test func `reals are cut toward zero when they fit`() throws {
    #expect(try self.parse("1567701902.999").int64 == 1_567_701_902)
    #expect(try self.parse("-1.9").int64 == -1)
    #expect(try self.parse("1E3").int64 == 1000)
    #expect(try self.parse("1.5677e9").int64 == 1_567_700_000)
    #expect(try self.parse("1e19").int64 == nil)
    #expect(try self.parse("-9223372036854775808.0").int64 == Int64.min)
    #expect(try self.parse("9223372036854775808.0").int64 == nil)
    #expect(try self.parse(#""7""#).int64 == nil)
  }

  @Test func `numbers beyond their range are refused`() {
    #expect(throws: JSONError.self) { try self.parse("9223372036854775808") }
    #expect(throws: JSONError.self) { try self.parse("-9223372036854775809") }
    #expect(throws: JSONError.self) { try self.parse("18446744073709551617") }
    #expect(throws: JSONError.self) { try self.parse("1e400") }
    #expect(throws: JSONError.numberOutOfRange(offset: 1)) {
      try self.parse("[99999999999999999999]")
    }
  }

  @Test(arguments: [
    "", " ", "{", "{]", "[1,]", #"{"a":1"#, "nul", "NaN", "Infinity", "01", "+1", "{'a':1}",
    #""\ud800""#, "\u{FEFF}{}", "{}x", #""a"#, "\"\u{01}\"", #"{"a\u0000b":1}"#,
  ])
  func `what is not JSON is refused`(text: String) {
    #expect(throws: JSONError.self) { try self.parse(text) }
  }

  @Test(arguments: [
    [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xFF], [0xE2, 0x82], [0xF4, 0x90, 0x80, 0x80],
  ])
  func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
    #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22] + bytes + [0x22]) }
  }

  @Test func `nesting has a floor`() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONError.tooDeep) { try self.parse(deep) }
    let shallow = String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000)
    #expect(try self.parse(shallow).kind == .array)
  }

  @Test func `a value may lie in 2047 others`() throws {
    func nested(_ count: Int, _ value: String) -> String {
      String(repeating: "[", count: count) + value + String(repeating: "]", count: count)
    }
    #expect(try self.parse(nested(2_047, "1")).kind == .array)
    #expect(try self.parse(nested(2_048, "")).kind == .array)
    #expect(throws: JSONError.tooDeep) { try self.parse(nested(2_048, "1")) }
    #expect(throws: JSONError.tooDeep) { try self.parse(nested(2_049, "")) }
  }

  @Test func `objects and lists may lie in each other however deep`() throws {
    for depth in [1, 63, 64, 65, 127, 128, 129, 200] {
      // Of every third kind another, so that no bit of a word looks like its neighbours.
      let kinds = (0..<depth).map { $0 % 3 == 0 || $0 % 7 == 0 }
      let opening = kinds.map { $0 ? #"{"a":"# : "[" }.joined()
      let closing = kinds.reversed().map { $0 ? "}" : "]" }
      let text = opening + "1" + closing.joined()
      #expect(try self.parse(text).text == text)
      for index in closing.indices {
        var wrong = closing
        wrong[index] = closing[index] == "}" ? "]" : "}"
        #expect(throws: JSONError.self) { try self.parse(opening + "1" + wrong.joined()) }
      }
    }
  }

  @Test func `nothing follows the value`() throws {
    for text in ["{}\0", "1\0", "[1\0]", "null\0", "{} {}", "1 2", "[1] ]", "\"a\"\"b\""] {
      #expect(throws: JSONError.self) { try self.parse(text) }
    }
  }

  @Test(arguments: [
    (#"\""#, "\""), (#"\\"#, "\\"), (#"\/"#, "/"), (#"\b"#, "\u{8}"), (#"\f"#, "\u{C}"),
    (#"\n"#, "\n"), (#"\r"#, "\r"), (#"\t"#, "\t"), (#"\u0041"#, "A"), (#"\u00e9"#, "é"),
    (#"\u20AC"#, "€"), (#"\ud83d\uDE00"#, "😀"), (#"\u0000"#, "\0"), ("é", "é"),
    ("\u{7F}", "\u{7F}"),
  ])
  func `an escape is read wherever it lies`(source: String, meaning: String) throws {
    for before in 0...9 {
      for after in 0...9 {
        let (start, end) = (
          String(repeating: "a", count: before), String(repeating: "z", count: after)
        )
        let value = try self.parse("\"\(start)\(source)\(source)\(end)\"")
        #expect(value.string == start + meaning + meaning + end)
      }
    }
  }

  @Test(arguments: [
    #"\x"#, #"\"#, #"\u"#, #"\u12"#, #"\u12g4"#, #"\ud83d"#, #"\ud83d\n"#, #"\ud83d\u0041"#,
    #"\ude00"#, #"\ude00\ud83d"#, "\u{1F}", "\0", "\n",
  ])
  func `what is no escape is refused wherever it lies`(source: String) {
    for before in 0...9 {
      for after in [0, 1, 9] {
        let (start, end) = (
          String(repeating: "a", count: before), String(repeating: "z", count: after)
        )
        #expect(throws: JSONError.self) { try self.parse("\"\(start)\(source)\(end)\"") }
      }
    }
  }

  @Test func `a name may be written with escapes`() throws {
    let value = try self.parse(#"{"a\u0062":1,"ab":2,"\"":3}"#)
    #expect(value["ab"]?.int64 == 2)
    #expect(value["\""]?.int64 == 3)
    #expect(value.members.map(\.name) == ["ab", "\""])
    #expect(value.members.map(\.value.int64) == [2, 3])
  }

  @Test func `the text of a value is as it was written, less the space around its parts`() throws {
    let value = try self.parse(
      #" { "a" : [ 1.10 , -0, "x \" \\", { } , 1E2 ] ,"\u00e9" : "é" , "n" : null } "#)
    #expect(value.text == #"{"a":[1.10,-0,"x \" \\",{},1E2],"\u00e9":"é","n":null}"#)
    #expect(value["a"]?.elements[2].text == #""x \" \\""#)
    #expect(value["é"]?.text == #""é""#)
    #expect(value["a"]?.elements[0].text == "1.10")
  }

  @Test func `NUL in a string is kept`() throws {
    let value = try self.parse(#"{"a":"x\u0000y"}"#)
    #expect(value["a"]?.string == "x\u{0}y")
  }

  @Test func `a null member is as good as none`() throws {
    let value = try self.parse(#"{"a":null,"b":0}"#)
    #expect(value["a"] == nil)
    #expect(value["b"]?.int64 == 0)
    #expect(value["c"] == nil)
    #expect(try self.parse("[]")["a"] == nil)
  }

  @Test func `members come in the order of the text and the last of one name wins`() throws {
    let value = try self.parse(#"{"z":1,"a":2,"é\"":3,"z":4}"#)
    #expect(value.members.map(\.name) == ["z", "a", "é\""])
    #expect(value.members.map(\.value.int64) == [4, 2, 3])
    #expect(value[""] == nil)
  }

  @Test func `written text is compact, ordered and escaped`() {
    var json = JSONWriter()
    json.object { json in
      json.member("b", "q\"\\\n\u{1}\u{7F}é😀\u{0}")
      json.member("a", Int64.min)
      json.member("left out", String?.none)
      json.member("o", object: { _ in })
      json.member(
        "l",
        array: { json in
          json.element("x")
          json.element(true)
          json.null()
          json.object { json in json.member("d", 1567701902.444) }
        })
      json.member("inf", Double.infinity)
      json.nullMember("n")
    }
    let expected =
      #"{"b":"q\"\\\n\u0001"# + "\u{7F}é😀" + #"\u0000","a":-9223372036854775808,"o":{},"#
      + #""l":["x",true,null,{"d":1567701902.444}],"inf":null,"n":null}"#
    #expect(String(decoding: json.bytes, as: UTF8.self) == expected)
  }

  @Test func `what is written reads back`() throws {
    let text = String(String.UnicodeScalarView((0..<0x300).compactMap(UnicodeScalar.init)))
    var json = JSONWriter()
    json.object { json in
      json.member(text, text)
      json.member("d", 1e21)
    }
    let named = text.replacing("\u{0}", with: "")
    var keyed = JSONWriter()
    keyed.object { json in json.member(named, text) }
    #expect(try JSONValue(parsing: keyed.bytes)[named]?.string == text)
    #expect(throws: JSONError.self) { try JSONValue(parsing: json.bytes) }
  }
}
