using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention;

/// <summary>
/// The etag of a plan: the moment it was made, which fixes all cutoffs, and what must be unchanged for it to hold. It carries everything, so that
/// nothing has to be remembered for plans that nobody runs.
/// </summary>
internal static class CleanupEtag
{
    private const int DigestLength = 16;
    private static readonly string[] Parts = ["the schema", "the policies", "the holds"];

    public static string Of(SqliteConnection reader, CleanupScope scope, HoldSet holds)
    {
        // The moment stands in the etag itself.
        var policies = JsonSerializer.Serialize(scope with { FrozenAt = default });
        string[] parts = [new SchemaFingerprint().Read(reader), policies, holds.Fingerprint];
        return string.Create(CultureInfo.InvariantCulture, $"{scope.FrozenAt.UtcTicks:x}-{string.Join('-', parts.Select(Digest))}");
    }

    /// <summary>The moment that a plan was made.</summary>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT: it is no etag of a plan.</exception>
    public static DateTimeOffset MomentOf(string etag)
    {
        var parts = etag.Split('-');
        return parts.Length == Parts.Length + 1 && long.TryParse(parts[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var ticks)
            && ticks >= 0 && ticks <= DateTimeOffset.MaxValue.UtcTicks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : throw MaintenanceException.InvalidArgument("etag", "is not the etag of a cleanup's plan; make one with validate_only");
    }

    /// <exception cref="MaintenanceException">ETAG_MISMATCH naming what has changed.</exception>
    public static void Require(string etag, string now)
    {
        if (etag == now)
            return;
        var (planned, present) = (etag.Split('-'), now.Split('-'));
        var changed = string.Join(" and ", Parts.Where((_, i) => planned[i + 1] != present[i + 1]));
        throw new MaintenanceException(ErrorKind.Aborted, ErrorReasons.EtagMismatch, $"etag: {changed} changed since the plan was made; make a new plan. Nothing was deleted.")
        {
            Field = "etag",
            Metadata = new Dictionary<string, string> { ["changed"] = changed },
        };
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..DigestLength];
}
