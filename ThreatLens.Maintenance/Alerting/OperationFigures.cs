using ThreatLens.Maintenance.Operations;
using static ThreatLens.Maintenance.Alerting.AlertInstruments;

namespace ThreatLens.Maintenance.Alerting;

/// <summary>What the operations say.</summary>
internal sealed class OperationFigures(OperationRunner operations) : IAlertFigureSource
{
    private const int Newest = 200;
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public IEnumerable<AlertFigure> Read(DateTimeOffset now) =>
    [
        new(OperationsRunning, operations.Running.Count(o => !o.HasEnded)),
        new(OperationsFailed, operations.List(Newest, null, null, null).Count(o => o.State is OperationState.Failed or OperationState.Interrupted && now - o.EndedAt <= Day)),
    ];
}
