// SPDX-License-Identifier: Apache-2.0

// Package insecure stands in for the one that newer versions of gRPC have.
package insecure

import "google.golang.org/grpc/credentials"

type plaintext struct {
	credentials.TransportCredentials
}

func (plaintext) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "insecure"}
}

// NewCredentials returns what NewClient knows as none.
func NewCredentials() credentials.TransportCredentials { return plaintext{} }
