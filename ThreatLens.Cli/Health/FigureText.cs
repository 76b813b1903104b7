using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Health;

/// <summary>The value of a figure in words.</summary>
internal static class FigureText
{
    /// <summary>With its unit, and a mark when it is an estimate.</summary>
    public static string WithUnit(HealthFigure figure) =>
        figure.Method == FigureMethod.Estimated ? $"~{Value(figure)}" : Value(figure);

    /// <summary>Also with the time it was taken, when that is not the report's.</summary>
    public static string WithAge(HealthFigure figure) => (figure.BeginTime, figure.SampleTime) switch
    {
        (_, null) => WithUnit(figure),
        (null, { } time) => $"{WithUnit(figure)} (as of {Words.Of(time)})",
        ({ } begin, { } time) => $"{WithUnit(figure)} (counted from {Words.Of(begin)} to {Words.Of(time)})",
    };

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
