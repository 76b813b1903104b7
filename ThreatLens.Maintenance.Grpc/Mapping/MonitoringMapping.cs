using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;
using Contract = ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Monitoring settings and log sources between the domain and the contract.</summary>
internal static class MonitoringMapping
{
    private const int MaxPaths = 1_000;
    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxInterval = TimeSpan.FromHours(1);

    private static readonly Dictionary<string, Contract.LogSourceStatus> Statuses = new()
    {
        [LogSourceStatus.Active] = Contract.LogSourceStatus.Active,
        [LogSourceStatus.Inactive] = Contract.LogSourceStatus.Inactive,
        [LogSourceStatus.Error] = Contract.LogSourceStatus.Error,
        [LogSourceStatus.Paused] = Contract.LogSourceStatus.Paused,
    };

    public static Contract.MonitoringConfig ToContract(this MonitoringConfig config, DateTimeOffset? updatedAt = null) => new()
    {
        Enabled = config.IsEnabled,
        Interval = config.Interval.ToDuration(),
        Paths = { config.Paths },
        OtherSettings = JsonStructs.ToStruct(config.OtherSettings),
        UpdateTime = updatedAt?.ToTimestamp(),
    };

    public static Contract.UpdateMonitoringConfigResult ToResult(this StoredMonitoringConfig stored) =>
        new() { Config = stored.Config.ToContract(stored.UpdatedAt), Etag = stored.Etag };

    /// <summary>Reads a configuration to store. Output-only fields are not looked at, as the contract says.</summary>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT naming the field.</exception>
    public static MonitoringConfig ToDomain(Contract.MonitoringConfig? config)
    {
        if (config is null)
            throw MaintenanceException.InvalidArgument("config", "is required");
        if (config.Paths.Count > MaxPaths)
            throw MaintenanceException.InvalidArgument("config.paths", $"has {config.Paths.Count} entries; at most {MaxPaths} are accepted");
        for (var i = 0; i < config.Paths.Count; i++)
        {
            var path = config.Paths[i];
            if (!Path.IsPathFullyQualified(path) || Requests.Characters(path) > IngestLimits.MaxPathLength || path.Contains('\0', StringComparison.Ordinal))
                throw MaintenanceException.InvalidArgument($"config.paths[{i}]", $"'{path}' must be an absolute path of at most {IngestLimits.MaxPathLength} characters");
            if (config.Paths.IndexOf(path) != i)
                throw MaintenanceException.InvalidArgument($"config.paths[{i}]", $"'{path}' is listed twice");
        }

        var isDefault = config.Interval is null or { Seconds: 0, Nanos: 0 };
        return new MonitoringConfig
        {
            IsEnabled = !config.HasEnabled || config.Enabled,
            Interval = isDefault ? MonitoringConfig.Default.Interval : Requests.ToTimeSpan("config.interval", config.Interval!, MinInterval, MaxInterval),
            Paths = [.. config.Paths],
        };
    }

    public static Contract.LogSource ToContract(this LogSource source) => new()
    {
        SourceName = source.SourceName,
        Path = source.Path,
        Enabled = source.IsEnabled,
        Status = Statuses.GetValueOrDefault(source.Status),
        RawStatus = source.Status,
        LastMonitoredTime = source.LastMonitoredAt?.ToTimestamp(),
        FileSize = source.FileSize,
        LastOffset = source.LastOffset,
        ErrorMessage = source.ErrorMessage ?? "",
    };

    /// <returns>The status as stored; null when unspecified.</returns>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT: no such status.</exception>
    public static string? ToDomain(Contract.LogSourceStatus status, string field) => status == Contract.LogSourceStatus.Unspecified
        ? null
        : TryToDomain(status) ?? throw MaintenanceException.InvalidArgument(field, $"{(int)status} is no LogSourceStatus");

    public static string? TryToDomain(Contract.LogSourceStatus status) => Statuses.FirstOrDefault(s => s.Value == status).Key;
}
