namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>What SQLite makes of a declared type.</summary>
internal enum ColumnAffinity
{
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

/// <summary>The rules of sqlite.org/datatype3.html, section 3.1, in their order.</summary>
internal static class ColumnAffinities
{
    public static ColumnAffinity Of(string type) =>
        Has(type, "INT") ? ColumnAffinity.Integer
        : Has(type, "CHAR") || Has(type, "CLOB") || Has(type, "TEXT") ? ColumnAffinity.Text
        : type.Length == 0 || Has(type, "BLOB") ? ColumnAffinity.Blob
        : Has(type, "REAL") || Has(type, "FLOA") || Has(type, "DOUB") ? ColumnAffinity.Real
        : ColumnAffinity.Numeric;

    private static bool Has(string type, string part) => type.Contains(part, StringComparison.OrdinalIgnoreCase);
}
