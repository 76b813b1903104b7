using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Benchmarks.Ingest.Samples;

namespace ThreatLens.Benchmarks.Ingest.Alternatives;

/// <summary>The insert of an <see cref="Alternative"/>.</summary>
internal sealed unsafe partial class AlternativeWriter : IDisposable
{
    private const int Columns = 5;
    private const int TimeLength = 26;
    private readonly Alternative _alternative;
    private readonly SqliteConnection _connection;
    private readonly sqlite3_stmt _statement;
    private readonly nint _handle;
    private readonly byte[] _times;
    private readonly byte[] _pool = GC.AllocateUninitializedArray<byte>(1 << 16, pinned: true);
    private readonly (nint At, int Length)[][] _pinned;
    private readonly string[][] _strings;
    private long _row;

    public AlternativeWriter(Alternative alternative, SqliteConnection connection)
    {
        _alternative = alternative;
        _connection = connection;
        byte[][][] texts = [BenchmarkRow.SourceNames, BenchmarkRow.MetricTypes, BenchmarkRow.Values];
        _strings = [.. texts.Select(t => t.Select(Encoding.UTF8.GetString).ToArray())];
        var at = 0;
        _pinned = [.. texts.Select(t => t.Select(text => Pin(text, ref at)).ToArray())];
        _times = GC.AllocateUninitializedArray<byte>(TimeLength * alternative.RowsAStatement, pinned: true);
        var rows = Enumerable.Range(0, alternative.RowsAStatement).Select(r => "(" + string.Join(',', Enumerable.Range(r * Columns + 1, Columns).Select(n => "?" + n.ToString(CultureInfo.InvariantCulture))) + ")");
        Check(raw.sqlite3_prepare_v3(
            connection.Handle,
            "INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp, metric_metadata) VALUES " + string.Join(',', rows),
            raw.SQLITE_PREPARE_PERSISTENT,
            out _statement));
        _handle = _statement.DangerousGetHandle();
    }

    public void Insert(int rows)
    {
        for (var i = 0; i < rows; i += _alternative.RowsAStatement)
        {
            for (var r = 0; r < _alternative.RowsAStatement; r++, _row++)
                Bind(r);
            if (raw.sqlite3_step(_statement) != raw.SQLITE_DONE)
                throw new InvalidOperationException(raw.sqlite3_errmsg(_connection.Handle).utf8_to_string());
            Check(raw.sqlite3_reset(_statement));
        }
    }

    public void Dispose() => _statement.Dispose();

    private void Bind(int r)
    {
        var time = _times.AsSpan(r * TimeLength, TimeLength);
        BenchmarkRow.FormatTime(_row, time);
        var first = r * Columns + 1;
        for (var c = 0; c < _pinned.Length; c++)
            BindText(first + c, c);
        BindTime(first + 3, time);
        Check(raw.sqlite3_bind_null(_statement, first + 4));
    }

    private void BindText(int parameter, int column)
    {
        var n = _row % _pinned[column].Length;
        Check(_alternative.Binding switch
        {
            Binding.Strings => raw.sqlite3_bind_text(_statement, parameter, _strings[column][n]),
            Binding.Utf8Copied => raw.sqlite3_bind_text(_statement, parameter, new ReadOnlySpan<byte>((void*)_pinned[column][n].At, _pinned[column][n].Length)),
            _ => BindInPlace(_handle, parameter, (byte*)_pinned[column][n].At, _pinned[column][n].Length, 0),
        });
    }

    private void BindTime(int parameter, ReadOnlySpan<byte> time) => Check(_alternative.Binding switch
    {
        Binding.Strings => raw.sqlite3_bind_text(_statement, parameter, Encoding.UTF8.GetString(time)),
        Binding.Utf8Copied => raw.sqlite3_bind_text(_statement, parameter, time),
        _ => BindInPlace(_handle, parameter, (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_times, 0) + (parameter - 4) / Columns * TimeLength, TimeLength, 0),
    });

    private (nint, int) Pin(byte[] text, ref int at)
    {
        text.CopyTo(_pool, at);
        var place = Marshal.UnsafeAddrOfPinnedArrayElement(_pool, at);
        at += text.Length;
        return (place, text.Length);
    }

    // The last argument 0 is SQLITE_STATIC: SQLite takes no copy.
    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_bind_text")]
    [SuppressGCTransition]
    private static partial int BindInPlace(nint statement, int parameter, byte* text, int bytes, nint destructor);

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            throw new InvalidOperationException(raw.sqlite3_errmsg(_connection.Handle).utf8_to_string());
    }
}
