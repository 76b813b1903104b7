using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite.LogWrites;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// The writer's connection with its statements: prepared once, bound and stepped for every row. The metrics' own statement goes around
/// ADO.NET (raw bound statements carry 0.83 to 0.87 of what the C API can do, ADO.NET's 0.7). For the writer's thread only.
/// </summary>
internal sealed unsafe partial class MetricStatements : IDisposable
{
    public const string InsertMetric =
        "INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp, metric_metadata) VALUES (?1, ?2, ?3, ?4, ?5)";

    private const string Ignored = "a constraint or trigger of processing_metrics ignores such rows";
    private const string SourceIgnored = "is refused by the database: a constraint or trigger of log_sources ignores such rows";

    private const int MaxCharacterBytes = 4;
    private const int MaxTimestampBytes = 32;
    private const int MaxRowBytes =
        (MaxCharacterBytes * (IngestLimits.MaxNameLength + IngestLimits.MaxMetricTypeLength)) + (2 * IngestLimits.MaxValueBytes) + MaxTimestampBytes;

    // SQLITE_FCNTL_HAS_MOVED of sqlite3.h; SQLitePCLRaw has no binding for file controls.
    private const int HasMoved = 20;

    // KiB. SQLite's default of 2,000 reads again what a large group has pushed out, which is 8 % of all it does.
    private const string PageCache = "PRAGMA cache_size = -16384";

    // SQLITE_STATIC of sqlite3.h: the text stays where it is.
    private const nint Static = 0;

    private readonly SqliteConnection _connection;
    private readonly sqlite3_stmt _metric;
    private readonly nint _metricHandle;
    // The texts of one row as UTF-8, where SQLite reads them. They stay in place until the row is stored, so that it takes no copies.
    private readonly byte[] _texts = GC.AllocateUninitializedArray<byte>(MaxRowBytes, pinned: true);
    private readonly SqliteCommand _producer;
    private readonly SqliteCommand _position;
    private readonly SqliteCommand _updateSource;
    private readonly SqliteCommand _insertSource;
    private readonly RollupWriter? _rollups;

    public MetricStatements(SqliteConnection connection, bool keepsRollups)
    {
        _connection = connection;
        _rollups = keepsRollups ? new RollupWriter(connection) : null;
        Check(raw.sqlite3_prepare_v3(connection.Handle, InsertMetric, raw.SQLITE_PREPARE_PERSISTENT, out _metric));
        _metricHandle = _metric.DangerousGetHandle();
        // See WalCheckpointer.
        Execute("PRAGMA wal_autocheckpoint = 0");
        Execute(PageCache);
        _producer = Prepare(
            "INSERT INTO maintenance_producers(producer_id, description, last_sequence, updated_at) VALUES ($1, $2, $3, $4) "
            + "ON CONFLICT(producer_id) DO UPDATE SET description = excluded.description, last_sequence = excluded.last_sequence, updated_at = excluded.updated_at");
        _position = Prepare(
            "INSERT INTO maintenance_source_positions(producer_id, source_name, path, position, position_token, updated_at) VALUES ($1, $2, $3, $4, $5, $6) "
            + "ON CONFLICT(producer_id, source_name) DO UPDATE SET path = excluded.path, position = excluded.position, position_token = excluded.position_token, updated_at = excluded.updated_at");
        _updateSource = Prepare(
            "UPDATE log_sources SET path = $2, last_monitored = $3, file_size = $4, last_offset = $5, status = $6, error_message = $7, updated_at = $8 WHERE source_name = $1");
        _insertSource = Prepare(
            "INSERT INTO log_sources(source_name, path, enabled, last_monitored, file_size, last_offset, status, error_message, created_at, updated_at) "
            + "VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $8)");
    }

    /// <summary>Whether the open file is no longer the one at its path. One stat of the path; SQLite opens nothing for it.</summary>
    public bool FileHasMoved
    {
        get
        {
            Check(FileControl(_connection.Handle!, "main", HasMoved, out var moved));
            return moved != 0;
        }
    }

    /// <returns>Why the row cannot be stored, by a rule that somebody gave the table; null when it is.</returns>
    public string? Insert(in MetricRow row)
    {
        var at = Bind(1, row.SourceName, 0);
        at = Bind(2, row.MetricType, at);
        at = Bind(3, row.MetricValue, at);
        at = Bind(4, row.Timestamp, at);
        if (row.Metadata is null)
            Check(raw.sqlite3_bind_null(_metric, 5));
        else
            Bind(5, row.Metadata, at);
        var stepped = raw.sqlite3_step(_metric);
        var reset = raw.sqlite3_reset(_metric);
        if (IsRefusedAlone(stepped))
            return raw.sqlite3_errmsg(_connection.Handle).utf8_to_string();
        if (stepped != raw.SQLITE_DONE)
            Check(reset == raw.SQLITE_OK ? stepped : reset);
        // ON CONFLICT IGNORE, or RAISE(IGNORE): SQLite takes that for a success.
        if (raw.sqlite3_changes(_connection.Handle) == 0)
            return Ignored;
        _rollups?.Add(row, raw.sqlite3_last_insert_rowid(_connection.Handle));
        return null;
    }

    public void UpsertProducer(ProducerSession session, long sequence, string now) =>
        Run(_producer, session.ProducerId, session.Description, sequence, now);

    /// <returns>The field at fault and why the source's row cannot be stored; null when it is.</returns>
    public (string Field, string Reason)? UpsertSource(ProducerSession session, SourceReport report, string monitoredAt, string now)
    {
        Run(_position, session.ProducerId, report.SourceName, report.Path, report.Offset, report.PositionToken, now);
        object error = report.ErrorMessage.Length == 0 ? DBNull.Value : report.ErrorMessage;
        try
        {
            object[] values = [report.SourceName, report.Path, monitoredAt, report.FileSize, report.Offset, report.Status!, error, now];
            // As with metrics, SQLite takes a row that a rule ignores for a success.
            return Changes(_updateSource, values) || Changes(_insertSource, values) ? null : ("source", SourceIgnored);
        }
        catch (SqliteException e) when (IsRefusedAlone(e.SqliteErrorCode))
        {
            // The statement alone was undone, the transaction goes on.
            var why = raw.sqlite3_errmsg(_connection.Handle).utf8_to_string();
            if (!why.Contains("log_sources.path", StringComparison.Ordinal) && !why.Contains("log_sources.source_name", StringComparison.Ordinal))
                return ("source", $"is refused by the database: {why}");
            // Of a row that is there and whose change was ignored, SQLite names either column.
            return OwnerOf(report.Path) is { } owner && owner != report.SourceName
                ? ("path", "belongs to another source in log_sources; use that source's name, or free the path")
                : ("source", SourceIgnored);
        }
    }

    private string? OwnerOf(string path)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT source_name FROM log_sources WHERE path = $1";
        command.Parameters.AddWithValue("$1", path);
        return command.ExecuteScalar() as string;
    }

    /// <summary>Deletes what is remembered of producers that sent nothing since a time.</summary>
    public void ForgetProducers(string idleSince)
    {
        using var command = _connection.CreateCommand();
        command.CommandText =
            "DELETE FROM maintenance_source_positions WHERE producer_id IN (SELECT producer_id FROM maintenance_producers WHERE updated_at < $1); "
            + "DELETE FROM maintenance_producers WHERE updated_at < $1";
        command.Parameters.AddWithValue("$1", idleSince);
        command.ExecuteNonQuery();
    }

    public ProducerState ReadProducer(string producerId)
    {
        using var last = _connection.CreateCommand();
        last.CommandText = "SELECT last_sequence FROM maintenance_producers WHERE producer_id = $1";
        last.Parameters.AddWithValue("$1", producerId);
        var sequence = last.ExecuteScalar() as long? ?? 0;

        using var read = _connection.CreateCommand();
        read.CommandText =
            "SELECT source_name, path, position, position_token FROM maintenance_source_positions WHERE producer_id = $1 ORDER BY updated_at DESC, source_name DESC LIMIT $2";
        read.Parameters.AddWithValue("$1", producerId);
        read.Parameters.AddWithValue("$2", IngestLimits.MaxWelcomePositions);
        using var reader = read.ExecuteReader();
        var positions = new List<SourcePosition>();
        var characters = 0L;
        while (reader.Read())
        {
            var position = new SourcePosition(reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetString(3));
            characters += position.SourceName.Length + position.Path.Length + position.PositionToken.Length;
            if (characters > IngestLimits.MaxWelcomeCharacters)
                break;
            positions.Add(position);
        }

        // Oldest first: of two sources at one path the last one counts.
        positions.Reverse();
        return new ProducerState(sequence, positions);
    }

    /// <summary>The connection, for what is not a statement.</summary>
    public SqliteConnection Connection => _connection;

    public void Begin() => Execute("BEGIN IMMEDIATE");

    public void Commit()
    {
        _rollups?.Write();
        Execute("COMMIT");
    }

    /// <summary>Undoes what was written, if SQLite has not done that by itself (it does on a full disk).</summary>
    public void Rollback()
    {
        _rollups?.Forget();
        // Before the lock goes: what another connection then commits must not be written over.
        GatheringVfs.Discard(_connection);
        if (raw.sqlite3_get_autocommit(_connection.Handle) == 0)
            Execute("ROLLBACK");
    }

    public void Dispose()
    {
        _metric.Dispose();
        _rollups?.Dispose();
        foreach (var command in (SqliteCommand[])[_producer, _position, _updateSource, _insertSource])
            command.Dispose();
        _connection.Dispose();
    }

    // A unique index or a trigger of somebody's: the statement alone was undone, unless the trigger said otherwise. One such row must not
    // keep everybody's metrics out for good.
    private bool IsRefusedAlone(int stepped) =>
        (stepped & 0xff) == raw.SQLITE_CONSTRAINT && raw.sqlite3_get_autocommit(_connection.Handle) == 0;

    /// <returns>Where the next text goes.</returns>
    private int Bind(int parameter, string text, int at)
    {
        var length = Encoding.UTF8.GetBytes(text, _texts.AsSpan(at));
        Check(BindText(_metricHandle, parameter, (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_texts, at), length, Static));
        return at + length;
    }

    private void Execute(string sql) => Check(raw.sqlite3_exec(_connection.Handle, sql));

    private SqliteCommand Prepare(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    private bool Changes(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        Run(command, values);
        return raw.sqlite3_changes(_connection.Handle) > 0;
    }

    private static int Run(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        if (command.Parameters.Count == 0)
        {
            for (var i = 1; i <= values.Length; i++)
                command.Parameters.AddWithValue("$" + i.ToString(System.Globalization.CultureInfo.InvariantCulture), null);
        }

        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i];
        return command.ExecuteNonQuery();
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_file_control", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileControl(sqlite3 connection, string database, int operation, out int result);

    // SQLitePCLRaw's bindings have SQLite copy every text.
    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_bind_text")]
    private static partial int BindText(nint statement, int parameter, byte* text, int length, nint destructor);

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            throw new SqliteException(raw.sqlite3_errmsg(_connection.Handle).utf8_to_string(), code & 0xff, raw.sqlite3_extended_errcode(_connection.Handle));
    }
}
