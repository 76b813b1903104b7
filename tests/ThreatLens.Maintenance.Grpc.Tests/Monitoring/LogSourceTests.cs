using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Monitoring;

public sealed class LogSourceTests(MonitoringService fixture) : IClassFixture<MonitoringService>
{
    private readonly RunningService _service = fixture.Service;

    [Fact]
    public async Task Sources_are_listed_by_name_page_by_page_with_what_is_stored()
    {
        Fill();

        var all = (await ListAsync(new ListLogSourcesRequest())).LogSources;
        var paged = new List<LogSource>();
        var request = new ListLogSourcesRequest { PageSize = 2 };
        do
        {
            var page = await ListAsync(request);
            Assert.InRange(page.LogSources.Count, 1, 2);
            paged.AddRange(page.LogSources);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        Assert.Equal(["a", "b ä", "c'", "d", "e"], all.Select(s => s.SourceName));
        Assert.Equal(all, paged);
        Assert.Equal((LogSourceStatus.Active, "active", true, 10, 20), (all[0].Status, all[0].RawStatus, all[0].Enabled, all[0].LastOffset, all[0].FileSize));
        Assert.Equal("2026-01-02T03:04:05.678901Z", all[0].LastMonitoredTime.ToDiagnosticString().Trim('"'));
        Assert.Equal((LogSourceStatus.Error, false, "gone"), (all[1].Status, all[1].Enabled, all[1].ErrorMessage));
        Assert.Null(all[1].LastMonitoredTime);
        Assert.Equal((LogSourceStatus.Unspecified, "tailing"), (all[2].Status, all[2].RawStatus));
        Assert.Equal((LogSourceStatus.Unspecified, "", true), (all[3].Status, all[3].RawStatus, all[3].Enabled));
    }

    [Fact]
    public async Task Sources_are_filtered_by_status()
    {
        Fill();

        Assert.Equal(["a", "e"], (await ListAsync(new ListLogSourcesRequest { Status = LogSourceStatus.Active })).LogSources.Select(s => s.SourceName));
        var first = await ListAsync(new ListLogSourcesRequest { Status = LogSourceStatus.Active, PageSize = 1 });
        await Expect.BadFieldAsync("page_token", () => ListAsync(new ListLogSourcesRequest { PageToken = first.NextPageToken }));
        var second = await ListAsync(new ListLogSourcesRequest { Status = LogSourceStatus.Active, PageSize = 1, PageToken = first.NextPageToken });
        Assert.Equal(("e", ""), (second.LogSources[0].SourceName, second.NextPageToken));
    }

    [Fact]
    public async Task Source_is_switched_off_and_on_as_an_operation()
    {
        Fill();

        var off = await SetAsync("c'", false);
        Assert.Equal([0L], _service.Database.Rows("SELECT enabled FROM log_sources WHERE source_name = 'c'''")[0]);
        var on = await SetAsync("c'", true);

        Assert.Equal((OperationKind.SetLogSourceEnabled, OperationState.Succeeded), (off.Operation.Kind, off.Operation.State));
        Assert.Equal((false, true), (off.Result.LogSource.Enabled, on.Result.LogSource.Enabled));
        Assert.Equal(off.Result, off.Operation.SetLogSourceEnabled);
        Assert.Equal(off.Operation.SetLogSourceEnabled, (await _service.Maintenance.GetOperationAsync(new GetOperationRequest { OperationId = off.Operation.Id })).Operation.SetLogSourceEnabled);
        Assert.Equal([1L], _service.Database.Rows("SELECT enabled FROM log_sources WHERE source_name = 'c'''")[0]);
    }

    [Fact]
    public async Task Plan_switches_nothing()
    {
        Fill();
        var operations = _service.Database.Scalar("SELECT count(*) FROM maintenance_operations");

        var response = await _service.Maintenance.SetLogSourceEnabledAsync(new SetLogSourceEnabledRequest { SourceName = "a", Enabled = false, ValidateOnly = true });

        Assert.Null(response.Operation);
        Assert.False(response.Plan.LogSource.Enabled);
        Assert.Equal(1L, _service.Database.Scalar("SELECT enabled FROM log_sources WHERE source_name = 'a'"));
        Assert.Equal(operations, _service.Database.Scalar("SELECT count(*) FROM maintenance_operations"));
    }

    [Fact]
    public async Task Source_that_nobody_knows_is_not_found_and_no_operation()
    {
        Fill();
        var operations = _service.Database.Scalar("SELECT count(*) FROM maintenance_operations");

        var error = await Expect.ErrorAsync(StatusCode.NotFound, ErrorReasons.LogSourceNotFound, () => SetAsync("nobody", true));

        Assert.Equal("source_name", error.Field);
        Assert.Equal(operations, _service.Database.Scalar("SELECT count(*) FROM maintenance_operations"));
    }

    private void Fill() => _service.Database.Execute(
        """
        PRAGMA busy_timeout = 30000;
        DELETE FROM log_sources;
        INSERT INTO log_sources(source_name, path, enabled, status, last_monitored, file_size, last_offset, error_message) VALUES
            ('a', '/a', 1, 'active', '2026-01-02 03:04:05.678901', 20, 10, NULL), ('b ä', '/b', 0, 'error', 'yesterday', 0, 0, 'gone'), ('c''', '/c', 1, 'tailing', NULL, 0, 0, NULL),
            ('d', '/d', NULL, NULL, NULL, NULL, NULL, NULL), ('e', '/e', 1, 'active', NULL, 0, 0, NULL);
        """);

    private async Task<ListLogSourcesResponse> ListAsync(ListLogSourcesRequest request) => await _service.Maintenance.ListLogSourcesAsync(request);

    private async Task<SetLogSourceEnabledResponse> SetAsync(string name, bool enabled) =>
        await _service.Maintenance.SetLogSourceEnabledAsync(new SetLogSourceEnabledRequest { SourceName = name, Enabled = enabled });
}
