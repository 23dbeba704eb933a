// SPDX-License-Identifier: Apache-2.0

// A Go caller's life with one job. Says what came of each step in a line of its own.
//
// usage: client ADDRESS plain|tls|mtls CA CERTIFICATE KEY SERVER-NAME THING JOB
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/status"

	jobs "iot/jobs/dataplane/v1"
)

func security(arguments []string) grpc.DialOption {
	if arguments[2] == "plain" {
		return grpc.WithInsecure()
	}
	authority, err := os.ReadFile(arguments[3])
	check("authority", err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	config := &tls.Config{RootCAs: pool, ServerName: arguments[6]}
	if arguments[2] == "mtls" {
		certificate, err := tls.LoadX509KeyPair(arguments[4], arguments[5])
		check("certificate", err)
		config.Certificates = []tls.Certificate{certificate}
	}
	return grpc.WithTransportCredentials(credentials.NewTLS(config))
}

func check(step string, err error) {
	if err != nil {
		log.Fatalf("%s: %v", step, err)
	}
}

func main() {
	if len(os.Args) != 9 {
		os.Exit(64)
	}
	thing, job := os.Args[7], os.Args[8]
	channel, err := grpc.Dial(os.Args[1], security(os.Args))
	check("dial", err)
	defer channel.Close()
	stub := jobs.NewJobsDataPlaneServiceClient(channel)
	within, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()

	pending := &jobs.GetPendingJobExecutionsRequest{ThingName: thing}
	listed, err := stub.GetPendingJobExecutions(within, pending)
	check("pending", err)
	fmt.Println("pending", len(listed.QueuedJobs))
	listed, err = stub.GetPendingJobExecutions(within, pending, grpc.UseCompressor(gzip.Name))
	check("pending by gzip", err)
	fmt.Println("pending by gzip", len(listed.QueuedJobs))

	started, err := stub.StartNextPendingJobExecution(
		within, &jobs.StartNextPendingJobExecutionRequest{ThingName: thing})
	check("start", err)
	fmt.Println("started", started.Execution.JobId)

	updated, err := stub.UpdateJobExecution(within, &jobs.UpdateJobExecutionRequest{
		ThingName:                thing,
		JobId:                    job,
		Status:                   jobs.JobExecutionStatus_JOB_EXECUTION_STATUS_IN_PROGRESS,
		StatusDetails:            map[string]string{"step": "größer 🦉"},
		ExpectedVersion:          2,
		IncludeJobExecutionState: true,
	})
	check("update", err)
	fmt.Println("updated", updated.ExecutionState.Status, updated.ExecutionState.VersionNumber)

	describe := &jobs.DescribeJobExecutionRequest{ThingName: thing, JobId: job}
	described, err := stub.DescribeJobExecution(within, describe)
	check("describe", err)
	fmt.Println("described", described.Execution.StatusDetails["step"])

	describe.JobId = "absent"
	_, err = stub.DescribeJobExecution(within, describe)
	refused, _ := status.FromError(err)
	fmt.Print("absent ", uint32(refused.Code()))
	if refused.Code() != codes.OK && len(refused.Details()) > 0 {
		fmt.Print(" with details")
	}
	fmt.Println()
}
