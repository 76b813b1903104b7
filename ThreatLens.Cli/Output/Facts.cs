using Spectre.Console;
using Spectre.Console.Rendering;

namespace ThreatLens.Cli.Output;

/// <summary>Names with their values beside them, one a line; values that are empty are left out.</summary>
internal sealed class Facts
{
    private readonly Grid _grid = new Grid()
        .AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 2, 0) })
        .AddColumn(new GridColumn { Padding = new Padding(0, 0, 0, 0) });

    public Facts Add(string name, string value, Style? style = null)
    {
        if (value.Length > 0)
            _grid.AddRow(new Text(name, Styles.Faint), new Text(Safe.Text(value), style ?? Styles.Plain));
        return this;
    }

    public IRenderable Build() => _grid;
}
