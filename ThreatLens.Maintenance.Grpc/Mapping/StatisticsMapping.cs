using System.Globalization;
using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Statistics.Notifications;
using ThreatLens.Maintenance.Statistics.Processing;
using ThreatLens.Maintenance.Statistics.Sampling;
using Contract = ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Statistics of events and notifications between the domain and the contract.</summary>
internal static class StatisticsMapping
{
    private const int MaxNameLength = 100;
    private const int MaxSteps = 10_000;
    private static readonly TimeSpan DefaultWindow = TimeSpan.FromHours(24);

    /// <summary>Reads a request: the window, and which steps of it are on the page.</summary>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT naming the field.</exception>
    public static RealtimePage ToDomain(Contract.GetRealtimeStatisticsRequest request, DateTimeOffset now)
    {
        var size = Requests.PageSize(request.PageSize, 100);
        var step = request.Step is null ? (TimeSpan?)null : Requests.ToTimeSpan("step", request.Step, TimeSpan.FromMinutes(1), TimeSpan.FromDays(366));
        var filter = "realtime " + JsonSerializer.Serialize(new[] { request.Window?.ToString(), request.Step?.ToString() });
        var page = PageTokens.Read(request.PageToken, filter) is { } token
            ? Resume(WindowMapping.Resume(token), step)
            : new RealtimePage(WindowMapping.ToDomain(request.Window, DefaultWindow, now), step, 0);
        if (page.Steps > MaxSteps)
            throw MaintenanceException.InvalidArgument("step", $"the window has {page.Steps} of these; at most {MaxSteps} are accepted: ask for longer ones, or a shorter window");
        return page with { Size = size, Filter = filter };
    }

    public static Contract.GetRealtimeStatisticsResponse ToContract(RealtimePage page, ProcessingStatistics? whole, ProcessingTotals? totals, IReadOnlyList<ProcessingStatistics> steps) => new()
    {
        Window = WindowMapping.ToContract(page.Window.From, page.Window.To),
        Statistics = whole is null ? null : ToContract(whole),
        Totals = totals is null ? null : ToContract(totals),
        Steps = { steps.Select(s => new Contract.RealtimeStep { Range = WindowMapping.ToContract(s.From, s.To), Statistics = ToContract(s) }) },
        NextPageToken = page.First + steps.Count < page.Steps
            ? PageTokens.Write(page.Filter, WindowMapping.Write(page.Window.From, page.Window.To, (page.First + steps.Count).ToString(CultureInfo.InvariantCulture)))
            : "",
    };

    /// <summary>Reads a request: the window, the filters, and behind which group the page begins.</summary>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT naming the field.</exception>
    public static NotificationPage ToDomain(Contract.GetNotificationMetricsRequest request, DateTimeOffset now)
    {
        var filter = "notifications " + JsonSerializer.Serialize(new[] { request.Window?.ToString(), request.Channel, request.NotificationType });
        var size = Requests.PageSize(request.PageSize, 100);
        var (channel, type) = (Requests.ToName("channel", request.Channel, MaxNameLength), Requests.ToName("notification_type", request.NotificationType, MaxNameLength));
        if (PageTokens.Read(request.PageToken, filter) is not { } token)
            return new NotificationPage(WindowMapping.ToDomain(request.Window, DefaultWindow, now), channel, type, null, size, filter);
        var (from, to, position) = WindowMapping.Resume(token);
        return new NotificationPage((from, to), channel, type, GroupOf(position), size, filter);
    }

    public static Contract.GetNotificationMetricsResponse ToContract(NotificationPage page, NotificationStatistics read, NotificationStatistics? all)
    {
        var groups = read.Groups.Where(g => (page.Channel ?? g.Channel) == g.Channel && (page.Type ?? g.Type) == g.Type).ToList();
        // By name, not by number: what others add between two pages moves no group to another one.
        var ahead = page.After is not var (channel, type) ? groups : [.. groups.Where(g => NotificationGroup.Compare((g.Channel, g.Type), (channel, type)) > 0)];
        var shown = ahead.Take(page.Size).ToList();
        return new Contract.GetNotificationMetricsResponse
        {
            Window = WindowMapping.ToContract(page.Window.From, page.Window.To),
            Metrics = { shown.Select(g => ToContract(g.Counts, g.Channel, g.Type)) },
            Total = ToContract((read with { Groups = groups }).Total),
            Undated = read.Undated,
            Origin = ToContract(read.Origin),
            AllTime = all is null ? null : ToContract(all.Total),
            AllTimeOrigin = all is null ? null : ToContract(all.Origin),
            NextPageToken = shown.Count < ahead.Count
                ? PageTokens.Write(page.Filter, WindowMapping.Write(page.Window.From, page.Window.To, JsonSerializer.Serialize(new[] { shown[^1].Channel, shown[^1].Type })))
                : "",
        };
    }

    private static RealtimePage Resume((DateTimeOffset From, DateTimeOffset To, string Position) token, TimeSpan? step) =>
        new((token.From, token.To), step, NumberOf(token.Position));

    private static int NumberOf(string position) =>
        int.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw WindowMapping.NotOurs();

    private static (string Channel, string Type) GroupOf(string position)
    {
        try
        {
            return JsonSerializer.Deserialize<string?[]>(position) is [{ } channel, { } type] ? (channel, type) : throw WindowMapping.NotOurs();
        }
        catch (JsonException)
        {
            throw WindowMapping.NotOurs();
        }
    }

    private static Contract.RealtimeStatistics ToContract(ProcessingStatistics s) => new()
    {
        Events = s.Events,
        RealtimeProcessed = s.RealtimeProcessed,
        PendingNotifications = s.PendingNotifications,
        UnknownNotifications = s.UnknownNotifications,
        MeanProcessingTime = ToDuration(s.MeanProcessingSeconds),
        P95ProcessingTime = ToDuration(s.P95ProcessingSeconds),
        P95ErrorBound = s.P95ErrorBound,
        ProcessingTimes = s.ProcessingTimes,
        MissingProcessingTimes = s.MissingProcessingTimes,
        InvalidProcessingTimes = s.InvalidProcessingTimes,
        EventsPerHour = s.EventsPerHour,
        RealtimeProcessedPerHour = s.RealtimeProcessedPerHour,
        Origin = ToContract(s.Origin),
    };

    private static Contract.RealtimeTotals ToContract(ProcessingTotals totals)
    {
        var mapped = new Contract.RealtimeTotals { Events = totals.Events, Origin = ToContract(totals.Origin) };
        if (totals.RealtimeProcessed is { } processed)
            mapped.RealtimeProcessed = processed;
        if (totals.PendingNotifications is { } pending)
            mapped.PendingNotifications = pending;
        return mapped;
    }

    private static Contract.NotificationMetric ToContract(NotificationCounts counts, string channel = "", string type = "")
    {
        var metric = new Contract.NotificationMetric
        {
            Channel = channel,
            NotificationType = type,
            Sent = counts.Sent,
            Failed = counts.Failed,
            Pending = counts.Pending,
            Other = counts.Other,
        };
        if (counts.SuccessRate is { } rate)
            metric.SuccessRate = rate;
        return metric;
    }

    private static Contract.SampleOrigin ToContract(Origin origin) => new()
    {
        Method = origin.Kind switch
        {
            OriginKind.Exact => Contract.FigureMethod.Exact,
            OriginKind.Rollup => Contract.FigureMethod.Rollup,
            OriginKind.Estimated => Contract.FigureMethod.Estimated,
            _ => Contract.FigureMethod.Sampled,
        },
        BeginTime = origin.Since.ToTimestamp(),
        SampleTime = origin.At.ToTimestamp(),
        Consistent = origin.IsOfOneMoment,
    };

    /// <summary>To the nanosecond; a TimeSpan holds neither the least nor the largest of them.</summary>
    private static Duration? ToDuration(double? seconds) => seconds is not { } s
        ? null
        : new Duration { Seconds = (long)Math.Floor(s), Nanos = (int)Math.Min(999_999_999, Math.Round((s - Math.Floor(s)) * 1e9)) };
}

/// <summary>What a request for real-time statistics asks for.</summary>
/// <param name="Window">The window.</param>
/// <param name="Step">Length of a step; null: none are asked for.</param>
/// <param name="First">Number of the first step on the page, from 0.</param>
internal sealed record RealtimePage((DateTimeOffset From, DateTimeOffset To) Window, TimeSpan? Step, int First)
{
    /// <summary>Most steps on the page.</summary>
    public int Size { get; init; }

    /// <summary>What the pages of the list have in common.</summary>
    public string Filter { get; init; } = "";

    /// <summary>Steps that the window has.</summary>
    public long Steps => Step is not { } step ? 0 : ((Window.To - Window.From).Ticks + step.Ticks - 1) / step.Ticks;

    /// <summary>Where the page's steps begin and end.</summary>
    public (DateTimeOffset From, DateTimeOffset To) Part => (StartOf(First), StartOf(First + Size));

    private DateTimeOffset StartOf(long number) => number >= Steps ? Window.To : Window.From.AddTicks(number * Step!.Value.Ticks);
}

/// <summary>What a request for notification metrics asks for.</summary>
/// <param name="Window">The window.</param>
/// <param name="Channel">Only this channel; null: all.</param>
/// <param name="Type">Only this type; null: all.</param>
/// <param name="After">The page begins behind this group; null: with the first.</param>
/// <param name="Size">Most groups on the page.</param>
/// <param name="Filter">What the pages of the list have in common.</param>
internal sealed record NotificationPage((DateTimeOffset From, DateTimeOffset To) Window, string? Channel, string? Type, (string Channel, string Type)? After, int Size, string Filter);
