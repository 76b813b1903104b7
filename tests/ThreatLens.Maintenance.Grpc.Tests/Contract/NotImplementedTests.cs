using Google.Protobuf;
using Grpc.Core;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Contract;

/// <summary>What the contract has and this version does not fill is refused by name; nothing is ever ignored.</summary>
public sealed class NotImplementedTests(SharedService shared)
{
    private static readonly string[] Filled =
    [
        "Migrate", "Rollback", "Status", "Validate", "Repair", "HealthReport", "ListLogSources", "SetLogSourceEnabled", "GetMonitoringConfig", "UpdateMonitoringConfig",
        "GetOperation", "ListOperations", "WatchOperation", "CancelOperation", "Backup", "ListBackups", "Restore", "GetProcessingMetrics", "Optimize", "GetDatabaseSize",
        "GetIndexAdvice", "GetRealtimeStatistics", "GetNotificationMetrics", "RunRestoreDrill",
        "Cleanup", "CreateHold", "ListHolds", "ReleaseHold", "ListSchedules", "RunSchedule", "PauseSchedule",
    ];

    public static TheoryData<string> FilledCalls => [.. Filled];

    [Fact]
    public void Every_call_of_the_contract_is_filled() => Assert.Equal(DatabaseMaintenance.Descriptor.Methods.Select(m => m.Name).Order(), Filled.Order());

    [Theory]
    [MemberData(nameof(FilledCalls))]
    public async Task Call_that_is_filled_exists_in_the_contract(string name)
    {
        // Guards the list above: a renamed call would otherwise fall out of both tests.
        Assert.NotNull(DatabaseMaintenance.Descriptor.FindMethodByName(name));
        if (name is "Migrate" or "Rollback" or "Repair" or "Optimize" or "Cleanup" or "RunRestoreDrill")
            return;
        var error = await Record.ExceptionAsync(() => CallAsync(name));
        Assert.False(error is RpcException { StatusCode: StatusCode.Unimplemented }, $"{name}: {error}");
    }

    [Theory]
    [InlineData(typeof(MigrateRequest), "", "request_id wait_timeout validate_only etag target_version order allow rehearse")]
    [InlineData(typeof(RollbackRequest), "", "request_id wait_timeout validate_only etag version to_version steps cascade max_values_lost rehearse allow")]
    [InlineData(typeof(BackupRequest), "", "request_id wait_timeout validate_only keep")]
    [InlineData(typeof(RestoreRequest), "", "request_id wait_timeout validate_only etag backup_name max_rows_lost")]
    [InlineData(typeof(RunRestoreDrillRequest), "", "request_id wait_timeout validate_only backup_name")]
    [InlineData(typeof(GetRealtimeStatisticsRequest), "", "window step page_size page_token")]
    [InlineData(typeof(GetNotificationMetricsRequest), "", "window page_size page_token channel notification_type")]
    [InlineData(typeof(OptimizeRequest), "", "request_id wait_timeout validate_only etag full_vacuum enable_incremental_vacuum")]
    [InlineData(typeof(CleanupRequest), "", "request_id wait_timeout validate_only etag policies tables emergency resume_operation_id max_database_bytes accept_clock")]
    [InlineData(typeof(CreateHoldRequest), "", "request_id wait_timeout validate_only hold")]
    [InlineData(typeof(ReleaseHoldRequest), "", "request_id wait_timeout validate_only hold_id")]
    [InlineData(typeof(RunScheduleRequest), "", "request_id wait_timeout name")]
    [InlineData(typeof(PauseScheduleRequest), "", "request_id wait_timeout validate_only name paused pause_until reason")]
    [InlineData(typeof(HealthReportRequest), "on_change_only", "interval sections")]
    public void Every_field_is_either_filled_or_refused(System.Type request, string refused, string filled)
    {
        var descriptor = ((IMessage)Activator.CreateInstance(request)!).Descriptor;

        Assert.Equal($"{refused} {filled}".Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), descriptor.Fields.InDeclarationOrder().Select(f => f.Name).Order());
    }

    [Fact]
    public async Task Part_of_a_health_report_that_is_not_filled_names_itself()
    {
        await Expect.NotImplementedAsync("on_change_only", () => ReportAsync(new HealthReportRequest { OnChangeOnly = true }));
        HealthSectionKind[] filled =
        [
            HealthSectionKind.Schema, HealthSectionKind.Integrity, HealthSectionKind.Storage, HealthSectionKind.Tables, HealthSectionKind.Ingest,
            HealthSectionKind.LogSources,
        ];
        foreach (var kind in System.Enum.GetValues<HealthSectionKind>().Except([.. filled, HealthSectionKind.Unspecified]))
            await Expect.NotImplementedAsync($"sections[0] {kind}", () => ReportAsync(new HealthReportRequest { Sections = { kind } }));
    }

    private async Task ReportAsync(HealthReportRequest request)
    {
        using var call = shared.Service.Maintenance.HealthReport(request);
        await call.ResponseStream.MoveNext(CancellationToken.None);
    }

    /// <summary>Calls it with an empty message, whatever its types are.</summary>
    private async Task CallAsync(string name)
    {
        var method = DatabaseMaintenance.Descriptor.FindMethodByName(name);
        var marshaller = Marshallers.Create<IMessage>(m => m.ToByteArray(), bytes => method.OutputType.Parser.ParseFrom(bytes));
        var kind = method.IsServerStreaming ? MethodType.ServerStreaming : MethodType.Unary;
        var raw = new Method<IMessage, IMessage>(kind, DatabaseMaintenance.Descriptor.FullName, name, marshaller, marshaller);
        var invoker = shared.Service.Channel.CreateCallInvoker();
        var request = method.InputType.Parser.ParseFrom(ByteString.Empty);
        if (kind == MethodType.Unary)
        {
            await invoker.AsyncUnaryCall(raw, null, default, request);
            return;
        }

        using var call = invoker.AsyncServerStreamingCall(raw, null, default, request);
        await call.ResponseStream.MoveNext(CancellationToken.None);
    }
}
