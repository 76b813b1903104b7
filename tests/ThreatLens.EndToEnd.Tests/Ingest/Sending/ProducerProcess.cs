using System.Globalization;
using ThreatLens.Testing.Processes;

namespace ThreatLens.EndToEnd.Tests.Ingest.Sending;

/// <summary>A producer in a process of its own: adds whole numbers to a sender with a spool until it is stopped or killed.</summary>
internal sealed class ProducerProcess : IAsyncDisposable
{
    private const string Project = "ThreatLens.Testing.Producer";
    private readonly ChildProcess _process;

    /// <param name="address">Where the service is.</param>
    /// <param name="spool">Directory of the spool.</param>
    /// <param name="first">Its first number.</param>
    /// <param name="maxSpoolBytes">What the spool may grow to; null: the default.</param>
    public ProducerProcess(Uri address, string spool, long first, int? maxSpoolBytes = null)
    {
        const string section = "ThreatLens__Maintenance__MetricSender__";
        var environment = new Dictionary<string, string?>
        {
            ["services__maintenance__grpc__0"] = address.ToString(),
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = null,
            [section + "ProducerId"] = SenderRun.Producer,
            [section + "SpoolDirectory"] = spool,
            [section + "MaxBatchSamples"] = "50",
            [section + "MaxReconnectDelay"] = "00:00:00.2",
            [section + "MaxBatchBytes"] = "262144",
            [section + "MaxSpoolBytes"] = maxSpoolBytes?.ToString(CultureInfo.InvariantCulture),
            [section + "maintenance__ShutdownTimeout"] = "00:01:00",
        };
        _process = ChildProcess.StartDotnet(
            Repository.Assembly(Path.Combine("tests", Project), Project),
            Repository.Root,
            [first.ToString(CultureInfo.InvariantCulture)],
            environment);
    }

    /// <summary>The last number that it said is safe; null while there is none.</summary>
    public long? Kept => Last("kept");

    /// <summary>The last number at which it said that some are in memory only; null while there is none.</summary>
    public long? Unkept => Last("unkept");

    public string Text => _process.Text();

    /// <summary>Waits until it ends by itself.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> EndsAsync() => _process.WaitForExitAsync();

    public Task KillAsync() => _process.KillAsync();

    /// <summary>Has it flush and end in order.</summary>
    /// <returns>Its last number, all up to which it says are stored.</returns>
    public async Task<long> StopAsync()
    {
        await _process.Input.WriteLineAsync();
        if (await _process.WaitForExitAsync() != 0)
            throw new InvalidOperationException(Text);
        return Last("stored") ?? throw new InvalidOperationException(Text);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private long? Last(string word) =>
        _process.Output.LastOrDefault(line => line.StartsWith(word + " ", StringComparison.Ordinal)) is { } line
            ? long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture)
            : null;
}
