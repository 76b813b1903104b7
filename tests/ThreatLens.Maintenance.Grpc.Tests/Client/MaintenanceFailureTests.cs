using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using ThreatLens.Maintenance.Client;
using ThreatLens.Maintenance.V1;
using Xunit;
using CallStatus = Grpc.Core.Status;

namespace ThreatLens.Maintenance.Grpc.Tests.Client;

public sealed class MaintenanceFailureTests
{
    [Fact]
    public void FromException_with_details_reads_all_of_them()
    {
        var status = new Google.Rpc.Status
        {
            Code = (int)Code.Aborted,
            Message = "another operation runs",
            Details =
            {
                Any.Pack(new ErrorInfo
                {
                    Domain = "threatlens.maintenance",
                    Reason = "OPERATION_CONFLICT",
                    Metadata = { ["operationId"] = "abc", ["kind"] = "MIGRATE" },
                }),
                Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(3)) }),
                Any.Pack(new BadRequest
                {
                    FieldViolations = { new BadRequest.Types.FieldViolation { Field = "target_version", Description = "is unknown" } },
                }),
                Any.Pack(new PreconditionFailure
                {
                    Violations = { new PreconditionFailure.Types.Violation { Subject = "file.db", Description = "is read-only" } },
                }),
            },
        };

        var failure = MaintenanceFailure.FromException(status.ToRpcException());

        Assert.Equal(StatusCode.Aborted, failure.Code);
        Assert.Equal("OPERATION_CONFLICT", failure.Reason);
        Assert.True(failure.IsFromService);
        Assert.Equal("another operation runs", failure.Message);
        Assert.Equal("abc", failure.OperationId);
        Assert.Equal(TimeSpan.FromSeconds(3), failure.RetryDelay);
        Assert.Equal([("target_version", "is unknown")], failure.FieldViolations);
        Assert.Equal([("file.db", "is read-only")], failure.Preconditions);
        Assert.Equal([KeyValuePair.Create("kind", "MIGRATE")], failure.Metadata);
    }

    [Fact]
    public void FromException_of_another_domain_has_no_reason()
    {
        var status = new Google.Rpc.Status
        {
            Code = (int)Code.Unavailable,
            Details = { Any.Pack(new ErrorInfo { Domain = "a.proxy", Reason = "OPERATION_CONFLICT" }) },
        };

        Assert.False(MaintenanceFailure.FromException(status.ToRpcException()).IsFromService);
    }

    [Fact]
    public void FromException_without_details_says_what_the_network_said()
    {
        var refused = new HttpRequestException("outer", new InvalidOperationException("Connection refused"));

        var failure = MaintenanceFailure.FromException(
            new RpcException(new CallStatus(StatusCode.Unavailable, "Error connecting.", refused)));

        Assert.False(failure.IsFromService);
        Assert.Equal("Error connecting. Connection refused", failure.Message);
    }

    [Fact]
    public void FromException_with_details_that_are_garbage_still_reads_the_status()
    {
        var trailers = new Metadata { { "grpc-status-details-bin", [0xFF, 0xFF, 0xFF] } };

        var failure = MaintenanceFailure.FromException(new RpcException(new CallStatus(StatusCode.Internal, "broken"), trailers));

        Assert.Equal(StatusCode.Internal, failure.Code);
        Assert.Equal("broken", failure.Message);
    }

    [Fact]
    public void FromException_with_one_undecodable_detail_still_reads_the_status()
    {
        var detail = new Any { TypeUrl = "type.googleapis.com/google.rpc.ErrorInfo", Value = ByteString.CopyFrom(0xFF, 0xFF) };

        var failure = MaintenanceFailure.FromException(
            new Google.Rpc.Status { Code = (int)Code.NotFound, Message = "gone", Details = { detail } }.ToRpcException());

        Assert.Equal(StatusCode.NotFound, failure.Code);
        Assert.Equal("gone", failure.Message);
    }

    [Fact]
    public void FromOperation_reads_the_error_and_a_success_has_none()
    {
        var operation = new Operation
        {
            Id = "abc",
            State = OperationState.Failed,
            Error = new OperationError { Code = 9, Reason = "MIGRATION_FAILED", Message = "no", Metadata = { ["version"] = "002" } },
        };

        var failure = MaintenanceFailure.FromOperation(operation)!;

        Assert.Equal(StatusCode.FailedPrecondition, failure.Code);
        Assert.Equal("MIGRATION_FAILED", failure.Reason);
        Assert.Equal("abc", failure.OperationId);
        Assert.Equal("002", failure.Metadata["version"]);
        Assert.Null(MaintenanceFailure.FromOperation(new Operation { State = OperationState.Succeeded }));
    }
}
