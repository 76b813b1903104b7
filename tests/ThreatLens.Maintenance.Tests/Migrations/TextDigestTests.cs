using System.Security.Cryptography;
using System.Text;
using ThreatLens.Maintenance.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

public sealed class TextDigestTests
{
    [Fact]
    public void Compute_of_every_length_around_blocks_is_that_of_the_platform()
    {
        var bytes = new byte[300];
        new Random(1).NextBytes(bytes);
        for (var length = 0; length <= bytes.Length; length++)
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(0, length))), TextDigest.Compute(bytes[..length]));
    }

    [Fact]
    public void Of_more_than_a_process_begins_with_stays_the_same()
    {
        var text = string.Concat(Enumerable.Repeat("Größe € 𝄞\n", 500));
        var expected = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

        for (var i = 0; i < 50; i++)
            Assert.Equal(expected, TextDigest.Of(text));
    }
}
