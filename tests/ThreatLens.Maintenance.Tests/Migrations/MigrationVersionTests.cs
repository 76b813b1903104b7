using ThreatLens.Maintenance.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

public sealed class MigrationVersionTests
{
    [Theory]
    [InlineData("001_add_realtime_tables", 1, "add_realtime_tables")]
    [InlineData("001", 1, "")]
    [InlineData("1", 1, "")]
    [InlineData("000_create_core_tables", 0, "create_core_tables")]
    [InlineData("123456789_X9", 123456789, "X9")]
    public void TryParse_version_or_number_is_read(string text, int number, string name)
    {
        Assert.True(MigrationVersion.TryParse(text, out var version));
        Assert.Equal(new MigrationVersion(text, number, name), version);
        Assert.Equal(text, version.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("_x")]
    [InlineData("001_")]
    [InlineData("add_tables")]
    [InlineData(" 1")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("1234567890")]
    [InlineData("١")]
    [InlineData("001_a b")]
    [InlineData("001_a;drop")]
    public void TryParse_anything_else_is_none(string? text) => Assert.False(MigrationVersion.TryParse(text, out _));

    [Fact]
    public void CompareTo_orders_by_number_not_by_text()
    {
        string[] ids = ["10_c", "9_b", "009_a", "1000_d", "2"];

        var sorted = ids.Select(MigrationVersion.FromHistory).Append(MigrationVersion.FromHistory("baseline")).Order();

        Assert.Equal(["baseline", "2", "009_a", "9_b", "10_c", "1000_d"], sorted.Select(v => v.Id));
    }
}
