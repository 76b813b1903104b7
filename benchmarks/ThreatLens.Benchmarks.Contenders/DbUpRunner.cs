using DbUp;
using DbUp.Engine;
using DbUp.Sqlite.Helpers;

namespace ThreatLens.Benchmarks.Contenders;

/// <summary>DbUp on a connection with the shared settings, a transaction per script.</summary>
internal sealed class DbUpRunner : IContender
{
    public string Name => LineUp.DbUp;

    public void Run(string folder)
    {
        using var connection = BenchmarkFile.Open(folder);
        using var shared = new SharedConnection(connection);
        var result = DeployChanges.To.SqliteDatabase(shared)
            .WithScripts(ScriptSet.Product.Scripts.Select(s => new SqlScript(s.Version, s.Sql)))
            .WithTransactionPerScript()
            .WithVariablesDisabled()
            .LogToNowhere()
            .Build()
            .PerformUpgrade();
        if (!result.Successful)
            throw new InvalidOperationException("DbUp failed.", result.Error);
    }
}
