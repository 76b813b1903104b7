using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Ingest.Sample.Tailing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest.Tailing;

/// <summary>The file leaves the path while it is followed: what was written to it until then is read first.</summary>
public sealed class LogTailRotationTests : LogTailTestBase
{
    [Fact]
    public void Poll_renamed_and_created_reads_the_old_one_to_its_end_first()
    {
        Append("one\n");
        Poll();
        Append("two\nthree without end");
        Rotate();
        Append("four\n");

        Poll();

        Assert.Equal(4, Measured.Lines);
        Assert.Equal(5, Position.Offset);
    }

    [Fact]
    public void Poll_renamed_but_not_created_yet_stays_with_the_old_one()
    {
        Append("one\n");
        Poll();
        File.Move(LogPath, LogPath + ".1");
        File.AppendAllText(LogPath + ".1", "two\n");

        Assert.Equal("file not found", Poll().Error);
        Assert.Equal(2, Measured.Lines);
        File.AppendAllText(LogPath + ".1", "three\n");
        Append("four\n");
        Assert.Null(Poll().Error);
        Assert.Equal(4, Measured.Lines);
    }

    [Fact]
    public void Poll_renamed_away_and_back_counts_nothing_twice()
    {
        Append("one\n");
        Poll();
        File.Move(LogPath, Folder.File("away"));
        Poll();
        File.Move(Folder.File("away"), LogPath);
        Append("two\n");

        Assert.Null(Poll().Error);
        Assert.Equal(2, Measured.Lines);
    }

    [Fact]
    public void Poll_writer_opens_the_new_file_late_is_waited_for()
    {
        Tail = new LogTail(LogPath, FilePosition.Start, Limits() with { RotationWait = TimeSpan.FromDays(1) }, TimeProvider.System, NullLogger.Instance);
        Append("one\n");
        Poll();
        Rotate();
        Append("new\n");
        Assert.Equal(4, Poll().Waiting);
        File.AppendAllText(LogPath + ".1", "late\n");

        Poll();

        Assert.Equal(2, Measured.Lines);
        Assert.Equal(9, Position.Offset);
    }

    [Fact]
    public void Poll_written_to_between_its_end_and_its_rotation_loses_nothing()
    {
        var time = new InterruptedTime();
        Tail = new LogTail(LogPath, FilePosition.Start, Limits(), time, NullLogger.Instance);
        Append("one\n");
        Poll();
        Rotate();
        Append("three\n");
        // The clock is asked when the tail sees that the file, which it has read to its end, has left.
        time.Interrupt = () => File.AppendAllText(LogPath + ".1", "two\n");

        Poll();

        Assert.Null(time.Interrupt);
        Assert.Equal(3, Measured.Lines);
        Assert.Equal(6, Position.Offset);
    }

    [Fact]
    public async Task Poll_backup_copy_beside_it_is_no_generation()
    {
        Append("one\n");
        Poll();
        await BirthsDifferAsync();
        File.Copy(LogPath, LogPath + ".1");
        File.Copy(LogPath, LogPath + ".bak");
        File.Move(LogPath, LogPath + ".2");
        Append("two\n");

        Poll();

        Assert.Equal(2, Measured.Lines);
    }

    [Fact]
    public void Poll_deleted_and_created_again_reads_the_deleted_one_to_its_end()
    {
        Append("one\n");
        Poll();
        Append("two\n");
        File.Delete(LogPath);
        Append("three\n");

        Poll();

        Assert.Equal(3, Measured.Lines);
    }

    [Fact]
    public void Poll_deleted_counts_its_last_line_and_is_an_error_until_it_is_back()
    {
        Append("one\ntwo");
        Poll();
        File.Delete(LogPath);

        Assert.Equal("file not found", Poll().Error);
        Assert.Equal(2, Measured.Lines);
        Append("three\n");
        Assert.Null(Poll().Error);
        Assert.Equal(3, Measured.Lines);
    }

    [Fact]
    public void Poll_link_that_points_to_another_file_is_a_rotation()
    {
        File.WriteAllText(Folder.File("monday"), "one\n");
        File.WriteAllText(Folder.File("tuesday"), "two\nthree\n");
        File.CreateSymbolicLink(LogPath, Folder.File("monday"));
        Poll();
        File.Delete(LogPath);
        File.CreateSymbolicLink(LogPath, Folder.File("tuesday"));

        Poll();

        Assert.Equal(3, Measured.Lines);
    }

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
