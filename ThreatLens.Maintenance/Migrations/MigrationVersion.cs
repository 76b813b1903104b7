using System.Globalization;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>The version of a migration: a number that orders it and a name that says what it is, as in <c>001_add_realtime_tables</c>.</summary>
/// <param name="Id">The full version as the history stores it.</param>
/// <param name="Number">The leading number, 0 to 999,999,999; -1 for a history row whose version has none.</param>
/// <param name="Name">What follows the number and its underscore; empty when only a number was given.</param>
public sealed record MigrationVersion(string Id, int Number, string Name) : IComparable<MigrationVersion>
{
    private const int MaximumDigits = 9;

    /// <summary>Reads a full version ("001_add_realtime_tables") or a bare number ("001", "1").</summary>
    /// <param name="text">The text; surrounding blanks are not accepted.</param>
    /// <param name="version">The version; null when the text is none.</param>
    /// <returns>Whether the text is a version.</returns>
    public static bool TryParse(string? text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out MigrationVersion? version)
    {
        version = null;
        if (string.IsNullOrEmpty(text))
            return false;

        var underscore = text.IndexOf('_', StringComparison.Ordinal);
        var digits = underscore < 0 ? text : text[..underscore];
        var name = underscore < 0 ? "" : text[(underscore + 1)..];
        if (digits.Length is 0 or > MaximumDigits || !digits.All(char.IsAsciiDigit))
            return false;
        if (underscore >= 0 && (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')))
            return false;

        version = new MigrationVersion(text, int.Parse(digits, CultureInfo.InvariantCulture), name);
        return true;
    }

    /// <summary>A version found in a history, kept as it is even when it is not one of ours.</summary>
    internal static MigrationVersion FromHistory(string id) =>
        TryParse(id, out var version) ? version : new MigrationVersion(id, -1, id);

    /// <summary>Orders by number, then by name.</summary>
    /// <param name="other">The version to compare with; null comes first.</param>
    public int CompareTo(MigrationVersion? other) => other is null
        ? 1
        : Number != other.Number ? Number.CompareTo(other.Number) : string.CompareOrdinal(Id, other.Id);

    /// <summary>The full version, <see cref="Id"/>.</summary>
    public override string ToString() => Id;
}
