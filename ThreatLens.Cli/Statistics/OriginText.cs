using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Statistics;

/// <summary>How figures were obtained, in a few words.</summary>
internal static class OriginText
{
    public static string Of(SampleOrigin origin)
    {
        var when = origin.Method == FigureMethod.Sampled ? $"sampled at {Words.Of(origin.SampleTime)}" : "counted now";
        return origin.Consistent ? when : $"{when}, while others wrote since {Words.Of(origin.BeginTime)}";
    }
}
