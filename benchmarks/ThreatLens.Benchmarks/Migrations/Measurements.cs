using System.Diagnostics;
using ThreatLens.Benchmarks.Contenders;

namespace ThreatLens.Benchmarks.Migrations;

/// <summary>Times of one contender in milliseconds.</summary>
internal sealed class Timing
{
    public List<double> Fresh { get; } = [];

    public List<double> NoOp { get; } = [];

    /// <summary>No-ops of a process that goes on and has the file open; none of processes that end.</summary>
    public List<double> Repeated { get; } = [];
}

/// <summary>Runs the contenders in turns, so that what the machine does besides falls on all of them.</summary>
/// <param name="contenders">Their names.</param>
/// <param name="run">Does one run of one of them in a folder, and tells how many milliseconds it took.</param>
/// <param name="end">What ends a process that goes on, given a contender; null: the processes end.</param>
internal sealed class Measurements(IReadOnlyList<string> contenders, Func<string, string, double> run, Action<string>? end = null)
{
    private readonly Dictionary<string, Timing> _timings = contenders.ToDictionary(c => c, _ => new Timing());
    private string? _schema;

    public Timing this[string contender] => _timings[contender];

    public IReadOnlyList<string> Contenders => contenders;

    /// <summary>In this process.</summary>
    public static Measurements Warm()
    {
        var loaded = LineUp.All.ToDictionary(c => c, LineUp.Find);
        return new Measurements(
            LineUp.All,
            (contender, folder) =>
            {
                var started = Stopwatch.GetTimestamp();
                loaded[contender].Run(folder);
                return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            },
            contender => loaded[contender].End());
    }

    /// <summary>A process per run.</summary>
    public static Measurements Cold(ColdProcess process) => new(process.Contenders, process.Measure);

    /// <summary>Runs every contender so often, each time on a fresh file and then again on what that made, and keeps the times.</summary>
    /// <param name="rounds">How often.</param>
    /// <param name="keep">Whether the times count; those of a warm-up do not.</param>
    /// <exception cref="InvalidOperationException">A contender made another schema than the first one.</exception>
    public void Run(int rounds, bool keep)
    {
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < contenders.Count; i++)
            {
                // Another one begins each round.
                var contender = contenders[(round + i) % contenders.Count];
                var folder = Directory.CreateTempSubdirectory("threatlens-benchmark-").FullName;
                try
                {
                    Run(contender, folder, keep ? _timings[contender] : new Timing());
                }
                finally
                {
                    Directory.Delete(folder, recursive: true);
                }
            }
        }
    }

    private void Run(string contender, string folder, Timing timing)
    {
        timing.Fresh.Add(run(contender, folder));
        var schema = ResultingSchema.Read(folder);
        timing.NoOp.Add(run(contender, folder));
        if (schema != (_schema ??= schema) || ResultingSchema.Read(folder) != schema)
            throw new InvalidOperationException($"{contender} made another schema:\n{schema}\nexpected:\n{_schema}");
        if (end is null)
            return;
        BenchmarkFile.StaysOpen = true;
        run(contender, folder);
        timing.Repeated.Add(run(contender, folder));
        end(contender);
        BenchmarkFile.StaysOpen = false;
    }
}
