// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Transport

/// The file of a Unix socket, and who is at its other end.
struct UnixSocketTests {
  private let path = "/tmp/unix-test.\(UInt32.random(in: 0...UInt32.max)).sock"
  private let group = MultiThreadedEventLoopGroup.singleton

  private func mode() throws -> Int? {
    let attributes = try FileManager.default.attributesOfItem(atPath: self.path)
    return (attributes[.posixPermissions] as? NSNumber)?.intValue
  }

  @Test(arguments: [0o600, 0o660, 0o666, 0o000] as [UInt16])
  func `a socket has the mode that was asked for, and goes with its listener`(
    mode: UInt16
  ) async throws {
    let listener = try await Listener.bind(
      to: .unix(path: self.path), on: self.group,
      unixAccess: UnixSocketAccess(mode: mode, uid: getuid(), gid: getgid())
    ) { _ in }
    #expect(try self.mode() == Int(mode))
    await listener.drain(grace: .zero)
    #expect(!FileManager.default.fileExists(atPath: self.path))
  }

  @Test func `a file that somebody else has put there since stays`() async throws {
    let first = try await Listener.bind(to: .unix(path: self.path), on: self.group) { _ in }
    // What a successor does that does not ask.
    try FileManager.default.removeItem(atPath: self.path)
    let second = try await Listener.bind(to: .unix(path: self.path), on: self.group) { _ in }
    await first.drain(grace: .zero)
    #expect(FileManager.default.fileExists(atPath: self.path))
    await second.drain(grace: .zero)
    #expect(!FileManager.default.fileExists(atPath: self.path))
  }

  @Test func `a socket that nobody serves any more is replaced`() async throws {
    let (socket, _) = try UnixSocketFile.bind(self.path, UnixSocketAccess())
    close(socket)
    #expect(FileManager.default.fileExists(atPath: self.path))
    let listener = try await Listener.bind(to: .unix(path: self.path), on: self.group) { _ in }
    await listener.drain(grace: .zero)
  }

  @Test func `nobody can connect before there is a listener`() async throws {
    let (socket, file) = try UnixSocketFile.bind(self.path, UnixSocketAccess(mode: 0o666))
    await #expect(throws: (any Error).self) {
      try await ClientBootstrap(group: self.group).connect(unixDomainSocketPath: self.path).get()
    }
    close(socket)
    file.remove()
    #expect(!FileManager.default.fileExists(atPath: self.path))
  }

  @Test func `where nothing may be made nothing listens`() async throws {
    let error = await #expect(throws: ListenError.self) {
      try await Listener.bind(to: .unix(path: "/nowhere/at/all.sock"), on: self.group) { _ in }
    }
    #expect(error?.description.contains("No such file") == true)
  }

  @Test func `the process at the other end is known`() async throws {
    let address = ListenAddress.unix(path: self.path)
    let seen = self.group.any().makePromise(of: ConnectionPeer.self)
    let listener = try await Listener.bind(to: address, on: self.group) { channel in
      seen.succeed(try ConnectionPeer(of: channel, on: address))
    }
    let client = try await ClientBootstrap(group: self.group)
      .connect(unixDomainSocketPath: self.path).get()
    #expect(
      try await seen.futureResult.get() == .unix(uid: getuid(), gid: getgid(), pid: getpid()))
    try await client.close().get()
    await listener.drain(grace: .seconds(5))
  }

  @Test func `the peer of a TCP connection is anybody`() async throws {
    let address = ListenAddress.ipv4(host: "127.0.0.1", port: 0)
    let seen = self.group.any().makePromise(of: ConnectionPeer.self)
    let listener = try await Listener.bind(to: address, on: self.group) { channel in
      seen.succeed(try ConnectionPeer(of: channel, on: address))
    }
    let bound = try #require(listener.address.socketAddress)
    let client = try await ClientBootstrap(group: self.group).connect(to: bound).get()
    #expect(try await seen.futureResult.get() == .anonymous)
    try await client.close().get()
    await listener.drain(grace: .seconds(5))
  }
}
