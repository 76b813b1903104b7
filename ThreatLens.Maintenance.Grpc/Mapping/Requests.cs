using System.Security.Cryptography;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Access;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Reads what requests have in common, and says which field is wrong.</summary>
internal static class Requests
{
    private const int MaxRequestIdLength = 255;
    private static readonly TimeSpan MaxWait = TimeSpan.FromHours(24);
    private static readonly string[] HowNotWhat = ["request_id", "wait_timeout"];

    /// <summary>Who asks for a mutation, and how: the fields that all mutating requests share.</summary>
    public static OperationRequest ToOperationRequest(IMessage request, string requestId, Duration? waitTimeout, ServerCallContext context)
    {
        if (Characters(requestId) > MaxRequestIdLength)
            throw MaintenanceException.InvalidArgument("request_id", $"has {Characters(requestId)} characters; at most {MaxRequestIdLength} are accepted");
        if (requestId.Contains('\0', StringComparison.Ordinal))
            throw MaintenanceException.InvalidArgument("request_id", "contains the character U+0000; leave it out");
        return new OperationRequest
        {
            Caller = Callers.Of(context),
            RequestId = requestId.Length == 0 ? null : requestId,
            RequestDigest = Digest(request),
            Wait = waitTimeout is null ? null : ToTimeSpan("wait_timeout", waitTimeout, TimeSpan.Zero, MaxWait),
        };
    }

    /// <exception cref="MaintenanceException">INVALID_ARGUMENT: no duration, or out of range.</exception>
    public static TimeSpan ToTimeSpan(string field, Duration duration, TimeSpan min, TimeSpan max)
    {
        // Written so that absurd values do not overflow on their way to being refused.
        var valid = duration.Nanos is > -1_000_000_000 and < 1_000_000_000
            && !(duration.Seconds > 0 && duration.Nanos < 0)
            && !(duration.Seconds < 0 && duration.Nanos > 0)
            && Math.Abs((double)duration.Seconds) <= TimeSpan.MaxValue.TotalSeconds;
        var value = valid ? TimeSpan.FromTicks((duration.Seconds * TimeSpan.TicksPerSecond) + (duration.Nanos / 100)) : TimeSpan.MaxValue;
        return valid && value >= min && value <= max
            ? value
            : throw MaintenanceException.InvalidArgument(field, $"is out of range; from {min.TotalSeconds:0.###} s to {max.TotalSeconds:0.###} s are accepted");
    }

    /// <exception cref="MaintenanceException">INVALID_ARGUMENT: no timestamp.</exception>
    public static DateTimeOffset ToMoment(string field, Timestamp timestamp)
    {
        var (min, max) = (DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds());
        return timestamp.Seconds >= min && timestamp.Seconds <= max && timestamp.Nanos is >= 0 and < 1_000_000_000
            ? timestamp.ToDateTimeOffset()
            : throw MaintenanceException.InvalidArgument(field, "is no timestamp from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z");
    }

    /// <exception cref="MaintenanceException">INVALID_ARGUMENT: negative or too large.</exception>
    public static int PageSize(int requested, int defaultSize) => requested switch
    {
        0 => defaultSize,
        > 0 and <= 1000 => requested,
        _ => throw MaintenanceException.InvalidArgument("page_size", $"is {requested}; 1 to 1000 are accepted, 0 means {defaultSize}"),
    };

    /// <summary>A name to filter by; null: none was given.</summary>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT: longer than any stored one, or with a character that none has.</exception>
    public static string? ToName(string field, string name, int max)
    {
        if (Characters(name) > max)
            throw MaintenanceException.InvalidArgument(field, $"has {Characters(name)} characters; at most {max} are stored");
        if (name.Contains('\0', StringComparison.Ordinal))
            throw MaintenanceException.InvalidArgument(field, "contains the character U+0000; leave it out");
        return name.Length == 0 ? null : name;
    }

    /// <summary>How many characters a text has, as the contract counts them: Unicode code points.</summary>
    public static int Characters(string text) => text.EnumerateRunes().Count();

    private static string Digest(IMessage request)
    {
        var what = request.Descriptor.Parser.ParseFrom(request.ToByteArray());
        foreach (var field in HowNotWhat)
            request.Descriptor.FindFieldByName(field)?.Accessor.Clear(what);
        return Convert.ToHexStringLower(SHA256.HashData(what.ToByteArray()));
    }
}
