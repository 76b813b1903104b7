using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Ingest.Sample.Measuring;
using ThreatLens.Ingest.Sample.Tailing;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

public sealed class LogTailTests : IDisposable
{
    private readonly TemporaryFolder _directory = new();
    private readonly LineMeasurement _lines = new(TimeProvider.System);
    private readonly string _path;
    private FilePosition _position = FilePosition.Start;
    private LogTail? _tail;

    public LogTailTests() => _path = _directory.File("app.log");

    public void Dispose()
    {
        _tail?.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Poll_partial_last_line_counts_when_its_end_comes()
    {
        Append("one\ntwo");

        Assert.Equal(4, Poll().Position.Offset);
        Assert.Equal(1, _lines.Lines);
        Append(" and a half\nthr");
        Assert.Equal(19, Poll().Position.Offset);
        Assert.Equal(2, _lines.Lines);
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

        Assert.Equal(2, _lines.Lines);
        Assert.Equal(8, _lines.Bytes);
    }

    [Fact]
    public void Poll_crlf_blank_and_invalid_utf8_lines_are_lines()
    {
        File.WriteAllBytes(_path, [.. "Nov 23 15:00:01 host app: \xff"u8, 0xFF, 0xFE, .. "\r\n\r\n\n"u8]);

        var status = Poll();

        Assert.Equal(3, _lines.Lines);
        Assert.Equal(0, _lines.ParseErrors);
        Assert.Equal(new FileInfo(_path).Length, status.Position.Offset);
    }

    [Fact]
    public void Poll_missing_file_is_an_error_until_it_appears()
    {
        Assert.Equal("file not found", Poll().Error);
        Append("one\n");

        Assert.Null(Poll().Error);
        Assert.Equal(1, _lines.Lines);
    }

    [Fact]
    public void Poll_missing_directory_is_an_error()
    {
        using var tail = new LogTail(_directory.File("none/app.log"), FilePosition.Start, Limits(), TimeProvider.System, NullLogger.Instance);

        Assert.Equal("file not found", tail.Poll(_lines).Error);
    }

    [Fact]
    public void Poll_directory_in_place_of_the_file_is_an_error_until_it_is_a_file()
    {
        Directory.CreateDirectory(_path);
        Assert.Equal("not a regular file", Poll().Error);
        Directory.Delete(_path);
        Append("one\n");

        Assert.Null(Poll().Error);
        Assert.Equal(1, _lines.Lines);
    }

    [Fact]
    public void Poll_unreadable_at_restart_keeps_the_position()
    {
        Append("one\n");
        Poll();
        Restart();
        File.Move(_path, _directory.File("elsewhere"));
        Directory.CreateDirectory(_path);
        Assert.Equal("not a regular file", Poll().Error);
        Assert.Equal(4, _position.Offset);
        Directory.Delete(_path);
        File.Move(_directory.File("elsewhere"), _path);
        Append("two\n");

        Poll();

        Assert.Equal(2, _lines.Lines);
    }

    [Fact]
    public void Poll_renamed_and_created_reads_the_old_one_to_its_end_first()
    {
        Append("one\n");
        Poll();
        Append("two\nthree without end");
        Rotate();
        Append("four\n");

        Poll();

        Assert.Equal(4, _lines.Lines);
        Assert.Equal(5, _position.Offset);
    }

    [Fact]
    public void Poll_renamed_but_not_created_yet_stays_with_the_old_one()
    {
        Append("one\n");
        Poll();
        File.Move(_path, _path + ".1");
        File.AppendAllText(_path + ".1", "two\n");

        Assert.Equal("file not found", Poll().Error);
        Assert.Equal(2, _lines.Lines);
        File.AppendAllText(_path + ".1", "three\n");
        Append("four\n");
        Assert.Null(Poll().Error);
        Assert.Equal(4, _lines.Lines);
    }

    [Fact]
    public void Poll_renamed_away_and_back_counts_nothing_twice()
    {
        Append("one\n");
        Poll();
        File.Move(_path, _directory.File("away"));
        Poll();
        File.Move(_directory.File("away"), _path);
        Append("two\n");

        Assert.Null(Poll().Error);
        Assert.Equal(2, _lines.Lines);
    }

    [Fact]
    public void Poll_writer_opens_the_new_file_late_is_waited_for()
    {
        _tail = new LogTail(_path, FilePosition.Start, Limits() with { RotationWait = TimeSpan.FromDays(1) }, TimeProvider.System, NullLogger.Instance);
        Append("one\n");
        Poll();
        Rotate();
        Append("new\n");
        Assert.Equal(4, Poll().Waiting);
        File.AppendAllText(_path + ".1", "late\n");

        Poll();

        Assert.Equal(2, _lines.Lines);
        Assert.Equal(9, _position.Offset);
    }

    [Fact]
    public void Poll_written_to_between_its_end_and_its_rotation_loses_nothing()
    {
        var time = new InterruptedTime();
        _tail = new LogTail(_path, FilePosition.Start, Limits(), time, NullLogger.Instance);
        Append("one\n");
        Poll();
        Rotate();
        Append("three\n");
        // The clock is asked when the tail sees that the file, which it has read to its end, has left.
        time.Interrupt = () => File.AppendAllText(_path + ".1", "two\n");

        Poll();

        Assert.Null(time.Interrupt);
        Assert.Equal(3, _lines.Lines);
        Assert.Equal(6, _position.Offset);
    }

    [Fact]
    public void Poll_rotated_while_stopped_finds_the_old_one_and_goes_on()
    {
        Append("one\n");
        Poll();
        Restart();
        Append("two\npartial");
        Rotate();
        Append("three\n");

        Poll();

        Assert.Equal(4, _lines.Lines);
    }

    [Fact]
    public void Find_rotated_while_it_is_looked_for_finds_it_all_the_same()
    {
        Append("one\n");
        Poll();
        Append("two\n");

        // The name has been listed, and is looked at when another file has it.
        using var found = RotatedFiles.Find(_path, _position, (file, offset) =>
        {
            if (!File.Exists(_path + ".1"))
            {
                Rotate();
                Append("three\n");
            }
            return TailedFile.Open(file, offset, Limits().MaxLineBytes, TimeProvider.System);
        });

        Assert.Equal(_position, found?.Position);
    }

    [Fact]
    public void Poll_rotated_three_times_while_stopped_reads_every_generation()
    {
        Append("one\n");
        Poll();
        Restart();
        for (var generation = 2; generation <= 4; generation++)
        {
            Append($"more {generation}\n");
            Rotate();
        }
        Append("last\n");

        Poll();

        Assert.Equal(5, _lines.Lines);
        Assert.Equal(5, _position.Offset);
    }

    [Fact]
    public async Task Poll_highest_number_is_the_newest_reads_every_generation_once()
    {
        Append("one\n");
        Poll();
        Restart();
        for (var generation = 1; generation <= 3; generation++)
        {
            Append($"more {generation}\n");
            File.Move(_path, $"{_path}.{generation}");
            // Files are told apart by their time of birth, which has the resolution of the kernel's clock: at most 10 ms.
            await Task.Delay(20);
        }
        Append("last\n");

        Poll();

        Assert.Equal(5, _lines.Lines);
        Assert.Equal(5, _position.Offset);
    }

    [Fact]
    public async Task Poll_backup_copy_beside_it_is_no_generation()
    {
        Append("one\n");
        Poll();
        await Task.Delay(20);
        File.Copy(_path, _path + ".1");
        File.Copy(_path, _path + ".bak");
        File.Move(_path, _path + ".2");
        Append("two\n");

        Poll();

        Assert.Equal(2, _lines.Lines);
    }

    [Fact]
    public void Poll_rotated_with_a_date_while_stopped_finds_the_old_one()
    {
        Append("one\n");
        Poll();
        Restart();
        Append("two\n");
        File.Move(_path, _path + "-20261123");
        Append("three\n");

        Poll();

        Assert.Equal(3, _lines.Lines);
    }

    [Fact]
    public void Poll_same_content_after_rotation_while_stopped_is_told_apart_by_identity()
    {
        Append("same\nsame\n");
        Poll();
        Restart();
        Rotate();
        Append("same\nsame\nsame\n");

        Poll();

        Assert.Equal(5, _lines.Lines);
    }

    [Fact]
    public void Poll_truncated_starts_again()
    {
        Append("one\ntwo\n");
        Poll();
        Truncate();
        Append("3\n");

        Poll();

        Assert.Equal(3, _lines.Lines);
        Assert.Equal(2, _position.Offset);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Poll_truncated_and_grown_beyond_the_offset_starts_again(bool restart)
    {
        Append("one\n");
        Poll();
        if (restart)
            Restart();
        Truncate();
        Append("two, which is longer\nthree\n");

        Poll();

        Assert.Equal(3, _lines.Lines);
        Assert.Equal(27, _position.Offset);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Poll_same_head_but_other_content_before_the_offset_starts_again(bool restart)
    {
        var header = new string('#', 300) + "\n";
        Append(header + "one\n");
        Poll();
        if (restart)
            Restart();
        Truncate();
        Append(header + "two\nthree\n");

        Poll();

        Assert.Equal(5, _lines.Lines);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Poll_copied_and_truncated_reads_the_rest_from_the_copy(bool restart)
    {
        Append("one\n");
        Poll();
        if (restart)
            Restart();
        Append("two\nthree\n");
        File.Copy(_path, _path + ".1");
        Truncate();
        Append("four\n");

        Poll();

        Assert.Equal(4, _lines.Lines);
        Assert.Equal(5, _position.Offset);
        Append("five\n");
        Poll();
        Assert.Equal(5, _lines.Lines);
    }

    [Fact]
    public void Poll_deleted_and_created_again_reads_the_deleted_one_to_its_end()
    {
        Append("one\n");
        Poll();
        Append("two\n");
        File.Delete(_path);
        Append("three\n");

        Poll();

        Assert.Equal(3, _lines.Lines);
    }

    [Fact]
    public void Poll_deleted_counts_its_last_line_and_is_an_error_until_it_is_back()
    {
        Append("one\ntwo");
        Poll();
        File.Delete(_path);

        Assert.Equal("file not found", Poll().Error);
        Assert.Equal(2, _lines.Lines);
        Append("three\n");
        Assert.Null(Poll().Error);
        Assert.Equal(3, _lines.Lines);
    }

    [Fact]
    public void Poll_deleted_and_created_again_while_stopped_starts_again()
    {
        Append("one\n");
        Poll();
        Restart();
        File.Delete(_path);
        Append("another one\n");

        Poll();

        Assert.Equal(2, _lines.Lines);
    }

    [Fact]
    public void Poll_link_that_points_to_another_file_is_a_rotation()
    {
        File.WriteAllText(_directory.File("monday"), "one\n");
        File.WriteAllText(_directory.File("tuesday"), "two\nthree\n");
        File.CreateSymbolicLink(_path, _directory.File("monday"));
        Poll();
        File.Delete(_path);
        File.CreateSymbolicLink(_path, _directory.File("tuesday"));

        Poll();

        Assert.Equal(3, _lines.Lines);
    }

    [Fact]
    public void Poll_line_longer_than_allowed_is_one_parse_error_in_bounded_memory()
    {
        const int Megabytes = 64;
        var chunk = new string('x', 1024 * 1024);
        using (var file = File.AppendText(_path))
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

        Assert.Equal(3, _lines.Lines);
        Assert.Equal(1, _lines.ParseErrors);
        Assert.Equal(new FileInfo(_path).Length, status.Position.Offset);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Megabytes * 1024 * 1024 / 2);
    }

    [Fact]
    public void Poll_file_larger_than_a_round_is_read_in_rounds()
    {
        Append(string.Concat(Enumerable.Repeat("2026-11-23 15:00:01 INFO something happened\n", 10_000)));
        _tail = new LogTail(_path, FilePosition.Start, Limits() with { MaxBytesPerRound = 100_000 }, TimeProvider.System, NullLogger.Instance);

        var rounds = 1;
        for (var status = Poll(); status.HasMore; status = Poll())
        {
            Assert.InRange(_lines.Bytes, 1, rounds * 200_000);
            rounds++;
        }

        Assert.InRange(rounds, 3, 6);
        Assert.Equal(10_000, _lines.Lines);
    }

    [Fact]
    public void Poll_position_without_a_token_is_believed_when_the_file_is_long_enough()
    {
        Append("one\ntwo\n");
        _position = new FilePosition(4, "");
        Restart();
        Poll();
        Assert.Equal(1, _lines.Lines);
    }

    [Theory]
    [MemberData(nameof(FaultSeeds.All), MemberType = typeof(FaultSeeds))]
    public void Poll_random_writes_rotations_and_restarts_count_every_line_once(int seed)
    {
        var random = new Random(seed);
        var written = 0;
        var bytes = 0L;
        Write(1);
        Poll();
        for (var step = 0; step < 300; step++)
        {
            switch (random.Next(8))
            {
                case 0:
                    Rotate();
                    Write(1);
                    break;
                case 1:
                    Poll();
                    Restart();
                    break;
                case 2 or 3:
                    Poll();
                    break;
                default:
                    Write(random.Next(1, 200));
                    break;
            }
        }
        Poll();

        Assert.Equal(written, _lines.Lines);
        Assert.Equal(bytes, _lines.Bytes);

        void Write(int count)
        {
            var text = string.Concat(Enumerable.Range(0, count).Select(_ => $"2026-11-23 15:00:01 INFO line {written++} {new string('.', random.Next(300))}\n"));
            bytes += text.Length;
            Append(text);
        }
    }

    private TailStatus Poll()
    {
        _tail ??= new LogTail(_path, _position, Limits(), TimeProvider.System, NullLogger.Instance);
        var status = _tail.Poll(_lines);
        _position = status.Position;
        return status;
    }

    /// <summary>As after a kill: only the position is left.</summary>
    private void Restart()
    {
        _tail?.Dispose();
        _tail = null;
    }

    private void Append(string text) => File.AppendAllText(_path, text);

    private void Truncate()
    {
        using var file = new FileStream(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(0);
    }

    /// <summary>As logrotate does: .2 to .3, .1 to .2, the file to .1.</summary>
    private void Rotate()
    {
        if (!File.Exists(_path))
            return;
        var last = Enumerable.Range(1, 99).TakeWhile(n => File.Exists($"{_path}.{n}")).LastOrDefault();
        for (var generation = last; generation >= 1; generation--)
            File.Move($"{_path}.{generation}", $"{_path}.{generation + 1}");
        File.Move(_path, _path + ".1");
    }

    private static TailLimits Limits() => new(8 * 1024 * 1024, 1024 * 1024, TimeSpan.Zero);

    /// <summary>Lets something happen once when it is asked for the time.</summary>
    private sealed class InterruptedTime : TimeProvider
    {
        public Action? Interrupt { get; set; }

        public override long GetTimestamp()
        {
            var interrupt = Interrupt;
            Interrupt = null;
            interrupt?.Invoke();
            return base.GetTimestamp();
        }
    }
}
