using Google.Protobuf;
using Google.Protobuf.Collections;
using Spectre.Console.Rendering;

namespace ThreatLens.Cli.CommandLine;

/// <summary>Lists that come page by page.</summary>
internal static class Pages
{
    /// <summary>Entries that the service puts on a page at most.</summary>
    public const int Largest = 1000;

    /// <summary>Shows the whole of a list.</summary>
    /// <param name="session">Where.</param>
    /// <param name="read">Reads the page of a token; empty: the first.</param>
    /// <param name="items">What the pages are pages of.</param>
    /// <param name="view">What people see of the first page with the items of all others added.</param>
    public static async Task<ExitCode> ShowAllAsync<TPage, TItem>(Session session, Func<string, Task<TPage>> read, Func<TPage, RepeatedField<TItem>> items, Func<TPage, IRenderable> view)
        where TPage : IMessage
    {
        var all = await read(string.Empty);
        var token = all.Descriptor.FindFieldByName("next_page_token").Accessor;
        while (token.GetValue(all) is string { Length: > 0 } next)
        {
            var page = await read(next);
            items(all).Add(items(page));
            token.SetValue(all, token.GetValue(page));
        }

        session.Screen.Show(all, () => view(all));
        return ExitCode.Done;
    }
}
