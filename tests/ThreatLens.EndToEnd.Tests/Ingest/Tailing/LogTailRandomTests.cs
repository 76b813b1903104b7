using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest.Tailing;

/// <summary>Whatever happens to the file and its follower, in whatever order.</summary>
public sealed class LogTailRandomTests : LogTailTestBase
{
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

        Assert.Equal(written, Measured.Lines);
        Assert.Equal(bytes, Measured.Bytes);

        void Write(int count)
        {
            var text = string.Concat(Enumerable.Range(0, count).Select(_ => $"2026-11-23 15:00:01 INFO line {written++} {new string('.', random.Next(300))}\n"));
            bytes += text.Length;
            Append(text);
        }
    }
}
