using ThreatLens.Ingest.Sample.Watching;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

public sealed class SourceNamesTests
{
    private static readonly Dictionary<string, string> None = [];

    [Fact]
    public void Assign_unique_file_names_are_the_names() =>
        Assert.Equal(["auth.log", "app.log"], Names(["/var/log/auth.log", "/srv/app.log"], None));

    [Fact]
    public void Assign_same_file_names_get_as_many_directories_as_it_takes() =>
        Assert.Equal(["one/logs/x.log", "two/logs/x.log", "three/x.log"], Names(["/srv/one/logs/x.log", "/srv/two/logs/x.log", "/srv/three/x.log"], None));

    [Fact]
    public void Assign_name_of_the_database_wins_and_is_not_given_to_another() =>
        Assert.Equal(["legacy", "b/x.log"], Names(["/a/x.log", "/b/x.log"], new() { ["/a/x.log"] = "legacy", ["/elsewhere/x.log"] = "x.log" }));

    [Fact]
    public void Assign_in_any_order_is_the_same()
    {
        string[] paths = ["/a/x.log", "/b/x.log", "/b/y.log"];

        Assert.Equal(Names(paths, None).Order(), Names([.. paths.Reverse()], None).Order());
    }

    [Fact]
    public void Assign_name_beyond_the_bound_is_cut_and_told_apart()
    {
        var names = Names([$"/a/{new string('x', 300)}", $"/b/{new string('x', 300)}"], None);

        Assert.All(names, name => Assert.Equal(255, name.Length));
        Assert.Equal(2, names.Distinct().Count());
    }

    [Fact]
    public void Assign_every_name_of_a_path_is_taken_still_finds_one()
    {
        var name = Assert.Single(Names(["/x.log"], new() { ["/other"] = "x.log" }));

        Assert.StartsWith("x.log~", name, StringComparison.Ordinal);
    }

    private static List<string> Names(string[] paths, Dictionary<string, string> known)
    {
        var names = SourceNames.Assign(paths, known);
        return [.. paths.Select(path => names[path])];
    }
}
