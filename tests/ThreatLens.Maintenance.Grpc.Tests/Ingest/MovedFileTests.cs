using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>Somebody moves the database away under the running service.</summary>
public sealed class MovedFileTests
{
    [Fact]
    public async Task Batch_for_a_file_that_was_moved_away_is_not_acknowledged()
    {
        using var folder = new TemporaryFolder();
        await using var service = await RunningService.StartAsync(folder.File("threatlens.db"));
        using (var producer = await Producer.HelloAsync(service, "moved"))
        {
            await producer.StoreAsync(Producer.Batch(1, Producer.Sample("a")));
            foreach (var name in (string[])["threatlens.db", "threatlens.db-wal", "threatlens.db-shm"])
                File.Move(folder.File(name), folder.File("moved-" + name));
            await producer.SendAsync(Producer.Batch(2, Producer.Sample("a")));

            var (_, acknowledged) = await producer.FailsAsync(StatusCode.Unavailable, ErrorReasons.DatabaseMissing);
            Assert.Empty(acknowledged);
        }

        // The database last: whoever opened it before its log is there would begin another one.
        foreach (var name in (string[])["threatlens.db-wal", "threatlens.db-shm", "threatlens.db"])
        {
            if (File.Exists(folder.File("moved-" + name)))
                File.Move(folder.File("moved-" + name), folder.File(name), overwrite: true);
        }

        // Back in its place it is used again, without a restart, and the producer learns where it stands.
        using var again = await Producer.HelloAsync(service, "moved");
        var stored = new SqliteFile(folder.File("threatlens.db")).Scalar("SELECT count(*) FROM processing_metrics");
        Assert.Equal(again.Welcome.LastSequence, stored);
    }
}
