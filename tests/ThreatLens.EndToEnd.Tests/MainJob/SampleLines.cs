using System.Globalization;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.MainJob;

/// <summary>What the sample has had stored of its files, line by line.</summary>
internal static class SampleLines
{
    /// <summary>Lines counted so far, summed over all metrics that are stored, by source.</summary>
    public static IReadOnlyDictionary<string, long> Stored(SqliteFile database) => database.Rows(
        """
        SELECT source_name, sum(json_extract(metric_metadata, '$.lines')) FROM processing_metrics
        WHERE metric_type = 'lines_per_second' GROUP BY source_name
        """).ToDictionary(row => (string)row[0]!, row => Convert.ToInt64(row[1], CultureInfo.InvariantCulture));

    /// <summary>Every line up to the stored position is in the stored metrics, once. Only while nobody writes to the database.</summary>
    public static void AssertStoredExactlyOnce(SqliteFile database)
    {
        var sources = database.Rows("SELECT source_name, path, last_offset FROM log_sources");
        Assert.Equal(3, sources.Count);
        var stored = Stored(database);
        Assert.Equal(sources.Select(source => (string)source[0]!).Order(), stored.Keys.Order());
        Assert.All(sources, source =>
        {
            var measured = File.ReadAllBytes((string)source[1]!).AsSpan(0, Convert.ToInt32(source[2], CultureInfo.InvariantCulture));
            Assert.Equal((byte)'\n', measured[^1]);
            Assert.Equal(measured.Count((byte)'\n'), stored[(string)source[0]!]);
        });
    }
}
