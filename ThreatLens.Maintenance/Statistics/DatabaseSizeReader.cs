using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Statistics.Pages;

namespace ThreatLens.Maintenance.Statistics;

/// <summary>
/// Tells how large the database, its tables and its indexes are, without reading it all and without a lock that a writer would feel. One
/// measurement at a time; as long as the database is the same, so is the answer. Thread-safe.
/// </summary>
public sealed class DatabaseSizeReader(SqliteDatabase database, TimeProvider time)
{
    private readonly Lock _lock = new();
    private (byte[] Snapshot, DatabaseSize Size)? _last;

    /// <summary>Measures.</summary>
    /// <param name="cancellationToken">Looked at before measuring.</param>
    /// <exception cref="MaintenanceException">DATABASE_MISSING, DATABASE_CORRUPT, or the database cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public DatabaseSize Read(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                using var connection = database.OpenReader();
                connection.Execute("BEGIN");
                // A snapshot begins with the first look at the file, not with BEGIN.
                var objects = ReadObjects(connection);
                var snapshot = SnapshotPages.Identify(connection);
                if (_last is var (identity, size) && snapshot is not null && identity.AsSpan().SequenceEqual(snapshot))
                    return WithFiles(size);
                var measured = Measure(connection, snapshot, objects);
                _last = snapshot is null ? null : (snapshot, measured);
                return WithFiles(measured);
            }
            catch (SqliteException e)
            {
                throw database.Translate(e, "measuring sizes");
            }
            catch (DamagedPageException e)
            {
                throw new MaintenanceException(ErrorKind.DataLoss, ErrorReasons.DatabaseCorrupt, $"The database {database.Path} is damaged; restore a backup: {e.Message}.", e);
            }
        }
    }

    private DatabaseSize Measure(SqliteConnection connection, byte[]? snapshot, List<StoredObject> objects)
    {
        var pages = SnapshotPages.Open(connection, snapshot);
        var account = PageAccount.Take(pages, [.. objects.Select(o => (o.Root, o.IsTable))]);
        var sizes = objects.Select((o, i) => SizeOf(connection, o, account.Trees[i], pages.PageSize)).ToList();
        return new DatabaseSize
        {
            FileBytes = 0,
            WalBytes = 0,
            DatabaseBytes = (long)pages.PageCount * pages.PageSize,
            FreeBytes = (long)pages.FreeCount * pages.PageSize,
            OverheadBytes = account.OverheadPages * pages.PageSize,
            Objects = [.. sizes.OrderByDescending(o => o.Bytes).ThenBy(o => o.Name, StringComparer.Ordinal)],
            Method = Describe(pages, sizes),
            MeasuredAt = time.GetUtcNow(),
        };
    }

    private static ObjectSize SizeOf(SqliteConnection connection, StoredObject stored, TreeAccount tree, int pageSize)
    {
        var rows = stored.IsTable ? tree.Rows(stored.HasRowid) : Estimate.Exactly(0);
        // Ids are distinct: a table cannot have more rows than there are numbers from its least to its largest.
        if (stored is { HasRowid: true, RowidColumn: { } rowid } && rows.Error > 0
            && connection.Scalar($"SELECT (SELECT max({rowid}) FROM {DatabaseContent.Quote(stored.Name)}) - (SELECT min({rowid}) FROM {DatabaseContent.Quote(stored.Name)}) + 1") is long most
            && most > 0 && most < rows.Value)
            rows = rows with { Value = most };
        return new ObjectSize(
            stored.IsTable ? "table" : "index", stored.Name, stored.Table, (long)(tree.Pages.Value * pageSize), tree.Pages.RelativeError,
            (long)rows.Value, rows.RelativeError, (long)tree.Leaves.UnusedBytes.Value);
    }

    private static string Describe(SnapshotPages pages, List<ObjectSize> sizes)
    {
        var bytes = pages.HasPointerMap ? "exact, from the file's pointer map"
            : sizes.TrueForAll(s => s.BytesError == 0) ? "exact, from the interior pages of the b-trees"
            : "pages of b-trees exact; overflow pages, exact in all, are shared out by a sample of leaves where error_bound is not 0";
        var rows = sizes.TrueForAll(s => s.RowsError == 0) ? "exact, all leaves of tables were read" : "where rows_error_bound is not 0 estimated from a sample of leaves, the bound holds with 99.99 %";
        return $"Bytes: {bytes}. Rows: {rows}. {pages.PagesRead} of {pages.PageCount} pages were read.";
    }

    private DatabaseSize WithFiles(DatabaseSize size) => size with { FileBytes = database.FileBytes, WalBytes = database.LogBytes };

    /// <summary>All objects with pages of their own, the schema's table included; virtual tables have none.</summary>
    private static List<StoredObject> ReadObjects(SqliteConnection connection)
    {
        // Not joined: SQLite would make the list anew for every table.
        var withoutRowid = connection.Texts("SELECT name FROM pragma_table_list WHERE schema = 'main' AND wr").ToHashSet(StringComparer.Ordinal);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT type, name, tbl_name, rootpage FROM sqlite_master WHERE rootpage > 0";
        using var reader = command.ExecuteReader();
        var objects = new List<StoredObject> { new(IsTable: true, "sqlite_schema", "sqlite_schema", 1, HasRowid: true, "rowid") };
        while (reader.Read())
        {
            var isTable = reader.GetString(0) == "table";
            objects.Add(new StoredObject(isTable, reader.GetString(1), reader.GetString(2), (uint)reader.GetInt64(3), isTable && !withoutRowid.Contains(reader.GetString(1)), RowidColumn: null));
        }

        return [.. objects.Select(o => o with { RowidColumn = RowidOf(connection, o) })];
    }

    /// <summary>The name by which a table's rowid can be asked for; null where columns of the table took them all.</summary>
    private static string? RowidOf(SqliteConnection connection, StoredObject stored)
    {
        if (!stored.HasRowid)
            return null;
        var columns = connection.Texts("SELECT name FROM pragma_table_xinfo($table)", ("$table", stored.Name)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return ((string[])["rowid", "_rowid_", "oid"]).FirstOrDefault(n => !columns.Contains(n));
    }

    private sealed record StoredObject(bool IsTable, string Name, string Table, uint Root, bool HasRowid, string? RowidColumn);
}
