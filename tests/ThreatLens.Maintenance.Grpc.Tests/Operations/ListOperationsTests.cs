using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Tests.Schema;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Operations;

public sealed class ListOperationsTests(SchemaService fixture) : IClassFixture<SchemaService>
{
    private readonly RunningService _service = fixture.Service;

    [Fact]
    public async Task Pages_hold_every_operation_once_newest_first()
    {
        await fixture.BringToAsync(Versions.Indexes);
        var made = new List<string>();
        for (var i = 0; i < 5; i++)
            made.Add((await _service.Maintenance.MigrateAsync(new MigrateRequest())).Operation.Id);

        var all = (await ListAsync(new ListOperationsRequest { PageSize = 1000 })).Operations;
        var paged = new List<Operation>();
        var request = new ListOperationsRequest { PageSize = 2 };
        do
        {
            var page = await ListAsync(request);
            Assert.InRange(page.Operations.Count, 1, 2);
            paged.AddRange(page.Operations);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        Assert.Equal(Enumerable.Reverse(made), paged.Take(5).Select(o => o.Id));
        Assert.Equal(all, paged);
        Assert.Equal(paged.Select(o => o.CreateTime).OrderDescending(), paged.Select(o => o.CreateTime));
        Assert.Equal(paged.Select(o => o.Id).OrderDescending(StringComparer.Ordinal), paged.Select(o => o.Id));
    }

    [Fact]
    public async Task Filters_select_by_kind_and_state()
    {
        await fixture.BringToAsync(Versions.Indexes);
        await Expect.ErrorAsync(
            StatusCode.FailedPrecondition, ErrorReasons.LaterVersionsApplied, async () => await _service.Maintenance.RollbackAsync(new RollbackRequest { Version = "001" }));

        var all = (await ListAsync(new ListOperationsRequest { PageSize = 1000 })).Operations;
        foreach (var kind in new[] { OperationKind.Migrate, OperationKind.Rollback, OperationKind.SetLogSourceEnabled })
        {
            Assert.Equal(all.Where(o => o.Kind == kind), (await ListAsync(new ListOperationsRequest { PageSize = 1000, Kind = kind })).Operations);
            var failed = new ListOperationsRequest { PageSize = 1000, Kind = kind, State = OperationState.Failed };
            Assert.Equal(all.Where(o => o.Kind == kind && o.State == OperationState.Failed), (await ListAsync(failed)).Operations);
        }

        Assert.Contains(all, o => o is { Kind: OperationKind.Rollback, State: OperationState.Failed });
        Assert.Empty((await ListAsync(new ListOperationsRequest { State = OperationState.Queued })).Operations);
    }

    [Fact]
    public async Task Token_is_of_its_filters_only()
    {
        await fixture.BringToAsync(Versions.Tables);
        await fixture.BringToAsync(Versions.Core);
        var token = (await ListAsync(new ListOperationsRequest { PageSize = 1, Kind = OperationKind.Migrate })).NextPageToken;
        Assert.NotEqual("", token);

        await Expect.BadFieldAsync("page_token", () => ListAsync(new ListOperationsRequest { PageSize = 1, PageToken = token }));
        await Expect.BadFieldAsync("page_token", () => ListAsync(new ListOperationsRequest { PageSize = 1, Kind = OperationKind.Rollback, PageToken = token }));
        await Expect.BadFieldAsync("page_token", async () => await _service.Maintenance.ListLogSourcesAsync(new ListLogSourcesRequest { PageToken = token }));
        Assert.Single((await ListAsync(new ListOperationsRequest { PageSize = 1, Kind = OperationKind.Migrate, PageToken = token })).Operations);
    }

    [Fact]
    public async Task Operations_made_between_two_pages_do_not_shift_them()
    {
        await fixture.BringToAsync(Versions.Indexes);
        var first = await ListAsync(new ListOperationsRequest { PageSize = 1 });
        var expected = (await ListAsync(new ListOperationsRequest { PageSize = 2 })).Operations[1];
        await _service.Maintenance.MigrateAsync(new MigrateRequest());

        var second = await ListAsync(new ListOperationsRequest { PageSize = 1, PageToken = first.NextPageToken });

        Assert.Equal(expected.Id, second.Operations[0].Id);
    }

    private async Task<ListOperationsResponse> ListAsync(ListOperationsRequest request) => await _service.Maintenance.ListOperationsAsync(request);
}
