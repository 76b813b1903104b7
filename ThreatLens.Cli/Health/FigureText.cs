using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Health;

/// <summary>The value of a figure in words.</summary>
internal static class FigureText
{
    /// <summary>With its unit, a mark when it is an estimate, its age when it was not taken with the report.</summary>
    public static string WithUnit(HealthFigure figure)
    {
        var value = Value(figure);
        if (figure.Method == FigureMethod.Estimated)
            value = $"~{value}";
        return figure.SampleTime is { } time ? $"{value} (at {Words.Of(time)})" : value;
    }

    private static string Value(HealthFigure figure) => figure.ValueCase switch
    {
        HealthFigure.ValueOneofCase.Number when figure.Unit == "bytes" => Words.Bytes(figure.Number),
        HealthFigure.ValueOneofCase.Number when figure.Unit == "bytes/s" => Words.Bytes(figure.Number) + "/s",
        HealthFigure.ValueOneofCase.Number => $"{Words.Number(figure.Number)} {figure.Unit}".TrimEnd(),
        HealthFigure.ValueOneofCase.Text => figure.Text,
        HealthFigure.ValueOneofCase.Time => Words.Of(figure.Time),
        HealthFigure.ValueOneofCase.Duration => Words.Of(figure.Duration),
        HealthFigure.ValueOneofCase.Flag => figure.Flag ? "yes" : "no",
        _ => "unknown",
    };
}
