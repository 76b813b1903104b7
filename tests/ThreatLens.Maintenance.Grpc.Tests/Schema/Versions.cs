namespace ThreatLens.Maintenance.Grpc.Tests.Schema;

/// <summary>The product's migrations.</summary>
internal static class Versions
{
    public const string Core = "000_create_core_tables";
    public const string Tables = "001_add_realtime_tables";
    public const string Fields = "002_add_realtime_fields";
    public const string Indexes = "003_optimize_realtime_indexes";

    public static readonly string[] All = [Core, Tables, Fields, Indexes];
}
