using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Migrations.Folders;

/// <summary>Reads a script file as text: UTF-8, with or without a byte order mark.</summary>
internal static class ScriptText
{
    /// <summary>The largest file that is read, in bytes: 64 MiB.</summary>
    public const long MaxBytes = 64L * 1024 * 1024;

    /// <summary>Reads a file.</summary>
    /// <exception cref="MaintenanceException">MIGRATION_INVALID naming the file, and line, statement and byte where it is not UTF-8.</exception>
    public static string Read(string path)
    {
        var name = Path.GetFileName(path);
        try
        {
            return new FileInfo(path).Length > MaxBytes
                ? throw ScriptFiles.Invalid(name, FormattableString.Invariant($"the file has more than {MaxBytes} bytes"))
                : Decode(name, File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ScriptFiles.Invalid(name, $"the file cannot be read: {e.Message.TrimEnd('.')}");
        }
    }

    /// <summary>Decodes a file's bytes.</summary>
    /// <exception cref="MaintenanceException">MIGRATION_INVALID.</exception>
    public static string Decode(string name, ReadOnlySpan<byte> bytes)
    {
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
            throw Invalid(name, bytes, 0, "the file is UTF-16");
        var mark = bytes is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0;
        var text = new char[bytes.Length];
        var status = Utf8.ToUtf16(bytes[mark..], text, out var read, out var written, replaceInvalidSequences: false);
        return status == OperationStatus.Done
            ? new string(text, 0, written)
            : throw Invalid(name, bytes, mark + read, FormattableString.Invariant($"byte {mark + read} (0x{bytes[mark + read]:X2}) is not UTF-8"));
    }

    private static MaintenanceException Invalid(string name, ReadOnlySpan<byte> bytes, int at, string problem)
    {
        var before = Encoding.UTF8.GetString(bytes[..at]);
        var (line, statement) = (1 + before.AsSpan().Count('\n'), MigrationScriptParser.StatementAtEnd(before));
        return new MaintenanceException(
            ErrorKind.FailedPrecondition, ErrorReasons.MigrationInvalid, FormattableString.Invariant($"{name}, line {line} (statement {statement}): {problem}; save it as UTF-8."))
        {
            Metadata = new Dictionary<string, string>
            {
                ["script"] = name,
                ["line"] = line.ToString(CultureInfo.InvariantCulture),
                ["statement"] = statement.ToString(CultureInfo.InvariantCulture),
                ["byte"] = at.ToString(CultureInfo.InvariantCulture),
            },
        };
    }
}
