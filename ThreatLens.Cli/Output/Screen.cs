using Google.Protobuf;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ThreatLens.Cli.Output;

/// <summary>
/// Where output goes: results to standard output, all else to standard error. Into a file or a pipe it writes neither colours nor
/// borders and breaks no line, so that nothing is cut and grep works.
/// </summary>
internal sealed class Screen
{
    /// <summary>Wide enough for any line; a pipe has no width.</summary>
    private const int Unbounded = 4096;

    private static readonly JsonFormatter Json = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    private readonly OutputFormat _format;
    private readonly IAnsiConsole _out = Open(Console.Out, Console.IsOutputRedirected);

    public Screen(OutputFormat format) => _format = format;

    /// <summary>Columns that standard output has.</summary>
    public static int Width => Console.IsOutputRedirected ? Unbounded : AnsiConsole.Profile.Width;

    /// <summary>Whether somebody can watch standard output change.</summary>
    public bool IsLive => _format == OutputFormat.Table && !Console.IsOutputRedirected;

    /// <summary>Whether somebody can watch progress on standard error.</summary>
    public bool ShowsProgress => !Console.IsErrorRedirected;

    /// <summary>Standard error, for progress.</summary>
    public IAnsiConsole Error { get; } = Open(Console.Error, Console.IsErrorRedirected);

    /// <summary>The result, as the format asks.</summary>
    /// <param name="response">What the service answered: the JSON document.</param>
    /// <param name="view">The same for people; null: nothing to be said.</param>
    public void Show(IMessage response, Func<IRenderable?> view)
    {
        if (_format == OutputFormat.Json)
            Console.Out.WriteLine(Json.Format(response));
        else if (view() is { } shown)
            Write(_out, Console.Out, Console.IsOutputRedirected, shown);
    }

    /// <summary>Replaces what was shown before; for terminals.</summary>
    public void ShowAnew(IRenderable view)
    {
        _out.Clear(home: true);
        _out.Write(view);
    }

    /// <summary>An error, on standard error.</summary>
    public void Complain(string message) => Explain(new Paragraph().Append("error: ", Styles.Bad).Append(Safe.Text(message) + '\n'));

    /// <summary>A remark, on standard error.</summary>
    public void Note(string message) => Explain(new Text(Safe.Text(message) + '\n'));

    /// <summary>More on an error, on standard error.</summary>
    public void Explain(IRenderable view) => Write(Error, Console.Error, Console.IsErrorRedirected, view);

    /// <summary>A table in the style of where it goes.</summary>
    public static Table NewTable(params string[] headers)
    {
        var table = new Table { Border = Console.IsOutputRedirected ? TableBorder.None : TableBorder.Rounded };
        table.BorderStyle = Styles.Faint;
        foreach (var header in headers)
            table.AddColumn(new TableColumn(new Text(header, Styles.Header)));
        return table;
    }

    private static void Write(IAnsiConsole console, TextWriter writer, bool redirected, IRenderable view)
    {
        if (!redirected)
        {
            console.Write(view);
            return;
        }

        // Tables fill their last column with blanks, which nobody wants in a file.
        using var text = new StringWriter();
        Open(text, redirected: true).Write(view);
        foreach (var line in text.ToString().TrimEnd().Split('\n'))
            writer.WriteLine(line.TrimEnd());
    }

    private static IAnsiConsole Open(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = redirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (redirected)
            console.Profile.Width = Unbounded;
        return console;
    }
}
