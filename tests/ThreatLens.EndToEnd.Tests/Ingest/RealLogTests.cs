using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Ingest.Sample.Measuring;
using ThreatLens.Ingest.Sample.Tailing;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

/// <summary>
/// Whole files in the shapes that real ones have (CRLF, CR CR LF, no end on the last line), and those of THREATLENS_LOG_DIR, when it is
/// set: sshd, syslog and Apache logs, all of whose lines must be recognised.
/// </summary>
public sealed class RealLogTests
{
    public static IEnumerable<TheoryDataRow<string>> Files
    {
        get
        {
            yield return new("made:sshd");
            yield return new("made:apache");
            if (Environment.GetEnvironmentVariable("THREATLENS_LOG_DIR") is { Length: > 0 } directory)
            {
                foreach (var file in Directory.EnumerateFiles(directory, "*.log").Order())
                    yield return new(file);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Poll_real_log_counts_every_line_and_knows_them_all(string file)
    {
        using var directory = new TemporaryFolder();
        var content = file switch
        {
            "made:sshd" => Made(n => $"Dec {n % 28 + 1,2} 06:55:{n % 60:00} LabSZ sshd[{n}]: Failed password for root from 192.0.2.{n % 250} port {n} ssh2", "\r\n"),
            "made:apache" => Made(n => $"[Sun Dec {n % 28 + 1:00} 04:47:{n % 60:00} 2005] [{(n % 2 == 0 ? "notice" : "error")}] mod_jk child {n} in error state 6", "\r\r\n"),
            _ => File.ReadAllBytes(file),
        };
        var path = directory.File("real.log");
        File.WriteAllBytes(path, content);
        var lines = new LineMeasurement(TimeProvider.System);
        using var tail = new LogTail(path, FilePosition.Start, new TailLimits(1 << 20, 1 << 20, TimeSpan.Zero), TimeProvider.System, NullLogger.Instance);

        var status = tail.Poll(lines);

        Assert.Equal(content.Count(b => b == '\n'), lines.Lines);
        Assert.Equal(0, lines.ParseErrors);
        Assert.Equal(Array.LastIndexOf(content, (byte)'\n') + 1, status.Position.Offset);
        Assert.Equal(status.Position.Offset, lines.Bytes);
        File.AppendAllText(path, "\r\n");
        tail.Poll(lines);
        Assert.Equal(content.Count(b => b == '\n') + 1, lines.Lines);
        Assert.Equal(0, lines.ParseErrors);
    }

    private static byte[] Made(Func<int, string> line, string end) =>
        Encoding.UTF8.GetBytes(string.Join(end, Enumerable.Range(0, 2000).Select(line)));
}
