using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace ThreatLens.Benchmarks.Contenders;

/// <summary>EF Core's migrations on a connection with the shared settings; its model is empty, its migrations run the scripts.</summary>
internal sealed class EfCoreRunner : IContender
{
    public string Name => "efcore";

    public void Run(string folder)
    {
        using var connection = BenchmarkFile.Open(folder);
        var options = new DbContextOptionsBuilder<BenchmarkContext>()
            .UseSqlite(connection)
            .ConfigureWarnings(w => w.Ignore(RelationalEventId.PendingModelChangesWarning))
            .Options;
        using var context = new BenchmarkContext(options);
        context.Database.Migrate();
    }
}

internal sealed class BenchmarkContext(DbContextOptions<BenchmarkContext> options) : DbContext(options);

/// <summary>A migration that runs the script of its number.</summary>
internal abstract class EfCoreMigration(int number) : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(ScriptSet.Product.Scripts[number].Sql);
}

[DbContext(typeof(BenchmarkContext)), Migration("20260101000000_core")]
internal sealed class EfCoreMigration0() : EfCoreMigration(0);

[DbContext(typeof(BenchmarkContext)), Migration("20260101000001_realtime_tables")]
internal sealed class EfCoreMigration1() : EfCoreMigration(1);

[DbContext(typeof(BenchmarkContext)), Migration("20260101000002_realtime_fields")]
internal sealed class EfCoreMigration2() : EfCoreMigration(2);

[DbContext(typeof(BenchmarkContext)), Migration("20260101000003_realtime_indexes")]
internal sealed class EfCoreMigration3() : EfCoreMigration(3);
