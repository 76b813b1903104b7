using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest.Tailing;

/// <summary>The file is written over from its start, as by copytruncate.</summary>
public sealed class LogTailTruncationTests : LogTailTestBase
{
    [Fact]
    public void Poll_truncated_starts_again()
    {
        Append("one\ntwo\n");
        Poll();
        Truncate();
        Append("3\n");

        Poll();

        Assert.Equal(3, Measured.Lines);
        Assert.Equal(2, Position.Offset);
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

        Assert.Equal(3, Measured.Lines);
        Assert.Equal(27, Position.Offset);
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

        Assert.Equal(5, Measured.Lines);
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
        File.Copy(LogPath, LogPath + ".1");
        Truncate();
        Append("four\n");

        Poll();

        Assert.Equal(4, Measured.Lines);
        Assert.Equal(5, Position.Offset);
        Append("five\n");
        Poll();
        Assert.Equal(5, Measured.Lines);
    }

    private void Truncate()
    {
        using var file = new FileStream(LogPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(0);
    }
}
