using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>A column of a table in a plan.</summary>
/// <param name="Id">Stays the same when it is renamed.</param>
/// <param name="Name">Its name.</param>
/// <param name="Type">As declared.</param>
/// <param name="IsNotNull">Whether it must not be NULL.</param>
/// <param name="Default">The default's SQL; null without one.</param>
/// <param name="IsKey">Whether it is in the primary key.</param>
/// <param name="IsGenerated">Whether its values are computed, so that none can be lost.</param>
internal sealed record ColumnState(int Id, string Name, string Type, bool IsNotNull, string? Default, bool IsKey, bool IsGenerated)
{
    /// <summary>Whether a row that names no value for it has none.</summary>
    public bool HasNoValueOfItsOwn => Default is null && !IsNotNull && !IsKey;
}

/// <summary>A table as it is at one point of a plan.</summary>
/// <param name="Id">Stays the same when it is renamed.</param>
/// <param name="Name">Its name.</param>
/// <param name="Columns">Its columns in order.</param>
/// <param name="Rows">How to read its rows out of the database as it is now.</param>
internal sealed record TableState(int Id, string Name, IReadOnlyList<ColumnState> Columns, RowSource Rows)
{
    /// <summary>Whether rows may have been deleted, replaced, or left out of a copy.</summary>
    public bool MayLackRows { get; init; }

    public ColumnState? Column(string name) => Columns.FirstOrDefault(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}

/// <summary>
/// A query over the database as it is now that gives the rows a table will have at one point of a plan: so what later statements touch
/// can be counted without running the earlier ones.
/// </summary>
/// <param name="Sql">The query; null when the rows cannot be told.</param>
/// <param name="IsUntouched">Whether it is a table of the database as it is.</param>
/// <param name="IsExact">Whether conditions on its values hold exactly when they will; false: only rows and NULLs can be counted.</param>
internal sealed record RowSource(string? Sql, bool IsUntouched, bool IsExact)
{
    public static RowSource Unknown { get; } = new(null, false, false);

    public static RowSource Of(string table) => new($"SELECT * FROM main.{Remedy.Quote(table)}", true, true);

    public static RowSource Derived(string sql, bool isExact) => new(sql, false, isExact);

    /// <summary>No rows, under these column names.</summary>
    public static RowSource Empty(IEnumerable<ColumnState> columns) =>
        Derived($"SELECT {string.Join(", ", columns.Select(c => $"NULL AS {Remedy.Quote(c.Name)}"))} WHERE 0", true);
}
