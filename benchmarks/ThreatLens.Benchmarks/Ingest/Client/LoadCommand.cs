using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;

namespace ThreatLens.Benchmarks.Ingest.Client;

/// <summary>The client process: <c>ingest-load JSON</c> does what a <see cref="Load"/> says and prints a <see cref="LoadResult"/>.</summary>
internal static class LoadCommand
{
    public const string Name = "ingest-load";

    public static Command Command()
    {
        var load = new Argument<string>("load");
        var command = new Command(Name, "The client of 'ingest', a process of its own.") { load };
        command.Hidden = true;
        command.SetAction(async result => Console.WriteLine(JsonSerializer.Serialize(await RunAsync(JsonSerializer.Deserialize<Load>(result.GetValue(load)!)!))));
        return command;
    }

    private static async Task<LoadResult> RunAsync(Load load)
    {
        using var stop = new CancellationTokenSource();
        var streams = Enumerable.Range(0, load.Producers).Select(i => new LoadStream(load.Address, $"load-{i}", load.Batch)).ToList();
        TimeSpan? interval = load.Rate > 0 ? TimeSpan.FromSeconds(load.Batch * load.Producers / load.Rate) : null;
        var running = streams.Select(s => Task.Run(() => s.RunAsync(interval, stop.Token))).ToList();
        await WaitAsync(load.WarmUp, running);
        var (from, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await WaitAsync(load.Seconds, running);
        var (to, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime - cpu);
        await stop.CancelAsync();
        await Task.WhenAll(running);

        var seconds = Stopwatch.GetElapsedTime(from, to).TotalSeconds;
        var counted = streams.Select(s => s.Acknowledged.Where(a => a.At >= from && a.At < to).ToList()).ToList();
        double[] took = [.. counted.SelectMany(c => c).Select(a => Stopwatch.GetElapsedTime(0, a.Took).TotalMilliseconds).Order()];
        double[] inside = [.. counted.SelectMany(c => c).Select(a => a.Inside).Order()];
        return new LoadResult(
            [.. counted.Select(c => c.Count * load.Batch / seconds)], At(took, 0.5), At(took, 0.99), At(took, 1), At(inside, 0.5), At(inside, 0.99),
            used.TotalSeconds / seconds, streams.Sum(s => (long)s.Acknowledged.Count * load.Batch));
    }

    private static double At(double[] sorted, double share) => sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))];

    private static async Task WaitAsync(double seconds, List<Task> running)
    {
        var failed = Task.WhenAny(running);
        if (await Task.WhenAny(failed, Task.Delay(TimeSpan.FromSeconds(seconds))) == failed)
            await await failed;
    }
}
