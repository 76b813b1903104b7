using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Health;
using Contract = ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Health reports from the domain to the contract.</summary>
internal static class HealthMapping
{
    private static readonly Dictionary<HealthSectionKind, Contract.HealthSectionKind> Kinds = new()
    {
        [HealthSectionKind.Schema] = Contract.HealthSectionKind.Schema,
        [HealthSectionKind.Integrity] = Contract.HealthSectionKind.Integrity,
        [HealthSectionKind.Storage] = Contract.HealthSectionKind.Storage,
        [HealthSectionKind.Tables] = Contract.HealthSectionKind.Tables,
        [HealthSectionKind.Ingest] = Contract.HealthSectionKind.Ingest,
        [HealthSectionKind.LogSources] = Contract.HealthSectionKind.LogSources,
        [HealthSectionKind.Processing] = Contract.HealthSectionKind.Processing,
        [HealthSectionKind.Notifications] = Contract.HealthSectionKind.Notifications,
        [HealthSectionKind.Errors] = Contract.HealthSectionKind.Errors,
        [HealthSectionKind.Performance] = Contract.HealthSectionKind.Performance,
        [HealthSectionKind.Backups] = Contract.HealthSectionKind.Backups,
        [HealthSectionKind.Operations] = Contract.HealthSectionKind.Operations,
        [HealthSectionKind.Retention] = Contract.HealthSectionKind.Retention,
    };

    // All subscribers get the same sections: each is mapped once.
    private static readonly ConditionalWeakTable<HealthSection, Contract.HealthSection> Mapped = [];

    public static Contract.HealthReportResponse ToContract(this HealthMessage message, long sequence)
    {
        var response = new Contract.HealthReportResponse
        {
            ReportTime = message.Report.MadeAt.ToTimestamp(),
            Sequence = sequence,
            Overall = ToContract(message.Report.Overall),
            Heartbeat = message.IsHeartbeat,
        };
        if (!message.IsHeartbeat || message.IsPreliminary)
            response.Sections.Add(message.Report.Sections.Select(s => Mapped.GetValue(s, ToContract)));
        return response;
    }

    /// <summary>The sections asked for; none: all.</summary>
    public static IReadOnlyCollection<HealthSectionKind> ToDomain(IReadOnlyList<Contract.HealthSectionKind> sections)
    {
        var known = Kinds.ToDictionary(k => k.Value, k => k.Key);
        var wanted = new HashSet<HealthSectionKind>();
        for (var i = 0; i < sections.Count; i++)
        {
            if (known.TryGetValue(sections[i], out var kind))
                wanted.Add(kind);
            else
                throw MaintenanceException.InvalidArgument($"sections[{i}]", $"{(int)sections[i]} is no section");
        }

        return wanted;
    }

    private static Contract.HealthStatus ToContract(HealthStatus status) => status switch
    {
        HealthStatus.Ok => Contract.HealthStatus.Ok,
        HealthStatus.Warning => Contract.HealthStatus.Warning,
        HealthStatus.Critical => Contract.HealthStatus.Critical,
        _ => Contract.HealthStatus.Unknown,
    };

    private static Contract.FigureMethod ToContract(FigureMethod method) => method switch
    {
        FigureMethod.Exact => Contract.FigureMethod.Exact,
        FigureMethod.Rollup => Contract.FigureMethod.Rollup,
        FigureMethod.Estimated => Contract.FigureMethod.Estimated,
        _ => Contract.FigureMethod.Sampled,
    };

    private static Contract.HealthSection ToContract(HealthSection section) => new()
    {
        Kind = Kinds[section.Kind],
        Status = ToContract(section.Status),
        Summary = section.Summary,
        Figures = { section.Figures.Select(ToContract) },
        Findings = { section.Findings.Select(ToContract) },
        SampleTime = section.SampledAt?.ToTimestamp(),
    };

    private static Contract.HealthFigure ToContract(HealthFigure figure)
    {
        var mapped = new Contract.HealthFigure
        {
            Name = figure.Name,
            Subject = figure.Subject,
            Unit = figure.Unit,
            Method = ToContract(figure.Method),
            ErrorBound = figure.ErrorBound,
            SampleTime = figure.SampledAt?.ToTimestamp(),
            BeginTime = figure.CountedSince?.ToTimestamp(),
        };
        switch (figure.Value)
        {
            case double number:
                mapped.Number = number;
                break;
            case string text:
                mapped.Text = text;
                break;
            case bool flag:
                mapped.Flag = flag;
                break;
            case DateTimeOffset time:
                mapped.Time = time.ToTimestamp();
                break;
            case TimeSpan duration:
                mapped.Duration = duration.ToDuration();
                break;
        }

        return mapped;
    }

    private static Contract.HealthFinding ToContract(HealthFinding finding) => new()
    {
        Id = finding.Id,
        Severity = ToContract(finding.Severity),
        Evidence = finding.Evidence,
        Remedy = finding.Remedy,
        Command = finding.Command,
        Rpc = finding.Rpc,
        Since = finding.Since?.ToTimestamp(),
        Subject = finding.Subject,
    };
}
