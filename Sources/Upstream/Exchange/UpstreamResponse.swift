// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// An upstream's answer: the body, and of the head only what somebody here reads.
package struct UpstreamResponse: Equatable, Sendable {
  package var head: RESTResponseHead
  package var body: [UInt8] = []

  package init(status: Int) {
    self.head = RESTResponseHead(status: status)
  }
}
