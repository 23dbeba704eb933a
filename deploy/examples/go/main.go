// SPDX-License-Identifier: Apache-2.0

// Worker carries out the pending jobs of one thing, by way of iot-jobs-gateway.
//
// usage: worker THING
//
// The environment says how to reach the gateway:
//
//	JOBS_GATEWAY         its address; 127.0.0.1:50051 if not set
//	JOBS_SERVICE_CONFIG  gRPC's service config; ../service_config.json if not set
//	JOBS_CA              the authority (PEM) of a gateway that speaks TLS
//	JOBS_CERTIFICATE     with JOBS_KEY, the certificate (PEM) to show to it
//
// Exit status: 0 when nothing is left to do, 75 when another run may do better, 64 when it was
// started wrongly, else 1.
package main

//go:generate protoc -I ../../../Protos --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative iot/jobs/dataplane/v1/jobs_data_plane.proto

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	jobs "example.com/worker/iot/jobs/dataplane/v1"
)

// Exit statuses of sysexits.h.
const (
	exUsage    = 64
	exTempFail = 75
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: worker THING")
		os.Exit(exUsage)
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "failed:", describe(err))
		os.Exit(exitStatus(err))
	}
}

func run(ctx context.Context, thing string) error {
	channel, err := connect()
	if err != nil {
		return err
	}
	defer channel.Close()
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	w := worker{client: jobs.NewJobsDataPlaneServiceClient(channel), thing: thing, name: name}
	return w.workUntilNothingIsLeft(ctx)
}

func connect() (*grpc.ClientConn, error) {
	// Deadlines, wait-for-ready, and which calls may be repeated: all of it is in this file.
	config, err := os.ReadFile(variable("JOBS_SERVICE_CONFIG", "../service_config.json"))
	if err != nil {
		return nil, err
	}
	security, err := transportCredentials()
	if err != nil {
		return nil, err
	}
	return grpc.NewClient(
		variable("JOBS_GATEWAY", "127.0.0.1:50051"),
		grpc.WithDefaultServiceConfig(string(config)),
		grpc.WithTransportCredentials(security),
	)
}

func transportCredentials() (credentials.TransportCredentials, error) {
	authority := os.Getenv("JOBS_CA")
	if authority == "" {
		return insecure.NewCredentials(), nil
	}
	pem, err := os.ReadFile(authority)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in " + authority)
	}
	if certificate := os.Getenv("JOBS_CERTIFICATE"); certificate != "" {
		pair, err := tls.LoadX509KeyPair(certificate, os.Getenv("JOBS_KEY"))
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(config), nil
}

func variable(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

type worker struct {
	client jobs.JobsDataPlaneServiceClient
	thing  string
	// What an execution shows of who works on it.
	name string
}

func (w worker) workUntilNothingIsLeft(ctx context.Context) error {
	pending, err := w.client.GetPendingJobExecutions(ctx, &jobs.GetPendingJobExecutionsRequest{
		ThingName: w.thing,
	})
	if err != nil {
		return err
	}
	fmt.Printf("pending: %d in progress, %d queued\n",
		len(pending.GetInProgressJobs()), len(pending.GetQueuedJobs()))
	for {
		execution, err := w.startNext(ctx)
		if err != nil {
			return err
		}
		if execution == nil {
			fmt.Println("nothing left to do")
			return nil
		}
		if err := w.carryOut(ctx, execution); err != nil {
			return err
		}
	}
}

// startNext starts the oldest queued job, or returns the one that an earlier run left behind.
// Without either it returns nil.
func (w worker) startNext(ctx context.Context) (*jobs.JobExecution, error) {
	started, err := w.client.StartNextPendingJobExecution(ctx,
		&jobs.StartNextPendingJobExecutionRequest{
			ThingName:     w.thing,
			StatusDetails: map[string]string{"worker": w.name},
		})
	return started.GetExecution(), err
}

func (w worker) carryOut(ctx context.Context, execution *jobs.JobExecution) error {
	job, version := execution.GetJobId(), execution.GetVersionNumber()
	fmt.Printf("started: %s, version %d, %s\n", job, version, execution.GetJobDocument())

	// Here the device does the first half of what the document says ...
	version, err := w.report(ctx, execution, version,
		jobs.JobExecutionStatus_JOB_EXECUTION_STATUS_IN_PROGRESS, "50%")
	if err != nil {
		return err
	}
	fmt.Printf("progress: %s, version %d\n", job, version)

	// ... and here the other half.
	version, err = w.report(ctx, execution, version,
		jobs.JobExecutionStatus_JOB_EXECUTION_STATUS_SUCCEEDED, "100%")
	if err != nil {
		return err
	}
	fmt.Printf("succeeded: %s, version %d\n", job, version)
	return nil
}

// report returns the version that the update made.
func (w worker) report(
	ctx context.Context,
	execution *jobs.JobExecution,
	version int64,
	status jobs.JobExecutionStatus,
	progress string,
) (int64, error) {
	updated, err := w.client.UpdateJobExecution(ctx, &jobs.UpdateJobExecutionRequest{
		ThingName:       w.thing,
		JobId:           execution.GetJobId(),
		ExecutionNumber: execution.ExecutionNumber,
		Status:          status,
		StatusDetails:   map[string]string{"worker": w.name, "progress": progress},
		// Whoever else has changed the execution meanwhile: this update is refused then.
		ExpectedVersion:          proto.Int64(version),
		IncludeJobExecutionState: proto.Bool(true),
	})
	return updated.GetExecutionState().GetVersionNumber(), err
}

// describe says what happened and whose doing it was, as ErrorInfo tells it.
func describe(err error) string {
	failure, ok := status.FromError(err)
	if !ok {
		return err.Error()
	}
	reason := "no reason given"
	for _, detail := range failure.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			reason = info.GetReason() + " of " + info.GetDomain()
		}
	}
	return fmt.Sprintf("%s (gRPC status %d): %s", reason, failure.Code(), failure.Message())
}

// exitStatus asks for another run where that one finds out how things stand:
// StartNextPendingJobExecution returns the execution that is in progress, with its present version.
func exitStatus(err error) int {
	failure, ok := status.FromError(err)
	if !ok {
		return 1
	}
	switch failure.Code() {
	case codes.Aborted, codes.DeadlineExceeded, codes.FailedPrecondition,
		codes.ResourceExhausted, codes.Unavailable, codes.Unknown:
		return exTempFail
	default:
		return 1
	}
}
