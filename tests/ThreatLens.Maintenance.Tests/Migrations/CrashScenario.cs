using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Tests.Children;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>A database to be changed by a process that is killed, and what it must be like before, between and after.</summary>
/// <param name="Verb">The verb of the process.</param>
/// <param name="Template">The database as it is before; every process gets a copy.</param>
/// <param name="Steps">How many statements each transaction has, BEGIN and COMMIT included: what the scripts imply.</param>
/// <param name="Fingerprints">The schema before the first transaction, and after each.</param>
/// <param name="Finish">Goes on to the target, as the next start does.</param>
internal sealed record CrashScenario(
    string Verb, SqliteFile Template, IReadOnlyList<int> Steps, IReadOnlyList<string> Fingerprints, Action<MigrationEngine> Finish)
{
    /// <summary>Tables and columns whose rows nothing here may touch.</summary>
    public required IReadOnlyDictionary<string, string> Kept { get; init; }

    /// <summary>The schema after <see cref="Finish"/>, by meaning.</summary>
    public required string Structure { get; init; }

    /// <summary>Before and after each statement.</summary>
    public int Count => 2 * Steps.Sum();

    /// <summary>The name of every point, from a process that reaches them all.</summary>
    public async Task<string[]> NamePointsAsync(string path)
    {
        Copy(path);
        var (exitCode, names) = await ChildProcess.RunAsync(Verb, path, CrashPoints.Nowhere);
        Assert.Equal(0, exitCode);
        // A point that was never reached, or one that nobody thought of, is a defect of the matrix.
        Assert.Equal(Count, names.Length);
        for (int at = 0, step = 0; step < Steps.Count; at += 2 * Steps[step++])
            Assert.Equal(("before BEGIN", "after COMMIT"), (names[at], names[at + 2 * Steps[step] - 1]));
        return names;
    }

    /// <summary>Has a process killed at the point, and looks at what it left and how that goes on.</summary>
    public async Task CheckAsync(string path, int point, string name)
    {
        const int Killed = 128 + 9;
        Copy(path);
        var kept = Rows(Template);

        var (exitCode, names) = await ChildProcess.RunAsync(Verb, path, point.ToString(System.Globalization.CultureInfo.InvariantCulture));

        Assert.Equal((Killed, name), (exitCode, names[^1]));
        var file = new SqliteFile(path);
        var found = Engine(path).CheckRecorded();
        Assert.Equal(Fingerprints[CommitsBy(point)], found.Fingerprint);
        Assert.NotEqual(false, found.IsAsRecorded);
        Assert.Equal("ok", file.Scalar("PRAGMA integrity_check"));
        Assert.Equal(kept, Rows(file));

        Finish(Engine(path));

        Assert.Equal(Fingerprints[^1], Engine(path).CheckRecorded().Fingerprint);
        Assert.Equal(Structure, file.Structure());
        Assert.Equal(kept, Rows(file));
        File.Delete(path);
    }

    public static MigrationEngine Engine(string path) => new(
        new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = "Data Source=" + path }, TimeProvider.System),
        MigrationCatalog.LoadEmbedded("Sqlite"), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<MigrationEngine>.Instance);

    // What has returned from COMMIT has happened; all else has not, as nothing kills within it.
    private int CommitsBy(int point)
    {
        var commits = 0;
        for (var end = 2 * Steps[0] - 1; point >= end; end += 2 * Steps[commits])
        {
            if (++commits == Steps.Count)
                break;
        }

        return commits;
    }

    private void Copy(string path) => File.Copy(Template.Path, path);

    private SortedDictionary<string, string> Rows(SqliteFile file) => new(Kept.ToDictionary(t => t.Key, t => file.Content(t.Key, t.Value)));
}
