namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>Identifiers of operations begin with their time: a range of them is a range of time, from the primary key or an index.</summary>
internal static class OperationIds
{
    /// <summary>No operation of this moment or later has a smaller id.</summary>
    public static string From(DateTimeOffset moment) => Math.Max(0, moment.ToUnixTimeMilliseconds()).ToString("x12", System.Globalization.CultureInfo.InvariantCulture) + new string('0', 20);
}
