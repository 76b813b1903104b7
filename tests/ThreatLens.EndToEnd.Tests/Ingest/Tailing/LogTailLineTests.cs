using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Ingest.Sample.Tailing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest.Tailing;

/// <summary>What a line is, and what comes of a file in which none can be read.</summary>
public sealed class LogTailLineTests : LogTailTestBase
{
    [Fact]
    public void Poll_partial_last_line_counts_when_its_end_comes()
    {
        Append("one\ntwo");

        Assert.Equal(4, Poll().Position.Offset);
        Assert.Equal(1, Measured.Lines);
        Append(" and a half\nthr");
        Assert.Equal(19, Poll().Position.Offset);
        Assert.Equal(2, Measured.Lines);
        Assert.Equal(3, Poll().Waiting);
    }

    [Fact]
    public void Poll_resumed_in_the_middle_of_a_line_counts_it_once()
    {
        Append("one\ntwo");
        Poll();
        Restart();
        Append("\n");

        Poll();

        Assert.Equal(2, Measured.Lines);
        Assert.Equal(8, Measured.Bytes);
    }

    [Fact]
    public void Poll_crlf_blank_and_invalid_utf8_lines_are_lines()
    {
        File.WriteAllBytes(LogPath, [.. "Nov 23 15:00:01 host app: \xff"u8, 0xFF, 0xFE, .. "\r\n\r\n\n"u8]);

        var status = Poll();

        Assert.Equal(3, Measured.Lines);
        Assert.Equal(0, Measured.ParseErrors);
        Assert.Equal(new FileInfo(LogPath).Length, status.Position.Offset);
    }

    [Fact]
    public void Poll_line_longer_than_allowed_is_one_parse_error_in_bounded_memory()
    {
        const int Megabytes = 64;
        var chunk = new string('x', 1024 * 1024);
        using (var file = File.AppendText(LogPath))
        {
            file.Write("2026-11-23 15:00:01 INFO before\n");
            for (var megabyte = 0; megabyte < Megabytes; megabyte++)
                file.Write(chunk);
            file.Write("\n2026-11-23 15:00:01 INFO after\n");
        }
        var before = GC.GetAllocatedBytesForCurrentThread();

        var status = Poll();
        while (status.HasMore)
            status = Poll();

        Assert.Equal(3, Measured.Lines);
        Assert.Equal(1, Measured.ParseErrors);
        Assert.Equal(new FileInfo(LogPath).Length, status.Position.Offset);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Megabytes * 1024 * 1024 / 2);
    }

    [Fact]
    public void Poll_file_larger_than_a_round_is_read_in_rounds()
    {
        Append(string.Concat(Enumerable.Repeat("2026-11-23 15:00:01 INFO something happened\n", 10_000)));
        Tail = new LogTail(LogPath, FilePosition.Start, Limits() with { MaxBytesPerRound = 100_000 }, TimeProvider.System, NullLogger.Instance);

        var rounds = 1;
        for (var status = Poll(); status.HasMore; status = Poll())
        {
            Assert.InRange(Measured.Bytes, 1, rounds * 200_000);
            rounds++;
        }

        Assert.InRange(rounds, 3, 6);
        Assert.Equal(10_000, Measured.Lines);
    }

    [Fact]
    public void Poll_missing_file_is_an_error_until_it_appears()
    {
        Assert.Equal("file not found", Poll().Error);
        Append("one\n");

        Assert.Null(Poll().Error);
        Assert.Equal(1, Measured.Lines);
    }

    [Fact]
    public void Poll_missing_directory_is_an_error()
    {
        using var tail = new LogTail(Folder.File("none/app.log"), FilePosition.Start, Limits(), TimeProvider.System, NullLogger.Instance);

        Assert.Equal("file not found", tail.Poll(Measured).Error);
    }

    [Fact]
    public void Poll_directory_in_place_of_the_file_is_an_error_until_it_is_a_file()
    {
        Directory.CreateDirectory(LogPath);
        Assert.Equal("not a regular file", Poll().Error);
        Directory.Delete(LogPath);
        Append("one\n");

        Assert.Null(Poll().Error);
        Assert.Equal(1, Measured.Lines);
    }
}
