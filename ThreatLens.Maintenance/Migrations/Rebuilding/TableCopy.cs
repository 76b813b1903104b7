using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations.Rebuilding;

/// <summary>
/// The twelve steps of sqlite.org/lang_altertable.html, section 7, within the migration's transaction: foreign keys are off already, the table is
/// made anew beside the old one, the rows copied, the old one dropped, the new one renamed, its indexes and triggers made again, the
/// foreign keys checked. Views, and what other tables refer to, are not touched: the name is the same afterwards.
/// </summary>
internal sealed class TableCopy(SqliteConnection connection, string table, IReadOnlyList<SchemaEntry> dependents)
{
    private readonly string _new = "threatlens_new_" + table;

    /// <summary>Gives the table another definition; rows, rowids and the columns that both have are kept.</summary>
    /// <param name="definition">A CREATE TABLE with the table's name.</param>
    /// <exception cref="RebuildRefusedException">Foreign keys are on, there is nothing to copy, or rows would lose what they refer to.</exception>
    /// <exception cref="SqliteException">The rows do not fit the new definition, or what else SQLite reports.</exception>
    public void Run(string definition)
    {
        // Dropping the old table would delete what refers to it; and within a transaction they cannot be switched off.
        if (connection.Pragma("foreign_keys") is not 0L)
            throw new RebuildRefusedException("foreign keys are switched on, so that dropping the old table would delete rows of others");
        var violations = ForeignKeyViolations.Count(connection, table);
        var sequence = Sequence();
        try
        {
            connection.Execute(Renamed(definition));
            Copy();
        }
        catch (SqliteException e) when (e.Message.Contains(_new, StringComparison.Ordinal))
        {
            throw new SqliteException(e.Message.Replace(_new, table, StringComparison.Ordinal), e.SqliteErrorCode, e.SqliteExtendedErrorCode);
        }

        connection.Execute($"DROP TABLE {Remedy.Quote(table)}");
        Rename();
        if (sequence is not null)
            RestoreSequence(sequence);
        foreach (var dependent in dependents)
            connection.Execute(dependent.Sql);
        ForeignKeyViolations.RefuseNew(violations, ForeignKeyViolations.Count(connection, table));
    }

    private void Copy()
    {
        var target = Columns(_new, "hidden = 0");
        var source = Columns(table, "hidden <> 1");
        var common = target.Where(t => source.Any(s => SqlNames.AreSame(s, t))).ToList();
        if (common.Count == 0)
            throw new RebuildRefusedException("the new definition has no column in common with the table");
        var columns = string.Join(", ", common.Select(Remedy.Quote).Concat(RowIdToKeep(source, common)));
        // OR ABORT goes before what the definition says about conflicts: no row may be left out or replaced in silence.
        connection.Execute($"INSERT OR ABORT INTO {Remedy.Quote(_new)}({columns}) SELECT {columns} FROM {Remedy.Quote(table)}");
        var (had, has) = (Rows(table), Rows(_new));
        if (had != has)
            throw new RebuildRefusedException(FormattableString.Invariant($"of {had} rows {has} arrived"));
    }

    // A rowid that no column stands for is kept too, unless columns have taken all its names.
    private IEnumerable<string> RowIdToKeep(List<string> source, List<string> common)
    {
        if (IsWithoutRowId(table) || IsWithoutRowId(_new) || common.Any(IsRowId))
            return [];
        var target = Columns(_new, "1");
        return ((string[])["rowid", "_rowid_", "oid"]).Where(n => !source.Concat(target).Any(c => SqlNames.AreSame(c, n))).Take(1);
    }

    private bool IsWithoutRowId(string name) => connection.Scalar("SELECT wr FROM pragma_table_list($name) WHERE schema = 'main'", ("$name", name)) is 1L;

    private bool IsRowId(string column) => connection.Scalar(
        """
        SELECT 1 FROM pragma_table_info($table) WHERE name = $column COLLATE NOCASE AND pk = 1 AND type = 'INTEGER' COLLATE NOCASE
            AND (SELECT max(pk) FROM pragma_table_info($table)) = 1 AND NOT EXISTS (SELECT 1 FROM pragma_index_list($table) WHERE origin = 'pk')
        """,
        ("$table", _new), ("$column", column)) is not null;

    // With legacy_alter_table the rename changes this table only; otherwise it would first want every view and trigger to make sense.
    private void Rename()
    {
        var before = connection.Pragma("legacy_alter_table");
        connection.Pragma("legacy_alter_table = ON");
        try
        {
            connection.Execute($"ALTER TABLE {Remedy.Quote(_new)} RENAME TO {Remedy.Quote(table)}");
        }
        finally
        {
            connection.Pragma($"legacy_alter_table = {before}");
        }
    }

    private string Renamed(string definition)
    {
        var parts = TableParts.Read(definition) ?? throw new RebuildRefusedException("the new definition has no list of columns");
        return $"CREATE TABLE {Remedy.Quote(_new)} {definition[parts.Tokens[parts.Open].Start..]}";
    }

    // What AUTOINCREMENT has given out may be more than what is there.
    private object? Sequence() => HasSequences() ? connection.Scalar("SELECT seq FROM sqlite_sequence WHERE name = $table", ("$table", table)) : null;

    private void RestoreSequence(object sequence)
    {
        // Without AUTOINCREMENT in the new definition there is nothing to keep.
        if (!HasSequences() || !TableDefinition.Parse((string)connection.Scalar("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = $table", ("$table", table))!).HasAutoIncrement)
            return;
        connection.Execute("DELETE FROM sqlite_sequence WHERE name = $table", ("$table", table));
        connection.Execute("INSERT INTO sqlite_sequence(name, seq) VALUES ($table, $seq)", ("$table", table), ("$seq", sequence));
    }

    private bool HasSequences() => connection.Scalar("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'") is not null;

    private long Rows(string name) => (long)connection.Scalar($"SELECT count(*) FROM {Remedy.Quote(name)}")!;

    private List<string> Columns(string name, string condition) =>
        connection.Texts($"SELECT name FROM pragma_table_xinfo($table) WHERE {condition} ORDER BY cid", ("$table", name));
}
