using FluentMigrator;
using FluentMigrator.Runner;
using Microsoft.Extensions.DependencyInjection;

namespace ThreatLens.Benchmarks.Contenders;

/// <summary>FluentMigrator; it opens its own connections, to a file that already has the journal mode.</summary>
internal sealed class FluentMigratorRunner : IContender
{
    public string Name => "fluentmigrator";

    public void Run(string folder)
    {
        using var journal = BenchmarkFile.Open(folder);
        using var services = new ServiceCollection()
            .AddFluentMigratorCore()
            .ConfigureRunner(runner => runner
                .AddSQLite()
                .WithGlobalConnectionString(BenchmarkFile.ConnectionString(folder))
                .ScanIn(typeof(FluentMigration).Assembly).For.Migrations())
            .BuildServiceProvider();
        using var scope = services.CreateScope();
        scope.ServiceProvider.GetRequiredService<IMigrationRunner>().MigrateUp();
    }
}

/// <summary>A migration that runs the script of its number.</summary>
public abstract class FluentMigration(int number) : Migration
{
    public override void Up() => Execute.Sql(ScriptSet.Product.Scripts[number].Sql);

    public override void Down() => throw new NotSupportedException("Nothing is undone here.");
}

[Migration(1)]
public sealed class FluentMigration0() : FluentMigration(0);

[Migration(2)]
public sealed class FluentMigration1() : FluentMigration(1);

[Migration(3)]
public sealed class FluentMigration2() : FluentMigration(2);

[Migration(4)]
public sealed class FluentMigration3() : FluentMigration(3);
