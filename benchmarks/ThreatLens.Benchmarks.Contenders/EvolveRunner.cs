using EvolveDb;

namespace ThreatLens.Benchmarks.Contenders;

/// <summary>Evolve on a connection with the shared settings, the scripts in a folder as it wants them.</summary>
internal sealed class EvolveRunner : IContender
{
    public string Name => "evolve";

    public void Run(string folder)
    {
        using var connection = BenchmarkFile.Open(folder);
        new Evolve(connection, _ => { }) { Locations = [ScriptSet.EvolveFolder], IsEraseDisabled = true }.Migrate();
    }
}
