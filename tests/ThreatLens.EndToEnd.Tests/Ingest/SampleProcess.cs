using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Testing.Processes;

namespace ThreatLens.EndToEnd.Tests.Ingest;

/// <summary>Starts the sample as a process of its own.</summary>
internal static class SampleProcess
{
    private const string Project = "ThreatLens.Ingest.Sample";

    public static ChildProcess Start(string address, IReadOnlyDictionary<string, string?> settings) => ChildProcess.StartDotnet(
        Repository.Assembly(Project),
        Repository.ProjectFolder(Project),
        [],
        new Dictionary<string, string?>(settings) { ["services__maintenance__grpc__0"] = address, ["OTEL_EXPORTER_OTLP_ENDPOINT"] = null });

    public static ChildProcess Start(FakeIngestServer server, string path) => Start(server.Address, new Dictionary<string, string?>
    {
        ["Ingest__Paths__0"] = path,
        ["Ingest__ProducerId"] = "killed",
        ["Ingest__Interval"] = "00:00:00.1",
        ["Ingest__RotationWait"] = "00:00:00",
        // On a busy machine the default may be over before the last batch is acknowledged.
        ["Ingest__StopTimeout"] = "00:01:00",
    });

    public static string Text(this ChildProcess process) => string.Join('\n', process.Output);
}
