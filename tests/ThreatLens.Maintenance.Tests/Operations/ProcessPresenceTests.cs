using System.Globalization;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Operations;

/// <summary>Who may take over what processes of other machines have left: only somebody who is certainly alone.</summary>
public sealed class ProcessPresenceTests : IDisposable
{
    private const string There = "another-machine/1/1";
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.File("threatlens.db.maintenance.processes");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Enter_alone_takes_those_on_record_elsewhere_for_gone_and_nobody_else()
    {
        var presence = new ProcessPresence(Path);

        presence.Enter(() => [There]);

        Assert.True(presence.IsGone(There));
        Assert.False(presence.IsGone("another-machine/2/1"));
        Assert.False(presence.IsGone(ProcessIdentity.Current));
    }

    [Fact]
    public void Enter_while_another_process_is_there_takes_nobody_elsewhere_for_gone()
    {
        using var other = Another();
        var presence = new ProcessPresence(Path);

        presence.Enter(() => throw new InvalidOperationException("the record was read, although somebody else is there"));

        Assert.False(presence.IsGone(There));
    }

    [Fact]
    public void Enter_after_the_other_process_has_ended_takes_over()
    {
        using (Another())
            Assert.True(File.Exists(Path));
        var presence = new ProcessPresence(Path);

        presence.Enter(() => [There]);

        Assert.True(presence.IsGone(There));
    }

    [Fact]
    public void Enter_decides_once_as_somebody_else_may_have_begun_something_since()
    {
        var presence = new ProcessPresence(Path);
        using (Another())
            presence.Enter(() => [There]);

        presence.Enter(() => [There]);

        Assert.False(presence.IsGone(There));
    }

    [Fact]
    public void Enter_keeps_others_from_being_alone()
    {
        var presence = new ProcessPresence(Path);

        presence.Enter(() => []);

        Assert.Throws<IOException>(() => new FileStream(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.None));
        var second = new ProcessPresence(Path);
        second.Enter(() => [There]);
        Assert.False(second.IsGone(There));
        // It is still there.
        GC.KeepAlive(presence);
    }

    [Fact]
    public void IsGone_of_a_process_of_this_machine_asks_the_machine_whoever_else_is_there()
    {
        using var other = Another();
        var presence = new ProcessPresence(Path);
        presence.Enter(() => []);
        var parts = ProcessIdentity.Current.Split('/');
        var earlier = long.Parse(parts[2], CultureInfo.InvariantCulture) - 100;

        Assert.False(presence.IsGone(ProcessIdentity.Current));
        // The id was given out again: the process of then has ended.
        Assert.True(presence.IsGone(string.Create(CultureInfo.InvariantCulture, $"{parts[0]}/{parts[1]}/{earlier}")));
        Assert.True(presence.IsGone($"{parts[0]}/{int.MaxValue}/{parts[2]}"));
        Assert.True(presence.IsGone(""));
    }

    [Fact]
    public void IsGone_before_anybody_has_entered_takes_nobody_elsewhere_for_gone() => Assert.False(new ProcessPresence(Path).IsGone(There));

    /// <summary>Another process that runs operations, as the file shows it.</summary>
    private FileStream Another()
    {
        File.WriteAllText(Path, "");
        return new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.Read);
    }
}
