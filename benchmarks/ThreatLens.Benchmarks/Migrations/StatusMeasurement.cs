using System.Diagnostics;
using ThreatLens.Benchmarks.Contenders;
using ThreatLens.Maintenance.Migrations;

namespace ThreatLens.Benchmarks.Migrations;

/// <summary>Reading the status of a current database, in process.</summary>
internal static class StatusMeasurement
{
    private const int WarmUp = 500;
    private const int Calls = 5000;

    /// <param name="keepsReader">Whether the reader stays open between calls, as in the service while nothing is written.</param>
    /// <returns>Milliseconds of each call.</returns>
    public static IReadOnlyList<double> Run(bool keepsReader)
    {
        var folder = Directory.CreateTempSubdirectory("threatlens-benchmark-").FullName;
        try
        {
            var engine = ThreatLensRunner.Engine(folder, out var database);
            database.KeepsReader = keepsReader;
            engine.Migrate(new MigrateCommand());
            var times = new List<double>(Calls);
            for (var i = -WarmUp; i < Calls; i++)
            {
                var started = Stopwatch.GetTimestamp();
                if (!engine.GetStatus().IsUpToDate)
                    throw new InvalidOperationException("The database is not current.");
                if (i >= 0)
                    times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            database.KeepsReader = false;
            return times;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
