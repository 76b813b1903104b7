using ThreatLens.Ingest.Sample.Tailing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest.Tailing;

/// <summary>Only the position is left of what was followed before: the file it is in is found, and all that came after.</summary>
public sealed class LogTailRestartTests : LogTailTestBase
{
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

        Assert.Equal(4, Measured.Lines);
    }

    [Fact]
    public void Find_rotated_while_it_is_looked_for_finds_it_all_the_same()
    {
        Append("one\n");
        Poll();
        Append("two\n");

        // The name has been listed, and is looked at when another file has it.
        using var found = RotatedFiles.Find(LogPath, Position, (file, offset) =>
        {
            if (!File.Exists(LogPath + ".1"))
            {
                Rotate();
                Append("three\n");
            }
            return TailedFile.Open(file, offset, Limits().MaxLineBytes, TimeProvider.System);
        });

        Assert.Equal(Position, found?.Position);
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

        Assert.Equal(5, Measured.Lines);
        Assert.Equal(5, Position.Offset);
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
            File.Move(LogPath, $"{LogPath}.{generation}");
            await BirthsDifferAsync();
        }
        Append("last\n");

        Poll();

        Assert.Equal(5, Measured.Lines);
        Assert.Equal(5, Position.Offset);
    }

    [Fact]
    public void Poll_rotated_with_a_date_while_stopped_finds_the_old_one()
    {
        Append("one\n");
        Poll();
        Restart();
        Append("two\n");
        File.Move(LogPath, LogPath + "-20261123");
        Append("three\n");

        Poll();

        Assert.Equal(3, Measured.Lines);
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

        Assert.Equal(5, Measured.Lines);
    }

    [Fact]
    public void Poll_deleted_and_created_again_while_stopped_starts_again()
    {
        Append("one\n");
        Poll();
        Restart();
        File.Delete(LogPath);
        Append("another one\n");

        Poll();

        Assert.Equal(2, Measured.Lines);
    }

    [Fact]
    public void Poll_unreadable_at_restart_keeps_the_position()
    {
        Append("one\n");
        Poll();
        Restart();
        File.Move(LogPath, Folder.File("elsewhere"));
        Directory.CreateDirectory(LogPath);
        Assert.Equal("not a regular file", Poll().Error);
        Assert.Equal(4, Position.Offset);
        Directory.Delete(LogPath);
        File.Move(Folder.File("elsewhere"), LogPath);
        Append("two\n");

        Poll();

        Assert.Equal(2, Measured.Lines);
    }

    [Fact]
    public void Poll_position_without_a_token_is_believed_when_the_file_is_long_enough()
    {
        Append("one\ntwo\n");
        Position = new FilePosition(4, "");
        Restart();
        Poll();
        Assert.Equal(1, Measured.Lines);
    }
}
