using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Health;

/// <summary>
/// The figures of a section. Those of the section as a whole are one a line; those that come once a table or source are a table with a
/// row for each of these, so that sources can be compared.
/// </summary>
internal static class FigureTables
{
    public static IEnumerable<IRenderable> Of(IReadOnlyCollection<HealthFigure> figures)
    {
        var whole = figures.Where(figure => figure.Subject.Length == 0).ToArray();
        if (whole.Length > 0)
            yield return Whole(whole);

        // Subjects with the same figures share a table: a total beside many sources must not leave a table full of holes.
        var subjects = figures.Where(figure => figure.Subject.Length > 0).GroupBy(figure => figure.Subject);
        foreach (var alike in subjects.GroupBy(subject => string.Join('\n', subject.Select(figure => figure.Name))))
            yield return PerSubject([.. alike]);
    }

    private static IRenderable Whole(HealthFigure[] figures)
    {
        var facts = new Facts();
        foreach (var figure in figures)
            facts.Add("  " + Title(figure.Name), FigureText.WithAge(figure));
        return facts.Build();
    }

    private static Table PerSubject(IGrouping<string, HealthFigure>[] subjects)
    {
        var names = subjects[0].Select(figure => figure.Name).ToArray();
        var sampled = subjects.SelectMany(subject => subject).Any(figure => figure.SampleTime is not null);
        var table = Screen.NewTable(["", .. names.Select(Title), .. sampled ? (string[])["as of (UTC)"] : []]);
        table.Columns[0].NoWrap();
        foreach (var column in table.Columns.Skip(1))
            column.RightAligned();
        foreach (var subject in subjects)
            table.AddRow([
                new Text(Safe.Text(subject.Key)),
                .. subject.Select(figure => new Text(Safe.Text(FigureText.WithUnit(figure))).RightJustified()),
                .. sampled ? (Text[])[new(Words.Of(subject.Max(figure => figure.SampleTime)))] : [],
            ]);
        return table;
    }

    private static string Title(string name) => Safe.Text(name).Replace('_', ' ');
}
