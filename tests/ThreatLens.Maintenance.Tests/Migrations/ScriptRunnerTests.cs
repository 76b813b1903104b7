using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

public sealed class ScriptRunnerTests : SqliteMigrationTestBase
{
    [Fact]
    public void Run_statement_that_got_past_the_parser_and_ended_the_transaction_stops_the_script()
    {
        var database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={File.Path}" }, TimeProvider.System);
        var script = new MigrationScript("001_x.up.sql", [new ScriptStatement(1, 1, "COMMIT;"), new ScriptStatement(2, 2, "CREATE TABLE on_its_own (id INTEGER);")]);
        using (var connection = database.OpenWriter())
        using (var transaction = ImmediateTransaction.Begin(connection))
        {
            var runner = new ScriptRunner(database, connection, transaction);

            var error = Expect.Refusal(ErrorReasons.MigrationFailed, () => runner.Run(MigrationVersion.FromHistory("001_x"), script));

            Assert.Equal("1", error.Metadata["statement"]);
        }

        Assert.Empty(File.Tables());
    }
}
