// SPDX-License-Identifier: Apache-2.0

// What newer versions of gRPC have and Debian's does not; laid over its sources by the tests.

package grpc

// NewClient makes a channel; credentials of the stand-in `insecure` mean none.
func NewClient(target string, options ...DialOption) (*ClientConn, error) {
	plaintext := newFuncDialOption(func(o *dialOptions) {
		chosen := o.copts.TransportCredentials
		if chosen != nil && chosen.Info().SecurityProtocol == "insecure" {
			o.copts.TransportCredentials = nil
			o.insecure = true
		}
	})
	return Dial(target, append(options, plaintext)...)
}
