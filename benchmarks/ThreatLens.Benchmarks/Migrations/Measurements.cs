using System.Diagnostics;
using ThreatLens.Benchmarks.Contenders;

namespace ThreatLens.Benchmarks.Migrations;

/// <summary>Times of one contender in milliseconds.</summary>
internal sealed class Timing
{
    public List<double> Fresh { get; } = [];

    public List<double> NoOp { get; } = [];
}

/// <summary>Runs the contenders in turns, so that what the machine does besides falls on all of them.</summary>
internal sealed class Measurements(IReadOnlyList<string> contenders, Func<string, string, double> run)
{
    private readonly Dictionary<string, Timing> _timings = contenders.ToDictionary(c => c, _ => new Timing());

    public Timing this[string contender] => _timings[contender];

    public IReadOnlyList<string> Contenders => contenders;

    /// <summary>In this process.</summary>
    public static Measurements Warm()
    {
        var loaded = LineUp.All.ToDictionary(c => c, LineUp.Find);
        return new Measurements(LineUp.All, (contender, folder) =>
        {
            var started = Stopwatch.GetTimestamp();
            loaded[contender].Run(folder, ScriptSet.Product);
            return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        });
    }

    /// <summary>A process per run.</summary>
    public static Measurements Cold() => new(LineUp.All, ColdProcess.Measure);

    /// <summary>Runs every contender so often, each time on a fresh file and then again on what that made, and keeps the times.</summary>
    /// <param name="rounds">How often.</param>
    /// <param name="keep">Whether the times count; those of a warm-up do not.</param>
    /// <exception cref="InvalidOperationException">A contender made another schema than the first one.</exception>
    public void Run(int rounds, bool keep)
    {
        string? expected = null;
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < contenders.Count; i++)
            {
                // Another one begins each round.
                var contender = contenders[(round + i) % contenders.Count];
                var folder = Directory.CreateTempSubdirectory("threatlens-benchmark-").FullName;
                try
                {
                    var fresh = run(contender, folder);
                    var schema = ResultingSchema.Read(folder);
                    var noOp = run(contender, folder);
                    if (schema != (expected ??= schema) || ResultingSchema.Read(folder) != schema)
                        throw new InvalidOperationException($"{contender} made another schema:\n{schema}\nexpected:\n{expected}");
                    if (!keep)
                        continue;
                    _timings[contender].Fresh.Add(fresh);
                    _timings[contender].NoOp.Add(noOp);
                }
                finally
                {
                    Directory.Delete(folder, recursive: true);
                }
            }
        }
    }
}
