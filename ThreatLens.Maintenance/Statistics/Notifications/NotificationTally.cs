using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Maintenance.Statistics.Notifications;

/// <summary>Adds notifications up. Not thread-safe.</summary>
internal sealed class NotificationTally
{
    private readonly SortedDictionary<(string Channel, string Type), NotificationCounts> _groups = new(Comparer<(string, string)>.Create(NotificationGroup.Compare));

    public void Add(string channel, string type, string status, long count)
    {
        _groups.TryGetValue((channel, type), out var before);
        _groups[(channel, type)] = before + NotificationCounts.Of(status, count);
    }

    public NotificationStatistics ToStatistics(Origin origin, long undated) => new()
    {
        Groups = [.. _groups.Select(g => new NotificationGroup(g.Key.Channel, g.Key.Type, g.Value))],
        Undated = undated,
        Origin = origin,
    };
}
